/**
 * What a count costs. Every loop of the layered count tells the meter, so that an estimate and the
 * work itself are in one unit, and a job that outgrows its plan stops instead of taking the machine.
 *
 * One operation is about one addition of a dense convolution, a nanosecond; slower steps count for
 * as many as they take.
 */
import { OverLimit } from './outgrown.js';

/** Operations of the slower steps. */
export const COST = {
  /** One insertion into a map of numbers. */
  mapEntry: 30,
  /** One joint outcome of a layer, and one unit of it. */
  joint: 100,
  jointUnit: 40,
  /** One entry of a canonical basis. */
  tangentEntry: 300,
  /** One state that is held: its key, its place in the map. */
  state: 500,
  /** One step in big integers. */
  big: 200,
  /** One entry of a law of vectors. */
  vectorEntry: 400,
  /** One point decided by the walk, per parameter of the cut network. */
  walkParameter: 100_000,
} as const;

/** Bytes of one held state, and of each of its units. */
const STATE_BYTES = 800;
const UNIT_BYTES = 40;

export interface CountLimits {
  /** Most operations of one shard. */
  readonly maxOperations: number;
  /** Most bytes of states that one pass may hold. */
  readonly maxBytes: number;
  /** Most points that one bound state may give to the walk. */
  readonly maxWalks: number;
}

/** *Estimate.* Bytes of so many states of so many units. */
export function stateBytes(states: number, units: number): number {
  return states * (STATE_BYTES + UNIT_BYTES * units);
}

/**
 * *Estimate.* Bytes that a count adds to a process, besides its states and its laws: code that is
 * compiled, and what is thrown away faster than it is collected.
 */
export function churnBytes(operations: number): number {
  return 2 ** 20 + Math.min(40 * 2 ** 20, 3 * operations);
}

/** *Exact.* Counts operations, states and laws, and stops the count at its limits. */
export class Meter {
  readonly #limits: CountLimits;
  #maxOperations: number;
  #operations = 0;
  #states = 1;
  #lawBytes = 0;

  constructor(limits: CountLimits) {
    this.#limits = limits;
    this.#maxOperations = limits.maxOperations;
  }

  get operations(): number {
    return this.#operations;
  }

  /** Most states that were held at once. */
  get states(): number {
    return this.#states;
  }

  /** Most bytes that the laws of one layer took at once. */
  get lawBytes(): number {
    return this.#lawBytes;
  }

  get maxWalks(): number {
    return this.#limits.maxWalks;
  }

  /** Throws OverLimit beyond the limit. */
  spend(operations: number): void {
    this.#operations += operations;
    if (this.#operations > this.#maxOperations) {
      throw new OverLimit(
        `the count needs more than ${this.#maxOperations.toPrecision(3)} operations`,
      );
    }
  }

  /** From here on so many operations more may be spent. */
  allow(operations: number): void {
    this.#maxOperations = this.#operations + operations;
  }

  /** Throws OverLimit where so many states do not fit. */
  hold(states: number, units: number): void {
    if (states > this.#states) this.#states = states;
    if (stateBytes(states, units) > this.#limits.maxBytes) {
      throw new OverLimit(
        `the count would hold more than ${String(states)} states, about ${String(Math.round(this.#limits.maxBytes / 2 ** 20))} MiB`,
      );
    }
  }

  /** Throws OverLimit where laws of so many bytes do not fit. */
  holdLaws(bytes: number): void {
    if (bytes > this.#lawBytes) this.#lawBytes = bytes;
    if (bytes > this.#limits.maxBytes) {
      throw new OverLimit(
        `the laws of one neuron would take ${bytes.toPrecision(3)} bytes, more than ${String(Math.round(this.#limits.maxBytes / 2 ** 20))} MiB`,
      );
    }
  }
}
