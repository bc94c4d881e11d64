/** What a way to count is, and what it says of itself before it starts. */
import type { Tally } from '../tally.js';
import type { CountEstimate } from './layered/estimate.js';
import type { Space } from './space.js';

export type CountMethod = 'closed-form' | 'layered' | 'enumeration';

export interface Counting {
  readonly method: CountMethod;
  readonly space: Space;
  /** The range that shards are cut from: points to visit, or parts of the work. */
  readonly parts: bigint;
  /**
   * *Exact.* The tally of the parts [from, to). Throws Outgrown where a limit is met; a layered
   * count that has thrown must not be asked again.
   */
  readonly tallyOf: (from: bigint, to: bigint, onProgress: (done: bigint) => void) => Tally;
  /** What was spent so far, and the most states held at once, in the units of the estimates. */
  readonly work: () => { readonly operations: number; readonly states: number };
}

/** A method, and what it would cost; or why it does not apply. */
export interface Candidate {
  readonly method: CountMethod;
  /** Null where the method does not apply. */
  readonly estimate: CountEstimate | null;
  /** The range that shards are cut from. */
  readonly parts: bigint;
  /** Points that are visited, of an enumeration: fewer than its range where parts are enumerated alone. */
  readonly visits: bigint;
  /** Whether shards share the work; where not, each would enumerate most of the parts again. */
  readonly isCut: boolean;
  /** Whether a compiled kernel or generated code does the work, not the reference enumerator. */
  readonly compiled: boolean;
  readonly why: string;
}
