/**
 * Philox4x32-10: a counter-based generator. A block of four 32-bit words is a function of a 128-bit
 * counter and a 64-bit key alone, so that sample number n is the same whoever draws it, in whatever
 * order. It passes BigCrush, and its authors publish known answers, which the tests repeat.
 *
 * Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, *Parallel random numbers: as easy as
 * 1, 2, 3*, SC11, sections 3.3 and 4.3; known answers from the kat_vectors of Random123.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;
const ROUNDS = 10;

/** *Exact.* The upper 32 bits of the product of two 32-bit integers, as a signed one. */
function highWord(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  // No partial sum reaches 2^53.
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const low = (middle & 0xffff) + a0 * b1;
  return (a1 * b1 + Math.floor(middle / 65536) + Math.floor(low / 65536)) | 0;
}

/** Writes the block of the counter (c0, c1, c2, c3) under the key (k0, k1) into the first four of `out`. */
export function philoxBlock(
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
  out: Uint32Array,
): void {
  let [x0, x1, x2, x3] = [c0 | 0, c1 | 0, c2 | 0, c3 | 0];
  let [key0, key1] = [k0 | 0, k1 | 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    const high0 = highWord(M0, x0);
    const low0 = Math.imul(M0, x0);
    const high1 = highWord(M1, x2);
    const low1 = Math.imul(M1, x2);
    x0 = high1 ^ x1 ^ key0;
    x1 = low1;
    x2 = high0 ^ x3 ^ key1;
    x3 = low0;
    key0 = (key0 + W0) | 0;
    key1 = (key1 + W1) | 0;
  }
  out[0] = x0;
  out[1] = x1;
  out[2] = x2;
  out[3] = x3;
}
