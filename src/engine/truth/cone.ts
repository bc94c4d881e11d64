/**
 * Open polyhedral cones {d : a·d > 0 for every constraint a}, and whether anything is left of them.
 *
 * Constraints are kept as coordinates over an independent few of them. One that is independent of
 * all before it always leaves something on both sides; one that is a positive multiple of another is
 * redundant and dropped; one that is positive or 0 at a known interior point leaves something around it;
 * only what remains is put to the exact linear program (Gordan's theorem).
 */
import {
  ONE,
  ZERO,
  add,
  compare,
  divide,
  equal,
  integer,
  isZero,
  multiply,
  negate,
  sign,
  type Rational,
} from '../num/rational.js';
import { dot, emptySpan, solveNonNegative, type Row, type Span } from './linear.js';

const TWO = integer(2);

export interface Cone {
  readonly span: Span;
  /** `[constraint][coordinate]`; no two are positive multiples of each other. */
  readonly constraints: readonly Row[];
  /** How many of the constraints depend on others: the size of the linear program. */
  readonly dependent: number;
  /** Coordinates at which every constraint is positive. */
  readonly inside: Row;
}

/** *Exact.* All directions of `width` parameters. */
export function wholeSpace(width: number): Cone {
  return { span: emptySpan(width), constraints: [], dependent: 0, inside: [] };
}

/** *Exact.* The cone cut by a·d > 0, for an a that is not 0; null where nothing is left of it. */
export function cutBy(cone: Cone, a: Row): Cone | null {
  const coordinates = cone.span.coordinates(a);
  if (coordinates === null) {
    // Independent of all constraints so far: both sides stay open whatever they are.
    const unit = Array.from({ length: cone.span.rank + 1 }, (_, k) =>
      k === cone.span.rank ? ONE : ZERO,
    );
    return {
      ...cone,
      span: cone.span.extended(a),
      constraints: [...cone.constraints, unit],
      inside: [...cone.inside, ONE],
    };
  }
  for (const known of cone.constraints) {
    const ratio = ratioOf(coordinates, known);
    if (ratio !== null) return sign(ratio) > 0 ? cone : null;
  }
  const constraints = [...cone.constraints, coordinates];
  const inside = insideOf(cone, coordinates) ?? interiorOf(constraints, cone.span.rank);
  if (inside === null) return null;
  return { span: cone.span, constraints, dependent: cone.dependent + 1, inside };
}

/** A point of the cone at which `a` is positive as well, near the one that is known; null if none is near. */
function insideOf({ constraints, inside }: Cone, a: Row): Row | null {
  const there = sign(dot(a, inside));
  if (there !== 0) return there > 0 ? inside : null;
  // On the border: a step along a, which is not 0, of at most half the way to any other border.
  let step = ONE;
  for (const constraint of constraints) {
    const falls = dot(constraint, a);
    if (sign(falls) >= 0) continue;
    const half = divide(dot(constraint, inside), multiply(TWO, negate(falls)));
    if (compare(half, step) < 0) step = half;
  }
  return inside.map((entry, k) => add(entry, multiply(step, a[k] ?? ZERO)));
}

/** The c with a = c·b; null where there is none. The shorter row is padded with zeros. */
function ratioOf(a: Row, b: Row): Rational | null {
  const pivot = b.findIndex((entry) => !isZero(entry));
  const lead = b[pivot] as Rational;
  const ratio = divide(a[pivot] ?? ZERO, lead);
  if (isZero(ratio)) return null;
  const length = Math.max(a.length, b.length);
  for (let k = 0; k < length; k += 1) {
    if (!equal(a[k] ?? ZERO, multiply(ratio, b[k] ?? ZERO))) return null;
  }
  return ratio;
}

/** *Exact.* A direction inside the cone. */
export function directionIn(cone: Cone, width: number): Row {
  if (cone.constraints.length === 0) return Array.from({ length: width }, () => ZERO);
  const t = interiorOf(cone.constraints, cone.span.rank);
  if (t === null) throw new Error('directionIn: an open cone lost its interior');
  return cone.span.pointWith(t);
}

/**
 * A t with A·t > 0 in every row, or null: by Gordan's theorem there is none exactly if some
 * λ ≥ 0 with Σλ = 1 has Aᵀλ = 0.
 */
function interiorOf(constraints: readonly Row[], rank: number): Row | null {
  // As long as nothing is dependent the constraints are the coordinates themselves.
  if (constraints.length === rank) return Array.from({ length: rank }, () => ONE);
  const rows = Array.from({ length: rank }, (_, k) =>
    constraints.map((constraint) => constraint[k] ?? ZERO),
  );
  rows.push(constraints.map(() => ONE));
  const right = [...Array.from({ length: rank }, () => ZERO), ONE];
  const answer = solveNonNegative(rows, right);
  return answer.feasible ? null : answer.farkas.slice(0, rank);
}

/**
 * *Exact.* Whether some point makes all the given rows positive: whether no combination of them with
 * non-negative weights, not all 0, vanishes. Columns are whatever the rows are written over.
 */
export function canAllBePositive(rows: readonly Row[]): boolean {
  const columns = rows[0]?.length ?? 0;
  // Σ λ_k·row_k = 0 has one equation per column; dependent equations are left out.
  let independent = emptySpan(rows.length);
  const equations: Row[] = [];
  for (let column = 0; column < columns; column += 1) {
    const equation = rows.map((row) => row[column] ?? ZERO);
    if (independent.coordinates(equation) !== null) continue;
    independent = independent.extended(equation);
    equations.push(equation);
  }
  if (equations.length === rows.length) return true;
  equations.push(rows.map(() => ONE));
  return !solveNonNegative(equations, [...equations.slice(1).map(() => ZERO), ONE]).feasible;
}
