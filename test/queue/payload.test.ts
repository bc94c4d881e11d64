/** What goes through the queue is ids and ranges, however large the question and its parts are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowOf, turnsOf } from '../../src/queue/flow.js';
import { JOB_OPTIONS, PRIORITY_MAX } from '../../src/queue/names.js';
import { shardsOf } from '../../src/plan/plan.js';
import { smallPlan } from './plans.js';

test('a queue job is far below its limit, and every one has the options of all', () => {
  const plan = { ...smallPlan({ shards: 1000 }), range: String(7n ** 400n) };
  const record = { id: `an_${'f'.repeat(32)}-999`, run: '123456789', plan: 'f'.repeat(64) };
  const flow = flowOf(record, shardsOf(plan), turnsOf(1000, 0, 1));
  assert.equal(flow.children?.length, 1000);
  for (const job of [flow, ...(flow.children ?? [])]) {
    assert.ok(JSON.stringify(job.data).length < JOB_OPTIONS.sizeLimit / 32);
    assert.equal(job.opts?.sizeLimit, JOB_OPTIONS.sizeLimit);
    assert.equal(job.opts.removeOnComplete, true);
  }
  for (const child of flow.children ?? []) assert.equal(child.opts?.failParentOnFailure, true);
});

test('turns are a step apart, after the one that is next, and never beyond the last', () => {
  assert.deepEqual(turnsOf(4, 0, 1), [1, 2, 3, 4]);
  assert.deepEqual(turnsOf(3, 500, 1), [501, 502, 503]);
  assert.deepEqual(turnsOf(3, 10, 4), [14, 18, 22]);
  assert.deepEqual(turnsOf(3, PRIORITY_MAX - 1, 1), [PRIORITY_MAX, PRIORITY_MAX, PRIORITY_MAX]);
  assert.deepEqual(turnsOf(0, 3, 1), []);
});
