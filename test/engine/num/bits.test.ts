import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  bitLength,
  isPowerOfTwo,
  toSafeNumber,
  trailingZeros,
} from '../../../src/engine/num/bits.js';
import { anyInteger, runs } from '../../arbitraries.js';

test('bitLength and trailingZeros against the binary text', () => {
  fc.assert(
    fc.property(anyInteger(700), fc.bigInt({ min: 0n, max: 500n }), (m, shift) => {
      const n = m << shift;
      const binary = (n < 0n ? -n : n).toString(2);
      assert.equal(bitLength(n), n === 0n ? 0 : binary.length);
      assert.equal(isPowerOfTwo(n), /^10*$/.test(binary));
      if (n === 0n) assert.throws(() => trailingZeros(n), RangeError);
      else assert.equal(trailingZeros(n), /0*$/.exec(binary)?.[0].length);
    }),
    runs(1000),
  );
});

test('toSafeNumber refuses where numbers have gaps', () => {
  assert.equal(toSafeNumber(-((1n << 53n) - 1n)), Number.MIN_SAFE_INTEGER);
  assert.throws(() => toSafeNumber(1n << 53n), { name: 'RangeError', message: /9007199254740992/ });
});
