/**
 * Hostile bodies, the short run; `npm run test:slow -- hostile` tries a hundred thousand. A figure of
 * time here is a hang or none: the bounds are several times what the promise is on a free machine.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { hostileFigures, tryHostileBodies } from './hostile.js';

/** A planning thread is given a second here; what waits for it waits behind one other. */
const HANG_MS = 10_000;

test('two thousand hostile bodies: no 5xx, no hang, no undeclared answer', async (t) => {
  const run = await tryHostileBodies(2_000, 20260101);
  t.diagnostic(hostileFigures(run));
  assert.deepEqual(run.faults, []);
  // The run is worth something: bodies of all kinds went through, and all the way.
  for (const status of ['200', '202', '400', '422']) {
    assert.ok((run.statuses[status] ?? 0) > 20, `${status}: ${JSON.stringify(run.statuses)}`);
  }
  assert.ok(run.longestAnswerMs < HANG_MS, hostileFigures(run));
});
