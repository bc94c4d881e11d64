/**
 * The union of rare events, by Karp and Luby's coverage: with A_k = {neuron k is tied} and N(w) the
 * number of neurons tied at w, 1{w in some A_k} = Σ_k 1{w ∈ A_k}/N(w). So for any set S of touched
 * points
 *
 *   P(S) = Σ_k E[1{w ∈ A_k} 1{w ∈ S} / N(w)],
 *
 * and each term is integrated over the pivot of neuron k (`subject.ts`): draw w, put each pivot on
 * each value that ties its neuron, decide that point, weigh it by 1/(|M_p| N). Karp and Luby draw
 * one k in proportion to P(A_k); here every k is taken in every sample, the average over that draw,
 * which is the same mean with less variance and needs no P(A_k). Values are at most Σ_k 1/|M_p|,
 * the bound of the theorem where every layer has biases: events of density 10⁻⁹ are not rare on
 * that scale, so the error relative to the density is bounded by samples that can be afforded.
 *
 * Source: R. M. Karp, M. Luby, N. Madras, *Monte-Carlo approximation algorithms for enumeration
 * problems*, Journal of Algorithms 10 (1989), section 4.
 */
import type { ChainNetwork } from '../net/chain.js';
import { ONE, lcm } from '../num/rational.js';
import { addPoint, addTie, type Estimator } from './estimator.js';
import { rowsOf, sizeOf, weightBound, type Row } from './pivots.js';
import type { Decision, PossibleTie, Subject } from './subject.js';
import { noObservation, type Observation } from './sums.js';

/** Of more neurons tied at once only the first so many carry weight; keeps denominators small. */
const COVERED = 12;

/** Weighs possible ties, in units of 1/D. */
export interface TieWeights {
  readonly unit: bigint;
  /** Adds the point that a possible tie makes to the sets, and the tie to its neuron. */
  readonly add: (subject: Subject, tie: PossibleTie, into: Observation) => void;
  /** The same for a decided point that was drawn from those in which a neuron is tied. */
  readonly addDrawn: (neuron: number, share: bigint, decision: Decision, into: Observation) => void;
}

/**
 * *Exact.* The weights of the ties of the neurons `isCovered`; `unit` is a multiple of `least`, also
 * where it is shared out among neurons tied at once. The weights of all ties of one point add up to 1.
 */
export function tieWeights(
  network: ChainNetwork,
  rows: readonly Row[],
  isCovered: (neuron: number) => boolean,
  least: bigint,
): TieWeights {
  const covered = Math.max(1, Math.min(COVERED, rows.filter((_, k) => isCovered(k)).length));
  const overlaps = Array.from({ length: covered }, (_, k) => BigInt(k + 1)).reduce(lcm, 1n);
  const sizes = rows.flatMap(({ own }, k) =>
    isCovered(k) ? own.map(({ parameter }) => sizeOf(network, parameter)) : [],
  );
  const unit = [...new Set(sizes)].reduce(lcm, least) * overlaps;
  const shareOf = (parameter: number): bigint => unit / sizeOf(network, parameter);
  const shares = new Map<number, bigint>();
  const addDrawn: TieWeights['addDrawn'] = (neuron, share, decision, into) => {
    const at = decision.tied.indexOf(neuron);
    if (at === -1) throw new Error('tieWeights: the neuron is not tied where it should be');
    addTie(neuron, share, decision.relevant[at] === true, into);
    const together = decision.tied.filter(isCovered);
    if (together.length <= covered) addPoint(decision, share / BigInt(together.length), into);
    else if (together.indexOf(neuron) < covered) addPoint(decision, share / BigInt(covered), into);
  };
  return {
    unit,
    addDrawn,
    add(subject, tie, into) {
      const { neuron, pivot } = tie;
      let share = unit;
      if (pivot !== null) {
        share = shares.get(pivot.parameter) ?? shareOf(pivot.parameter);
        shares.set(pivot.parameter, share);
      }
      addDrawn(neuron, share, subject.decideTied(tie), into);
    },
  };
}

/** The estimator that ties every neuron in turn. */
export function unionEstimator(network: ChainNetwork, subject: Subject): Estimator {
  const rows = rowsOf(network);
  const weights = tieWeights(network, rows, () => true, 1n);
  return {
    method: 'union',
    unit: weights.unit,
    range: weightBound(rows),
    neuronRanges: rows.map(({ weight, always }) => (always ? weight : ONE)),
    usual: noObservation(),
    flush: null,
    observe(draws, into) {
      subject.draw(draws);
      const ties = subject.possibleTies();
      for (const tie of ties) weights.add(subject, tie, into);
      return ties.length === 0 ? 'usual' : 'written';
    },
  };
}
