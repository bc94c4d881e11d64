/**
 * Sizes of integers in bits, which BigInt does not tell by itself.
 *
 * Both functions go through the hexadecimal text or through doubling shifts, so that they stay
 * near linear in the size of the integer: counts here may have hundreds of thousands of digits.
 */

/** *Exact.* The least k with |n| < 2^k: the length of |n| in binary, 0 for 0. */
export function bitLength(n: bigint): number {
  if (n === 0n) return 0;
  const hex = (n < 0n ? -n : n).toString(16);
  return hex.length * 4 - Math.clz32(parseInt(hex.charAt(0), 16)) + 28;
}

/** *Exact.* The largest k such that 2^k divides n. Throws a RangeError for 0, which has none. */
export function trailingZeros(n: bigint): number {
  if (n === 0n) throw new RangeError('trailingZeros: every power of two divides 0');
  const low = Number(BigInt.asUintN(32, n));
  if (low !== 0) return 31 - Math.clz32(low & -low);
  let width = 64;
  while (BigInt.asUintN(width, n) === 0n) width *= 2;
  let rest = BigInt.asUintN(width, n);
  let zeros = 0;
  for (let half = width / 2; half >= 1; half /= 2) {
    if (BigInt.asUintN(half, rest) !== 0n) continue;
    rest >>= BigInt(half);
    zeros += half;
  }
  return zeros;
}

/** *Exact.* Whether |n| is a power of two, 1 among them; 0 is none. */
export function isPowerOfTwo(n: bigint): boolean {
  const magnitude = n < 0n ? -n : n;
  return magnitude !== 0n && (magnitude & (magnitude - 1n)) === 0n;
}

/** *Exact.* n as a number. Throws a RangeError beyond ±(2^53 − 1), where numbers have gaps. */
export function toSafeNumber(n: bigint): number {
  const number = Number(n);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${String(n)} is no safe integer`);
  return number;
}
