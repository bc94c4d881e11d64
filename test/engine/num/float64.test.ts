import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  bitsOfDouble,
  doubleOfBits,
  fromDouble,
  log10Estimate,
  nextDown,
  nextUp,
  toDouble,
} from '../../../src/engine/num/float64.js';
import {
  absolute,
  add,
  compare,
  multiply,
  negate,
  rational,
  subtract,
} from '../../../src/engine/num/rational.js';
import { parseExact } from '../../../src/engine/num/text.js';
import { anyRational, finiteDouble, runs } from '../../arbitraries.js';

const HALF = rational(1n, 2n);
/** The first number that is no double for being too large: 2^1024. */
const BEYOND = rational(1n << 1024n);

test('known doubles are the reals their bits say', () => {
  assert.deepEqual(fromDouble(0.1), rational(3602879701896397n, 1n << 55n));
  assert.deepEqual(fromDouble(-0), { n: 0n, d: 1n });
  assert.deepEqual(fromDouble(Number.MIN_VALUE), rational(1n, 1n << 1074n));
  assert.deepEqual(fromDouble(-Number.MAX_VALUE), rational(-((1n << 1024n) - (1n << 971n))));
  assert.deepEqual(fromDouble(2 ** -1022), rational(1n, 1n << 1022n));
  for (const x of [NaN, Infinity, -Infinity]) assert.throws(() => fromDouble(x), RangeError);
});

test('every finite double survives the way to a rational and back', () => {
  fc.assert(
    fc.property(finiteDouble(), (x) => {
      // The two zeros are one number.
      assert.ok(Object.is(toDouble(fromDouble(x)), x === 0 ? 0 : x));
    }),
    runs(2000),
  );
});

test('toDouble agrees with the language where it also rounds exact text once', () => {
  // parseFloat is correctly rounded by ECMA-262 up to 20 digits; V8 rounds every length correctly.
  const digits = fc.stringMatching(/^[1-9][0-9]{0,18}$/);
  fc.assert(
    fc.property(digits, fc.integer({ min: -345, max: 312 }), (significand, exponent) => {
      const text = `${significand}e${String(exponent)}`;
      assert.ok(Object.is(toDouble(parseExact(text)), parseFloat(text)), text);
    }),
    runs(2000),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 1030n), max: 1n << 1030n }), (n) => {
      assert.ok(Object.is(toDouble(rational(n)), Number(n)));
    }),
    runs(500),
  );
});

test('toDouble is the nearest double, ties to even', () => {
  const value = fc.oneof(anyRational(200), anyRational(1200));
  fc.assert(
    fc.property(value, (r) => {
      const x = toDouble(r);
      if (!Number.isFinite(x)) {
        const last = fromDouble(Number.MAX_VALUE);
        assert.ok(compare(absolute(r), multiply(add(last, BEYOND), HALF)) >= 0);
        return;
      }
      const error = absolute(subtract(r, fromDouble(x)));
      for (const y of [nextUp(x), nextDown(x)]) {
        const other = Number.isFinite(y) ? fromDouble(y) : y > 0 ? BEYOND : negate(BEYOND);
        const order = compare(error, absolute(subtract(r, other)));
        assert.ok(order < 0 || (order === 0 && (bitsOfDouble(x) & 1n) === 0n));
      }
    }),
    runs(1000),
  );
});

test('midpoints of neighbours go to the even one, and a hair beside them to the near one', () => {
  fc.assert(
    fc.property(finiteDouble(), (x) => {
      const up = nextUp(x);
      const above = up === Infinity ? BEYOND : fromDouble(up);
      const middle = multiply(add(fromDouble(x), above), HALF);
      const even = (bitsOfDouble(x) & 1n) === 0n ? x : up;
      assert.equal(toDouble(middle), even === 0 ? 0 : even);
      const hair = rational(1n, 1n << 1200n);
      assert.equal(toDouble(add(middle, hair)), up === 0 ? 0 : up);
      assert.equal(toDouble(subtract(middle, hair)), x === 0 ? 0 : x);
    }),
    runs(1000),
  );
});

test('neighbours are adjacent bit patterns', () => {
  assert.equal(nextUp(0), Number.MIN_VALUE);
  assert.equal(nextUp(-0), Number.MIN_VALUE);
  assert.equal(nextDown(0), -Number.MIN_VALUE);
  assert.equal(nextUp(Number.MAX_VALUE), Infinity);
  assert.equal(nextUp(-Infinity), -Number.MAX_VALUE);
  assert.equal(nextUp(Infinity), Infinity);
  assert.ok(Number.isNaN(nextUp(NaN)));
  assert.equal(nextUp(1), 1 + Number.EPSILON);
  assert.equal(nextDown(1), 1 - Number.EPSILON / 2);
  fc.assert(
    fc.property(finiteDouble(), (x) => {
      assert.ok(nextUp(x) > x && nextDown(x) < x);
      assert.equal(nextDown(nextUp(x)), nextUp(x) === Infinity ? Number.MAX_VALUE : x + 0);
      if (x > 0) assert.equal(doubleOfBits(bitsOfDouble(x) + 1n), nextUp(x));
    }),
    runs(1000),
  );
});

test('log10Estimate follows integers far beyond the doubles', () => {
  for (const k of [0, 1, 15, 300, 5000, 300_000]) {
    const estimate = log10Estimate(10n ** BigInt(k));
    assert.ok(
      Math.abs(estimate - k) <= 1e-13 * (k + 1),
      `10^${String(k)} gave ${String(estimate)}`,
    );
  }
  assert.equal(log10Estimate(-1000n), Math.log10(1000));
  assert.throws(() => log10Estimate(0n), RangeError);
});
