/**
 * *Exact.* The product of integers; 1 of none. Balanced, since thousands of factors make numbers of
 * hundreds of thousands of digits, and one long factor times many short ones is quadratic.
 */
export function product(factors: Iterable<bigint>): bigint {
  const list = [...factors];
  const between = (low: number, high: number): bigint => {
    if (high - low === 0) return 1n;
    if (high - low === 1) return list[low] as bigint;
    const middle = (low + high) >> 1;
    return between(low, middle) * between(middle, high);
  };
  return between(0, list.length);
}
