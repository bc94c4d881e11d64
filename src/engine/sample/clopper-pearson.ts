/**
 * The exact interval of Clopper and Pearson for a probability, from k events in n independent
 * trials: it covers at least as often as it says, for every n, k and probability. The beta quantile
 * is the library's (a port of Boost's); each end is moved outward and then checked by the beta
 * distribution function, so that the quantile's rounding cannot make the interval too short.
 *
 * Source: C. J. Clopper, E. S. Pearson, *The use of confidence or fiducial limits illustrated in the
 * case of the binomial*, Biometrika 26 (1934).
 */
import cdf from '@stdlib/stats-base-dists-beta-cdf';
import quantile from '@stdlib/stats-base-dists-beta-quantile';
import type { Interval } from './confidence-sequence.js';

/** First step outward, relative to the end; doubled until the check is passed. */
const FIRST_STEP = 1e-10;
const STEPS_MAX = 20;

/** *At least 1 − alpha.* Ends in [0, 1]; k events in n trials. Throws where the library fails its check. */
export function clopperPearson(k: number, n: number, alpha: number): Interval {
  if (n === 0) return { lower: 0, upper: 1 };
  const tail = alpha / 2;
  const lower =
    k === 0
      ? 0
      : outward(
          quantile(tail, k, n - k + 1),
          (end, step) => end * (1 - step),
          (end) => cdf(end, k, n - k + 1) <= tail,
        );
  const upper =
    k === n
      ? 1
      : outward(
          quantile(1 - tail, k + 1, n - k),
          (end, step) => Math.min(1, end + step * Math.min(end, 1)),
          (end) => cdf(end, k + 1, n - k) >= 1 - tail,
        );
  return { lower, upper };
}

function outward(
  end: number,
  move: (end: number, step: number) => number,
  isFar: (end: number) => boolean,
): number {
  let step = FIRST_STEP;
  for (let tries = 0; tries < STEPS_MAX; tries += 1) {
    const moved = move(end, step);
    if (isFar(moved)) return moved;
    step *= 2;
  }
  throw new Error(`clopperPearson: the quantile ${String(end)} does not pass its check`);
}
