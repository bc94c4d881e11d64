/**
 * Intervals that really cover, for each estimator, at every look at once (`coverage.ts`); the sequence
 * and Clopper and Pearson's intervals alone; and the looks.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { whyNotSampled } from '../../../src/engine/index.js';
import { clopperPearson } from '../../../src/engine/sample/clopper-pearson.js';
import { confidenceSequence } from '../../../src/engine/sample/confidence-sequence.js';
import { looksOf, stretchOf } from '../../../src/engine/sample/looks.js';
import { runs } from '../../arbitraries.js';
import { REPETITIONS, binomialTail, covers, known, mostMisses, relu, ternary } from './coverage.js';

test('the binomial bound is that of sums in integers', () => {
  // Σ over i ≥ 8 of C(10, i)/2^10 = 56/1024.
  assert.ok(Math.abs(binomialTail(10, 0.5, 8) - 56 / 1024) < 1e-12);
  assert.ok(mostMisses(1000, 0.1) > 140 && mostMisses(1000, 0.1) < 160);
});

const KNOWN = [
  known('1-2-1-1, ternary', {
    network: { inputs: [[1]], layers: [relu(2), relu(1), { type: 'dense', units: 1 }] },
    format: ternary,
  }),
  known('2-2-1, four values', {
    network: { inputs: [[1, -2]], layers: [relu(2), { type: 'dense', units: 1 }] },
    format: { values: ['-3', '-1/2', '1', '4'] },
  }),
  known('1-1-1-1 without biases, ReLU′(0) = 1: AD wrong at 2 of 27', {
    network: {
      inputs: [[1]],
      layers: [
        relu(1, { bias: false }),
        relu(1, { bias: false }),
        { type: 'dense', units: 1, bias: false },
      ],
    },
    format: ternary,
    proxies: 'right',
  }),
];

for (const each of KNOWN) {
  for (const method of ['plain', 'conditional', 'union'] as const) {
    if (whyNotSampled(each.found.network, method) !== null) continue;
    test(`${each.name}: ${method} covers at every look at once`, () => {
      covers(each, method);
    });
  }
}

test('the sequence covers any bounded values, however skewed', () => {
  // A generator of its own, so that the test of the intervals does not rest on the estimators.
  const values = [0n, 1n, 7n, 100n];
  for (const weights of [
    [990, 5, 3, 2],
    [1, 0, 0, 999],
    [500, 0, 0, 500],
    [0, 997, 3, 0],
  ]) {
    const total = weights.reduce((a, b) => a + b);
    const mean =
      values.reduce((sum, v, k) => sum + (Number(v) * (weights[k] ?? 0)) / total, 0) / 100;
    let misses = 0;
    let state = 12345;
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      const looks = looksOf(500);
      const stretches = looks.map((at, k) => {
        let [first, second] = [0n, 0n];
        const samples = at - (looks[k - 1] ?? 0);
        for (let n = 0; n < samples; n += 1) {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          let drawn = Math.floor((state / 2 ** 32) * total);
          const index = weights.findIndex((weight) => (drawn -= weight) < 0);
          const value = values[index] ?? 0n;
          first += value;
          second += value * value;
        }
        return { samples, sum: { first, second } };
      });
      const aim = { alpha: 0.1, samples: 500, relativeError: 0.05, isTimed: false };
      const missed = confidenceSequence(stretches, 100n, aim).some(
        ({ lower, upper }) => mean < lower || mean > upper,
      );
      if (missed) misses += 1;
    }
    assert.ok(misses <= mostMisses(REPETITIONS, 0.1), `${String(misses)} misses`);
  }
});

test('the intervals of Clopper and Pearson are those of their definition', () => {
  // P(X ≥ k | lower) = α/2 and P(X ≤ k | upper) = α/2, with the tails summed here.
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.nat(),
      fc.constantFrom(0.5, 0.1, 0.01, 1e-6, 1e-9),
      (n, drawn, alpha) => {
        const k = drawn % (n + 1);
        const { lower, upper } = clopperPearson(k, n, alpha);
        if (k === 0) assert.equal(lower, 0);
        else {
          assert.ok(binomialTail(n, lower, k) <= (alpha / 2) * (1 + 1e-6));
          assert.ok(
            binomialTail(n, Math.min(1, lower * (1 + 1e-6)), k) >= (alpha / 2) * (1 - 1e-6),
          );
        }
        if (k === n) assert.equal(upper, 1);
        else {
          // P(X ≤ k | p) = P(n − X ≥ n − k | 1 − p).
          assert.ok(binomialTail(n, 1 - upper, n - k) <= (alpha / 2) * (1 + 1e-5));
        }
        assert.ok(lower <= k / n && k / n <= upper);
      },
    ),
    runs(300),
  );
  assert.deepEqual(clopperPearson(0, 0, 0.01), { lower: 0, upper: 1 });
  // No event in n trials: the upper end is 1 − (α/2)^(1/n), and never 0.
  const { upper } = clopperPearson(0, 1_000_000, 0.01);
  assert.ok(Math.abs(upper / -Math.expm1(Math.log(0.005) / 1e6) - 1) < 1e-6);
});

test('looks are fixed numbers of samples, and every sample lies before one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 53 - 1 }), fc.nat(), (samples, drawn) => {
      const looks = looksOf(samples);
      assert.equal(looks[looks.length - 1], samples);
      looks.forEach((at, k) => assert.ok(at > (looks[k - 1] ?? 0)));
      const sample = drawn % samples;
      const stretch = stretchOf(looks, sample);
      assert.ok(sample < (looks[stretch] ?? 0) && sample >= (looks[stretch - 1] ?? 0));
      // Another limit leaves all looks before it where they are.
      const fewer = looksOf(Math.ceil(samples / 2));
      assert.deepEqual(looks.slice(0, fewer.length - 1), fewer.slice(0, -1));
    }),
    runs(300),
  );
});
