/** Deadlines and budgets: whoever passes one fails, and nothing that was finished is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { NO_LIMITS } from '../../src/queue/job-queue.js';
import { baseIdOf } from '../../src/queue/names.js';
import { metered, openMeter, SHARD_NUMBERS } from '../../workers/cpu.js';
import { smallPlan } from '../queue/plans.js';
import { localResult } from './local-result.js';
import { openGate } from './fixtures/gate.js';
import { begunOf, rigs, whenBegun } from './rigged.js';

const rigged = rigs();
const deadline = (deadlineSeconds: number) => ({ limits: { ...NO_LIMITS, deadlineSeconds } });
const budget = (cpuSeconds: number) => ({ limits: { ...NO_LIMITS, cpuSeconds } });

rigged('a deadline passes also where no worker lives', async (rig) => {
  const plan = smallPlan({ input: '1' });
  const { job } = await rig.queue.submit(plan, deadline(0.2));
  assert.equal(job.id, baseIdOf(plan), 'a limit is no part of the question');
  assert.ok(job.deadlineAt !== null && job.deadlineAt > job.createdAt);
  const record = await rig.final(job.id);
  assert.deepEqual([record.state, record.error?.code], ['failed', 'deadline-exceeded']);
  assert.ok(record.finishedAt! >= record.deadlineAt!);
});

rigged('a deadline ends a tight loop, and the next job has the threads', async (rig) => {
  const [plan, next] = [smallPlan({ input: '2' }), smallPlan({ input: '3' })];
  await rig.work('spinning');
  const { job } = await rig.queue.submit(plan, deadline(2));
  assert.equal((await rig.final(job.id)).error?.code, 'deadline-exceeded');
  const { job: other } = await rig.queue.submit(next);
  await whenBegun(next, 2);
  await rig.queue.cancel(other.id);
});

rigged('a budget ends a tight loop; what was spent is told', async (rig) => {
  const plan = smallPlan({ input: '4' });
  await rig.work('spinning');
  const { job } = await rig.queue.submit(plan, budget(0.5));
  assert.equal(job.cpuSecondsLimit, 0.5);
  const { error, cpuSeconds, state } = await rig.final(job.id);
  assert.deepEqual([state, error?.code, error?.shard], ['failed', 'budget-exhausted', undefined]);
  assert.ok(cpuSeconds >= 0.5, String(cpuSeconds));
});

rigged('a budget is of all shards together; resumed without one, the rest is done', async (rig) => {
  openGate();
  const plan = smallPlan({ shards: 12, input: '5' });
  await rig.work('gated', { threads: 1 });
  const { job } = await rig.queue.submit(plan, budget(0.000_001));
  const stopped = await rig.final(job.id);
  assert.equal(stopped.error?.code, 'budget-exhausted');
  // The first shard began with nothing spent; no other did.
  assert.deepEqual(begunOf(plan), [0]);
  const answer = await rig.queue.resume(job.id);
  assert.equal(answer?.resumed, true);
  assert.deepEqual([answer.job.cpuSeconds, answer.job.cpuSecondsLimit], [0, null]);
  const record = await rig.final(job.id);
  assert.equal(record.state, 'succeeded');
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  const begun = begunOf(plan);
  assert.equal(new Set(begun).size, 12);
  assert.ok(begun.length <= 13, 'more than the shard that was stopped was begun twice');
});

rigged('a budget that is not reached, and a deadline that is far, change nothing', async (rig) => {
  const plan = smallPlan({ input: '6' });
  await rig.work();
  const limits = { deadlineSeconds: 3600, cpuSeconds: 3600 };
  const { job } = await rig.queue.submit(plan, { limits });
  const record = await rig.final(job.id);
  assert.equal(record.state, 'succeeded');
  assert.ok(record.cpuSeconds > 0 && record.cpuSeconds < 3600, String(record.cpuSeconds));
  assert.equal(await rig.queue.result(job.id), localResult(plan));
});

test('computing time is that of the thread: waiting costs nothing', async () => {
  const shared = new SharedArrayBuffer(8 * SHARD_NUMBERS);
  const meter = openMeter(new BigUint64Array(shared));
  // Nobody has taken it up yet.
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(meter.take(), 0);
  const began = performance.now();
  const entry = new URL('./fixtures/sleeping.js', import.meta.url);
  const worker = new Worker(entry, { workerData: shared });
  await new Promise((resolve) => worker.once('message', resolve));
  const spent = meter.take();
  const passed = 1000 * (performance.now() - began);
  await worker.terminate();
  assert.ok(spent >= 0 && spent < passed / 2, `${String(spent)} of ${String(passed)} µs`);
  assert.ok(meter.take() >= 0);
});

test('where the system keeps no account the clock is told, from begin to end', () => {
  const numbers = new BigUint64Array(new SharedArrayBuffer(8 * SHARD_NUMBERS));
  const meter = openMeter(numbers);
  const began = performance.now();
  metered(null, numbers, () => {
    while (performance.now() - began < 5);
    assert.ok(meter.take() >= 1_000);
  });
  const passed = 1000 * (performance.now() - began);
  meter.take();
  assert.ok(meter.taken() >= 1_000 && meter.taken() <= passed, String(meter.taken()));
  assert.equal(meter.take(), 0);
});
