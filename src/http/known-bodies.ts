/**
 * Bodies that were read before. The same question is asked again and again (that is what jobs are
 * shared for), and what a text says never changes: so a text that was taken once is not scanned,
 * parsed and checked anew.
 *
 * Invariant: what is remembered is frozen, all the way down, so that no request can change what the
 * next one reads. Only texts that were read are remembered, and together they take about so many bytes.
 */
import { LRUCache } from 'lru-cache';

/** Longest text that is remembered, and *Estimate* of the bytes of all together. */
const TEXT_MAX = 65_536;
const BYTES_MAX = 8 * 1024 * 1024;

/** *Estimate.* What a value takes, a member of an object or an array or either itself. */
const VALUE_BYTES = 80;

/** *Exact.* Freezes the value with all that is in it, which nothing can change any more; how many values it has. */
export function freeze(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  let values = 1;
  for (const inner of Object.values(value)) values += freeze(inner);
  Object.freeze(value);
  return values;
}

/** A reader that gives what `read` gives, the same object for the same text where it is known. */
export function rememberBodies(
  read: (bytes: Buffer) => unknown,
  bytesMax = BYTES_MAX,
): (bytes: Buffer) => unknown {
  const known = new LRUCache<string, object>({ maxSize: bytesMax });
  return (bytes) => {
    if (bytes.length > TEXT_MAX) return read(bytes);
    // One character for each byte: equal texts are equal bytes, whether they are UTF-8 or not.
    const text = bytes.toString('latin1');
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = read(bytes);
    const size = text.length + VALUE_BYTES * freeze(value);
    if (typeof value === 'object' && value !== null) known.set(text, value, { size });
    return value;
  };
}
