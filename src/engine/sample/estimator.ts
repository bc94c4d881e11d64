/**
 * What every estimator is: a recipe from one random stream to one observation, in exact integers.
 * Its mean over the streams is the density (per set, and per neuron), exactly: it is unbiased. Its
 * values lie between 0 and a range that is known beforehand, so intervals need no further assumption.
 */
import type { Rational } from '../num/rational.js';
import type { Draws } from './draws.js';
import type { Decision } from './subject.js';
import { KINK_MEASURES, MEASURES, type Collector, type Observation } from './sums.js';

export type SampleMethod = 'plain' | 'conditional' | 'union';

export interface Estimator {
  readonly method: SampleMethod;
  /** D: observations are integers in units of 1/D. */
  readonly unit: bigint;
  /** *Upper bound.* The most that a value of a set can be. */
  readonly range: Rational;
  /** *Upper bound.* The most that a value of each neuron can be, in the order of `neuronsOf`. */
  readonly neuronRanges: readonly Rational[];
  /** What a sample without a possible tie gives. */
  readonly usual: Observation;
  /**
   * Draws one sample from a stream that was just begun. Says what became of it: it gives what is
   * `usual` and nothing is written, it is `written`, or it is `kept` by the estimator until `flush`.
   */
  observe(draws: Draws, into: Observation): 'usual' | 'written' | 'kept';
  /** Gives away the sums of all samples kept; null where none ever is. */
  readonly flush: ((into: Collector) => void) | null;
}

/** The measure of points of which it is not known what is tied. */
const TIES_UNDECIDED = MEASURES.indexOf('tiesUndecided');

/** Adds a point that is touched, or may be, of weight `units`, to the sets that it belongs to. */
export function addPoint(decision: Decision, units: bigint, { values }: Observation): void {
  const { differentiable, incorrect, tiesDecided } = decision;
  const add = (measure: number): void => {
    values[measure] = (values[measure] ?? 0n) + units;
  };
  add(tiesDecided ? 0 : TIES_UNDECIDED);
  const kink = differentiable === false;
  const wrong = incorrect === true;
  const open = differentiable === null;
  if (kink) add(1);
  if (kink || open) add(2);
  if (wrong) add(3);
  if (wrong || open) add(4);
  if (kink || wrong) add(5);
  if (kink || wrong || open) add(6);
}

/** *Exact.* Adds points whose ties are free: never undecided, and AD is right where f is smooth. */
export function addFreePoint(touched: bigint, kink: bigint, { values }: Observation): void {
  values[0] = (values[0] ?? 0n) + touched;
  if (kink === 0n) return;
  for (const measure of KINK_MEASURES) values[measure] = (values[measure] ?? 0n) + kink;
}

/** Adds a tie of a neuron, of weight `units`. */
export function addTie(
  neuron: number,
  units: bigint,
  isRelevant: boolean,
  { neurons }: Observation,
): void {
  const known = neurons.get(neuron);
  if (known === undefined) {
    neurons.set(neuron, { touched: units, relevant: isRelevant ? units : 0n });
    return;
  }
  known.touched += units;
  if (isRelevant) known.relevant += units;
}
