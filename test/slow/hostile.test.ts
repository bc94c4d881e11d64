/** A hundred thousand hostile bodies (GRADCERT_TEST_SCALE times that) against the whole service. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { hostileFigures, tryHostileBodies } from '../http/hostile.js';

const BODIES = 100_000 * Number(process.env['GRADCERT_TEST_SCALE'] ?? 1);
/** Several times the second that the promise is, since the machine may be busy. */
const HELD_MS = 5_000;
const ANSWER_MS = 10_000;
const GROWTH_BYTES = 64 * 2 ** 20;

test('no 5xx, no hang, no growth of memory', async (t) => {
  const seed = Number(process.env['GRADCERT_TEST_SEED'] ?? 1);
  const run = await tryHostileBodies(BODIES, seed);
  t.diagnostic(`seed ${String(seed)}: ${hostileFigures(run)}`);
  assert.deepEqual(run.faults, []);
  assert.ok(run.longestBlockMs < HELD_MS, hostileFigures(run));
  assert.ok(run.longestAnswerMs < ANSWER_MS, hostileFigures(run));
  assert.ok(run.growthBytes < GROWTH_BYTES, hostileFigures(run));
});
