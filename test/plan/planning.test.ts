/** What a question would cost: which methods apply, which is taken, and that the figures come true. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { candidatesOf, countingOf } from '../../src/engine/index.js';
import { compileQuestion } from '../../src/plan/compile.js';
import { planOf, planningOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import type { Limits } from '../../src/plan/plan.js';
import type { Question } from '../../src/plan/question.js';
import { PlanningSchema } from '../../src/schemas/plan.js';

const LIMITS: Limits = { maxVisits: 1n << 32n, maxOperations: 1e12, maxShards: 64 };
const TERNARY = { values: ['-1', '0', '1'] };

function question(widths: readonly number[], format: unknown, rest: object = {}): Question {
  const units = widths.slice(1);
  const parsed = parseRequest({
    network: {
      inputs: [Array.from({ length: widths[0] ?? 0 }, (_, k) => (k % 2 === 0 ? 1 : -2))],
      layers: units.map((width, layer) => ({
        type: 'dense',
        units: width,
        activation: layer === units.length - 1 ? 'identity' : 'relu',
      })),
      ...rest,
    },
    format,
    mode: 'exhaustive',
  });
  assert.ok(parsed.ok);
  return parsed.question;
}

const isPlanning = new Ajv2020({ strict: false }).compile(PlanningSchema);

test('one hidden layer is a closed form, more are layered, batches are visited', () => {
  const methods = [
    question([1, 2, 1], 'e4m3fn'),
    question([1, 2, 2, 1], 'e2m3fn'),
    question([1, 2, 2, 1], TERNARY, { inputs: [[1], [2]] }),
  ].map((asked) => planningOf(asked, LIMITS).method);
  assert.deepEqual(methods, ['closed-form', 'layered', 'enumeration']);
});

test('planning says what a plan then is, and is what its schema says', () => {
  for (const asked of [
    question([1, 2, 2, 1], 'e2m1fn'),
    question([2, 8, 8, 1], 'e4m3fn'),
    question([1, 1, 1], TERNARY),
  ]) {
    const planning = planningOf(asked, LIMITS);
    assert.ok(isPlanning(planning), JSON.stringify(isPlanning.errors));
    const planned = planOf(asked, LIMITS);
    assert.equal(planning.accepted, planned.ok);
    assert.equal(planning.method, planned.ok ? planned.plan.method : null);
    assert.equal(planning.shards, planned.ok ? planned.plan.shards : null);
    assert.equal(planning.refusal?.code, planned.ok ? undefined : planned.refusal.code);
  }
});

test('estimates of operations and states are within a factor of 3 of what is spent', () => {
  for (const asked of [
    question([1, 2, 1], 'e4m3fn'),
    question([2, 2, 1], 'e4m3fn'),
    question([1, 2, 2, 1], 'e2m1fn'),
    question([4, 16, 3], 'e2m3fn'),
    question([2, 2, 3, 1], 'e2m1fn'),
    question([1, 3, 3, 3, 1], TERNARY),
  ]) {
    const { network, proxies } = compileQuestion(asked);
    const [best] = candidatesOf(network, proxies, 3e7);
    assert.ok(best !== undefined && best.estimate !== null);
    const counting = countingOf(network, proxies, best.method, {
      maxOperations: 1e12,
      maxBytes: 2 ** 30,
      maxWalks: 1000,
    });
    counting.tallyOf(0n, counting.parts, () => undefined);
    const spent = counting.work();
    for (const [figure, estimate] of [
      ['operations', best.estimate.operations],
      ['states', best.estimate.states],
    ] as const) {
      const ratio = estimate / Math.max(1, spent[figure]);
      assert.ok(
        ratio > 1 / 3 && ratio < 3,
        `${network.widths.join('-')} ${figure}: ${String(ratio)}`,
      );
    }
  }
});

test('a cheaper limit of the installation chooses another method, or refuses with every cost', () => {
  const asked = question([1, 2, 2, 1], TERNARY);
  const chosen = (limits: Partial<Limits>): string | null =>
    planningOf(asked, { ...LIMITS, ...limits }).method;
  assert.equal(chosen({}), 'layered');
  assert.equal(chosen({ maxOperations: 10 }), 'enumeration');
  assert.equal(chosen({ maxVisits: 10n }), 'layered');
  const none = planningOf(asked, { ...LIMITS, maxOperations: 10, maxVisits: 10n });
  assert.equal(none.accepted, false);
  assert.deepEqual(
    none.methods.map(({ method, applies, affordable }) => [method, applies, affordable]),
    [
      ['layered', true, false],
      ['enumeration', true, false],
    ],
  );
  // 3^12 without the inert bias, of which 10/27 are visited: both hidden layers have two units alike.
  assert.match(none.refusal?.detail ?? '', /would visit 196830 points/);
  assert.equal(none.refusal?.nearest?.mode, 'point');
});

test('modes that count nothing are planned without methods', () => {
  const asked = { ...question([1, 2, 1], 'e2m1fn'), mode: 'bounds' } as const;
  const planning = planningOf(asked, LIMITS);
  assert.deepEqual([planning.accepted, planning.method, planning.methods], [true, 'bounds', []]);
});
