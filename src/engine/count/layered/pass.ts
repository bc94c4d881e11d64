/** One of the sums that a layered count is made of, in blocks that share nothing. */
import type { Sums } from './sums.js';
import type { Block, Window } from './window.js';

/** One sum over states. Its blocks are in the order of their leading values. */
export interface Pass {
  /** One block without leading values where nothing is expanded any more. */
  readonly blocks: readonly (Block | null)[];
  /** *Estimate.* Operations per joint outcome, before any was run; steers the cut. */
  readonly unknownCost: number;
  /** *Estimate.* About how many joint outcomes to hold at once, unless one block has more. */
  readonly heldJoints: number;
  /**
   * Adds the sums over the blocks of a window; `first` of them is the pass's first block. Gives the
   * number of states that the window was expanded to.
   */
  readonly run: (window: Window, first: boolean, into: Sums, orderOf: OrderOf) => number;
}

/** The place of a block among all blocks, by its leading values. */
export type OrderOf = (leading: readonly [number, number] | null) => bigint;

/** *Exact.* The blocks [from, to) of a pass. */
export function windowOf({ blocks }: Pass, from: number, to: number): Window {
  return {
    from: from === 0 ? null : (blocks[from]?.leading ?? null),
    to: to === blocks.length ? null : (blocks[to]?.leading ?? null),
  };
}
