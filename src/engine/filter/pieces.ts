/**
 * An activation in doubles: where its breakpoints lie, and its pieces with their errors.
 *
 * A *position* says where a pre-activation is: 2p strictly inside piece p, 2k + 1 on breakpoint k.
 * [ŷ − B, ŷ + B] proves piece p where it lies strictly between the doubles that enclose the
 * breakpoints on both sides; ∞ stands for the ends, so that nothing that is not finite passes.
 *
 * Error of a piece P = Σ c_k y^k of degree d by Horner's rule, with Y ≥ |y|, |ŷ| and M = max(1, Y):
 * |P(y) − P(ŷ)| ≤ B·Σ k|c_k|Y^(k−1), and Horner's rule errs by γ_{2d+1} Σ|c_k|Y^k (Higham 5.3; one
 * rounding for a coefficient that is no double) and, by underflow of its d products, d·η·M^d(1 + γ).
 * The two sums of moduli are computed by Horner's rule too and lose 2d + 3 factors (1 − u), covered
 * by 1 + 2^-40 for d ≤ 512, and to underflow less than (2d + 4)η·M^(d+1), as B ≤ Y; together less
 * than (8d + 8)·2η·M^(d+1). Constants, y and −y need none of this.
 */
import type { Activation } from '../net/activation.js';
import { MINUS_ONE, ONE, compare, equal, isZero, type Rational } from '../num/rational.js';
import type { Polynomial } from '../net/polynomial.js';
import { approximationOf, enclosureOf } from './approximation.js';
import { LEAST, UNIT } from './rounding.js';

/** How a piece is evaluated. */
export const CONSTANT = 0;
export const IDENTITY = 1;
export const NEGATION = 2;
export const POLYNOMIAL = 3;

const MAX_DEGREE = 512;
const UP = 1 + 2 ** -40;

export interface Pieces {
  readonly breakpoints: number;
  /** Whether this is max(y, 0). */
  readonly isRectifier: boolean;
  /** Enclosures of the breakpoints: `high` begins with −∞ and `low` ends with ∞; piece p lies between high[p] and low[p]. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Per breakpoint: the index of its kink, or −1. */
  readonly kinkAt: Int32Array;
  readonly kind: Uint8Array;
  /** Of constant pieces: value and error. */
  readonly constant: Float64Array;
  readonly constantError: Float64Array;
  /** Coefficients from the constant up. */
  readonly coefficients: readonly Float64Array[];
}

/** *Upper bound.* The pieces of an activation in doubles, with their errors. */
export function piecesOf(activation: Activation): Pieces {
  const enclosures = activation.breakpoints.map(enclosureOf);
  const constants = activation.pieces.map((piece) =>
    piece.length === 0 ? { value: 0, error: 0 } : approximationOf(piece[0] as Rational),
  );
  return {
    breakpoints: enclosures.length,
    isRectifier: isRectifier(activation),
    low: Float64Array.from([...enclosures.map(({ low }) => low), Infinity]),
    high: Float64Array.from([-Infinity, ...enclosures.map(({ high }) => high)]),
    kinkAt: Int32Array.from(activation.breakpoints, (_, k) =>
      activation.kinks.findIndex((kink) => kink.breakpoint === k),
    ),
    kind: Uint8Array.from(activation.pieces, kindOf),
    constant: Float64Array.from(constants, ({ value }) => value),
    constantError: Float64Array.from(constants, ({ error }) => error),
    coefficients: activation.pieces.map((piece) =>
      Float64Array.from(piece, (c) =>
        piece.length > MAX_DEGREE + 1 ? NaN : approximationOf(c).value,
      ),
    ),
  };
}

function isRectifier({ breakpoints, pieces }: Activation): boolean {
  const [below, above] = pieces;
  return (
    breakpoints.length === 1 &&
    isZero(breakpoints[0] as Rational) &&
    below?.length === 0 &&
    kindOf(above ?? []) === IDENTITY
  );
}

function kindOf(piece: Polynomial): number {
  if (piece.length <= 1) return CONSTANT;
  if (piece.length > 2 || !isZero(piece[0] as Rational)) return POLYNOMIAL;
  const slope = piece[1] as Rational;
  return equal(slope, ONE) ? IDENTITY : equal(slope, MINUS_ONE) ? NEGATION : POLYNOMIAL;
}

/** *Exact.* The position of a pre-activation known to lie in [low, high]; −1 where that leaves it open. */
export function positionWithin(pieces: Pieces, low: number, high: number): number {
  let p = 0;
  while (p < pieces.breakpoints && low > pieces.high[p + 1]!) p += 1;
  return low > pieces.high[p]! && high < pieces.low[p]! ? 2 * p : -1;
}

/** *Exact.* The position of a pre-activation that is this finite double. */
export function positionOfDouble(pieces: Pieces, y: number): number {
  let p = 0;
  while (p < pieces.breakpoints) {
    const low = pieces.low[p]!;
    const high = pieces.high[p + 1]!;
    if (y === low && low === high) return 2 * p + 1;
    // Around a breakpoint that is no double there is none between low and high.
    if (y < high) return 2 * p;
    p += 1;
  }
  return 2 * p;
}

/** *Exact.* The position of a rational. */
export function positionOf(activation: Activation, t: Rational): number {
  let p = 0;
  for (const breakpoint of activation.breakpoints) {
    const order = compare(t, breakpoint);
    if (order < 0) return 2 * p;
    if (order === 0) return 2 * p + 1;
    p += 1;
  }
  return 2 * p;
}

/** Horner's rule on ŷ. */
export function valueOfPiece(coefficients: Float64Array, y: number): number {
  let value = 0;
  for (let k = coefficients.length - 1; k >= 0; k -= 1) value = value * y + coefficients[k]!;
  return value;
}

/** *Upper bound.* |P(y) − valueOfPiece(ŷ)| for every y within `bound` of ŷ; degree at least 1. */
export function errorOfPiece(coefficients: Float64Array, y: number, bound: number): number {
  const degree = coefficients.length - 1;
  // The sum may be rounded down by u of itself.
  const most = (Math.abs(y) + bound) * UP;
  let moduli = 0;
  let slopes = 0;
  let power = Math.max(1, most);
  for (let k = degree; k >= 0; k -= 1) {
    const modulus = Math.abs(coefficients[k]!);
    if (k > 0) slopes = slopes * most + k * modulus;
    moduli = moduli * most + modulus;
    if (k > 0) power *= Math.max(1, most);
  }
  const absolute = (8 * degree + 8) * LEAST * power;
  return (bound * slopes + (2 * degree + 3) * UNIT * moduli) * UP + absolute;
}
