/**
 * *Exact.* The product of integers; 1 of none. Equal factors become powers, and powers are
 * multiplied in a balanced tree: thousands of factors make numbers of hundreds of thousands of
 * digits, and one long factor times many short ones is quadratic.
 */
export function product(factors: Iterable<bigint>): bigint {
  const exponents = new Map<bigint, number>();
  for (const factor of factors) exponents.set(factor, (exponents.get(factor) ?? 0) + 1);
  const powers = [...exponents].map(([factor, exponent]) => factor ** BigInt(exponent));
  const between = (low: number, high: number): bigint => {
    if (high - low === 0) return 1n;
    if (high - low === 1) return powers[low] as bigint;
    const middle = (low + high) >> 1;
    return between(low, middle) * between(middle, high);
  };
  return between(0, powers.length);
}
