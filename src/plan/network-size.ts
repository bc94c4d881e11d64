/**
 * How large a network is, told from its description: a body of a few bytes may name layers that
 * would take minutes and gigabytes to build, so they are counted before anything is built.
 */
import type { NetworkInput } from '../schemas/network.js';

/** Most free parameters without a name; named ones are bounded by the body that names them. */
export const FREE_PARAMETERS_MAX = 1_000_000;
/** An exhaustive question of more weights and biases is refused before its network is built. */
export const EXHAUSTIVE_ENTRIES_MAX = 150_000;

export interface NetworkSize {
  /** *Exact* where the shapes agree. Weights and biases, constants among them. */
  readonly entries: number;
  /** *Upper bound.* Free parameters without a name. */
  readonly free: number;
}

/** The size, in time that depends on the number of layers alone. */
export function sizeOf({ inputs, layers }: NetworkInput): NetworkSize {
  let fanIn = inputs[0]?.length ?? 0;
  let entries = 0;
  let free = 0;
  for (const { units, weight, bias = true } of layers) {
    entries += units * fanIn + (bias === false ? 0 : units);
    free += (weight === undefined ? units * fanIn : 0) + (bias === true ? units : 0);
    fanIn = units;
  }
  return { entries, free };
}
