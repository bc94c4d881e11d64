/**
 * The kernel: enumerates a stretch of ranks on the integer grid, in doubles that `grid.ts` proved
 * exact.
 *
 * Prefix reuse: a step of the odometer recomputes from the first layer that the changed digits
 * touch. Tail skipping: where nothing is tied and the layers that the last digits feed have no
 * kinks, no value of those digits can change that, and the whole block is counted at once; a tied block
 * is counted point by point, and remembered where a key determines it (`blocks.ts`). A tied
 * point is decided by L-iff where `truth/freedom.ts` would prove its ties free (the same criterion,
 * restated in `grid-ties.ts` for ties of distinct units); all else goes to the judge. Tests hold
 * the kernel to the reference enumerator digit for digit.
 */
import { emptyTally, type Tally, type Witness } from '../tally.js';
import type { Network } from '../net/ir.js';
import type { Rational } from '../num/rational.js';
import type { Verdict } from '../verdict.js';
import { doubleOf } from '../num/exact-double.js';
import { blockKeyOf } from './blocks.js';
import type { GridProgram } from './grid.js';
import { forEachRelevantTie, freedomOfTies } from './grid-ties.js';
import { forward, layerStatesOf, type LayerState } from './layer-state.js';
import { addMet, noteKind, nothingMet, type Met } from './met.js';
import { Odometer } from './odometer.js';
import { neuronsOf, type Space } from './space.js';

/** Progress is told about this often, in steps of the odometer. */
const PROGRESS_STEPS = 1 << 14;
/** Most blocks that are remembered. */
const MAX_BLOCKS = 1 << 16;

/** *Exact.* The tally of the ranks [from, to); both must lie within 2^53 of each other. */
export function kernelRange(
  network: Network,
  program: GridProgram,
  space: Space,
  judge: (point: Rational[]) => Verdict,
  from: bigint,
  to: bigint,
  onProgress: (visited: bigint) => void,
): Tally {
  const neurons = neuronsOf(network);
  const empty = emptyTally(neurons.length);
  const length = doubleOf(to - from);
  if (length === 0) return empty;
  const { samples } = program;
  const layers = layerStatesOf(network, program);
  const odometer = new Odometer(program, space, from);
  const radices = Float64Array.from(space.radices, doubleOf);
  const keyOf = blockKeyOf(program, radices, odometer);
  const blocks = new Map<number, Met>();
  const met = nothingMet(neurons.length);
  // Stamps keep a unit that is tied in several samples from being counted twice at one point.
  const touchedStamp = new Float64Array(neurons.length).fill(-1);
  const relevantStamp = new Float64Array(neurons.length).fill(-1);
  let stamp = 0;
  let relevantHere = 0;

  const markTouched = (into: Met, neuron: number): void => {
    if (touchedStamp[neuron] === stamp) return;
    touchedStamp[neuron] = stamp;
    into.touchedAt[neuron] = (into.touchedAt[neuron] as number) + 1;
  };
  const markRelevant = (into: Met, neuron: number): void => {
    if (relevantStamp[neuron] === stamp) return;
    relevantStamp[neuron] = stamp;
    // The n-th relevant neuron of a point makes n − 1 new pairs.
    into.pairs += relevantHere;
    relevantHere += 1;
    into.relevantAt[neuron] = (into.relevantAt[neuron] as number) + 1;
  };

  /** True where the point is non-differentiable by L-iff, null where the judge must say. */
  const decideByFreedom = (into: Met): boolean | null => {
    if (!program.reverseExact) return null;
    const freedom = freedomOfTies(layers, program.inputs, samples);
    if (freedom === null) return null;
    let kink = false;
    forEachRelevantTie(layers, samples, (layer, unit, tie) => {
      const state = layers[layer] as LayerState;
      markRelevant(into, state.firstNeuron + unit);
      if (freedom[layer]?.[tie] === 1) kink = true;
    });
    return kink;
  };

  const decideByJudge = (into: Met, rank: bigint): Verdict => {
    const verdict = judge(space.pointAt(rank));
    for (const tie of verdict.ties) {
      const first = neurons.findIndex((neuron) => neuron.equation === tie.equation);
      if (tie.relevant) markRelevant(into, first + tie.unit);
    }
    return verdict;
  };

  /** Counts the touched point at hand, `start + offset`, into what was met from `start` on. */
  const count = (into: Met, start: number, offset: number): void => {
    stamp += 1;
    relevantHere = 0;
    into.touched += 1;
    for (const state of layers) {
      for (let k = 0; k < state.ties; k += 1) {
        markTouched(into, state.firstNeuron + ((state.tied[k] as number) % state.grid.units));
      }
    }
    const kink = decideByFreedom(into);
    if (kink === true) noteKind(into, 'nonDifferentiable', offset);
    if (kink !== null) return;
    const verdict = decideByJudge(into, from + BigInt(start + offset));
    if (verdict.differentiable === false) noteKind(into, 'nonDifferentiable', offset);
    else if (verdict.differentiable === null) noteKind(into, 'undecided', offset);
    else if (verdict.adCorrect === false) noteKind(into, 'incorrect', offset);
  };

  let offset = 0;
  let dirty = 0;
  let steps = 0;
  while (offset < length) {
    let ties = 0;
    for (let layer = 0; layer < layers.length; layer += 1) {
      const state = layers[layer] as LayerState;
      if (layer >= dirty && !state.grid.tail) {
        forward(state, layer === 0 ? program.inputs : (layers[layer - 1] as LayerState).z, samples);
      }
      ties += state.ties;
    }
    const left = odometer.leftInTail();
    if (ties === 0) {
      const skipped = Math.min(left, length - offset);
      offset += skipped;
      dirty = odometer.advance(skipped);
    } else if (keyOf !== null && left === odometer.tailSize && left <= length - offset) {
      const key = keyOf(layers);
      let block = blocks.get(key);
      if (block === undefined) {
        block = nothingMet(neurons.length);
        for (let k = 0; k < left; k += 1) {
          count(block, offset, k);
          dirty = odometer.advance(1);
        }
        if (blocks.size === MAX_BLOCKS) blocks.clear();
        blocks.set(key, block);
      } else {
        dirty = odometer.advance(left);
      }
      addMet(met, block, offset);
      offset += left;
    } else {
      count(met, 0, offset);
      offset += 1;
      dirty = odometer.advance(1);
    }
    steps += 1;
    if (steps % PROGRESS_STEPS === 0) onProgress(BigInt(offset));
  }
  const witnessAt = (at: number): Witness | null => {
    const order = from + BigInt(at);
    return at === -1 ? null : { order, point: space.pointAt(order) };
  };
  return {
    done: to - from,
    states: 0n,
    touched: BigInt(met.touched),
    nonDifferentiable: BigInt(met.counts.nonDifferentiable),
    incorrect: BigInt(met.counts.incorrect),
    undecided: BigInt(met.counts.undecided),
    tiesUndecided: 0n,
    pairs: BigInt(met.pairs),
    neurons: neurons.map((_, k) => ({
      touched: BigInt(met.touchedAt[k] as number),
      relevant: BigInt(met.relevantAt[k] as number),
    })),
    witnesses: {
      nonDifferentiable: witnessAt(met.first.nonDifferentiable),
      incorrect: witnessAt(met.first.incorrect),
      undecided: witnessAt(met.first.undecided),
    },
  };
}
