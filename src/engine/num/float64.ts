/**
 * Doubles (IEEE 754 binary64) and exact numbers: every finite double is m·2^e, and every rational
 * has a nearest double. Promises: `fromDouble` is exact, `toDouble` is correctly rounded (ties to
 * even, subnormals and overflow as IEEE 754 section 4.3.1 has them). The two zeros are one number,
 * so −0 becomes 0 and never comes back.
 *
 * A finite double of non-negative sign is (f + (x > 0 ? 2^52 : 0))·2^(max(x, 1) − 1075) with x the
 * exponent field and f the fraction field of its bits; its bits read as an integer are monotone.
 */
import { bitLength } from './bits.js';
import { floorLog2, rational, type Rational } from './rational.js';

const SIGN = 1n << 63n;
const FRACTION_BITS = 52n;
/** Exponent of the last place of subnormals and of the first binade. */
const LEAST_EXPONENT = -1074;

const view = new DataView(new ArrayBuffer(8));

/** *Exact.* The 64 bits of x as an unsigned integer. */
export function bitsOfDouble(x: number): bigint {
  view.setFloat64(0, x);
  return view.getBigUint64(0);
}

/** *Exact.* The double whose 64 bits are `bits`. */
export function doubleOfBits(bits: bigint): number {
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}

/** *Exact.* x = significand·2^exponent, not reduced. Throws a RangeError for NaN and the infinities. */
export function partsOfDouble(x: number): {
  readonly significand: bigint;
  readonly exponent: number;
} {
  if (!Number.isFinite(x)) throw new RangeError(`fromDouble: ${String(x)} is not a real number`);
  view.setFloat64(0, x);
  const field = (view.getUint32(0) >>> 20) & 0x7ff;
  const fraction = BigInt.asUintN(52, view.getBigUint64(0));
  const magnitude = field === 0 ? fraction : fraction | (1n << FRACTION_BITS);
  return { significand: x < 0 ? -magnitude : magnitude, exponent: Math.max(field, 1) - 1075 };
}

/** *Exact.* The real number that x is. Throws a RangeError for NaN and the infinities. */
export function fromDouble(x: number): Rational {
  const { significand, exponent } = partsOfDouble(x);
  return exponent >= 0
    ? rational(significand << BigInt(exponent))
    : rational(significand, 1n << BigInt(-exponent));
}

/**
 * *Correctly rounded.* The double nearest to r, ties to even; ±Infinity from half an ulp above the
 * largest finite double on; 0 (never −0) where r is 0 or rounds to it.
 */
export function toDouble(r: Rational): number {
  const n = r.n < 0n ? -r.n : r.n;
  if (n === 0n) return 0;
  const binade = floorLog2(r);
  if (binade > 1023) return r.n < 0n ? -Infinity : Infinity;
  const place = Math.max(binade - 52, LEAST_EXPONENT);
  const top = place >= 0 ? n : n << BigInt(-place);
  const bottom = place >= 0 ? r.d << BigInt(place) : r.d;
  let significand = top / bottom;
  const twice = 2n * (top - significand * bottom);
  if (twice > bottom || (twice === bottom && (significand & 1n) === 1n)) significand += 1n;
  if (significand === 0n) return 0;
  // The bits are monotone, so a carry out of the significand runs into the exponent field, and
  // from the largest finite double into the bits of Infinity, as rounding demands.
  const bits = (BigInt(place - LEAST_EXPONENT) << FRACTION_BITS) + significand;
  return doubleOfBits(r.n < 0n ? bits | SIGN : bits);
}

/** *Exact.* The least double greater than x; Infinity and NaN stay what they are. */
export function nextUp(x: number): number {
  if (Number.isNaN(x) || x === Infinity) return x;
  if (x === 0) return Number.MIN_VALUE;
  const bits = bitsOfDouble(x);
  return doubleOfBits(x > 0 ? bits + 1n : bits - 1n);
}

/** *Exact.* The greatest double less than x; −Infinity and NaN stay what they are. */
export function nextDown(x: number): number {
  return -nextUp(-x);
}

/**
 * *Estimate; never decides anything.* log10 |n| within about 10⁻¹⁵ of its size, for integers of
 * any length (a double ends at 10^308). Throws a RangeError for 0.
 */
export function log10Estimate(n: bigint): number {
  if (n === 0n) throw new RangeError('log10Estimate: 0 has no logarithm');
  const magnitude = n < 0n ? -n : n;
  const shift = Math.max(0, bitLength(magnitude) - 64);
  return Math.log10(Number(magnitude >> BigInt(shift))) + shift * Math.LOG10E * Math.LN2;
}

/** *Estimate.* A double near an integer, for costs and comparisons of costs; infinite beyond 10^308. */
export function approximate(n: bigint): number {
  return Number(n);
}
