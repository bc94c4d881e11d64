/**
 * Whether a sum of products came out exactly, told by error-free transformations: TwoSum (Knuth) and
 * TwoProduct (Dekker, on Veltkamp's splitting; no fused operation is at hand) yield the rounding error
 * of every operation as a double, where nothing overflows or underflows (Ogita, Rump, Oishi, Accurate
 * sum and dot product, 2005, section 2). All errors 0: the sum is exact, and a zero is a zero.
 *
 * Splitting needs factors below 2^996; the parts of a product of at least 2^-960 are multiples of
 * 2^-1066, so none of them underflows. Beyond these limits nothing is claimed.
 */

const SPLITTER = 2 ** 27 + 1;
const LARGEST_FACTOR = 2 ** 900;
const LEAST_PRODUCT = 2 ** -960;

/** *Exact.* Whether a·b rounds to itself; false also where that cannot be told. */
export function isProductExact(a: number, b: number): boolean {
  const product = a * b;
  if (!(Math.abs(product) >= LEAST_PRODUCT)) return a === 0 || b === 0;
  if (!(Math.abs(a) <= LARGEST_FACTOR && Math.abs(b) <= LARGEST_FACTOR)) return false;
  const scaledA = SPLITTER * a;
  const highA = scaledA - (scaledA - a);
  const lowA = a - highA;
  const scaledB = SPLITTER * b;
  const highB = scaledB - (scaledB - b);
  const lowB = b - highB;
  return lowA * lowB - (product - highA * highB - lowA * highB - highA * lowB) === 0;
}

/** *Exact.* Whether a + b rounds to itself; false also where it overflows. */
export function isSumExact(a: number, b: number): boolean {
  const sum = a + b;
  const virtual = sum - a;
  return a - (sum - virtual) + (b - virtual) === 0;
}

/** *Exact.* Whether no operation of `sums` rounds in this row, so that its ŷ is b + Σ w_j·z_j. */
export function isRowExact(
  weight: Float64Array,
  row: number,
  bias: number,
  z: Float64Array,
  n: number,
): boolean {
  let sum = bias;
  for (let j = 0; j < n; j += 1) {
    const w = weight[row + j]!;
    const product = w * z[j]!;
    if (product === 0 ? w !== 0 && z[j] !== 0 : !isProductExact(w, z[j]!)) return false;
    if (!isSumExact(sum, product)) return false;
    sum += product;
  }
  return Number.isFinite(sum);
}
