import assert from 'node:assert/strict';
import test from 'node:test';
import { CATALOGUE } from '../../../src/engine/format/catalogue.js';
import { describeFormat } from '../../../src/engine/format/describe.js';
import { resolveFormat } from '../../../src/engine/format/resolve.js';
import { VECTORS } from './vectors.js';

test('the description of a format is JSON and loses nothing in it', () => {
  for (const format of CATALOGUE) {
    const description = describeFormat(format);
    assert.deepEqual(JSON.parse(JSON.stringify(description)), description);
  }
});

test('numbers stand in three forms, counts as text', () => {
  for (const vector of VECTORS) {
    const description = describeFormat(resolveFormat(vector.id).format);
    assert.equal(description.cardinality, vector.cardinality);
    assert.equal(description.cardinalityFlushed, vector.cardinalityFlushed);
    assert.equal(description.largest.dyadic, vector.largest);
    assert.equal(description.least.dyadic, vector.least);
    assert.equal(description.smallestNormal?.dyadic ?? null, vector.smallestNormal);
    assert.equal(description.smallestSubnormal?.dyadic ?? null, vector.smallestSubnormal);
    assert.equal(description.bits, vector.bits);
  }
  const { largest, smallestSubnormal } = describeFormat(resolveFormat('float64').format);
  assert.equal(largest.value, Number.MAX_VALUE);
  assert.equal(smallestSubnormal?.value, Number.MIN_VALUE);
});

test('a number beyond the doubles has no rounded value', () => {
  const wide = resolveFormat({ type: 'minifloat', exponentBits: 15, mantissaBits: 4 });
  const { largest, id, sources } = describeFormat(wide.format);
  assert.deepEqual([largest.value, largest.dyadic, id], [null, '31*2^16379', null]);
  assert.deepEqual(sources, []);
  const thirds = resolveFormat({ type: 'integer', bits: 2, scale: '1/3' });
  assert.deepEqual(describeFormat(thirds.format).largest, {
    exact: '1/3',
    dyadic: null,
    value: 1 / 3,
  });
});

test('the note of the name stands in front of the note of the format', () => {
  const { format, note } = resolveFormat('e4m3');
  assert.match(describeFormat(format, note).note ?? '', /^"e4m3" also .* OCP OFP8 E4M3/);
  assert.equal(describeFormat(resolveFormat('binary64').format).note, null);
});

test('declared formats are named by their facts', () => {
  const names: [Parameters<typeof resolveFormat>[0], string][] = [
    [{ type: 'integer', bits: 4 }, 'int4'],
    [{ type: 'integer', bits: 4, signed: false, narrow: true }, 'uint4 narrow'],
    [{ type: 'integer', bits: 8, scale: '0.125', zeroPoint: 3 }, 'int8 (scale 1/8, zero point 3)'],
    [{ type: 'fixed', integerBits: 2, fractionBits: 6 }, 'Q2.6'],
    [{ type: 'fixed', integerBits: 2, fractionBits: 6, signed: false }, 'UQ2.6'],
    [{ values: ['1', '-1', '0'] }, '{-1, 0, 1}'],
    [{ values: Array.from({ length: 50 }, (_, i) => i) }, '50 listed values'],
    [
      { type: 'minifloat', exponentBits: 3, mantissaBits: 2, nan: 'none', subnormals: false },
      'minifloat s1e3m2 (bias 3, NaN none, no infinities, subnormals flushed)',
    ],
  ];
  for (const [spec, name] of names) {
    const { format, values } = resolveFormat(spec);
    assert.equal(format.name, name);
    assert.equal(values.name, name);
  }
});

test('closed under negation is asked of every value of a list, not of its ends', () => {
  const closed = (values: string[]): boolean =>
    describeFormat(resolveFormat({ values }).format).closedUnderNegation;
  assert.ok(closed(['-2', '-1', '0', '1', '2']));
  assert.ok(closed(['-1/3', '1/3']));
  assert.ok(!closed(['-2', '-1', '0', '2']));
  assert.ok(!closed(['1', '2']));
});
