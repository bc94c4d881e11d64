/** The door from BigInt to doubles for kernels: it opens only where nothing is lost. */

/** *Exact.* The double that is this integer. Throws a RangeError beyond ±2^53. */
export function doubleOf(n: bigint): number {
  if (n > 9007199254740992n || n < -9007199254740992n) {
    throw new RangeError(`doubleOf: ${String(n)} is beyond 2^53`);
  }
  return Number(n);
}
