/** Shards that end in every way a computation can end, on a real Redis and in real threads. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { shardsOf, type Plan } from '../../src/plan/plan.js';
import { namesOf, planBlobOf } from '../../src/queue/names.js';
import { openRecords, pointsDone } from '../../src/queue/records.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { layeredPlan, smallPlan } from '../queue/plans.js';
import { localResult } from './local-result.js';
import { until } from '../until.js';
import { begun, closeGate, makeGate, openGate } from './fixtures/gate.js';
import { openRig, type Rig } from './rig.js';

let server: PrivateRedis;
let removeGate: () => void;

before(async () => {
  removeGate = makeGate();
  server = await privateRedis();
});
after(async () => {
  await server.stop();
  removeGate();
});

/** Runs `body` with a rig of its own, the gate shut. */
function rigged(name: string, body: (rig: Rig) => Promise<void>): void {
  test(name, async () => {
    closeGate();
    const rig = await openRig(server, name.replace(/[^a-z]+/g, '-'));
    try {
      await body(rig);
    } finally {
      openGate();
      await rig.close();
    }
  });
}

const hashOf = (plan: Plan): string => planBlobOf(plan).hash;
const anyBegun = (plan: Plan): Promise<true> =>
  until('a shard has begun', () => begun(hashOf(plan)).length > 0 || null).then(() => true);

rigged('the result is that of one piece, however many shards and workers', async (rig) => {
  for (const [shards, workers] of [
    [1, 1],
    [7, 1],
    [40, 3],
  ] as const) {
    const plan = smallPlan({ shards, input: String(shards) });
    const started = await Promise.all(Array.from({ length: workers }, () => rig.work()));
    const { job } = await rig.queue.submit(plan);
    const record = await rig.final(job.id);
    assert.equal(record.state, 'succeeded');
    assert.equal(record.done, plan.size);
    assert.equal(await rig.queue.result(job.id), localResult(plan));
    await Promise.all(started.map((one) => one.stop()));
  }
});

rigged('a storm of submissions runs each shard once', async (rig) => {
  openGate();
  const plan = smallPlan({ shards: 5 });
  await rig.work('gated');
  const answers = await Promise.all(Array.from({ length: 50 }, () => rig.queue.submit(plan)));
  assert.equal(new Set(answers.map(({ job }) => job.id)).size, 1);
  assert.equal(answers.filter(({ created }) => created).length, 1);
  const record = await rig.final(answers[0]!.job.id);
  assert.equal(record.state, 'succeeded');
  assert.deepEqual(begun(hashOf(plan)).toSorted(), [0, 1, 2, 3, 4]);
  const again = await rig.queue.submit(plan);
  assert.deepEqual(again, { job: record, created: false });
});

rigged(
  'a shard that throws fails the job at once, and says nothing of the machine',
  async (rig) => {
    const plan = smallPlan({ shards: 6, input: '3' });
    await rig.work('throwing');
    const { job } = await rig.queue.submit(plan);
    // The gate is shut: shard 0 hangs, so that only the failure itself can end the job.
    const record = await rig.final(job.id);
    assert.equal(record.state, 'failed');
    assert.equal(record.error?.code, 'shard-failed');
    assert.equal(record.error.shard, 1);
    assert.doesNotMatch(JSON.stringify(record), /secret|\.js|\/etc/);
    const untouched = begun(hashOf(plan)).filter((index) => index > 1);
    assert.deepEqual(untouched, [], 'the others are not begun any more');
    await until('the queue has no parent left that waits', async () =>
      /queue="merges", state="waiting-children"\} 0\n/.test(await rig.queue.metrics()),
    );
    assert.equal(await rig.queue.result(job.id), null);

    const again = await rig.queue.submit(plan);
    assert.equal(again.created, true);
    assert.equal(again.job.id, `${job.id}-2`);
  },
);

rigged('a shard out of memory fails the job; the worker lives and works on', async (rig) => {
  const plan = smallPlan({ shards: 2, input: '4' });
  await rig.work('eating', { threadMemoryMb: 64 });
  const { job } = await rig.queue.submit(plan);
  const record = await rig.final(job.id);
  assert.equal(record.error?.code, 'shard-out-of-memory');
  assert.equal(record.error.shard, 0);
  assert.equal(begun(hashOf(plan)).filter((index) => index === 0).length, 1, 'not tried again');
  assert.equal((await rig.queue.readiness()).workers, 1);
  // The job waits for its turn in the same worker, whose threads are now others.
  const one = await rig.queue.submit({ ...plan, engine: 'eaten' });
  assert.equal((await rig.final(one.job.id)).error?.code, 'shard-out-of-memory');
});

rigged(
  'a count that outgrows its plan fails the job and says why; the worker works on',
  async (rig) => {
    const plan = { ...layeredPlan({ shards: 2 }), maxOperations: 1000 };
    await rig.work();
    const { job } = await rig.queue.submit(plan);
    const { state, error } = await rig.final(job.id);
    assert.deepEqual([state, error?.code], ['failed', 'count-outgrown']);
    assert.match(
      error?.detail ?? '',
      /outgrew .* more than 1\.00e\+3 operations\. POST \/plan tells/,
    );
    const { job: next } = await rig.queue.submit(smallPlan({ input: '16' }));
    assert.equal((await rig.final(next.id)).state, 'succeeded');
  },
);

rigged('progress is told while shards run, exactly, and ends at |Ω|', async (rig) => {
  const plan = smallPlan({ shards: 2, input: '15' });
  await rig.work('halfway');
  const { job } = await rig.queue.submit(plan);
  const halves = shardsOf(plan).map(({ from, to }) => (BigInt(to) - BigInt(from)) / 2n);
  const half = pointsDone(plan, halves[0]! + halves[1]!);
  await until('both shards told', async () => (await rig.queue.get(job.id))?.done === half);
  assert.equal((await rig.queue.get(job.id))?.state, 'running');
  openGate();
  const record = await rig.final(job.id);
  assert.equal(record.done, plan.size);
  assert.ok(record.createdAt <= record.startedAt! && record.startedAt! <= record.finishedAt!);
});

rigged('a thread that vanishes is a matter of luck: the shard is tried again', async (rig) => {
  const plan = smallPlan({ shards: 2, input: '5' });
  await rig.work('exiting-once');
  const { job } = await rig.queue.submit(plan);
  assert.equal((await rig.final(job.id)).state, 'succeeded');
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  assert.deepEqual(begun(hashOf(plan)).toSorted(), [0, 0, 1, 1]);
});

rigged('a thread that vanishes each time fails the job after a few', async (rig) => {
  const plan = smallPlan({ shards: 1, input: '6' });
  await rig.work('exiting');
  const { job } = await rig.queue.submit(plan);
  const record = await rig.final(job.id);
  assert.deepEqual([record.state, record.error?.code], ['failed', 'shard-failed']);
  assert.deepEqual(begun(hashOf(plan)), [0, 0, 0]);
});

rigged('a thread entry that cannot be loaded fails the job and hangs nothing', async (rig) => {
  await rig.work('unloadable');
  const { job } = await rig.queue.submit(smallPlan({ shards: 1, input: '7' }));
  assert.equal((await rig.final(job.id)).error?.code, 'shard-failed');
});

rigged('cancelling ends a tight loop, and what waits behind it is never begun', async (rig) => {
  const plan = smallPlan({ shards: 9, input: '8' });
  await rig.work('spinning');
  const { job } = await rig.queue.submit(plan);
  await anyBegun(plan);
  assert.equal((await rig.queue.get(job.id))?.state, 'running');
  assert.equal((await rig.queue.cancel(job.id))?.state, 'cancelled');
  assert.equal((await rig.queue.cancel(job.id))?.state, 'cancelled', 'idempotent');
  // Both threads are free again: another job gets its turn.
  const next = smallPlan({ shards: 2, input: '9' });
  const { job: other } = await rig.queue.submit(next);
  await anyBegun(next);
  assert.ok(begun(hashOf(plan)).length <= 2);
  await rig.queue.cancel(other.id);
  assert.equal((await rig.queue.submit(plan)).job.id, `${job.id}-2`);
});

rigged('a cancel whose broadcast is lost ends the work all the same', async (rig) => {
  const plan = smallPlan({ shards: 9, input: '13' });
  await rig.work('spinning');
  const { job } = await rig.queue.submit(plan);
  await anyBegun(plan);
  const redis = new Redis(server.url);
  await openRecords(redis, namesOf(rig.prefix)).cancel(job.id);
  redis.disconnect();
  const next = smallPlan({ shards: 2, input: '14' });
  const { job: other } = await rig.queue.submit(next);
  await anyBegun(next);
  assert.ok(begun(hashOf(plan)).length <= 2, 'shards of a cancelled job are not begun');
  await rig.queue.cancel(other.id);
});

rigged('a job cancelled in the queue is never begun', async (rig) => {
  const [first, second] = [smallPlan({ input: '10' }), smallPlan({ input: '11' })];
  const { job } = await rig.queue.submit(first);
  assert.equal((await rig.queue.cancel(job.id))?.state, 'cancelled');
  openGate();
  await rig.work('gated');
  const { job: other } = await rig.queue.submit(second);
  assert.equal((await rig.final(other.id)).state, 'succeeded');
  assert.deepEqual(begun(hashOf(first)), []);
  assert.equal((await rig.queue.get(job.id))?.startedAt, null);
});

rigged('what a failed run has computed is not computed again', async (rig) => {
  openGate();
  const plan = smallPlan({ shards: 4, input: '12' });
  const workers = await rig.work('throwing', { threads: 1 });
  const { job } = await rig.queue.submit(plan);
  assert.equal((await rig.final(job.id)).error?.shard, 1);
  await workers.stop();
  await rig.work('gated', { threads: 1 });
  const { job: again } = await rig.queue.submit(plan);
  assert.equal((await rig.final(again.id)).state, 'succeeded');
  assert.equal(await rig.queue.result(again.id), localResult(plan));
  assert.deepEqual(begun(hashOf(plan)), [0, 1, 1, 2, 3]);
});
