/** The door from BigInt to doubles for kernels: it opens only where nothing is lost. */

/** *Exact.* The double that is this integer. Throws a RangeError beyond ±2^53. */
export function doubleOf(n: bigint): number {
  if (n > 9007199254740992n || n < -9007199254740992n) {
    throw new RangeError(`doubleOf: ${String(n)} is beyond 2^53`);
  }
  return Number(n);
}

/** *Exact.* Whether some finite double is this integer. */
export function isDoubleInteger(n: bigint): boolean {
  const near = Number(n);
  return Number.isFinite(near) && BigInt(near) === n;
}

/**
 * *Within three roundings.* n/d, which need not be in lowest terms, d positive; a quotient that is a
 * normal double is met exactly where n and d are doubles and d is a power of 2. NaN, an infinity or 0
 * where n or d leaves the doubles.
 */
export function quotientNear(n: bigint, d: bigint): number {
  return Number(n) / Number(d);
}
