/**
 * Intervals for the mean of bounded values that hold at every look at once: the predictable plug-in
 * empirical-Bernstein confidence sequence, each side with bets of its own. With values scaled to
 * [0, 1], predictions Ẑ_b, bets λ_b in [0, 1) and reaches c_b that depend on earlier stretches only,
 * β_b = λ_b/c_b and ψ(λ) = −ln(1 − λ) − λ, the lower end
 *
 *   Σ_b β_b S_b / Σ_b β_b n_b  −  (ln(2/α) + Σ_b ψ(λ_b) Q_b/c_b²) / Σ_b β_b n_b,   c_b ≥ Ẑ_b,
 *
 * is below the mean at all looks with probability at least 1 − α/2, whatever the law of the values;
 * n_b, S_b, Q_b are a stretch's number of samples, its sum and its sum of (x − Ẑ_b)². For y ≥ −1,
 * exp(λy − ψ(λ)y²) ≤ 1 + λy; here y = (x − Ẑ_b)/c_b, so that the products of the left sides, times
 * exp(−β_b(mean − Ẑ_b)), are a supermartingale, to which Ville's inequality applies. The upper end
 * mirrors it, with c_b ≥ 1 − Ẑ_b. How far a value can fall on a side is all that limits that side's
 * bets. They only steer the width: towards a relative error, or a number of samples.
 * S and Q are exact integers; what is done in doubles is rounded outward by far more than it loses.
 *
 * Source: I. Waudby-Smith, A. Ramdas, *Estimating means of bounded random variables by betting*,
 * JRSS B 86 (2024), Theorem 2; X. Fan, I. Grama, Q. Liu, *Exponential inequalities for martingales
 * with applications*, Electronic Journal of Probability 20 (2015), Lemma 4.1; S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, *Time-uniform,
 * nonparametric, nonasymptotic confidence sequences*, Annals of Statistics 49 (2021), section 3.
 */
import { quotientNear } from '../num/exact-double.js';
import { toDouble } from '../num/float64.js';
import { rational } from '../num/rational.js';
import type { Sum } from './sums.js';

/** A stretch between two looks. */
export interface Stretch {
  readonly samples: number;
  readonly sum: Sum;
}

export interface Aim {
  /** Error probability of both sides together, in (0, 1). */
  readonly alpha: number;
  /** Samples at which the interval should be short; more or fewer may come. */
  readonly samples: number;
  /** Relative error at which sampling stops; null where it does not stop so. */
  readonly relativeError: number | null;
  /** Whether sampling may stop at any time: then no later number of samples is aimed at. */
  readonly isTimed: boolean;
}

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** Largest bet: what is gained beyond it is little, and ψ has its pole at 1. */
const LARGEST_BET = 0.95;
/** Below it the root is within a few percent. */
const SMALL_RATIO = 1e-3;
/** Leave the bet uncertain by 10⁻⁵. */
const BISECTIONS = 17;
/** A double computation of some hundred roundings loses less than this, relatively. */
const OUTWARD = 1e-11;
/** A quotient between them did not come about by a number that leaves the doubles. */
const LEAST_TRUSTED = 1e-200;
const GREATEST_TRUSTED = 1e200;
/** Square of a deviation that is reckoned with before it is seen. */
const UNSEEN = 1 / 16;
/** Where the end is not known, about as much lies ahead as was spent. */
const AHEAD = 2;
/** Smallest reach of the lower side, where nothing was seen; any positive number is one. */
const LEAST_REACH = 2 ** -20;
/** More than the doubles lose of a mean, and more than the places of predictions cut off. */
const REACH_SLACK = 1e-9;
/** Binary places of the predictions behind those of an observation. */
const PLACES = 32n;

/** One end of the intervals, growing. */
interface Side {
  /** Σ β n, Σ β S and Σ ψ(λ) Q/c². */
  weight: number;
  weighted: number;
  spread: number;
}

/**
 * *Exact coverage; the ends rounded outward.* The intervals for the mean after each stretch, as
 * multiples of `range`; the values of the sums lie in [0, range], an integer.
 */
export function confidenceSequence(
  stretches: readonly Stretch[],
  range: bigint,
  aim: Aim,
): Interval[] {
  if (range === 0n) return stretches.map(() => ({ lower: 0, upper: 0 }));
  const logTerm = Math.log(2 / aim.alpha);
  const squared = range * range;
  const predicted = squared << (2n * PLACES);
  let samples = 0;
  let first = 0n;
  let second = 0n;
  const below: Side = { weight: 0, weighted: 0, spread: 0 };
  const above: Side = { weight: 0, weighted: 0, spread: 0 };
  return stretches.map(({ samples: n, sum }) => {
    const mean = samples === 0 ? 0 : scaled(first, range) / samples;
    // Part of an event that was not seen is reckoned with: the bet must not take "never" for granted.
    const squares = Math.max(0, scaled(second, squared) - samples * mean * mean);
    const variance = samples === 0 ? 1 : (squares + UNSEEN) / (samples + 1);
    // Ẑ in units of 2^-PLACES of an observation's own unit, so that it may lie between two of them.
    const prediction = samples === 0 ? 0n : (first << PLACES) / BigInt(samples);
    const deviation = scaled(
      (sum.second << (2n * PLACES)) -
        ((2n * prediction * sum.first) << PLACES) +
        BigInt(n) * prediction * prediction,
      predicted,
    );
    const total = scaled(sum.first, range);
    // Ẑ is at most the mean of doubles but for roundings, and at least that less 2^-PLACES.
    const add = (side: Side, reach: number): void => {
      const bet = betOf(mean, variance, reach, samples, logTerm, aim);
      side.weight += (bet / reach) * n;
      side.weighted += (bet / reach) * total;
      side.spread += (psi(bet) / reach / reach) * deviation;
    };
    add(below, Math.max(LEAST_REACH, mean * (1 + REACH_SLACK)));
    add(above, Math.min(1, 1 - mean + REACH_SLACK));
    samples += n;
    first += sum.first;
    second += sum.second;
    const endOf = ({ weight, weighted, spread }: Side, sign: 1 | -1): number => {
      const centre = weighted / weight;
      const half = (logTerm + spread) / weight;
      return centre + sign * (half + OUTWARD * (centre + half));
    };
    return { lower: Math.max(0, endOf(below, -1)), upper: Math.min(1, endOf(above, 1)) };
  });
}

/** n / d within a few roundings, d positive. */
function scaled(n: bigint, d: bigint): number {
  const near = quotientNear(n, d);
  if (near > LEAST_TRUSTED && near < GREATEST_TRUSTED) return near;
  // The double is that of the quotient, reduced or not, and reducing costs a gcd of long numbers.
  return toDouble({ n, d });
}

/** The bet whose sequence is shortest at the number of samples at which the end is expected. */
function betOf(
  mean: number,
  variance: number,
  reach: number,
  before: number,
  logTerm: number,
  aim: Aim,
): number {
  const soon = AHEAD * Math.max(64, before);
  let end = aim.samples;
  if (aim.relativeError !== null && mean > 0) {
    // What the spread demands, and what the reach does; past it, another density is waited for.
    const wanted = aim.relativeError * mean;
    const needed =
      (2 * logTerm * variance) / wanted ** 2 + (logTerm * reach) / (LARGEST_BET * wanted);
    end = Math.min(end, Math.max(needed, soon));
  }
  if (aim.isTimed) end = Math.min(end, soon);
  return shortestBet((logTerm / (variance * end)) * reach ** 2);
}

/**
 * *Estimate.* The λ that makes (ln(2/α) + ψ(λ)V)/λ least, where λψ′(λ) − ψ(λ) = ln(2/α)/V: near
 * √(2 ln(2/α)/V) while that is small.
 */
function shortestBet(ratio: number): number {
  if (ratio < SMALL_RATIO) return Math.sqrt(2 * ratio);
  let low = 0;
  let high = LARGEST_BET;
  for (let step = 0; step < BISECTIONS; step += 1) {
    const bet = (low + high) / 2;
    if (bet ** 2 / (1 - bet) + Math.log1p(-bet) + bet < ratio) low = bet;
    else high = bet;
  }
  return (low + high) / 2;
}

/** *Upper bound.* −ln(1 − λ) − λ for λ in [0, 0.95]; the series has no cancellation. */
function psi(bet: number): number {
  let sum = 0;
  let power = bet;
  for (let k = 2; k < 1000; k += 1) {
    power *= bet;
    const term = power / k;
    sum += term;
    if (term < sum * 1e-18) break;
  }
  return sum * (1 + 1e-13);
}

/** *Estimate.* Standard deviation of the mean, over the mean; null where nothing was seen. */
export function relativeStandardError(samples: number, { first, second }: Sum): number | null {
  if (first === 0n || samples === 0) return null;
  const spread = BigInt(samples) * second - first * first;
  if (spread <= 0n) return 0;
  // Digits before the double: sums of squares may be beyond 10^308.
  const ratio = toDouble(rational(spread, first * first));
  return Math.sqrt(ratio / samples);
}
