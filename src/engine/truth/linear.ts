/**
 * Exact linear algebra and linear programming over the rationals, as much as the judge needs:
 * dependence of linear forms, and systems B·λ = b, λ ≥ 0 with a Farkas certificate either way.
 *
 * Phase one of the simplex method on an exact tableau with Bland's rule, which cannot cycle
 * (Chvátal, Linear Programming, chapters 3 and 9).
 */
import {
  ONE,
  ZERO,
  add,
  compare,
  divide,
  isZero,
  multiply,
  negate,
  sign,
  subtract,
  type Rational,
} from '../num/rational.js';

export type Row = readonly Rational[];

/** *Exact.* The inner product of two rows of one length. */
export function dot(a: Row, b: Row): Rational {
  let sum = ZERO;
  a.forEach((entry, k) => {
    if (!isZero(entry)) sum = add(sum, multiply(entry, b[k] as Rational));
  });
  return sum;
}

/** Either a solution, or u with uᵀB ≥ 0 in every column and uᵀb < 0: proof that there is none. */
export type Feasibility =
  | { readonly feasible: true; readonly solution: readonly Rational[] }
  | { readonly feasible: false; readonly farkas: readonly Rational[] };

/** *Exact.* Decides B·λ = b, λ ≥ 0. `rows` is B, `[equation, unknown]`; `right` is b. */
export function solveNonNegative(rows: readonly Row[], right: Row): Feasibility {
  const m = rows.length;
  const n = rows[0]?.length ?? 0;
  // Tableau [B | I | b] with every b ≥ 0; the artificial columns are the first basis.
  const flipped = right.map((b) => sign(b) < 0);
  const tableau = rows.map((row, i) => {
    const signed = flipped[i] === true ? row.map(negate) : [...row];
    const artificial = rows.map((_, k) => (k === i ? ONE : ZERO));
    const b = right[i] as Rational;
    return [...signed, ...artificial, flipped[i] === true ? negate(b) : b];
  });
  // Reduced costs of "minimise the sum of the artificials".
  const cost: Rational[] = Array.from({ length: n + m + 1 }, (_, j) => {
    let sum = j >= n && j < n + m ? ONE : ZERO;
    for (const row of tableau) sum = subtract(sum, row[j] as Rational);
    return sum;
  });
  const basis = rows.map((_, i) => n + i);
  for (;;) {
    const enter = cost.findIndex((c, j) => j < n + m && sign(c) < 0);
    if (enter === -1) break;
    let leave = -1;
    let best = ZERO;
    tableau.forEach((row, i) => {
      const pivot = row[enter] as Rational;
      if (sign(pivot) <= 0) return;
      const ratio = divide(row[n + m] as Rational, pivot);
      const order = leave === -1 ? -1 : compare(ratio, best);
      if (order < 0 || (order === 0 && (basis[i] as number) < (basis[leave] as number))) {
        leave = i;
        best = ratio;
      }
    });
    // The objective is bounded below by 0, so some row always limits the entering column.
    if (leave === -1) throw new Error('solveNonNegative: phase one cannot be unbounded');
    pivotOn(tableau, cost, leave, enter);
    basis[leave] = enter;
  }
  if (isZero(cost[n + m] as Rational)) {
    const solution: Rational[] = Array.from({ length: n }, () => ZERO);
    basis.forEach((column, i) => {
      if (column < n) solution[column] = (tableau[i] as Rational[])[n + m] as Rational;
    });
    return { feasible: true, solution };
  }
  // The dual is y_i = 1 − reduced cost of artificial i; −y, with the flips undone, separates.
  const farkas = rows.map((_, i) => {
    const u = subtract(cost[n + i] as Rational, ONE);
    return flipped[i] === true ? negate(u) : u;
  });
  return { feasible: false, farkas };
}

function pivotOn(tableau: Rational[][], cost: Rational[], row: number, column: number): void {
  const source = tableau[row] as Rational[];
  const pivot = source[column] as Rational;
  for (let j = 0; j < source.length; j += 1) source[j] = divide(source[j] as Rational, pivot);
  const eliminate = (target: Rational[]): void => {
    const factor = target[column] as Rational;
    if (isZero(factor)) return;
    for (let j = 0; j < target.length; j += 1) {
      const entry = source[j] as Rational;
      if (!isZero(entry)) target[j] = subtract(target[j] as Rational, multiply(factor, entry));
    }
  };
  tableau.forEach((target, i) => {
    if (i !== row) eliminate(target);
  });
  eliminate(cost);
}

/**
 * A growing list of independent rows in echelon form, with what made them, so that any row is
 * either new or an exact combination of the rows added before.
 */
export interface Span {
  readonly rank: number;
  /** Coordinates of `row` over the rows added so far; null where it is independent of them. */
  readonly coordinates: (row: Row) => readonly Rational[] | null;
  /** The span with one more row, which must be independent. */
  readonly extended: (row: Row) => Span;
  /** Some x with (k-th added row)·x = values[k] for every k. */
  readonly pointWith: (values: Row) => Rational[];
  /** Some x with (k-th added row)·x = 0 for every k and row·x ≠ 0, for an independent `row`. */
  readonly annihilator: (row: Row) => Rational[];
}

interface EchelonRow {
  readonly pivot: number;
  /** Leading entry 1 at `pivot`. */
  readonly row: Row;
  /** The same row as a combination of the rows added. */
  readonly combination: Row;
}

/** *Exact.* The empty span of rows of length `width`. */
export function emptySpan(width: number): Span {
  return spanOf(width, []);
}

function spanOf(width: number, echelon: readonly EchelonRow[]): Span {
  const rank = echelon.length;
  const reduce = (row: Row): { rest: Rational[]; combination: Rational[] } => {
    const rest = [...row];
    const combination: Rational[] = Array.from({ length: rank }, () => ZERO);
    for (const line of echelon) {
      const factor = rest[line.pivot] as Rational;
      if (isZero(factor)) continue;
      line.row.forEach((entry, j) => {
        if (!isZero(entry)) rest[j] = subtract(rest[j] as Rational, multiply(factor, entry));
      });
      line.combination.forEach((entry, k) => {
        combination[k] = add(combination[k] as Rational, multiply(factor, entry));
      });
    }
    return { rest, combination };
  };
  /** Sets x at the pivots, last to first, so that the k-th echelon row meets `wanted(k)`. */
  const backSubstitute = (x: Rational[], wanted: (line: EchelonRow) => Rational): Rational[] => {
    for (let k = rank - 1; k >= 0; k -= 1) {
      const line = echelon[k] as EchelonRow;
      x[line.pivot] = subtract(wanted(line), dot(line.row, x));
    }
    return x;
  };
  const zeros = (): Rational[] => Array.from({ length: width }, () => ZERO);
  return {
    rank,
    coordinates: (row) => {
      const { rest, combination } = reduce(row);
      return rest.every(isZero) ? combination : null;
    },
    extended: (row) => {
      const { rest, combination } = reduce(row);
      const pivot = rest.findIndex((entry) => !isZero(entry));
      if (pivot === -1) throw new Error('Span.extended: the row is not independent');
      const lead = rest[pivot] as Rational;
      const next: EchelonRow = {
        pivot,
        row: rest.map((entry) => divide(entry, lead)),
        combination: [
          ...combination.map((entry) => divide(negate(entry), lead)),
          divide(ONE, lead),
        ],
      };
      const padded = echelon.map((line) => ({ ...line, combination: [...line.combination, ZERO] }));
      return spanOf(width, [...padded, next]);
    },
    pointWith: (values) => backSubstitute(zeros(), (line) => dot(line.combination, values)),
    annihilator: (row) => {
      const free = reduce(row).rest.findIndex((entry) => !isZero(entry));
      if (free === -1) throw new Error('Span.annihilator: the row is not independent');
      const x = zeros();
      x[free] = ONE;
      return backSubstitute(x, () => ZERO);
    },
  };
}
