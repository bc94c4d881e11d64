/** Root counting against polynomials built from roots that are known, with multiplicities. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  derivative,
  evaluate,
  polynomial,
  rootsBetween,
  type Polynomial,
} from '../../../src/engine/net/polynomial.js';
import {
  ONE,
  ZERO,
  add,
  compare,
  equal,
  integer,
  isZero,
  multiply,
  negate,
  rational,
  type Rational,
} from '../../../src/engine/num/rational.js';
import { toText } from '../../../src/engine/num/text.js';
import { anyRational, runs } from '../../arbitraries.js';

function product(p: Polynomial, q: Polynomial): Polynomial {
  const out: Rational[] = Array.from({ length: p.length + q.length - 1 }, () => ZERO);
  p.forEach((a, i) => {
    q.forEach((b, j) => {
      out[i + j] = add(out[i + j] ?? ZERO, multiply(a, b));
    });
  });
  return out;
}

const root = fc
  .tuple(fc.integer({ min: -4, max: 4 }), fc.constantFrom(1n, 2n, 3n))
  .map(([n, d]) => rational(BigInt(n), d));

/** Factors without real roots. */
const rootless = fc.constantFrom<Polynomial>(
  [ONE],
  [ONE, ZERO, ONE],
  [integer(2), ONE, ONE],
  [integer(-3)],
);

const bound = fc.option(root, { nil: null });

test('rootsBetween counts the distinct roots strictly inside', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(root, fc.integer({ min: 1, max: 3 })), { maxLength: 4 }),
      rootless,
      bound,
      bound,
      (roots, rest, a, b) => {
        const [low, high] = a !== null && b !== null && compare(a, b) > 0 ? [b, a] : [a, b];
        if (low !== null && high !== null && equal(low, high)) return;
        let p: Polynomial = rest;
        for (const [at, times] of roots) {
          for (let k = 0; k < times; k += 1) p = product(p, [negate(at), ONE]);
        }
        const inside = new Set(
          roots
            .map(([at]) => at)
            .filter(
              (at) =>
                (low === null || compare(low, at) < 0) && (high === null || compare(at, high) < 0),
            )
            .map(toText),
        );
        assert.equal(rootsBetween(p, low, high), inside.size, p.map(toText).join(' '));
        for (const [at] of roots) assert.ok(isZero(evaluate(p, at)));
      },
    ),
    runs(400),
  );
});

test('irrational roots are counted, not approximated', () => {
  const squareOfTwo = [integer(-2), ZERO, ONE];
  assert.equal(rootsBetween(squareOfTwo, null, null), 2);
  assert.equal(rootsBetween(squareOfTwo, ZERO, null), 1);
  assert.equal(rootsBetween(squareOfTwo, integer(-1), integer(1)), 0);
  assert.equal(rootsBetween([ONE, ZERO, ONE], null, null), 0);
  assert.throws(() => rootsBetween([], null, null), RangeError);
});

test('evaluate and derivative are those of the sum of powers', () => {
  const coefficients = fc.array(anyRational(20), { maxLength: 5 });
  fc.assert(
    fc.property(coefficients, anyRational(20), (list, t) => {
      const p = polynomial(list);
      assert.ok(p.length === 0 || !isZero(p[p.length - 1] ?? ZERO));
      let power = ONE;
      let sum = ZERO;
      let slope = ZERO;
      let before = ZERO;
      list.forEach((c, k) => {
        sum = add(sum, multiply(c, power));
        slope = add(slope, multiply(integer(k), multiply(c, before)));
        before = power;
        power = multiply(power, t);
      });
      assert.deepEqual(evaluate(p, t), sum);
      assert.deepEqual(evaluate(derivative(p), t), slope);
    }),
    runs(300),
  );
});
