import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  absolute,
  ceiling,
  compare,
  floor,
  floorLog2,
  gcd,
  integer,
  isZero,
  lcm,
  power,
  rational,
  subtract,
} from '../../../src/engine/num/rational.js';
import { anyInteger, anyRational, runs } from '../../arbitraries.js';

test('is reduced with a positive denominator', () => {
  assert.deepEqual(rational(6n, -4n), { n: -3n, d: 2n });
  assert.deepEqual(rational(0n, -9n), { n: 0n, d: 1n });
  assert.throws(() => rational(7n, 0n), { name: 'RangeError', message: /7\/0/ });
  fc.assert(
    fc.property(anyInteger(), anyInteger(), (n, d) => {
      if (d === 0n) return;
      const r = rational(n, d);
      assert.ok(r.d > 0n && r.n * d === n * r.d && gcd(r.n, r.d) === 1n);
    }),
    runs(500),
  );
});

test('the least common multiple is a multiple of both, and no smaller one is', () => {
  const positive = fc.bigInt({ min: 1n, max: 60n });
  fc.assert(
    fc.property(positive, positive, (a, b) => {
      let least = a > b ? a : b;
      while (least % a !== 0n || least % b !== 0n) least += 1n;
      assert.equal(lcm(a, b), least);
    }),
    runs(300),
  );
});

test('floor and ceiling enclose within one', () => {
  fc.assert(
    fc.property(anyRational(), (r) => {
      const below = subtract(r, integer(floor(r)));
      assert.ok(compare(below, integer(0)) >= 0 && compare(below, integer(1)) < 0);
      assert.equal(ceiling(r) - floor(r), r.d === 1n ? 0n : 1n);
    }),
    runs(500),
  );
});

test('floorLog2 is the binade', () => {
  fc.assert(
    fc.property(anyRational(), (r) => {
      if (isZero(r)) {
        assert.throws(() => floorLog2(r), RangeError);
        return;
      }
      const k = floorLog2(r);
      const base = k >= 0 ? integer(2) : rational(1n, 2n);
      const low = power(base, Math.abs(k));
      assert.ok(compare(low, absolute(r)) <= 0);
      assert.ok(compare(absolute(r), rational(2n * low.n, low.d)) < 0);
    }),
    runs(500),
  );
});

test('gcd of long integers, with small primes and without: divides both, leaves nothing common', () => {
  const euclid = (a: bigint, b: bigint): bigint => (b === 0n ? a : euclid(b, a % b));
  const long = fc
    .record({
      threes: fc.integer({ min: 0, max: 2000 }),
      twos: fc.integer({ min: 0, max: 2500 }),
      elevens: fc.integer({ min: 0, max: 900 }),
      rest: fc.bigInt({ min: 1n, max: 1n << 200n }),
    })
    .map(
      ({ threes, twos, elevens, rest }) =>
        3n ** BigInt(threes) * 2n ** BigInt(twos) * 11n ** BigInt(elevens) * rest,
    );
  fc.assert(
    fc.property(long, long, (a, b) => {
      const g = gcd(a, b);
      assert.ok(a % g === 0n && b % g === 0n);
      assert.equal(euclid(a / g, b / g), 1n);
    }),
    runs(100),
  );
});
