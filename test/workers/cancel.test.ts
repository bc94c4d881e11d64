/** Cancelling in every state, from any process: nothing of the job goes on. */
import assert from 'node:assert/strict';
import { shardsOf } from '../../src/plan/plan.js';
import { smallPlan } from '../queue/plans.js';
import { localResult } from './local-result.js';
import { openGate } from './fixtures/gate.js';
import { begunOf, rigs, whenBegun } from './rigged.js';
import { openRig } from './rig.js';

const rigged = rigs();

rigged('a merge that is deaf is ended, and the next can merge', async (rig, server) => {
  const [plan, next] = [smallPlan({ input: '1' }), smallPlan({ input: '2' })];
  await rig.work('gated-merge');
  const { job } = await rig.queue.submit(plan);
  await whenBegun(plan, 1);
  // Another process of the API.
  const other = await openRig(server, rig.prefix.slice(1, -1));
  assert.equal((await other.queue.cancel(job.id))?.state, 'cancelled');
  await other.close();
  const { job: second } = await rig.queue.submit(next);
  await whenBegun(next, 1);
  openGate();
  assert.equal((await rig.final(second.id)).state, 'succeeded');
  assert.equal(await rig.queue.result(job.id), null);
  assert.equal((await rig.queue.get(job.id))?.state, 'cancelled');
});

rigged('a shard that waits for its next attempt is not tried again', async (rig) => {
  const [plan, next] = [smallPlan({ shards: 1, input: '3' }), smallPlan({ shards: 1, input: '4' })];
  await rig.work('exiting');
  const { job } = await rig.queue.submit(plan);
  await whenBegun(plan, 1);
  await rig.queue.cancel(job.id);
  const tries = begunOf(plan).length;
  // By the time that another has had all its attempts, the cancelled one would have had its own.
  const { job: second } = await rig.queue.submit(next);
  assert.equal((await rig.final(second.id)).error?.code, 'shard-failed');
  assert.equal(begunOf(plan).length, tries);
  assert.equal((await rig.queue.get(job.id))?.state, 'cancelled');
});

rigged('cancelled and resumed again and again, it ends with the same digits', async (rig) => {
  const plan = smallPlan({ shards: 30, input: '5' });
  openGate();
  await rig.work('gated');
  const { job } = await rig.queue.submit(plan);
  for (let round = 0; round < 15; round++) {
    await rig.queue.cancel(job.id);
    const answer = await rig.queue.resume(job.id);
    assert.equal(answer?.job.id, job.id);
    if (answer.job.state === 'succeeded') break;
    await whenBegun(plan, Math.min(30, 2 * round));
  }
  const record = await rig.final(job.id);
  assert.equal(record.state, 'succeeded', JSON.stringify(record.error));
  assert.equal(await rig.queue.result(job.id), localResult(plan));
});

rigged('a resumed job runs only the shards that are missing, and tells so', async (rig) => {
  openGate();
  const plan = smallPlan({ shards: 6, input: '6' });
  const throwing = await rig.work('throwing', { threads: 1 });
  const { job } = await rig.queue.submit(plan);
  assert.equal((await rig.final(job.id)).error?.shard, 1);
  await throwing.stop();
  const answer = await rig.queue.resume(job.id);
  assert.equal(answer?.resumed, true);
  const { state, error, startedAt, finishedAt, expiresAt, done } = answer.job;
  assert.deepEqual(
    [state, error, startedAt, finishedAt, expiresAt],
    ['queued', null, null, null, null],
  );
  const [first] = shardsOf(plan);
  const parts = (BigInt(plan.size) * BigInt(first!.to)) / BigInt(plan.range);
  assert.equal(done, String(parts), 'exactly what the finished shard has decided');
  assert.deepEqual(await rig.queue.resume(job.id), { job: answer.job, resumed: false });
  assert.deepEqual(await rig.queue.submit(plan), { job: answer.job, created: false });
  await rig.work('gated', { threads: 1 });
  assert.equal((await rig.final(job.id)).state, 'succeeded');
  assert.deepEqual(begunOf(plan), [0, 1, 1, 2, 3, 4, 5]);
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  const states: string[] = [];
  for await (const event of rig.queue.events(job.id, { signal: new AbortController().signal })) {
    if (event.event === 'state') states.push(event.job.state);
  }
  const whole = ['queued', 'running', 'failed', 'queued', 'running', 'succeeded'];
  assert.deepEqual(states, whole, 'a follower from the beginning sees all of it');
  assert.equal((await rig.queue.resume(job.id))?.resumed, false);
  assert.equal(await rig.queue.resume('an_none'), null);
});

rigged('an equal question after a failure runs only the shards that are missing', async (rig) => {
  openGate();
  const plan = smallPlan({ shards: 5, input: '7' });
  const throwing = await rig.work('throwing', { threads: 1 });
  const { job } = await rig.queue.submit(plan);
  await rig.final(job.id);
  await throwing.stop();
  const { job: second, created } = await rig.queue.submit(plan);
  assert.deepEqual([second.id, created], [`${job.id}-2`, true]);
  assert.match(await rig.queue.metrics(), /queue="shards", state="prioritized"\} 4\n/);
  await rig.work('gated', { threads: 1 });
  await rig.final(second.id);
  assert.deepEqual(begunOf(plan), [0, 1, 1, 2, 3, 4]);
  assert.equal(await rig.queue.result(second.id), localResult(plan));
});
