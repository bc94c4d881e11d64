/** Numbers as source text of generated code: checked, so that no other text gets in. */

/** *Exact.* An integer as source text; throws where it is none. */
export function literal(n: number): string {
  if (!Number.isSafeInteger(n)) throw new Error(`generate: ${String(n)} is no safe integer`);
  return n < 0 ? `(${String(n)})` : String(n === 0 ? 0 : n);
}
