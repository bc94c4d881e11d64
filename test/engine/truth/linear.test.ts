/** Exact linear algebra: every answer is checked by multiplying it back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ZERO,
  add,
  equal,
  integer,
  isZero,
  multiply,
  rational,
  sign,
  type Rational,
} from '../../../src/engine/num/rational.js';
import { dot, emptySpan, solveNonNegative, type Span } from '../../../src/engine/truth/linear.js';
import { runs } from '../../arbitraries.js';

const entry = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -2, max: 2 }).map(integer) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 1, max: 4 }))
      .map(([n, d]) => rational(BigInt(n), BigInt(d))),
  },
);

const vector = (length: number): fc.Arbitrary<Rational[]> =>
  fc.array(entry, { minLength: length, maxLength: length });

/** B and b; doubled rows, zero rows and zero right sides make it degenerate often. */
const system = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }))
  .chain(([m, n]) =>
    fc.record({
      rows: fc.array(fc.oneof(vector(n), fc.constant(Array.from({ length: n }, () => ZERO))), {
        minLength: m,
        maxLength: m,
      }),
      right: fc.oneof(vector(m), fc.constant(Array.from({ length: m }, () => ZERO))),
      repeat: fc.boolean(),
    }),
  )
  .map(({ rows, right, repeat }) =>
    repeat
      ? { rows: [...rows, rows[0] ?? []], right: [...right, right[0] ?? ZERO] }
      : { rows, right },
  );

test('solveNonNegative: a solution solves, a Farkas certificate refutes', () => {
  const seen = { feasible: 0, infeasible: 0 };
  fc.assert(
    fc.property(system, ({ rows, right }) => {
      const answer = solveNonNegative(rows, right);
      if (answer.feasible) {
        seen.feasible += 1;
        assert.equal(answer.solution.length, rows[0]?.length);
        assert.ok(answer.solution.every((x) => sign(x) >= 0));
        rows.forEach((row, i) => {
          assert.deepEqual(dot(row, answer.solution), right[i]);
        });
        return;
      }
      seen.infeasible += 1;
      assert.equal(answer.farkas.length, rows.length);
      const columns = (rows[0] ?? []).map((_, j) => rows.map((row) => row[j] ?? ZERO));
      for (const column of columns) assert.ok(sign(dot(answer.farkas, column)) >= 0);
      assert.ok(sign(dot(answer.farkas, right)) < 0);
    }),
    runs(1500),
  );
  if (runs(1500).numRuns >= 100) assert.ok(Math.min(seen.feasible, seen.infeasible) > 5);
});

test('solveNonNegative: a right side made from a solution is feasible', () => {
  fc.assert(
    fc.property(system, fc.array(fc.nat({ max: 3 }), { minLength: 5, maxLength: 5 }), (s, x) => {
      const solution = (s.rows[0] ?? []).map((_, j) => integer(x[j] ?? 0));
      const right = s.rows.map((row) => dot(row, solution));
      assert.equal(solveNonNegative(s.rows, right).feasible, true);
    }),
    runs(500),
  );
});

test('solveNonNegative: known answers', () => {
  const one = [[1, 1].map(integer)];
  assert.equal(solveNonNegative(one, [integer(1)]).feasible, true);
  assert.equal(solveNonNegative(one, [integer(-1)]).feasible, false);
  // Beale's system cycles under the plain largest-coefficient rule.
  const beale = [
    [rational(1n, 4n), integer(-8), integer(-1), integer(9), integer(1), ZERO, ZERO],
    [rational(1n, 2n), integer(-12), rational(-1n, 2n), integer(3), ZERO, integer(1), ZERO],
    [ZERO, ZERO, integer(1), ZERO, ZERO, ZERO, integer(1)],
  ];
  assert.equal(solveNonNegative(beale, [ZERO, ZERO, integer(1)]).feasible, true);
  assert.equal(solveNonNegative([], []).feasible, true);
});

const rowsOf = fc
  .integer({ min: 1, max: 4 })
  .chain((width) =>
    fc.record({ rows: fc.array(vector(width), { maxLength: 6 }), extra: vector(width) }),
  );

function spanned(
  rows: readonly Rational[][],
  width: number,
): { span: Span; kept: readonly Rational[][] } {
  let span = emptySpan(width);
  const kept: Rational[][] = [];
  for (const row of rows) {
    if (span.coordinates(row) !== null) continue;
    span = span.extended(row);
    kept.push(row);
  }
  return { span, kept };
}

function combination(
  rows: readonly Rational[][],
  by: readonly Rational[],
  width: number,
): Rational[] {
  return Array.from({ length: width }, (_, j) =>
    rows.reduce((sum, row, k) => add(sum, multiply(by[k] ?? ZERO, row[j] ?? ZERO)), ZERO),
  );
}

test('Span: coordinates multiply back, points and annihilators meet the rows as asked', () => {
  fc.assert(
    fc.property(rowsOf, vector(6), ({ rows, extra }, values) => {
      const width = extra.length;
      const { span, kept } = spanned(rows, width);
      assert.equal(span.rank, kept.length);
      assert.ok(span.rank <= width);
      const made = combination(kept, values, width);
      const back = span.coordinates(made);
      assert.deepEqual(back, values.slice(0, kept.length));
      const point = span.pointWith(values.slice(0, kept.length));
      kept.forEach((row, k) => {
        assert.deepEqual(dot(row, point), values[k]);
      });
      const coordinates = span.coordinates(extra);
      if (coordinates !== null) {
        assert.deepEqual(combination(kept, coordinates, width), extra);
        assert.throws(() => span.extended(extra), /independent/);
        assert.throws(() => span.annihilator(extra), /independent/);
        return;
      }
      const normal = span.annihilator(extra);
      for (const row of kept) assert.ok(isZero(dot(row, normal)));
      assert.ok(!isZero(dot(extra, normal)));
      const larger = span.extended(extra);
      assert.equal(larger.rank, span.rank + 1);
      assert.equal(span.rank, kept.length);
      assert.ok(
        larger.coordinates(extra)?.every((c, k) => equal(c, integer(k === span.rank ? 1 : 0))),
      );
    }),
    runs(600),
  );
});
