/** Questions read in threads: the same answers, an end to those that take too long. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { REQUEST_EXAMPLES } from '../../src/http/examples.js';
import { planOf, planningOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { boundsOf } from '../../src/plan/result.js';
import { openPlanner } from '../../src/planner/planner.js';
import { PlannerBusy, PlanningTooLong } from '../../src/planner/refusals.js';

const LIMITS = { maxVisits: 1n << 32n, maxOperations: 1e12, maxShards: 256 };

test('answers are those of the functions themselves', async () => {
  const planner = openPlanner({ threads: 2, deadlineMs: 60_000 });
  for (const [name, { request }] of Object.entries(REQUEST_EXAMPLES)) {
    const parsed = parseRequest(request);
    const inThread = await planner.parse(request);
    assert.deepEqual(inThread, parsed, name);
    assert.ok(inThread.ok && parsed.ok);
    const { question } = inThread;
    assert.deepEqual(await planner.plan(question, LIMITS), planOf(parsed.question, LIMITS), name);
    assert.deepEqual(await planner.planning(question, LIMITS), planningOf(parsed.question, LIMITS));
    assert.deepEqual(await planner.bounds(question), boundsOf(parsed.question), name);
    assert.equal(await planner.parse(structuredClone(request)), inThread, 'remembered');
  }
  await planner.close();
});

/** 215 bytes that took minutes to plan. */
const ENDLESS = {
  network: {
    inputs: [[1, 2, 3]],
    layers: [
      { type: 'dense', units: 2, activation: 'relu' },
      { type: 'dense', units: 1 },
    ],
  },
  format: { type: 'minifloat', exponentBits: 15, mantissaBits: 0, bias: 65536 },
  mode: 'exhaustive',
};

test('a question that takes too long is ended, and others are answered meanwhile', async () => {
  const planner = openPlanner({ threads: 2, deadlineMs: 60_000 });
  const impatient = openPlanner({ threads: 1, deadlineMs: 5_000 });
  const parsed = await planner.parse(ENDLESS);
  assert.ok(parsed.ok);
  await impatient.parse(ENDLESS);
  let ended = false;
  const endless = assert
    .rejects(impatient.plan(parsed.question, LIMITS), PlanningTooLong)
    .finally(() => (ended = true));
  let answered = 0;
  while (!ended) {
    await planner.bounds(parsed.question);
    answered += 1;
  }
  await endless;
  assert.ok(answered > 0);
  // Its thread is gone; the next question gets another.
  assert.ok((await impatient.parse({ ...ENDLESS, mode: 'bounds' })).ok);
  await Promise.all([planner.close(), impatient.close()]);
});

test('no more questions wait than may', async () => {
  const planner = openPlanner({ threads: 1, deadlineMs: 60_000 });
  const asked = Array.from({ length: 250 }, (_, n) =>
    planner.parse({ ...ENDLESS, format: { values: [String(n)] } }).then(
      ({ ok }) => String(ok),
      (error: unknown) => (error instanceof PlannerBusy ? 'busy' : String(error)),
    ),
  );
  const outcomes = await Promise.all(asked);
  assert.deepEqual([...new Set(outcomes)].sort(), ['busy', 'true']);
  assert.ok(outcomes.filter((outcome) => outcome === 'true').length >= 200);
  await planner.close();
});
