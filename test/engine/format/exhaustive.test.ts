/** Every format of up to 16 bits: all codes decoded by the slow decoder are all values, in order. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { valueSetOf } from '../../../src/engine/format/format.js';
import { resolveFormat } from '../../../src/engine/format/resolve.js';
import { fromDouble } from '../../../src/engine/num/float64.js';
import { sameValues } from '../../laws/value-set.js';
import { VECTORS } from './vectors.js';
import { decodeSlowly } from './decode.js';

test('the slow decoder reads the published posit vector', () => {
  const posit = VECTORS.find(({ id }) => id === 'posit16');
  assert.ok(posit);
  assert.equal(decodeSlowly({ ...posit, es: 3 }, 0x0ddd), 477 / 134217728);
});

for (const vector of VECTORS.filter(({ bits }) => bits <= 16)) {
  test(`${vector.id}: all ${String(2 ** vector.bits)} codes`, () => {
    const decoded = Array.from({ length: 2 ** vector.bits }, (_, code) =>
      decodeSlowly(vector, code),
    ).filter((value) => value !== null);
    // Sorting doubles is quicker than sorting rationals; the doubles are exact.
    const numbers = [...new Set(decoded.map((value) => value + 0))].sort((a, b) => a - b);
    sameValues(resolveFormat(vector.id).values, numbers.map(fromDouble));
  });
}

test('bfloat16 is the upper half of binary32', () => {
  const view = new DataView(new ArrayBuffer(4));
  const numbers = [];
  for (let code = 0; code < 65536; code++) {
    view.setUint16(0, code);
    const value = view.getFloat32(0);
    if (Number.isFinite(value)) numbers.push(fromDouble(value));
  }
  sameValues(resolveFormat('bfloat16').values, numbers);
});

test('posits of every small shape: all codes', () => {
  const vector = VECTORS.find(({ id }) => id === 'posit8');
  assert.ok(vector);
  for (let bits = 2; bits <= 9; bits++) {
    for (let es = 0; es <= 5; es++) {
      const shape = { ...vector, bits, es };
      const decoded = Array.from({ length: 2 ** bits }, (_, code) => decodeSlowly(shape, code));
      const facts = { kind: 'posit', bits, exponentBits: es } as const;
      const name = `posit<${String(bits)},${String(es)}>`;
      const format = { id: null, name, facts, aliases: [], sources: [], note: null };
      sameValues(valueSetOf(format), decoded.filter((value) => value !== null).map(fromDouble));
    }
  }
});
