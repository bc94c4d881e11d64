/** Whole worker processes: killed, told to end, started late, with Redis dying under them. */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import type { Plan } from '../../src/plan/plan.js';
import { namesOf, planBlobOf } from '../../src/queue/names.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { layeredPlan, smallPlan } from '../queue/plans.js';
import { localResult } from './local-result.js';
import { until } from '../until.js';
import { fixture, forkWorker, killForked, MAIN, PROCESS, type Forked } from './fixtures/forked.js';
import { begun, closeGate, makeGate, openGate } from './fixtures/gate.js';
import { openRig, type Rig } from './rig.js';

let server: PrivateRedis;
let redis: Redis;
let removeGate: () => void;

before(async () => {
  removeGate = makeGate();
  server = await privateRedis();
  redis = new Redis(server.url);
  // The server is killed in one of the tests.
  redis.on('error', () => undefined);
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

const begunOf = (plan: Plan): number[] => begun(planBlobOf(plan).hash);
const gated = (prefix: string): Promise<Forked> =>
  forkWorker(PROCESS, [fixture('gated')], server.environment(prefix));
const talliesOf = (prefix: string, plan: Plan): Promise<number> =>
  redis.hlen(namesOf(`{${prefix}}`).tallies(planBlobOf(plan).hash));

test('the real entry takes jobs, and ends cleanly on SIGTERM', async (t) => {
  const rig = await rigFor(t, 'real');
  const plan = smallPlan({ shards: 6 });
  // The worker comes later than the job.
  const { job } = await rig.queue.submit(plan);
  assert.equal((await rig.queue.readiness()).workers, 0);
  const worker = await forkWorker(MAIN, [], server.environment('real'));
  assert.deepEqual(await rig.queue.readiness(), { ready: true, reasons: [], workers: 1 });
  const record = await rig.final(job.id);
  assert.equal(record.state, 'succeeded');
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  assert.deepEqual(await worker.end('SIGTERM'), [0, null]);
  assert.equal((await rig.queue.readiness()).workers, 0);
});

test('a worker killed in the middle of its shards changes no digit of the result', async (t) => {
  closeGate();
  const rig = await rigFor(t, 'killed');
  const plan = smallPlan({ shards: 6, input: '2' });
  const first = await gated('killed');
  const { job } = await rig.queue.submit(plan);
  await until('two shards have begun', () => begunOf(plan).length === 2);
  assert.deepEqual(await first.end('SIGKILL'), [null, 'SIGKILL']);
  assert.equal((await rig.queue.get(job.id))?.state, 'running');
  openGate();
  const second = await gated('killed');
  const record = await rig.final(job.id);
  assert.equal(record.state, 'succeeded');
  assert.equal(record.done, plan.size);
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  assert.deepEqual(begunOf(plan).toSorted(), [0, 0, 1, 1, 2, 3, 4, 5]);
  assert.deepEqual(await second.end('SIGTERM'), [0, null]);
});

test('a layered count whose workers are killed at random moments ends with the same digits', async (t) => {
  const rig = await rigFor(t, 'random');
  const plan = layeredPlan();
  assert.equal(plan.method, 'layered');
  const { job } = await rig.queue.submit(plan);
  const seed = Date.now() % 1_000_000;
  const moments = fc.sample(fc.integer({ min: 0, max: 900 }), { seed, numRuns: 3 });
  t.diagnostic(`seed ${String(seed)}: killed after ${moments.join(', ')} ms`);
  for (const moment of moments) {
    const worker = await forkWorker(MAIN, [], server.environment('random'));
    await setTimeout(moment);
    assert.deepEqual(await worker.end('SIGKILL'), [null, 'SIGKILL']);
  }
  const last = await forkWorker(MAIN, [], server.environment('random'));
  assert.equal((await rig.final(job.id)).state, 'succeeded');
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  assert.deepEqual(await last.end('SIGTERM'), [0, null]);
});

test('a worker told to end puts its shards back; they run elsewhere, no attempt is lost', async (t) => {
  closeGate();
  const rig = await rigFor(t, 'ended');
  const plan = smallPlan({ shards: 3, input: '3' });
  const { job } = await rig.queue.submit(plan);
  // More often than a shard may stall or fail; the first time by a real signal.
  for (let round = 1; round <= 5; round++) {
    const forked = round === 1 ? await gated('ended') : null;
    const workers = round === 1 ? null : await rig.work('gated');
    await until('two shards have begun', () => begunOf(plan).length === 2 * round);
    await workers?.stop();
    if (forked !== null) assert.deepEqual(await forked.end('SIGTERM'), [0, null]);
    assert.match(await rig.queue.metrics(), /queue="shards", state="active"\} 0\n/);
  }
  openGate();
  await rig.work();
  assert.equal((await rig.final(job.id)).state, 'succeeded');
  assert.equal(await rig.queue.result(job.id), localResult(plan));
});

test('a shard whose worker dies each time fails the job in the end', async (t) => {
  closeGate();
  const rig = await rigFor(t, 'stalled');
  const plan = smallPlan({ shards: 1, input: '4' });
  const { job } = await rig.queue.submit(plan);
  const few = 2;
  for (let round = 1; round <= few + 1; round++) {
    const worker = await forkWorker(
      PROCESS,
      [fixture('gated'), String(few)],
      server.environment('stalled'),
    );
    await until('the shard has begun', () => begunOf(plan).length === round);
    await worker.end('SIGKILL');
  }
  await rig.work('gated', { stallsAllowed: few });
  const record = await rig.final(job.id);
  assert.deepEqual(
    [record.state, record.error?.code, record.error?.shard],
    ['failed', 'shard-stalled', 0],
  );
});

test('Redis killed in the middle of a job, and back: the job goes on and its result is true', async (t) => {
  closeGate();
  const rig = await rigFor(t, 'outage');
  const plan = smallPlan({ shards: 8, input: '5' });
  await rig.work('gated');
  const { job } = await rig.queue.submit(plan);
  await until('two shards have begun', () => begunOf(plan).length === 2);
  await server.kill();
  openGate();
  const record = await until('the job is final', async () => {
    const found = await rig.queue.get(job.id).catch(() => null);
    return found === null || found.finishedAt === null ? null : found;
  });
  assert.equal(record.state, 'succeeded');
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  assert.equal(await talliesOf('outage', plan), 8);
});

test('cancelling reaches another process', async (t) => {
  closeGate();
  const rig = await rigFor(t, 'far');
  const [plan, next] = [smallPlan({ input: '6' }), smallPlan({ input: '7' })];
  const worker = await forkWorker(PROCESS, [fixture('spinning')], server.environment('far'));
  const { job } = await rig.queue.submit(plan);
  await until('two shards have begun', () => begunOf(plan).length === 2);
  await rig.queue.cancel(job.id);
  await rig.queue.submit(next);
  await until('both threads are free for another', () => begunOf(next).length === 2);
  assert.deepEqual(await worker.end('SIGTERM'), [0, null], 'tight loops do not hold it up');
});

test('a worker whose parent process is gone ends by itself', async () => {
  const worker = await forkWorker(MAIN, [], server.environment('orphan'));
  const ended = worker.end('SIGCONT');
  worker.child.disconnect();
  assert.deepEqual(await ended, [0, null]);
});

test('a worker ends also while Redis is away', async () => {
  closeGate();
  const own = await privateRedis();
  const rig = await openRig(own, 'away');
  const plan = smallPlan({ input: '9' });
  const worker = await forkWorker(PROCESS, [fixture('gated')], own.environment('away'));
  await rig.queue.submit(plan);
  await until('two shards have begun', () => begunOf(plan).length === 2);
  await own.stop();
  assert.deepEqual(await worker.end('SIGTERM'), [0, null]);
  await rig.close();
});

test('the sweeper runs a job that the queue has lost', async (t) => {
  openGate();
  const rig = await rigFor(t, 'lost');
  const plan = smallPlan({ input: '8' });
  const { job } = await rig.queue.submit(plan);
  const prefix = namesOf('{lost}');
  const keys = [...(await redis.keys('{lost}:shards:*')), ...(await redis.keys('{lost}:merges:*'))];
  await redis.del(keys);
  await redis.zadd(prefix.live, 1, job.id);
  await rig.work(undefined, { sweepEveryMs: 100 });
  assert.equal((await rig.final(job.id)).state, 'succeeded');
  assert.equal(await rig.queue.result(job.id), localResult(plan));
});
