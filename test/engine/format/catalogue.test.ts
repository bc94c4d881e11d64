/** The catalogue against the published facts: every entry, every listed value, every alias. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { CATALOGUE } from '../../../src/engine/format/catalogue.js';
import { derive, specialCodesOf, valueSetOf, widthOf } from '../../../src/engine/format/format.js';
import type { Format } from '../../../src/engine/format/facts.js';
import { resolveFormat } from '../../../src/engine/format/resolve.js';
import { dyadic, parseDyadic, toRational } from '../../../src/engine/num/dyadic.js';
import { negate, type Rational } from '../../../src/engine/num/rational.js';
import { parseExact } from '../../../src/engine/num/text.js';
import { sameValues, valueSetLaws } from '../../laws/value-set.js';
import { VECTORS } from './vectors.js';

function entry(id: string): Format {
  const format = CATALOGUE.find((candidate) => candidate.id === id);
  assert.ok(format, `${id} is not in the catalogue`);
  return format;
}

function number(text: string | null): Rational | null {
  return text === null ? null : toRational(parseDyadic(text));
}

test('has every format of the vectors, and no other', () => {
  assert.equal(VECTORS.length, 69);
  assert.deepEqual(CATALOGUE.map(({ id }) => id).sort(), VECTORS.map(({ id }) => id).sort());
});

test('every format has a source, and nothing of it can be changed', () => {
  for (const format of CATALOGUE) {
    assert.ok(format.sources.length > 0 && format.sources.every((source) => source.length > 10));
    assert.ok([format, format.facts, format.aliases, format.sources].every(Object.isFrozen));
  }
});

for (const vector of VECTORS) {
  test(`${vector.id}: derived quantities are the published ones`, () => {
    const format = entry(vector.id);
    const derived = derive(format);
    assert.equal(widthOf(format.facts), vector.bits);
    assert.equal(String(derived.cardinality), vector.cardinality);
    assert.equal(String(derived.cardinalityFlushed), vector.cardinalityFlushed);
    assert.deepEqual(derived.largest, number(vector.largest));
    assert.deepEqual(derived.least, number(vector.least));
    assert.deepEqual(derived.smallestNormal, number(vector.smallestNormal));
    assert.deepEqual(derived.smallestSubnormal, number(vector.smallestSubnormal));
    assert.equal(derived.hasZero, vector.hasZero);
    assert.equal(derived.smallestSubnormal !== null, vector.hasSubnormals);
    const special = specialCodesOf(format.facts);
    assert.equal(String(special.nans), vector.nanCount);
    assert.equal(special.signedZero, vector.signedZero);
    if (vector.infinities !== 'ieee') {
      assert.equal(special.infinities, BigInt(vector.infinities.length));
    }
    // Every code is a value, a NaN, an infinity, or the second zero.
    const spent = special.nans + special.infinities + (special.signedZero ? 1n : 0n);
    const narrow = format.facts.kind === 'integer' && format.facts.narrow ? 1n : 0n;
    assert.equal(derived.cardinality + spent + narrow, 1n << BigInt(vector.bits));
    const values = valueSetOf(format);
    for (const [text, held] of Object.entries(vector.holds)) {
      assert.equal(values.rankOf(parseExact(text)) !== null, held, `${vector.id} and ${text}`);
    }
  });

  test(`${vector.id}: the laws of a value set`, () => {
    valueSetLaws(valueSetOf(entry(vector.id)), 60);
  });

  test(`${vector.id}: is found by its names`, () => {
    for (const name of [vector.id, vector.name, ...vector.aliases]) {
      for (const typed of [name, name.toUpperCase(), name.toLowerCase()]) {
        assert.equal(resolveFormat(typed).canonical, vector.id, typed);
      }
    }
  });
}

test('the listed values are the values, all of them', () => {
  const listed = VECTORS.filter(({ values }) => values !== undefined);
  assert.equal(listed.length, 52);
  for (const vector of listed) {
    const expected = (vector.values ?? '').split(' ').map((pair) => {
      const [n = '', e = ''] = pair.split(':');
      return toRational(dyadic(BigInt(n), parseInt(e, 10)));
    });
    assert.equal(String(expected.length), vector.cardinality);
    sameValues(valueSetOf(entry(vector.id)), expected);
  }
});

test('closed under negation exactly where the list is', () => {
  for (const { id, values } of VECTORS.filter((vector) => vector.values !== undefined)) {
    const set = valueSetOf(entry(id));
    const ranks = Array.from({ length: (values ?? '').split(' ').length }, (_, i) => BigInt(i));
    const closed = ranks.every((rank) => set.rankOf(negate(set.at(rank))) !== null);
    assert.equal(derive(entry(id)).closedUnderNegation, closed, id);
  }
});
