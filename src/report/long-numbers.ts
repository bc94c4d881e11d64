/**
 * The list of numbers too long for a line. A renderer asks it for a label per number, prints the
 * short form where the number stands, and the full texts once at the end, so that nothing is lost
 * and no line overflows.
 */
import { LONGEST_INLINE } from './number-text.js';

/** Longest text, in characters, that is listed in full; beyond, the JSON result has it. */
const FULL_TEXT_MAX = 20_000;

export interface LongNumber {
  readonly label: number;
  readonly text: string;
  /** False where even the list would be swamped. */
  readonly listed: boolean;
}

export interface LongNumbers {
  /** The entry of a number; null where the number fits on a line. */
  readonly entryOf: (exact: string) => LongNumber | null;
  readonly all: () => readonly LongNumber[];
}

/** An empty list; equal numbers get the same label, in order of first use. */
export function longNumbers(): LongNumbers {
  const entries = new Map<string, LongNumber>();
  return {
    entryOf: (exact) => {
      if (exact.length <= LONGEST_INLINE) return null;
      let entry = entries.get(exact);
      if (entry === undefined) {
        entry = { label: entries.size + 1, text: exact, listed: exact.length <= FULL_TEXT_MAX };
        entries.set(exact, entry);
      }
      return entry;
    },
    all: () => [...entries.values()],
  };
}
