/**
 * Rational numbers on BigInt: the exact numbers of every decision gradcert makes.
 *
 * Invariant: a `Rational` is reduced and its denominator is positive, so two rationals are equal
 * exactly when their numerators and their denominators are. Every function here is exact and
 * returns a value in that form; rounding lives in `float64.ts`, text in `text.ts`.
 */
import { bitLength } from './bits.js';

export interface Rational {
  /** Numerator; carries the sign. */
  readonly n: bigint;
  /** Denominator; at least 1, without a common factor with `n`. */
  readonly d: bigint;
}

export const ZERO: Rational = Object.freeze({ n: 0n, d: 1n });
export const ONE: Rational = Object.freeze({ n: 1n, d: 1n });
export const MINUS_ONE: Rational = Object.freeze({ n: -1n, d: 1n });

/** *Exact.* The greatest common divisor of |a| and |b|; 0 only where both are 0. */
export function gcd(a: bigint, b: bigint): bigint {
  const x = a < 0n ? -a : a;
  const y = b < 0n ? -b : b;
  return x > LONG && y > LONG ? longGcd(x, y) : euclid(x, y);
}

function euclid(a: bigint, b: bigint): bigint {
  let x = a;
  let y = b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** From here on Euclid's quadratic time is felt. */
const LONG = 1n << 2048n;
const SMALL_PRIMES = Array.from({ length: 254 }, (_, k) => k + 2)
  .filter((n) => Array.from({ length: n - 2 }, (_, k) => k + 2).every((m) => n % m !== 0))
  .map(BigInt);
const PRIMORIAL = SMALL_PRIMES.reduce((product, p) => product * p, 1n);

/** Small primes first: the long numbers here are sizes of spaces, which have no others. */
function longGcd(a: bigint, b: bigint): bigint {
  const shared = euclid(euclid(PRIMORIAL, a % PRIMORIAL), b % PRIMORIAL);
  let x = a;
  let y = b;
  let common = 1n;
  for (const p of SMALL_PRIMES) {
    const divides = shared % p === 0n;
    if (!divides && y % p !== 0n) continue;
    const fromX = stripped(x, p);
    const fromY = stripped(y, p);
    common *= p ** (fromX.exponent < fromY.exponent ? fromX.exponent : fromY.exponent);
    x = fromX.rest;
    y = fromY.rest;
  }
  return common * euclid(x, y);
}

/** n without its factors p, and how many there were. */
function stripped(n: bigint, p: bigint): { readonly rest: bigint; readonly exponent: bigint } {
  const powers: bigint[] = [];
  for (let power = p; n % power === 0n; power *= power) powers.push(power);
  let rest = n;
  let exponent = 0n;
  for (let k = powers.length - 1; k >= 0; k -= 1) {
    const power = powers[k] as bigint;
    if (rest % power !== 0n) continue;
    rest /= power;
    exponent += 1n << BigInt(k);
  }
  return { rest, exponent };
}

/** *Exact.* The least common multiple of two positive integers. */
export function lcm(a: bigint, b: bigint): bigint {
  return (a / gcd(a, b)) * b;
}

/** *Exact.* n / d, reduced. Throws a RangeError where d is 0. */
export function rational(n: bigint, d: bigint = 1n): Rational {
  if (d === 1n) return { n, d };
  if (d === 0n) throw new RangeError(`rational: the denominator of ${String(n)}/0 is 0`);
  if (d > 0n && (d & (d - 1n)) === 0n) {
    // Most denominators are powers of 2: what they share with n is the lowest bit of either.
    const bits = n | d;
    const lowest = bits & -bits;
    return lowest === 1n ? { n, d } : { n: n / lowest, d: d / lowest };
  }
  const g = gcd(n, d);
  const sign = d < 0n ? -1n : 1n;
  return { n: (sign * n) / g, d: (sign * d) / g };
}

/** *Exact.* The integer i as a rational. */
export function integer(i: bigint | number): Rational {
  return { n: BigInt(i), d: 1n };
}

/** *Exact.* a + b. */
export function add(a: Rational, b: Rational): Rational {
  if (a.d === b.d) return a.d === 1n ? { n: a.n + b.n, d: 1n } : rational(a.n + b.n, a.d);
  return rational(a.n * b.d + b.n * a.d, a.d * b.d);
}

/** *Exact.* a − b. */
export function subtract(a: Rational, b: Rational): Rational {
  return add(a, negate(b));
}

/** *Exact.* a · b. */
export function multiply(a: Rational, b: Rational): Rational {
  if (a.d === 1n && b.d === 1n) return { n: a.n * b.n, d: 1n };
  return rational(a.n * b.n, a.d * b.d);
}

/** *Exact.* a / b. Throws a RangeError where b is 0. */
export function divide(a: Rational, b: Rational): Rational {
  return rational(a.n * b.d, a.d * b.n);
}

/** *Exact.* −a. */
export function negate(a: Rational): Rational {
  return { n: -a.n, d: a.d };
}

/** *Exact.* |a|. */
export function absolute(a: Rational): Rational {
  return a.n < 0n ? negate(a) : a;
}

/** *Exact.* −1, 0 or 1. */
export function sign(a: Rational): -1 | 0 | 1 {
  return a.n > 0n ? 1 : a.n < 0n ? -1 : 0;
}

/** *Exact.* Negative where a < b, 0 where a = b, positive where a > b. */
export function compare(a: Rational, b: Rational): -1 | 0 | 1 {
  if (a.d === b.d) return a.n < b.n ? -1 : a.n > b.n ? 1 : 0;
  const left = a.n * b.d;
  const right = b.n * a.d;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** *Exact.* Structural equality, which is equality since both sides are reduced. */
export function equal(a: Rational, b: Rational): boolean {
  return a.n === b.n && a.d === b.d;
}

/** *Exact.* Whether a is 0. */
export function isZero(a: Rational): boolean {
  return a.n === 0n;
}

/** *Exact.* a to the power of a non-negative integer. */
export function power(a: Rational, exponent: number): Rational {
  return { n: a.n ** BigInt(exponent), d: a.d ** BigInt(exponent) };
}

/** *Exact.* The greatest integer that is at most a. */
export function floor(a: Rational): bigint {
  const quotient = a.n / a.d;
  // BigInt division cuts towards 0.
  return a.n < 0n && quotient * a.d !== a.n ? quotient - 1n : quotient;
}

/** *Exact.* The least integer that is at least a. */
export function ceiling(a: Rational): bigint {
  return -floor(negate(a));
}

/** *Exact.* The k with 2^k ≤ |a| < 2^(k+1). Throws a RangeError for 0, which has none. */
export function floorLog2(a: Rational): number {
  if (a.n === 0n) throw new RangeError('floorLog2: 0 has no logarithm');
  const n = a.n < 0n ? -a.n : a.n;
  // 2^(guess-1) < n/d < 2^(guess+1); one comparison settles it.
  const guess = bitLength(n) - bitLength(a.d);
  const reached = guess >= 0 ? n >= a.d << BigInt(guess) : n << BigInt(-guess) >= a.d;
  return reached ? guess : guess - 1;
}
