/**
 * Activations: continuous functions of one real, polynomial on each of finitely many pieces.
 *
 * A kink is a breakpoint whose one-sided derivatives differ; a breakpoint where they agree is none
 * (theory.md section 1). The zero boundary bdz(σ) is the boundary of {t : σ(t) = 0}: it may hold
 * irrational points, which are counted (by Sturm) and recognised, never approximated.
 */
import { compare, equal, isZero, type Rational } from '../num/rational.js';
import { derivative, evaluate, polynomial, rootsBetween, type Polynomial } from './polynomial.js';

export interface Kink {
  /** Index into `breakpoints`. */
  readonly breakpoint: number;
  readonly at: Rational;
  /** The left and the right derivative; they differ. */
  readonly left: Rational;
  readonly right: Rational;
}

export interface Activation {
  /** The name of the kind, as requests and reports write it. */
  readonly type: string;
  /** Strictly increasing. */
  readonly breakpoints: readonly Rational[];
  /** One more than breakpoints; neighbours agree at the breakpoint between them. */
  readonly pieces: readonly Polynomial[];
  /** Derivatives of the pieces. */
  readonly slopes: readonly Polynomial[];
  /** In increasing order. */
  readonly kinks: readonly Kink[];
  /** |ndf(σ) ∪ bdz(σ)|. */
  readonly kinksAndZeroBoundary: number;
}

/** What is wrong with a list of pieces; `breakpoint` is the index of the offending one. */
export class ActivationError extends Error {
  override readonly name = 'ActivationError';
  readonly breakpoint: number | null;
  constructor(message: string, breakpoint: number | null = null) {
    super(message);
    this.breakpoint = breakpoint;
  }
}

/**
 * *Exact.* The activation of these pieces. Throws an ActivationError where the breakpoints do not
 * increase, the pieces are not one more than they, or two neighbours disagree at a breakpoint.
 */
export function activation(
  type: string,
  breakpoints: readonly Rational[],
  coefficients: readonly (readonly Rational[])[],
): Activation {
  if (coefficients.length !== breakpoints.length + 1) {
    throw new ActivationError(
      `${String(breakpoints.length)} breakpoints need ${String(breakpoints.length + 1)} pieces, not ${String(coefficients.length)}`,
    );
  }
  const pieces = coefficients.map(polynomial);
  const slopes = pieces.map(derivative);
  const kinks: Kink[] = [];
  breakpoints.forEach((at, k) => {
    if (k > 0 && compare(breakpoints[k - 1] as Rational, at) >= 0) {
      throw new ActivationError('breakpoints must increase strictly', k);
    }
    if (!equal(evaluate(pieces[k] as Polynomial, at), evaluate(pieces[k + 1] as Polynomial, at))) {
      throw new ActivationError('the activation is not continuous at this breakpoint', k);
    }
    const left = evaluate(slopes[k] as Polynomial, at);
    const right = evaluate(slopes[k + 1] as Polynomial, at);
    if (!equal(left, right)) kinks.push({ breakpoint: k, at, left, right });
  });
  const shape = { type, breakpoints, pieces, slopes, kinks };
  return { ...shape, kinksAndZeroBoundary: kinks.length + zeroBoundaryOffKinks(shape) };
}

type Shape = Omit<Activation, 'kinksAndZeroBoundary'>;

/** |bdz(σ) \ ndf(σ)|: roots inside the pieces, and breakpoints that bound the zero set. */
function zeroBoundaryOffKinks(shape: Shape): number {
  let count = 0;
  shape.pieces.forEach((piece, k) => {
    if (piece.length === 0) return;
    count += rootsBetween(piece, shape.breakpoints[k - 1] ?? null, shape.breakpoints[k] ?? null);
  });
  for (const [k, at] of shape.breakpoints.entries()) {
    const isKink = shape.kinks.some((kink) => kink.breakpoint === k);
    if (!isKink && atZeroBoundary(shape, at)) count += 1;
  }
  return count;
}

/** The indices of the pieces that hold just below and just above t; the same off breakpoints. */
function piecesAround(shape: Shape, t: Rational): readonly [number, number] {
  let below = 0;
  for (const breakpoint of shape.breakpoints) {
    const order = compare(breakpoint, t);
    if (order > 0) break;
    if (order === 0) return [below, below + 1];
    below += 1;
  }
  return [below, below];
}

function atZeroBoundary(shape: Shape, t: Rational): boolean {
  const [below, above] = piecesAround(shape, t);
  const piece = shape.pieces[below] as Polynomial;
  if (!isZero(evaluate(piece, t))) return false;
  return piece.length > 0 || (shape.pieces[above] as Polynomial).length > 0;
}

/** *Exact.* σ(t). */
export function valueAt(a: Activation, t: Rational): Rational {
  return evaluate(a.pieces[piecesAround(a, t)[0]] as Polynomial, t);
}

/** *Exact.* The left and the right derivative of σ at t; equal off the kinks. */
export function slopesAt(a: Activation, t: Rational): readonly [Rational, Rational] {
  const [below, above] = piecesAround(a, t);
  const left = evaluate(a.slopes[below] as Polynomial, t);
  return [left, above === below ? left : evaluate(a.slopes[above] as Polynomial, t)];
}

/** *Exact.* The index into `kinks` of the kink at t; −1 where there is none. */
export function kinkIndexAt(a: Pick<Activation, 'kinks'>, t: Rational): number {
  return a.kinks.findIndex((kink) => equal(kink.at, t));
}

/** *Exact.* Whether t ∈ bdz(σ), the boundary of the zero set. */
export function isZeroBoundary(a: Activation, t: Rational): boolean {
  return atZeroBoundary(a, t);
}

/** *Exact.* Whether σ is constant on some neighbourhood of t. */
export function isFlatAt(a: Activation, t: Rational): boolean {
  const [below, above] = piecesAround(a, t);
  return (
    (a.slopes[below] as Polynomial).length === 0 && (a.slopes[above] as Polynomial).length === 0
  );
}

/** *Exact.* Whether σ is one polynomial of degree at most 1 everywhere. */
export function isAffine(a: Activation): boolean {
  return a.breakpoints.length === 0 && (a.pieces[0] as Polynomial).length <= 2;
}
