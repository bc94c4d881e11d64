/**
 * The reference enumerator: every point of a stretch of ranks goes to the judge, in rationals. Slow
 * and plain; it serves where the kernel declines, and it is what the kernel is held to.
 */
import type { AnalyticNetwork } from '../net/ir.js';
import { emptyTally, type Tally } from '../tally.js';
import type { Decision } from '../verdict.js';
import { neuronsOf, type Space } from './space.js';

/** How often progress is told, in points. */
const PROGRESS_POINTS = 256n;

/** *Exact.* The tally of the ranks [from, to). */
export function interpretRange(
  network: AnalyticNetwork,
  space: Space,
  judge: (point: ReturnType<Space['pointAt']>) => Decision,
  from: bigint,
  to: bigint,
  onProgress: (visited: bigint) => void,
): Tally {
  const neurons = neuronsOf(network);
  const empty = emptyTally(neurons.length);
  const index = new Map(
    neurons.map((neuron, k) => [`${String(neuron.equation)} ${String(neuron.unit)}`, k]),
  );
  const counts = neurons.map(() => ({ touched: 0n, relevant: 0n }));
  const witnesses = { ...empty.witnesses } as {
    -readonly [K in keyof Tally['witnesses']]: Tally['witnesses'][K];
  };
  let touched = 0n;
  let nonDifferentiable = 0n;
  let incorrect = 0n;
  let undecided = 0n;
  let tiesUndecided = 0n;
  let pairs = 0n;
  for (let rank = from; rank < to; rank += 1n) {
    const point = space.pointAt(rank);
    const verdict = judge(point);
    if (verdict.ties.length > 0) touched += 1n;
    if (!verdict.tiesDecided) tiesUndecided += 1n;
    const seen = new Map<number, boolean>();
    for (const tie of verdict.ties) {
      const k = index.get(`${String(tie.equation)} ${String(tie.unit)}`);
      if (k !== undefined) seen.set(k, (seen.get(k) ?? false) || tie.relevant);
    }
    const relevantNeurons = BigInt([...seen.values()].filter(Boolean).length);
    pairs += (relevantNeurons * (relevantNeurons - 1n)) / 2n;
    for (const [k, relevant] of seen) {
      const neuron = counts[k];
      if (neuron === undefined) continue;
      neuron.touched += 1n;
      if (relevant) neuron.relevant += 1n;
    }
    if (verdict.differentiable === false) {
      nonDifferentiable += 1n;
      witnesses.nonDifferentiable ??= { order: rank, point };
    } else if (verdict.adCorrect === false) {
      incorrect += 1n;
      witnesses.incorrect ??= { order: rank, point };
    } else if (verdict.decidedBy === 'undecided') {
      undecided += 1n;
      witnesses.undecided ??= { order: rank, point };
    }
    const visited = rank + 1n - from;
    if (visited % PROGRESS_POINTS === 0n) onProgress(visited);
  }
  return {
    done: to - from,
    states: 0n,
    touched,
    nonDifferentiable,
    incorrect,
    undecided,
    tiesUndecided,
    pairs,
    neurons: counts,
    witnesses,
  };
}
