/**
 * The tally of a stretch of a count: a commutative monoid, so that any cut into shards, merged in any
 * order, gives the same digits. Counts are of visits of the space; the witnesses are the first ones
 * in an order that no cut changes.
 */
import type { Rational } from './num/rational.js';

export interface NeuronTally {
  /** Points at which the unit's pre-activation is on a kink, in some sample. */
  readonly touched: bigint;
  /** Those at which AD, too, says that an output depends on the unit: ∂^AD f/∂z ≠ 0. */
  readonly relevant: bigint;
}

/** A point of a set, and its place in an order that no cut changes: its rank, or its state's. */
export interface Witness {
  readonly order: bigint;
  readonly point: readonly Rational[];
}

export interface Tally {
  /** How much of the plan's range is done: points visited, or parts of a layered count. */
  readonly done: bigint;
  /** States whose counts were summed; 0 where points are visited. */
  readonly states: bigint;
  readonly touched: bigint;
  readonly nonDifferentiable: bigint;
  readonly incorrect: bigint;
  /** Points that the walk could not decide within its bounds. */
  readonly undecided: bigint;
  /** Those of them at which not even the ties are decided: in no count of `touched`. */
  readonly tiesUndecided: bigint;
  /**
   * *Upper bound.* Sum over the points of the pairs of neurons that are tied and relevant there;
   * exact where points are visited, and in closed form.
   */
  readonly pairs: bigint;
  /**
   * One per unit that has kinks, in the order of `neuronsOf`. Of an enumeration with symmetries only
   * the sums over exchangeable neurons mean anything, until they are shared out (`count/symmetry/orbits.ts`).
   */
  readonly neurons: readonly NeuronTally[];
  /** The first point of each set; null where none was seen. */
  readonly witnesses: {
    readonly nonDifferentiable: Witness | null;
    readonly incorrect: Witness | null;
    readonly undecided: Witness | null;
  };
}

/** *Exact.* The neutral element. */
export function emptyTally(neurons: number): Tally {
  return {
    done: 0n,
    states: 0n,
    touched: 0n,
    nonDifferentiable: 0n,
    incorrect: 0n,
    undecided: 0n,
    tiesUndecided: 0n,
    pairs: 0n,
    neurons: Array.from({ length: neurons }, () => ({ touched: 0n, relevant: 0n })),
    witnesses: { nonDifferentiable: null, incorrect: null, undecided: null },
  };
}

function first(a: Witness | null, b: Witness | null): Witness | null {
  if (a === null || b === null) return a ?? b;
  return a.order < b.order ? a : b;
}

/** *Exact.* The tally of both stretches; associative and commutative. Throws where they differ in shape. */
export function mergeTallies(a: Tally, b: Tally): Tally {
  if (a.neurons.length !== b.neurons.length) {
    throw new Error('mergeTallies: tallies of different networks');
  }
  return {
    done: a.done + b.done,
    states: a.states + b.states,
    touched: a.touched + b.touched,
    nonDifferentiable: a.nonDifferentiable + b.nonDifferentiable,
    incorrect: a.incorrect + b.incorrect,
    undecided: a.undecided + b.undecided,
    tiesUndecided: a.tiesUndecided + b.tiesUndecided,
    pairs: a.pairs + b.pairs,
    neurons: a.neurons.map((neuron, k) => ({
      touched: neuron.touched + (b.neurons[k]?.touched ?? 0n),
      relevant: neuron.relevant + (b.neurons[k]?.relevant ?? 0n),
    })),
    witnesses: {
      nonDifferentiable: first(a.witnesses.nonDifferentiable, b.witnesses.nonDifferentiable),
      incorrect: first(a.witnesses.incorrect, b.witnesses.incorrect),
      undecided: first(a.witnesses.undecided, b.witnesses.undecided),
    },
  };
}
