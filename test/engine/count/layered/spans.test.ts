/** Spans that are shared, against the same spans made alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../../../../src/engine/count/layered/law.js';
import { Spans } from '../../../../src/engine/count/layered/spans.js';
import { spanOf } from '../../../../src/engine/count/layered/subspace.js';
import { runs } from '../../../arbitraries.js';

const entry = fc.integer({ min: -3, max: 3 });

interface Case {
  readonly outcomes: readonly Outcome[];
  readonly before: readonly (readonly number[])[];
  readonly tiedUnit: number | undefined;
}

/** More units than a mask has bits for, too; `before` counts, since its entries are not read. */
const caseOf = (units: number): fc.Arbitrary<Case> =>
  fc.integer({ min: 0, max: 2 }).chain((carried) =>
    fc.record({
      outcomes: fc.array(
        fc
          .record({
            free: fc.boolean(),
            q: fc.array(entry, { minLength: carried, maxLength: carried }),
          })
          .map(({ free, q }): Outcome => ({ z: 0, tied: free, free, q, origin: null, count: 1n })),
        { minLength: units, maxLength: units },
      ),
      before: fc.constant(Array.from({ length: carried }, () => [1])),
      tiedUnit: fc.option(fc.integer({ min: 0, max: units - 1 }), { nil: undefined }),
    }),
  );

test('a span is that of what is carried and of the own ties, and equal ones are one object', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 3, 31).chain((units) => fc.array(caseOf(units), { minLength: 2 })),
      fc.boolean(),
      (cases, addTies) => {
        const spans = new Spans();
        const found = new Map<string, object>();
        for (const { outcomes, before, tiedUnit } of [...cases, ...cases]) {
          const unit = (k: number): number[] => outcomes.map((_, i) => (i === k ? 1 : 0));
          const own = outcomes.flatMap(({ free }, k) =>
            k === tiedUnit || (addTies && free) ? [unit(k)] : [],
          );
          const carried = before.map((_, k) => outcomes.map(({ q }) => q[k] ?? 0));
          const expected = spanOf([...carried, ...own]);
          const options = { addTies, ...(tiedUnit === undefined ? {} : { tiedUnit }) };
          const span = spans.behind(outcomes, { z: [], tangents: before, still: null }, options);
          assert.deepEqual(span.tangents, expected);
          assert.equal(span.id === 0, expected.length === 0);
          const name = JSON.stringify(expected);
          assert.equal(found.get(name) ?? span, span);
          found.set(name, span);
        }
        assert.equal(new Set([...found.values()]).size, found.size);
      },
    ),
    runs(200),
  );
});
