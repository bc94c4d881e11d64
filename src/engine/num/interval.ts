/**
 * Intervals with dyadic ends, rounded outward to a number of bits.
 *
 * Promise: containment. The result of an operation holds every result of the operation on members
 * of its operands. Nothing is promised of its width. `null` stands for the whole line: nothing is
 * known. Source of the scheme: Moore, Kearfott, Cloud, Introduction to Interval Analysis, 2009.
 */
import { bitLength } from './bits.js';
import {
  ZERO,
  add as addDyadic,
  compare,
  dyadic,
  multiply as multiplyDyadic,
  negate as negateDyadic,
  sign,
  type Dyadic,
} from './dyadic.js';
import { elementary, pi } from './mpfr.js';
import type { Rational } from './rational.js';

export interface Interval {
  readonly lower: Dyadic;
  /** At least `lower`. */
  readonly upper: Dyadic;
}

function lengthOf(m: bigint): number {
  return bitLength(m < 0n ? -m : m);
}

/** *Lower bound.* The greatest number of `bits` bits that is at most x. */
function down(x: Dyadic, bits: number): Dyadic {
  const excess = lengthOf(x.m) - bits;
  // A shift of a BigInt rounds down, also below zero.
  return excess <= 0 ? x : dyadic(x.m >> BigInt(excess), x.e + excess);
}

/** *Upper bound.* */
function up(x: Dyadic, bits: number): Dyadic {
  return negateDyadic(down(negateDyadic(x), bits));
}

function outward(lower: Dyadic, upper: Dyadic, bits: number): Interval {
  return { lower: down(lower, bits), upper: up(upper, bits) };
}

/** *Lower bound.* Of a + b; a summand far below the other's last place is not shifted up to it. */
function addDown(a: Dyadic, b: Dyadic, bits: number): Dyadic {
  const [large, small] = topOf(a) >= topOf(b) ? [a, b] : [b, a];
  if (small.m === 0n) return down(large, bits);
  const floor = Math.min(large.e, topOf(large) - bits) - 4;
  if (topOf(small) > floor) return down(addDyadic(large, small), bits);
  // |small| < 2^floor, and a lower bound of it is all that is needed.
  return small.m > 0n ? down(large, bits) : down(addDyadic(large, dyadic(-1n, floor)), bits);
}

/** The least k with |x| < 2^k; least of all for 0. */
function topOf(x: Dyadic): number {
  return x.m === 0n ? -Infinity : lengthOf(x.m) + x.e;
}

/** *Containment.* The rational r. */
export function ofRational(r: Rational, bits: number): Interval {
  const shift = Math.max(0, bits + 2 - lengthOf(r.n) + lengthOf(r.d));
  const scaled = r.n << BigInt(shift);
  let quotient = scaled / r.d;
  const exact = quotient * r.d === scaled;
  if (!exact && scaled < 0n) quotient -= 1n;
  const lower = dyadic(quotient, -shift);
  return outward(lower, exact ? lower : dyadic(quotient + 1n, -shift), bits);
}

/** *Containment.* a + b. */
export function add(a: Interval | null, b: Interval | null, bits: number): Interval | null {
  if (a === null || b === null) return null;
  return {
    lower: addDown(a.lower, b.lower, bits),
    upper: negateDyadic(addDown(negateDyadic(a.upper), negateDyadic(b.upper), bits)),
  };
}

/** *Containment.* −a; exact. */
export function negate(a: Interval | null): Interval | null {
  return a === null ? null : { lower: negateDyadic(a.upper), upper: negateDyadic(a.lower) };
}

/** *Containment.* a · b. */
export function multiply(a: Interval | null, b: Interval | null, bits: number): Interval | null {
  if (a === null || b === null) return null;
  const [signA, signB] = [signOfInterval(a), signOfInterval(b)];
  if (signA !== null && signB !== null) {
    // Without a change of sign the ends of the product are known beforehand.
    const [low, high] = signB < 0 ? [a.upper, a.lower] : [a.lower, a.upper];
    const [least, most] = signA < 0 ? [b.upper, b.lower] : [b.lower, b.upper];
    return outward(multiplyDyadic(low, least), multiplyDyadic(high, most), bits);
  }
  const products = [a.lower, a.upper].flatMap((x) =>
    [b.lower, b.upper].map((y) => multiplyDyadic(x, y)),
  );
  const extreme = (wanted: -1 | 1): Dyadic =>
    products.reduce((best, x) => (compareFar(x, best) === wanted ? x : best));
  return outward(extreme(-1), extreme(1), bits);
}

/** *Exact.* The order of two dyadics, without shifting one to the other where they are far apart. */
function compareFar(a: Dyadic, b: Dyadic): -1 | 0 | 1 {
  const [signA, signB] = [sign(a), sign(b)];
  if (signA !== signB) return signA < signB ? -1 : 1;
  const [topA, topB] = [topOf(a), topOf(b)];
  if (topA === topB || signA === 0) return compare(a, b);
  return topA > topB === signA > 0 ? 1 : -1;
}

/** *Containment.* a / b; the whole line where b may be 0. */
export function divide(a: Interval | null, b: Interval | null, bits: number): Interval | null {
  if (a === null || b === null || signOfInterval(b) === null || b.lower.m === 0n) return null;
  return multiply(a, { lower: inverseDown(b.upper, bits), upper: inverseUp(b.lower, bits) }, bits);
}

/** *Lower bound.* Of 1/x. */
function inverseDown(x: Dyadic, bits: number): Dyadic {
  const shift = bits + 2 + lengthOf(x.m);
  const one = 1n << BigInt(shift);
  let quotient = one / x.m;
  if (quotient * x.m !== one && x.m < 0n) quotient -= 1n;
  return down(dyadic(quotient, -shift - x.e), bits);
}

/** *Upper bound.* Of 1/x. */
function inverseUp(x: Dyadic, bits: number): Dyadic {
  return negateDyadic(inverseDown(negateDyadic(x), bits));
}

/** *Exact.* The sign that all members have; null where they have not one. */
export function signOfInterval(a: Interval | null): -1 | 0 | 1 | null {
  if (a === null) return null;
  const [lower, upper] = [sign(a.lower), sign(a.upper)];
  if (lower > 0) return 1;
  if (upper < 0) return -1;
  return lower === 0 && upper === 0 ? 0 : null;
}

/** *Containment.* e^a. */
export function exp(a: Interval | null, bits: number): Interval | null {
  if (a === null) return null;
  return between(elementary('exp', a.lower, bits).down, elementary('exp', a.upper, bits).up);
}

/** *Containment.* log(1 + a), for members above −1. */
export function log1p(a: Interval | null, bits: number): Interval | null {
  if (a === null) return null;
  return between(elementary('log1p', a.lower, bits).down, elementary('log1p', a.upper, bits).up);
}

/** *Containment.* 1 − erf(a). */
export function erfc(a: Interval | null, bits: number): Interval | null {
  if (a === null) return null;
  return between(elementary('erfc', a.upper, bits).down, elementary('erfc', a.lower, bits).up);
}

function between(lower: Dyadic | null, upper: Dyadic | null): Interval | null {
  return lower === null || upper === null ? null : { lower, upper };
}

/** *Containment.* √2. */
export function squareRootOfTwo(bits: number): Interval {
  return squareRoot({ lower: dyadic(1n, 1), upper: dyadic(1n, 1) }, bits);
}

/** *Containment.* √(2π). */
export function squareRootOfTwoPi(bits: number): Interval {
  const bounds = pi(bits + 4);
  const twice = (x: Dyadic): Dyadic => dyadic(x.m, x.e + 1);
  return squareRoot({ lower: twice(bounds.down), upper: twice(bounds.up) }, bits);
}

/** *Containment.* √a for members above 0. */
function squareRoot(a: Interval, bits: number): Interval {
  const floor = (x: Dyadic): { readonly root: bigint; readonly shift: number } => {
    // x·4^shift is an integer, with about 2·bits bits.
    const shift = Math.max(Math.ceil(-x.e / 2), bits);
    return { root: integerRoot(x.m << BigInt(x.e + 2 * shift)), shift };
  };
  const [low, high] = [floor(a.lower), floor(a.upper)];
  return outward(dyadic(low.root, -low.shift), dyadic(high.root + 1n, -high.shift), bits);
}

/** *Exact.* ⌊√n⌋, by Newton's iteration from above. */
function integerRoot(n: bigint): bigint {
  if (n === 0n) return 0n;
  let root = 1n << BigInt(Math.ceil(bitLength(n) / 2));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** The point 0. */
export const ZERO_INTERVAL: Interval = Object.freeze({ lower: ZERO, upper: ZERO });
