/** Moments of the number of relevant ties against brute force over random finite spaces. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstMoment, secondMomentLower, slackOf } from '../../../src/engine/count/moments.js';
import {
  add,
  compare,
  divide,
  isZero,
  multiply,
  rational,
  subtract,
} from '../../../src/engine/num/rational.js';
import { runs } from '../../arbitraries.js';

/** How many relevant ties each point has. */
const ties = fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 40 });

function momentsOf(counts: readonly number[]): { ties: bigint; pairs: bigint; points: bigint } {
  return {
    ties: BigInt(counts.reduce((sum, x) => sum + x, 0)),
    pairs: BigInt(counts.reduce((sum, x) => sum + (x * (x - 1)) / 2, 0)),
    points: BigInt(counts.length),
  };
}

test('second moment ≤ density ≤ first moment; never below Chebyshev’s E[X]²/E[X²]', () => {
  fc.assert(
    fc.property(ties, fc.integer({ min: 0, max: 20 }), (counts, more) => {
      const moments = momentsOf(counts);
      const density = rational(BigInt(counts.filter((x) => x > 0).length), BigInt(counts.length));
      const lower = secondMomentLower(moments);
      assert.ok(compare(lower, density) <= 0);
      assert.ok(compare(density, firstMoment(moments)) <= 0);
      const first = firstMoment(moments);
      const square = rational(moments.ties + 2n * moments.pairs, moments.points);
      if (!isZero(square)) {
        assert.ok(compare(divide(multiply(first, first), square), lower) <= 0);
      }
      // An upper bound on the pairs gives a lower bound all the same, and none that is better.
      const loose = secondMomentLower({ ...moments, pairs: moments.pairs + BigInt(more) });
      assert.ok(compare(loose, lower) <= 0);
    }),
    runs(2000),
  );
});

test('with at most two ties at once two moments tell the density', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1 }), (counts) => {
      const moments = momentsOf(counts);
      const density = rational(BigInt(counts.filter((x) => x > 0).length), BigInt(counts.length));
      // k = 1 or 2; both lines meet the density where X takes two neighbouring values only.
      if (!counts.includes(2) || !counts.includes(1)) {
        assert.equal(compare(secondMomentLower(moments), density), 0);
      }
      assert.equal(
        compare(subtract(firstMoment(moments), rational(moments.pairs, moments.points)), density),
        0,
      );
    }),
    runs(500),
  );
});

test('the parts of the slack add up to theorem less density', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.bigInt(0n, 50n), fc.bigInt(0n, 50n)), { maxLength: 6 }),
      fc.bigInt(0n, 100n),
      fc.bigInt(0n, 100n),
      (counted, allowed, found) => {
        const neurons = counted.map(([touched, relevant]) => ({ touched, relevant }));
        const bound = rational(allowed, 100n);
        const density = rational(found, 100n);
        const { format, irrelevance, overlap } = slackOf(bound, density, neurons, 100n);
        const whole = add(format, add(irrelevance, overlap));
        assert.equal(compare(whole, subtract(bound, density)), 0);
      },
    ),
    runs(200),
  );
});
