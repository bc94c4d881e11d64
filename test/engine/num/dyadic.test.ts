import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  add,
  dyadic,
  fromRational,
  isDyadic,
  negate,
  ofDouble,
  parseDyadic,
  sum,
  toRational,
  toText,
} from '../../../src/engine/num/dyadic.js';
import { fromDouble } from '../../../src/engine/num/float64.js';
import { rational } from '../../../src/engine/num/rational.js';
import { anyDyadic, anyRational, finiteDouble, runs } from '../../arbitraries.js';

test('is canonical on construction: odd significand, or zero', () => {
  assert.deepEqual(dyadic(-24n, -10), { m: -3n, e: -7 });
  assert.deepEqual(dyadic(0n, 99), { m: 0n, e: 0 });
  fc.assert(
    fc.property(anyDyadic(), fc.integer({ min: 0, max: 99 }), (a, k) => {
      assert.ok(a.m === 0n ? a.e === 0 : (a.m & 1n) === 1n);
      assert.deepEqual(dyadic(a.m << BigInt(k), a.e - k), a);
    }),
    runs(500),
  );
});

test('prints as m*2^e, reads it back, and reads integers and even significands', () => {
  assert.equal(toText(dyadic(-3n, -7)), '-3*2^-7');
  assert.equal(toText(dyadic(0n)), '0');
  assert.deepEqual(parseDyadic('-6*2^-8'), dyadic(-3n, -7));
  assert.deepEqual(parseDyadic('12'), dyadic(3n, 2));
  assert.deepEqual(parseDyadic('0*2^5'), dyadic(0n));
  for (const text of ['', '3*2', '3*2^', '3*3^2', '1/2', '0.5', '1*2^1234567', ' 1', '1*2^1\n']) {
    assert.throws(() => parseDyadic(text), SyntaxError, JSON.stringify(text));
  }
  fc.assert(
    fc.property(anyDyadic(300), (a) => {
      assert.deepEqual(parseDyadic(toText(a)), a);
    }),
    runs(500),
  );
});

test('every finite double is a dyadic, and the same real number', () => {
  fc.assert(
    fc.property(finiteDouble(), (x) => {
      const a = ofDouble(x);
      assert.deepEqual(toRational(a), fromDouble(x));
      assert.equal(Number(a.m) * 2 ** Math.ceil(a.e / 2) * 2 ** Math.floor(a.e / 2), x + 0);
    }),
    runs(1000),
  );
  assert.throws(() => ofDouble(NaN), RangeError);
});

test('takes exactly the rationals whose denominator is a power of two', () => {
  fc.assert(
    fc.property(anyRational(), (r) => {
      let odd = r.d;
      while (odd % 2n === 0n) odd /= 2n;
      assert.equal(isDyadic(r), odd === 1n);
      if (odd === 1n) assert.deepEqual(toRational(fromRational(r)), r);
      else assert.throws(() => fromRational(r), RangeError);
    }),
    runs(500),
  );
  assert.throws(() => fromRational(rational(1n, 3n)), { message: /1\/3/ });
});

test('sums many terms as adding one by one does', () => {
  fc.assert(
    fc.property(fc.array(anyDyadic(), { maxLength: 8 }), (terms) => {
      const all = [...terms, ...terms.slice(1).map(negate)];
      assert.deepEqual(sum(all), all.reduce(add, dyadic(0n)));
    }),
    runs(300),
  );
});
