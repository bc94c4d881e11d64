/**
 * What generated code is, and what it meets at run time: the contract between the text (`generate.ts`)
 * and whoever runs it (`counter.ts`).
 */

import type { KeyPlace } from './silent.js';

/** Most code keys whose slots are a plain array. */
export const FEW_KEYS: number = 1 << 16;

/** What generated code may touch besides its own variables. */
export interface Runtime {
  /** Digits of the combination at hand, by position. */
  readonly at: Int32Array;
  /** Code key → slot, by index where there are few keys: −1 where it is not known. */
  readonly slots: Slots;
  /** How often each slot was met. */
  readonly counts: Float64Array;
  /** Decides the combination in `at`; its slot. */
  readonly decide: (key: number) => number;
  /** Forgets the slots of verdicts that read weights: those have changed. */
  readonly renew: () => void;
  /** Decides and counts the combination in `at` at once. */
  readonly visit: () => void;
}

export type Slots = Int32Array | Map<number, number>;

export type Run = (lo: Int32Array, hi: Int32Array) => void;

export interface Generated {
  readonly source: string;
  readonly integers: boolean;
  /** Tables by index: first the lattice's, then those that the innermost digit is looked up in. */
  readonly tables: readonly (Int32Array | Float64Array)[];
  /** Every code key is below this. */
  readonly keys: number;
  /** Where it has each unit's code. */
  readonly places: readonly KeyPlace[];
}
