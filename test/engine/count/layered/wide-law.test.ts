/** Laws in limbs against plain big integers, and against the laws in doubles. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { POINT_LAW, convolved, countAt } from '../../../../src/engine/count/layered/integer-law.js';
import { Meter } from '../../../../src/engine/count/layered/meter.js';
import { OverLimit, Outgrown } from '../../../../src/engine/count/layered/outgrown.js';
import { WideLaw, type WideTerm } from '../../../../src/engine/count/layered/wide-law.js';
import { runs } from '../../../arbitraries.js';

const meter = (maxOperations = 1e12): Meter =>
  new Meter({ maxOperations, maxBytes: 1e9, maxWalks: 1 });

/** The law in the plainest way: a map of big integers, term by term. */
function plain(terms: readonly WideTerm[]): Map<number, bigint> {
  let law = new Map([[0, 1n]]);
  for (const { values, factor } of terms) {
    const next = new Map<number, bigint>();
    for (const [sum, count] of law) {
      for (const value of values) {
        const into = sum + value * factor;
        next.set(into === 0 ? 0 : into, (next.get(into) ?? 0n) + count);
      }
    }
    law = next;
  }
  return law;
}

const term = (maxValues: number): fc.Arbitrary<WideTerm> =>
  fc.record({
    values: fc
      .uniqueArray(fc.integer({ min: -12, max: 12 }), { minLength: 1, maxLength: maxValues })
      .map((values) => Float64Array.from(values)),
    factor: fc.integer({ min: -7, max: 7 }),
  });

function sorted(law: ReadonlyMap<number, bigint>): [number, bigint][] {
  return [...law].filter(([, count]) => count > 0n).sort(([a], [b]) => a - b);
}

test('every entry, every single count and the total are those of plain big integers', () => {
  fc.assert(
    fc.property(fc.array(term(15), { minLength: 1, maxLength: 30 }), (terms) => {
      const expected = plain(terms);
      const law = new WideLaw(terms, meter());
      const entries = [...law.entries()];
      assert.deepEqual(entries, sorted(expected));
      const total = terms.reduce((product, { values }) => product * BigInt(values.length), 1n);
      assert.equal(
        entries.reduce((sum, [, count]) => sum + count, 0n),
        total,
      );
      const [least = 0] = entries[0] ?? [];
      for (const target of [least - 1, least, 0, 1, -5, 1000, Infinity, -Infinity]) {
        assert.equal(law.countAt(target), expected.get(target) ?? 0n);
      }
    }),
    runs(150),
  );
});

test('carries run through many limbs: 40 terms of 253 values', () => {
  const values = Float64Array.from({ length: 253 }, (_, k) => k - 126);
  const terms = Array.from({ length: 40 }, (_, k) => ({ values, factor: (k % 3) - 1 }));
  const law = new WideLaw(terms, meter());
  const expected = plain(terms);
  for (const target of [0, 1, -17, 500]) assert.equal(law.countAt(target), expected.get(target));
  assert.deepEqual([...law.entries()], sorted(expected));
});

test('below 2^53 choices it counts what the laws in doubles count', () => {
  fc.assert(
    fc.property(
      fc.array(term(8), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: -100, max: 100 }),
      (terms, target) => {
        const doubles = terms.reduce(
          (law, { values, factor }) => convolved(law, values, factor, 1 << 20, meter()),
          POINT_LAW,
        );
        const law = new WideLaw(terms, meter());
        assert.equal(law.countAt(target), BigInt(countAt(doubles, target)));
      },
    ),
    runs(200),
  );
});

test('what is too wide, or costs too much, is refused before it is begun', () => {
  const far = { values: Float64Array.of(0, 1, 2 ** 40), factor: 1 };
  assert.throws(() => new WideLaw([far, { ...far, factor: 3 }], meter()).countAt(0), Outgrown);
  const huge = { values: Float64Array.of(0, 2 ** 50), factor: 16 };
  assert.throws(() => new WideLaw([huge], meter()), Outgrown);
  const values = Float64Array.from({ length: 15 }, (_, k) => k);
  const terms = Array.from({ length: 100 }, () => ({ values, factor: 200 - 1 }));
  assert.throws(() => new WideLaw(terms, meter(1000)).countAt(0), OverLimit);
});
