/**
 * Bodies that were read before. The same question is asked again and again (that is what jobs are
 * shared for), and what a text says never changes: so a text that was taken once is not scanned,
 * parsed and checked anew.
 *
 * Invariant: what is remembered is frozen, all the way down, so that no request can change what the
 * next one reads. Only texts that were taken are remembered, the short ones, and so many.
 */
import { LRUCache } from 'lru-cache';

/** Longest text that is remembered, how many are, and their characters together. */
const TEXT_MAX = 65_536;
const TEXTS_MAX = 500;
const CHARACTERS_MAX = 4 * 1024 * 1024;

/** *Exact.* The value, with all that is in it, which nothing can change any more. */
export function frozen(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) frozen(inner);
  return Object.freeze(value);
}

/** A reader that gives what `read` gives, the same object for the same text where it is known. */
export function rememberBodies(read: (bytes: Buffer) => unknown): (bytes: Buffer) => unknown {
  const known = new LRUCache<string, object>({ max: TEXTS_MAX, maxSize: CHARACTERS_MAX });
  return (bytes) => {
    if (bytes.length > TEXT_MAX) return read(bytes);
    // One character for each byte: equal texts are equal bytes, whether they are UTF-8 or not.
    const text = bytes.toString('latin1');
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = frozen(read(bytes));
    if (typeof value === 'object' && value !== null) known.set(text, value, { size: text.length });
    return value;
  };
}
