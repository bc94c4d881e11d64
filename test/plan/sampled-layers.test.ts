/** Mode `sampled` on every kind of network that the engine knows, beside the exact count of each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { neuronsOf } from '../../src/engine/count/space.js';
import { resultLocally } from '../../src/plan/local.js';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import {
  ResultSchema,
  type ExhaustiveResult,
  type SampledResult,
} from '../../src/schemas/result.js';
import { runs } from '../arbitraries.js';
import { anyLayeredCase } from '../arbitraries-layers.js';

const LIMITS = { maxVisits: 1n << 32n, maxOperations: 1e12, maxShards: 8 };
const isResult = new Ajv2020({ strict: false, validateFormats: false }).compile(ResultSchema);

function answerOf(body: object): ExhaustiveResult | SampledResult {
  const parsed = parseRequest(body);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const planned = planOf(parsed.question, LIMITS);
  assert.ok(planned.ok, JSON.stringify(planned));
  const result = resultLocally(planned.plan);
  assert.ok(isResult(result), JSON.stringify(isResult.errors));
  assert.ok(result.mode === 'exhaustive' || result.mode === 'sampled');
  return result;
}

/** Asserts that what is exact lies in every interval, at a confidence that chance does not spoil. */
function compare(body: object, seed: number): SampledResult {
  const counted = answerOf({ ...body, mode: 'exhaustive' });
  const sampling = { samples: 600, seed, confidence: '999999999/1000000000' };
  const drawn = answerOf({ ...body, mode: 'sampled', sampling });
  assert.ok(counted.mode === 'exhaustive' && drawn.mode === 'sampled');
  const size = Number(counted.space.size);
  const { counts } = counted;
  for (const set of ['touched', 'nonDifferentiable', 'incorrect'] as const) {
    const open = set === 'touched' ? counts.tiesUndecided : counts.undecided;
    const { lower, upper } = drawn.density[set];
    assert.ok(lower <= (Number(counts[set]) + Number(open)) / size, set);
    assert.ok(upper >= Number(counts[set]) / size, set);
  }
  assert.equal(drawn.neurons.length, counted.neurons.length);
  drawn.neurons.forEach((neuron, k) => {
    const own = counted.neurons[k];
    assert.deepEqual(
      [neuron.layer, neuron.unit, neuron.activation, neuron.kinks],
      [own?.layer, own?.unit, own?.activation, own?.kinks],
    );
    for (const kind of ['touched', 'relevant'] as const) {
      const share = Number(own?.[kind]) / size;
      assert.ok(neuron[kind].lower <= share && share <= neuron[kind].upper, kind);
    }
  });
  return drawn;
}

test('samples of networks of every layer type agree with the count', () => {
  let maxima = 0;
  const any = anyLayeredCase({ maxPoints: 300n });
  // One network in ten has a maximum by itself.
  const withMaxima = any.filter(({ network }) =>
    neuronsOf(network).some(({ equation }) => network.equations[equation]?.op === 'max'),
  );
  fc.assert(
    fc.property(fc.oneof(any, withMaxima), fc.nat(), ({ body }, seed) => {
      const { neurons } = compare(body, seed);
      if (neurons.some(({ kinks }) => kinks.length === 0)) maxima += 1;
    }),
    runs(40),
  );
  if (runs(40).numRuns >= 40) assert.ok(maxima > 0, 'no network had a maximum');
});

const dense = (units: number, activation: string, rest = {}): object => ({
  type: 'dense',
  units,
  activation,
  ...rest,
});

test('samples of networks with exponentials agree with the count', () => {
  const cases: readonly (readonly object[])[] = [
    [dense(2, 'sigmoid'), dense(1, 'relu'), dense(1, 'identity')],
    [dense(1, 'tanh'), dense(2, 'relu', { bias: false }), dense(1, 'identity')],
    [dense(1, 'relu'), dense(1, 'gelu')],
    [dense(2, 'elu'), dense(1, 'identity')],
    [dense(1, 'sigmoid'), dense(1, 'tanh')],
  ];
  for (const [seed, layers] of cases.entries()) {
    const network = { inputs: [['1'], ['-1']], layers };
    const drawn = compare({ network, format: { values: ['-1', '0', '1'] } }, seed);
    assert.equal(drawn.method, 'plain');
    assert.equal(drawn.undecided, '0');
  }
});

test('where ties are not decided every interval reaches as far as they might', () => {
  // e^softplus(w) = 1 + e^w: one unit is tied at every w, which is not decided; the other is decided.
  const w = { param: 'w' };
  const network = {
    inputs: [['1']],
    layers: [
      dense(1, 'softplus', { weight: [[w]], bias: false }),
      dense(1, 'exp', { weight: [['1']], bias: false }),
      dense(1, 'exp', { from: 'input', weight: [[w]], bias: false }),
      { type: 'concat', from: [1, 2] },
      dense(1, 'relu', { weight: [['1', '-1']], bias: ['-1'] }),
    ],
  };
  const drawn = compare({ network, format: { values: ['-1', '1', '2'] } }, 3);
  assert.equal(drawn.undecided, '1');
  const { touched, nonDifferentiable, incorrect } = drawn.density;
  for (const { lower, upper, exact } of [
    touched,
    nonDifferentiable,
    incorrect,
    ...drawn.neurons.map((neuron) => neuron.relevant),
  ]) {
    assert.deepEqual([exact, lower, upper], ['0', 0, 1]);
  }
});
