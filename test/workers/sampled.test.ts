/** Samples through real queues, threads and processes: cut and crashed in any way, the same bytes. */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import type { Plan } from '../../src/plan/plan.js';
import { namesOf, planBlobOf } from '../../src/queue/names.js';
import { openShards } from '../../src/queue/shards.js';
import { isDetermined, tallyFromText } from '../../src/plan/wire.js';
import { looksOf } from '../../src/engine/sample/looks.js';
import { shardsOf } from '../../src/plan/plan.js';
import type { SampledResult } from '../../src/schemas/result.js';
import { Redis } from 'ioredis';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { until } from '../until.js';
import { fixture, forkWorker, killForked, PROCESS } from './fixtures/forked.js';
import { begun, closeGate, makeGate, openGate } from './fixtures/gate.js';
import { runLocally } from '../../src/plan/local.js';
import { localResult } from './local-result.js';
import { openRig, type Rig } from './rig.js';

let server: PrivateRedis;
let redis: Redis;
let removeGate: () => void;

before(async () => {
  removeGate = makeGate();
  server = await privateRedis();
  redis = new Redis(server.url);
});
after(async () => {
  killForked();
  redis.disconnect();
  await server.stop();
  removeGate();
});

async function rigFor(t: TestContext, prefix: string): Promise<Rig> {
  const rig = await openRig(server, prefix);
  t.after(async () => {
    openGate();
    await rig.close();
  });
  return rig;
}

function sampledPlan(shards: number, sampling: object): Plan {
  const parsed = parseRequest({
    network: {
      inputs: [[1, -2]],
      layers: [
        { type: 'dense', units: 3, activation: 'relu' },
        { type: 'dense', units: 1 },
      ],
    },
    format: 'e4m3fn',
    mode: 'sampled',
    sampling,
  });
  assert.ok(parsed.ok);
  const planned = planOf(parsed.question, {
    maxVisits: 1n,
    maxOperations: 1e12,
    maxShards: 1,
  });
  assert.ok(planned.ok);
  return { ...planned.plan, shards };
}

const hashOf = (plan: Plan): string => planBlobOf(plan).hash;

/** The tallies of a plan, as they are stored. */
async function stored(prefix: string, plan: Plan): Promise<string[]> {
  const texts = await openShards(redis, namesOf(`{${prefix}}`)).tallies(
    hashOf(plan),
    shardsOf(plan),
  );
  return texts.filter((text) => text !== null);
}

test('however many shards and workers, the result is the same', async (t) => {
  const rig = await rigFor(t, 'sampled-cuts');
  for (const [seed, [shards, workers]] of [
    [1, 1],
    [7, 1],
    [40, 3],
  ].entries()) {
    const plan = sampledPlan(shards ?? 1, { samples: 3000, seed });
    const started = await Promise.all(Array.from({ length: workers ?? 1 }, () => rig.work()));
    const { job } = await rig.queue.submit(plan);
    const record = await rig.final(job.id);
    assert.equal(record.state, 'succeeded');
    assert.deepEqual([record.done, record.total], ['3000', '3000'], 'progress counts samples');
    assert.equal(await rig.queue.result(job.id), localResult(plan));
    await Promise.all(started.map((one) => one.stop()));
  }
});

test('what the samples before have settled is not drawn, and changes nothing', async (t) => {
  const rig = await rigFor(t, 'sampled-settled');
  const plan = sampledPlan(25, { samples: 10 ** 7, relativeError: '1/10', seed: 3 });
  await rig.work(undefined, { threads: 1 });
  const { job } = await rig.queue.submit(plan);
  const record = await rig.final(job.id);
  assert.equal(record.state, 'succeeded');
  assert.equal(record.done, record.total);
  // Ten million samples would take minutes; here, too, they end at the same look, in another cut.
  const text = await rig.queue.result(job.id);
  assert.equal(text, runLocally({ ...plan, shards: 40 }));
  const { stoppedBy } = JSON.parse(text ?? '') as SampledResult;
  assert.equal(stoppedBy, 'relativeError');
  assert.ok((await stored('sampled-settled', plan)).some((tally) => !isDetermined(tally)));
});

test('a worker killed in the middle of its shards changes no digit', async (t) => {
  closeGate();
  const rig = await rigFor(t, 'sampled-killed');
  const plan = sampledPlan(6, { samples: 2000, seed: 4, relativeError: '1/2' });
  const environment = server.environment('sampled-killed');
  const first = await forkWorker(PROCESS, [fixture('gated')], environment);
  const { job } = await rig.queue.submit(plan);
  await until('two shards have begun', () => begun(hashOf(plan)).length === 2);
  assert.deepEqual(await first.end('SIGKILL'), [null, 'SIGKILL']);
  openGate();
  const second = await forkWorker(PROCESS, [fixture('gated')], environment);
  assert.equal((await rig.final(job.id)).state, 'succeeded');
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  assert.deepEqual(await second.end('SIGTERM'), [0, null]);
});

test('a time limit ends the job with what was drawn until then', async (t) => {
  openGate();
  const rig = await rigFor(t, 'sampled-timed');
  const plan = sampledPlan(4, { samples: 10 ** 9, seconds: 2 });
  await rig.work();
  // Threads take a while to start where the machine is busy; then they stay.
  await rig.final((await rig.queue.submit(sampledPlan(2, { samples: 100, seed: 9 }))).job.id);
  const { job } = await rig.queue.submit(plan);
  const record = await rig.final(job.id);
  assert.equal(record.state, 'succeeded');
  const result = JSON.parse((await rig.queue.result(job.id)) ?? '') as SampledResult;
  assert.equal(result.stoppedBy, 'time');
  assert.equal(result.seconds, 2);
  // However many were drawn, the last look that the first shard completed is where it ended.
  const [drawn] = (await stored('sampled-timed', plan)).map(tallyFromText);
  assert.ok(drawn?.kind === 'sample' && drawn.tally.ended === 'time');
  const looks = [0, ...looksOf(10 ** 9)].filter((look) => BigInt(look) <= drawn.tally.done);
  assert.equal(result.samples, String(looks.at(-1)));
  assert.ok(result.density.nonDifferentiable.upper > 0);
  // The first answer of a shard that was ended early stays, another one is no contradiction.
  const shards = openShards(redis, namesOf('{sampled-timed}'));
  const [shard] = shardsOf(plan);
  const [first] = await stored('sampled-timed', plan);
  assert.ok(shard !== undefined && first !== undefined && !isDetermined(first));
  const other = first.replace(/"done":"[0-9]+"/, '"done":"7"');
  assert.notEqual(other, first);
  await shards.finish(job.id, hashOf(plan), shard, { tally: other, spent: 0 });
  assert.equal((await stored('sampled-timed', plan))[0], first);
});
