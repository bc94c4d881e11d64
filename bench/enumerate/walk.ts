/**
 * The walk's time per tied point, by how many units are tied. The points are those of small networks
 * on which ties meet most: shared weights under maxima, two samples, two hidden layers. L-iff is off, so
 * that every tied point is walked; so is everything else that a verdict takes (values, AD).
 */
import { enumerationOf, judgeOf } from '../../src/engine/index.js';
import { builtFrom, convNetwork, TWO_SAMPLES, type Built } from './cases.js';

export interface WalkRow {
  readonly ties: number;
  /** How many points, and their times in seconds; the largest is of one point, best of `REPEATS`. */
  readonly points: number;
  readonly median: number;
  readonly largest: number;
}

const MOST_TIES = 8;
/** Points of each network that are looked at, evenly spread over its ranks. */
const LOOKED_AT = 3_000;
/** Points of each number of ties, by network, that are walked. */
const WALKED = 60;
/** The best of so many is a point's time: others use the machine. */
const REPEATS = 3;

const TWO_LAYERS = {
  ...TWO_SAMPLES,
  network: {
    inputs: [
      ['1', '2'],
      ['2', '1'],
    ],
    layers: [
      { type: 'dense', units: 2, activation: 'relu' },
      { type: 'dense', units: 2, activation: 'relu' },
      { type: 'dense', units: 1, activation: 'identity' },
    ],
  },
  format: { values: ['-1', '0', '1'] },
};

/** *Estimate.* */
export function walkRows(): WalkRow[] {
  const times = new Map<number, number[]>();
  for (const built of [convNetwork(), builtFrom(TWO_SAMPLES), builtFrom(TWO_LAYERS)]) {
    walkOf(built, times);
  }
  return [...times]
    .sort(([a], [b]) => a - b)
    .map(([ties, seconds]) => {
      const sorted = [...seconds].sort((a, b) => a - b);
      return {
        ties,
        points: sorted.length,
        median: sorted[sorted.length >> 1] ?? NaN,
        largest: sorted[sorted.length - 1] ?? NaN,
      };
    });
}

function walkOf({ network, proxies }: Built, times: Map<number, number[]>): void {
  const { space } = enumerationOf(network, proxies, { generate: false });
  const judge = judgeOf(network, proxies, { fastPath: false });
  const walked = new Map<number, number>();
  const stride = space.visits / BigInt(LOOKED_AT) + 1n;
  for (let rank = 0n; rank < space.visits; rank += stride) {
    const point = space.pointAt(rank);
    const { ties, decidedBy } = judge(point);
    const size = ties.length;
    if (size === 0 || size > MOST_TIES || (walked.get(size) ?? 0) >= WALKED) continue;
    if (decidedBy !== 'walk') throw new Error(`the walk leaves a point of ${size} ties undecided`);
    walked.set(size, (walked.get(size) ?? 0) + 1);
    let best = Infinity;
    for (let k = 0; k < REPEATS; k += 1) {
      const start = performance.now();
      judge(point);
      best = Math.min(best, (performance.now() - start) / 1000);
    }
    const own = times.get(size) ?? [];
    own.push(best);
    times.set(size, own);
  }
}
