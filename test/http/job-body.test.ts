import assert from 'node:assert/strict';
import test from 'node:test';
import { fractionLower, retryAfterSeconds } from '../../src/http/job-body.js';
import type { JobRecord } from '../../src/queue/job-queue.js';

const RECORD: JobRecord = {
  id: 'an_1',
  state: 'running',
  mode: 'exhaustive',
  policy: null,
  done: '0',
  total: '3',
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: null,
  finishedAt: null,
  expiresAt: null,
  deadlineAt: null,
  cpuSeconds: 0,
  cpuSecondsLimit: null,
  error: null,
  version: 1,
};

test('the fraction is rounded down and is 1 only for a job that succeeded', () => {
  assert.equal(fractionLower({ ...RECORD, done: '1' }), 0.3333);
  assert.equal(fractionLower({ ...RECORD, done: '3' }), 0.9999);
  assert.equal(fractionLower({ ...RECORD, done: '3', state: 'failed' }), 0.9999);
  assert.equal(fractionLower({ ...RECORD, done: '3', state: 'succeeded' }), 1);
  assert.equal(fractionLower({ ...RECORD, total: '0' }), 0);
});

test('the fraction survives counts beyond 2^53', () => {
  const total = (10n ** 40n).toString();
  const done = (10n ** 40n - 1n).toString();
  assert.equal(fractionLower({ ...RECORD, done, total }), 0.9999);
});

test('the older a job, the longer the pause, from 1 to 10 seconds', () => {
  const at = (seconds: number): number =>
    retryAfterSeconds(RECORD, Date.parse(RECORD.createdAt) + 1000 * seconds);
  assert.deepEqual([0, 5, 35, 95, 86400, -60].map(at), [1, 1, 4, 10, 10, 1]);
});
