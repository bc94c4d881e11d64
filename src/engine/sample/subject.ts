/**
 * What is sampled: a network at one point that can be drawn anew, tied on purpose, and decided.
 *
 * A *pivot* of a neuron is a parameter that the network uses once, in that neuron's row, with a
 * coefficient that is not 0 at the point: given all others, the neuron is tied for the few values of
 * the pivot that solve y = kink, and for no other. Which parameter is the pivot depends on all but
 * its own value. So for any h ≥ 0, with E over w uniform in Ω,
 *
 *   E[1{k tied} h(w)] = E[(1/|M_p|) Σ over the solutions v in M_p of h(w with w_p := v)]
 *
 * whose right side is seldom 0 where the left one almost always is. A neuron without a pivot (its
 * inputs are all 0 and it has no bias of its own, or its parameters are shared) is tied or not as
 * it stands. Nothing here uses a theorem: points are decided one by one.
 */
import type { Draws } from './draws.js';

/** One point, decided. Neurons are indices into `neuronsOf`, increasing. */
export interface Decision {
  readonly tied: readonly number[];
  /** Whether `tied` and `relevant` say all; where not, nothing is said of any tie. */
  readonly tiesDecided: boolean;
  /** Per tied neuron: whether AD gives its output a non-zero cotangent, in some sample it is tied in. */
  readonly relevant: readonly boolean[];
  /** Null where undecided. */
  readonly differentiable: boolean | null;
  /** Whether f is differentiable and AD returns something else; null where undecided. */
  readonly incorrect: boolean | null;
}

/** A way in which a neuron is tied: by one value of its pivot, or as it stands. */
export interface PossibleTie {
  readonly neuron: number;
  /** The pivot with the value that ties the neuron. */
  readonly pivot: Place | null;
  /** Whether the pivot has this value at the point as drawn; true without a pivot. */
  readonly present: boolean;
}

/** A parameter and the rank of a value of it. */
export interface Place {
  readonly parameter: number;
  readonly rank: bigint;
}

/** The ties of a neuron whose row alone decides whether it is tied: one of the first layer. */
export interface RowTies {
  readonly neuron: number;
  /** How many choices of the row's parameters tie it, and of how many. */
  readonly count: number;
  readonly of: bigint;
  /** One of these choices, by an index in [0, count). */
  readonly at: (index: number) => readonly Place[];
}

/** Rows of the first layer that are drawn for their ties alone (`row-draws.ts`). */
export interface RowDraws {
  /** R, for each neuron; and how many neurons, the first ones. */
  readonly rows: number;
  readonly units: number;
  /** *Exact.* Draws a neuron's rows; how many of them some bias ties, each by one value of it. */
  readonly draw: (neuron: number, draws: Draws) => number;
  /** One of them, by an index below their number, with that bias. */
  readonly at: (neuron: number, hit: number) => readonly Place[];
}

/** The last hidden layer behind every pattern of alive units (`orientation.ts`). */
export interface Orientations {
  /** Number of patterns. */
  readonly patterns: number;
  /**
   * *Exact.* Per pattern, as a bit mask by unit, which units of the last hidden layer have a possible
   * tie; written over by the next call. The units in front must not be tied at the point as drawn.
   */
  readonly masks: () => Uint8Array;
}

/** Whether a tie of the first layer matters, over the patterns of the layer behind it. */
export interface RowRelevance {
  /** Number of patterns, of the last hidden layer, which is the second. */
  readonly patterns: number;
  /**
   * *Exact.* In how many patterns a choice that ties the neuron makes it relevant, all other rows as
   * drawn up to their signs; null where another neuron is tied as well: then the point is to be decided.
   */
  readonly of: (neuron: number) => number | null;
}

export interface Subject {
  /** Of all neurons of the first layer, where their rows could be gone through; else empty. */
  readonly rowTies: readonly RowTies[];
  /** Null where the rows are gone through, are not the layer's own, or are seldom tied. */
  readonly rowDraws: RowDraws | null;
  /** Null where the hypotheses do not hold, or there are too many patterns. */
  readonly orientations: Orientations | null;
  /** Null where the first layer is not right in front of the last hidden one, or as above. */
  readonly rowRelevance: RowRelevance | null;
  /** Draws every parameter that matters anew, each uniformly over the ranks of its set. */
  draw(draws: Draws): void;
  /**
   * *Exact.* Every possible tie at the point of the neurons from `from` to before `to` (by default
   * all), neuron by neuron; no solution is named twice.
   */
  possibleTies(from?: number, to?: number): readonly PossibleTie[];
  /** *Exact.* Whether one of the first so many neurons is tied at the point as drawn. */
  isTied(neurons: number): boolean;
  /** *Exact.* Whether every unit that an equation gives is 0 at the point as drawn. */
  isSilent(equation: number): boolean;
  /** *Exact.* The point as drawn. */
  decide(): Decision;
  /** *Exact.* The point with the pivot of a possible tie set to its value; then set back. */
  decideTied(tie: PossibleTie): Decision;
  /** *Exact.* The point with other values at some places; then set back. */
  decideAt(places: readonly Place[]): Decision;
}

export const UNTOUCHED: Decision = Object.freeze({
  tied: Object.freeze([]),
  tiesDecided: true,
  relevant: Object.freeze([]),
  differentiable: true,
  incorrect: false,
});
