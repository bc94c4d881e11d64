/**
 * Dyadic numbers m·2^e: what floating point can hold, and what sums and products of such numbers
 * stay in. Every finite double is one; a quotient need not be.
 *
 * Invariant: m is odd, or m = 0 and e = 0; so two dyadics are equal exactly when their members are.
 * Every function is exact and returns that form. Text: `-3*2^-7`, zero is `0`.
 */
import { isPowerOfTwo, trailingZeros } from './bits.js';
import { partsOfDouble } from './float64.js';
import type { Rational } from './rational.js';

export interface Dyadic {
  /** Significand; odd, or 0. */
  readonly m: bigint;
  /** Exponent of two; 0 where m is 0. */
  readonly e: number;
}

export const ZERO: Dyadic = Object.freeze({ m: 0n, e: 0 });
export const ONE: Dyadic = Object.freeze({ m: 1n, e: 0 });

/** *Exact.* m·2^e in canonical form. */
export function dyadic(m: bigint, e: number = 0): Dyadic {
  if (m === 0n) return ZERO;
  const zeros = trailingZeros(m);
  // Adding 0 turns an exponent of −0 into 0.
  return zeros === 0 ? { m, e: e + 0 } : { m: m >> BigInt(zeros), e: e + zeros };
}

/** *Exact.* a + b. */
export function add(a: Dyadic, b: Dyadic): Dyadic {
  if (a.m === 0n) return b;
  if (b.m === 0n) return a;
  const e = Math.min(a.e, b.e);
  return dyadic((a.m << BigInt(a.e - e)) + (b.m << BigInt(b.e - e)), e);
}

/** *Exact.* −a. */
export function negate(a: Dyadic): Dyadic {
  return { m: -a.m, e: a.e };
}

/** *Exact.* a − b. */
export function subtract(a: Dyadic, b: Dyadic): Dyadic {
  return add(a, negate(b));
}

/** *Exact.* a · b. */
export function multiply(a: Dyadic, b: Dyadic): Dyadic {
  if (a.m === 0n || b.m === 0n) return ZERO;
  // Odd times odd is odd.
  return { m: a.m * b.m, e: a.e + b.e };
}

/** *Exact.* −1, 0 or 1. */
export function sign(a: Dyadic): -1 | 0 | 1 {
  return a.m > 0n ? 1 : a.m < 0n ? -1 : 0;
}

/** *Exact.* Negative where a < b, 0 where a = b, positive where a > b. */
export function compare(a: Dyadic, b: Dyadic): -1 | 0 | 1 {
  return sign(subtract(a, b));
}

/** *Exact.* Structural equality, which is equality since both sides are canonical. */
export function equal(a: Dyadic, b: Dyadic): boolean {
  return a.m === b.m && a.e === b.e;
}

/** *Exact.* The same number as a rational. */
export function toRational(a: Dyadic): Rational {
  // An odd significand shares no factor with a power of two.
  return a.e >= 0 ? { n: a.m << BigInt(a.e), d: 1n } : { n: a.m, d: 1n << BigInt(-a.e) };
}

/** *Exact.* Whether r is a dyadic number. */
export function isDyadic(r: Rational): boolean {
  return isPowerOfTwo(r.d);
}

/** *Exact.* The same number as a dyadic. Throws a RangeError where the denominator forbids it. */
export function fromRational(r: Rational): Dyadic {
  if (!isDyadic(r)) {
    throw new RangeError(`fromRational: ${String(r.n)}/${String(r.d)} is no dyadic number`);
  }
  return dyadic(r.n, -trailingZeros(r.d));
}

/** *Exact.* The real number that a finite double is. Throws a RangeError for the others. */
export function ofDouble(x: number): Dyadic {
  const { significand, exponent } = partsOfDouble(x);
  return dyadic(significand, exponent);
}

/** *Exact.* The sum of any number of dyadics, brought into canonical form once. */
export function sum(terms: readonly Dyadic[]): Dyadic {
  let e = Infinity;
  for (const term of terms) if (term.m !== 0n && term.e < e) e = term.e;
  let m = 0n;
  for (const term of terms) if (term.m !== 0n) m += term.m << BigInt(term.e - e);
  return m === 0n ? ZERO : dyadic(m, e);
}

/** *Exact.* The canonical text: `m*2^e` with odd m, or `0`. */
export function toText(a: Dyadic): string {
  return a.m === 0n ? '0' : `${a.m.toString()}*2^${a.e.toString()}`;
}

const TEXT = /^(-?[0-9]+)(?:\*2\^(-?[0-9]{1,6}))?$/;

/**
 * *Exact.* The dyadic that `text` denotes: `m*2^e` or an integer; m may be even, e has at most six
 * digits. Throws a SyntaxError naming the text otherwise.
 */
export function parseDyadic(text: string): Dyadic {
  const parts = TEXT.exec(text);
  if (!parts) throw new SyntaxError(`"${text.slice(0, 80)}" is not of the form -3*2^-7`);
  return dyadic(BigInt(parts[1] ?? ''), Number(parts[2] ?? '0'));
}
