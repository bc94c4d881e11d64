/**
 * The tally of a stretch of an enumeration: a commutative monoid, so that any cut of the ranks into
 * shards, merged in any order, gives the same digits. Counts are of visited points; the witnesses
 * are the lowest ranks seen.
 */
export interface NeuronTally {
  /** Points at which the unit's pre-activation is on a kink, in some sample. */
  readonly touched: bigint;
  /** Those at which AD, too, says that an output depends on the unit: ∂^AD f/∂z ≠ 0. */
  readonly relevant: bigint;
}

export interface Tally {
  readonly visited: bigint;
  readonly touched: bigint;
  readonly nonDifferentiable: bigint;
  readonly incorrect: bigint;
  /** Points that the walk could not decide within its bounds. */
  readonly undecided: bigint;
  /** One per unit that has kinks, in the order of `neuronsOf`. */
  readonly neurons: readonly NeuronTally[];
  /** Lowest rank in each set; null where none was seen. */
  readonly witnesses: {
    readonly nonDifferentiable: bigint | null;
    readonly incorrect: bigint | null;
    readonly undecided: bigint | null;
  };
}

/** *Exact.* The neutral element. */
export function emptyTally(neurons: number): Tally {
  return {
    visited: 0n,
    touched: 0n,
    nonDifferentiable: 0n,
    incorrect: 0n,
    undecided: 0n,
    neurons: Array.from({ length: neurons }, () => ({ touched: 0n, relevant: 0n })),
    witnesses: { nonDifferentiable: null, incorrect: null, undecided: null },
  };
}

function lowest(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

/** *Exact.* The tally of both stretches; associative and commutative. Throws where they differ in shape. */
export function mergeTallies(a: Tally, b: Tally): Tally {
  if (a.neurons.length !== b.neurons.length) {
    throw new Error('mergeTallies: tallies of different networks');
  }
  return {
    visited: a.visited + b.visited,
    touched: a.touched + b.touched,
    nonDifferentiable: a.nonDifferentiable + b.nonDifferentiable,
    incorrect: a.incorrect + b.incorrect,
    undecided: a.undecided + b.undecided,
    neurons: a.neurons.map((neuron, k) => ({
      touched: neuron.touched + (b.neurons[k]?.touched ?? 0n),
      relevant: neuron.relevant + (b.neurons[k]?.relevant ?? 0n),
    })),
    witnesses: {
      nonDifferentiable: lowest(a.witnesses.nonDifferentiable, b.witnesses.nonDifferentiable),
      incorrect: lowest(a.witnesses.incorrect, b.witnesses.incorrect),
      undecided: lowest(a.witnesses.undecided, b.witnesses.undecided),
    },
  };
}
