/**
 * A stretch of ranks as boxes: products of ranges of digits, in the order of their ranks. A rank is a
 * mixed-radix number, so [from, to) falls into at most two boxes per digit and one in between.
 */
import { doubleOf } from '../num/exact-double.js';

/** Digits lo[position] … hi[position] − 1 of every position. */
export interface Box {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
}

/** *Exact.* The boxes of [from, to), non-empty, in increasing order of ranks. */
export function boxesOf(radices: readonly number[], from: bigint, to: bigint): Box[] {
  if (from >= to) return [];
  const n = radices.length;
  const low = digitsOf(radices, from);
  const high = digitsOf(radices, to - 1n);
  if (low.every((digit) => digit === 0) && high.every((digit, k) => digit + 1 === radices[k])) {
    return [{ lo: low, hi: Int32Array.from(radices) }];
  }
  const boxes: Box[] = [];
  /** The prefix of `digits`, then [lo, hi) at `position`, then everything. */
  const push = (digits: Int32Array, position: number, lo: number, hi: number): void => {
    if (lo >= hi) return;
    const box = { lo: new Int32Array(n), hi: new Int32Array(n) };
    for (let k = 0; k < n; k += 1) {
      box.lo[k] = k < position ? (digits[k] as number) : 0;
      box.hi[k] = k < position ? (digits[k] as number) + 1 : (radices[k] as number);
    }
    box.lo[position] = lo;
    box.hi[position] = hi;
    boxes.push(box);
  };
  const differs = low.findIndex((digit, k) => digit !== high[k]);
  if (differs === -1) {
    boxes.push({ lo: low, hi: low.map((digit) => digit + 1) });
    return boxes;
  }
  // From the innermost digit out to where both ends part, and back in.
  boxes.push({ lo: low, hi: low.map((digit) => digit + 1) });
  for (let k = n - 1; k > differs; k -= 1)
    push(low, k, (low[k] as number) + 1, radices[k] as number);
  push(low, differs, (low[differs] as number) + 1, high[differs] as number);
  for (let k = differs + 1; k < n; k += 1) push(high, k, 0, high[k] as number);
  boxes.push({ lo: high, hi: high.map((digit) => digit + 1) });
  return joined(boxes, radices);
}

/** Neighbours that are one box together, joined: an aligned end leaves single points behind. */
function joined(boxes: readonly Box[], radices: readonly number[]): Box[] {
  const out: Box[] = [];
  for (const box of boxes) {
    let next = box;
    for (let last = out.pop(); last !== undefined; last = out.pop()) {
      const both = join(last, next, radices);
      if (both === null) {
        out.push(last);
        break;
      }
      next = both;
    }
    out.push(next);
  }
  return out;
}

function join(a: Box, b: Box, radices: readonly number[]): Box | null {
  const k = a.lo.findIndex(
    (lo, position) => lo !== b.lo[position] || a.hi[position] !== b.hi[position],
  );
  if (k === -1 || a.hi[k] !== b.lo[k]) return null;
  for (let j = k + 1; j < radices.length; j += 1) {
    if (a.lo[j] !== b.lo[j] || a.hi[j] !== b.hi[j]) return null;
  }
  const hi = a.hi.slice();
  hi[k] = b.hi[k] as number;
  return { lo: a.lo, hi };
}

/** *Exact.* The digits of a rank. */
export function digitsOf(radices: readonly number[], rank: bigint): Int32Array {
  const digits = new Int32Array(radices.length);
  let rest = rank;
  for (let k = radices.length - 1; k >= 0; k -= 1) {
    const radix = BigInt(radices[k] as number);
    digits[k] = doubleOf(rest % radix);
    rest /= radix;
  }
  return digits;
}

/** *Exact.* The rank of the first point of a box. */
export function rankOf(radices: readonly number[], digits: Int32Array): bigint {
  return radices.reduce((rank, radix, k) => rank * BigInt(radix) + BigInt(digits[k] as number), 0n);
}

/** *Exact.* The number of points of a box. */
export function volumeOf({ lo, hi }: Box): bigint {
  return lo.reduce((size, from, k) => size * BigInt((hi[k] as number) - from), 1n);
}

/** A box with [lo, hi) at one position. */
export function within(box: Box, position: number, lo: number, hi: number): Box {
  const inner = { lo: box.lo.slice(), hi: box.hi.slice() };
  inner.lo[position] = lo;
  inner.hi[position] = hi;
  return inner;
}

/** The first position at which a box has more than one digit; −1 for a point. */
export function widePosition({ lo, hi }: Box): number {
  return lo.findIndex((from, k) => (hi[k] as number) - from > 1);
}

/** *Exact.* The points of a box whose rank is below that of the given digits, as boxes in increasing order. */
export function below(box: Box, digits: Int32Array): Box[] {
  const found: Box[] = [];
  // What shares the digits before k and is below at k: the longer what they share, the later.
  let shared = box;
  for (let k = 0; k < digits.length; k += 1) {
    const digit = digits[k] as number;
    const [lo, hi] = [box.lo[k] as number, box.hi[k] as number];
    if (lo < digit) found.push(within(shared, k, lo, Math.min(hi, digit)));
    if (digit < lo || digit >= hi) break;
    shared = within(shared, k, digit, digit + 1);
  }
  return found;
}

/** *Exact.* The order of the ranks of two points: negative, 0 or positive. */
export function compareDigits(a: Int32Array, b: Int32Array): number {
  const differs = a.findIndex((digit, k) => digit !== b[k]);
  return differs === -1 ? 0 : (a[differs] as number) - (b[differs] as number);
}

/** *Exact below 2^53.* How many points of a box there are, by the given positions. */
export function sizeOf({ lo, hi }: Box, positions: readonly number[]): number {
  return positions.reduce(
    (size, position) => size * ((hi[position] as number) - (lo[position] as number)),
    1,
  );
}
