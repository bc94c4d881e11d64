/**
 * The bounds themselves, against exact arithmetic: every error that doubles make on hostile rows and
 * pieces lies within them, with inputs that are off by all that they may be.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { approximationOf, enclosureOf } from '../../../src/engine/filter/approximation.js';
import { rowNorm, sums, sumsAndBounds } from '../../../src/engine/filter/dense.js';
import {
  errorOfPiece,
  piecesOf,
  positionOf,
  positionOfDouble,
  positionWithin,
  valueOfPiece,
} from '../../../src/engine/filter/pieces.js';
import { LEAST, rowConstants } from '../../../src/engine/filter/rounding.js';
import { activation } from '../../../src/engine/net/activation.js';
import { evaluate, polynomial } from '../../../src/engine/net/polynomial.js';
import { fromDouble, nextDown, nextUp } from '../../../src/engine/num/float64.js';
import {
  ZERO,
  absolute,
  add,
  compare,
  multiply,
  rational,
  subtract,
  type Rational,
} from '../../../src/engine/num/rational.js';
import { anyRational, finiteDouble, runs } from '../../arbitraries.js';

/** Doubles of like size, so that sums cancel; or of any. */
const number = fc.oneof(
  finiteDouble(),
  fc
    .tuple(fc.integer({ min: -3, max: 3 }), fc.constantFrom(1, 1 + 2 ** -52, 1 - 2 ** -53))
    .map(([n, f]) => n * f),
  fc
    .tuple(fc.integer({ min: -1074, max: 1000 }), fc.integer({ min: -9, max: 9 }))
    .map(([e, m]) => m * 2 ** e),
);

interface Row {
  readonly weight: number[];
  readonly bias: number;
  readonly z: number[];
  /** z is off by error·share, share in [−1, 1]. */
  readonly error: number[];
  readonly share: number[];
}

const row: fc.Arbitrary<Row> = fc.integer({ min: 1, max: 9 }).chain((n) => {
  const list = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
    fc.array(of, { minLength: n, maxLength: n });
  return fc.record({
    weight: list(number),
    bias: number,
    z: list(number),
    error: list(
      fc.oneof(
        fc.constant(0),
        number.map((x) => Math.abs(x) * 2 ** -40),
      ),
    ),
    share: list(fc.constantFrom(-1, -0.5, 0, 1)),
  });
});

test('the running and the norm bound hold for sums of doubles', () => {
  fc.assert(
    fc.property(row, ({ weight, bias, z, error, share }) => {
      const n = weight.length;
      const [w, b] = [Float64Array.from(weight), Float64Array.from([bias])];
      const [zs, e] = [Float64Array.from(z), Float64Array.from(error)];
      const { gamma, up, absolute: least } = rowConstants(n, 0);
      const t = zs.map((x, j) => (x === 0 ? 0 : gamma * Math.abs(x) + LEAST) + (e[j] ?? 0));
      const [y, bound, plain] = [new Float64Array(1), new Float64Array(1), new Float64Array(1)];
      sumsAndBounds(w, 0, b, 0, zs, t, gamma, n, 1, y, bound);
      sums(w, 0, b, 0, zs, n, 1, plain);
      const running = (bound[0] ?? NaN) * up + least;
      const most = t.reduce((a, x) => Math.max(a, x), 0);
      const norm = (rowNorm(w, 0, n) * up + LEAST) * most + (gamma * Math.abs(bias) * up + least);
      const exact = weight.reduce((sum, a, j) => {
        const off = multiply(fromDouble(e[j] ?? 0), fromDouble(share[j] ?? 0));
        return add(sum, multiply(fromDouble(a), add(fromDouble(z[j] ?? 0), off)));
      }, fromDouble(bias));
      for (const [value, off] of [
        [y[0], running],
        [plain[0], running],
        [plain[0], norm],
      ] as const) {
        if (value === undefined || !Number.isFinite(value) || !Number.isFinite(off)) continue;
        const error = absolute(subtract(fromDouble(value), exact));
        assert.ok(compare(error, fromDouble(off)) <= 0, `off by ${off}`);
      }
    }),
    runs(1500),
  );
});

test('four rows at a time, two, and one are summed alike', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 11 }), row, (units, { weight, bias, z, error }) => {
      const n = weight.length;
      const matrix = Float64Array.from(
        { length: units * n + 3 },
        (_, k) => (weight[k % n] ?? 0) * (1 + (k % 5)),
      );
      const biases = Float64Array.from({ length: units + 2 }, (_, k) => bias * k);
      const [zs, t] = [Float64Array.from(z), Float64Array.from(error)];
      const [y, other, bound] = [
        new Float64Array(units),
        new Float64Array(units),
        new Float64Array(units),
      ];
      sums(matrix, 3, biases, 2, zs, n, units, y);
      sumsAndBounds(matrix, 3, biases, 2, zs, t, 0.5, n, units, other, bound);
      assert.deepEqual(other, y);
      for (let unit = 0; unit < units; unit += 1) {
        let sum = biases[2 + unit] ?? NaN;
        let s = 0.5 * Math.abs(sum);
        for (let j = 0; j < n; j += 1) {
          sum += (matrix[3 + unit * n + j] ?? NaN) * (z[j] ?? NaN);
          s += Math.abs(matrix[3 + unit * n + j] ?? NaN) * (t[j] ?? NaN);
        }
        assert.ok(Object.is(y[unit], sum) && Object.is(bound[unit], s));
      }
    }),
    runs(300),
  );
});

test('the bound of a polynomial piece holds, with coefficients that are no doubles', () => {
  const coefficient = fc.oneof(anyRational(20), number.map(fromDouble));
  fc.assert(
    fc.property(
      fc.array(coefficient, { minLength: 2, maxLength: 5 }),
      number,
      fc.oneof(
        fc.constant(0),
        number.map((x) => Math.abs(x) * 2 ** -30),
      ),
      fc.constantFrom(-1, -0.5, 0, 1),
      (coefficients, y, bound, share) => {
        const exact = polynomial(coefficients);
        if (exact.length < 2) return;
        const held = Float64Array.from(exact, (c) => approximationOf(c).value);
        const value = valueOfPiece(held, y);
        const error = errorOfPiece(held, y, bound);
        if (!Number.isFinite(value) || !Number.isFinite(error)) return;
        const at = add(fromDouble(y), multiply(fromDouble(bound), fromDouble(share)));
        const off = absolute(subtract(fromDouble(value), evaluate(exact, at)));
        assert.ok(compare(off, fromDouble(error)) <= 0);
      },
    ),
    runs(1500),
  );
});

test('approximations and enclosures are what they say', () => {
  const wide = fc
    .tuple(anyRational(60), fc.integer({ min: -1200, max: 1200 }))
    .map(([r, e]) =>
      multiply(r, e < 0 ? rational(1n, 1n << BigInt(-e)) : rational(1n << BigInt(e))),
    );
  fc.assert(
    fc.property(fc.oneof(wide, finiteDouble().map(fromDouble)), (r) => {
      const { value, error } = approximationOf(r);
      if (Number.isFinite(value)) {
        assert.ok(compare(absolute(subtract(fromDouble(value), r)), fromDouble(error)) <= 0);
      } else {
        assert.ok(Number.isNaN(value) && Number.isNaN(error));
      }
      const { low, high } = enclosureOf(r);
      assert.ok(low === -Infinity || compare(fromDouble(low), r) <= 0);
      assert.ok(high === Infinity || compare(fromDouble(high), r) >= 0);
      assert.ok(low === high || nextUp(low) === high);
      if (low === high) assert.equal(error, 0);
    }),
    runs(1000),
  );
});

test('positions: of doubles, of intervals, of rationals, around breakpoints that are doubles or not', () => {
  const at: Rational[] = [rational(-1n), rational(1n, 3n), rational(2n)];
  const stairs = activation('stairs', at, [
    [ZERO],
    [rational(1n), rational(1n)],
    [rational(5n, 3n), rational(-1n)],
    [rational(-1n, 3n)],
  ]);
  const pieces = piecesOf(stairs);
  const near = at.flatMap((t) => {
    const { low, high } = enclosureOf(t);
    return [nextDown(low), low, high, nextUp(high)];
  });
  for (const y of [-Number.MAX_VALUE, ...near, 0, Number.MAX_VALUE]) {
    const position = positionOf(stairs, fromDouble(y));
    assert.equal(positionOfDouble(pieces, y), position, String(y));
    const within = positionWithin(pieces, y, y);
    assert.ok(within === position || (within === -1 && near.includes(y)), String(y));
  }
  assert.equal(positionOf(stairs, rational(1n, 3n)), 3);
  for (const [low, high, position] of [
    [-Infinity, -3, -1],
    [-3, -2, 0],
    [-1, -0.5, -1],
    [-0.5, 0.33, 2],
    [-0.5, 0.34, -1],
    [0.34, 1.9, 4],
    [3, 4, 6],
    [0, Infinity, -1],
    [NaN, NaN, -1],
  ] as const) {
    assert.equal(positionWithin(pieces, low, high), position, `[${low}, ${high}]`);
  }
});
