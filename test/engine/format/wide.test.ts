/** Wide formats by property: against bit patterns of the machine, and by the laws of a value set. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Facts } from '../../../src/engine/format/facts.js';
import { valueSetOf } from '../../../src/engine/format/format.js';
import { resolveFormat } from '../../../src/engine/format/resolve.js';
import { bitsOfDouble, fromDouble, nextUp } from '../../../src/engine/num/float64.js';
import { negate, rational } from '../../../src/engine/num/rational.js';
import { finiteDouble, runs } from '../../arbitraries.js';
import { rankIn, valueSetLaws } from '../../laws/value-set.js';

function setOf(facts: Facts): ReturnType<typeof valueSetOf> {
  return valueSetOf({ id: null, name: 'wide', facts, aliases: [], sources: [], note: null });
}

test('binary64: ranks are bit patterns', () => {
  const { values } = resolveFormat('float64');
  const positives = bitsOfDouble(Number.MAX_VALUE);
  assert.equal(values.size, 2n * positives + 1n);
  fc.assert(
    fc.property(finiteDouble(), (x) => {
      const magnitude = bitsOfDouble(Math.abs(x));
      const rank = x < 0 ? positives - magnitude : positives + magnitude;
      assert.deepEqual(values.at(rank), fromDouble(x));
      assert.equal(values.rankOf(fromDouble(x)), rank);
      assert.equal(values.countBelow(fromDouble(x)), rank);
      const up = nextUp(x);
      if (up !== Infinity) assert.equal(values.rankOf(fromDouble(up)), rank + 1n);
    }),
    runs(2000),
  );
});

test('binary32: ranks are bit patterns, and doubles between are told from its values', () => {
  const { values } = resolveFormat('float32');
  const view = new DataView(new ArrayBuffer(4));
  const positives = 0x7f7fffffn;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0x7f7fffff }), fc.boolean(), (bits, negative) => {
      view.setUint32(0, bits);
      const x = view.getFloat32(0) * (negative ? -1 : 1);
      const rank = positives + (negative ? -BigInt(bits) : BigInt(bits));
      assert.deepEqual(values.at(rank), fromDouble(x));
      assert.equal(values.rankOf(fromDouble(x)), rank);
    }),
    runs(1000),
  );
  fc.assert(
    fc.property(finiteDouble(), (x) => {
      assert.equal(values.rankOf(fromDouble(x)) !== null, Math.fround(x) === x);
    }),
    runs(1000),
  );
});

for (const facts of [
  { kind: 'posit', bits: 32, exponentBits: 2 },
  { kind: 'posit', bits: 64, exponentBits: 2 },
  { kind: 'posit', bits: 2, exponentBits: 2 },
  { kind: 'posit', bits: 3, exponentBits: 4 },
  { kind: 'posit', bits: 9, exponentBits: 5 },
  { kind: 'posit', bits: 6, exponentBits: 0 },
  { kind: 'fixed', integerBits: 64, fractionBits: 64, signed: true },
] satisfies Facts[]) {
  test(`laws of ${JSON.stringify(facts)}`, () => {
    valueSetLaws(setOf(facts), 200);
  });
}

test('posits are mirrored by negation, and the reciprocal of the largest is the smallest', () => {
  for (const bits of [8, 16, 32, 64]) {
    const values = setOf({ kind: 'posit', bits, exponentBits: 2 });
    // Posit standard (2022): maxPos = 2^(4n − 8).
    assert.deepEqual(values.at(values.size - 1n), rational(1n << BigInt(4 * bits - 8)));
    assert.deepEqual(values.at(values.size / 2n + 1n), rational(1n, 1n << BigInt(4 * bits - 8)));
    assert.equal(values.size, (1n << BigInt(bits)) - 1n);
    fc.assert(
      fc.property(rankIn(values), (rank) => {
        assert.equal(values.rankOf(negate(values.at(rank))), values.size - 1n - rank);
      }),
      runs(100),
    );
  }
});

test('binary128 has its published extremes', () => {
  const { values } = resolveFormat({ type: 'minifloat', exponentBits: 15, mantissaBits: 112 });
  const largest = ((1n << 113n) - 1n) << BigInt(16383 - 112);
  assert.deepEqual(values.at(values.size - 1n), rational(largest));
  assert.deepEqual(values.at(values.size / 2n + 1n), rational(1n, 1n << 16494n));
  assert.equal(values.size, 2n * (0x7fffn << 112n) - 1n);
});
