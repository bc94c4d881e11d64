/**
 * What the first two moments of the number of relevant ties say of a density, and where a
 * theorem's slack comes from.
 *
 * X counts the neurons that are tied and relevant at a point. Where every layer has bias parameters
 * a point is non-differentiable exactly if X ≥ 1 (L-iff), so |ndf| / |Ω| = P(X ≥ 1) lies between
 * what S₁ = E[X] and S₂ = E[X(X − 1) / 2] allow.
 */
import { rational, subtract, ZERO, type Rational } from '../num/rational.js';
import type { NeuronTally } from '../tally.js';

/** Sums over points, in one unit (points of Ω, or visits), and the number of all points. */
export interface Moments {
  /** Σ over points of the relevant ties: S₁·points. */
  readonly ties: bigint;
  /** Σ over points of the pairs of relevant ties, or more: S₂·points. */
  readonly pairs: bigint;
  readonly points: bigint;
}

/** *Upper bound.* P(X ≥ 1) ≤ S₁ (Boole). */
export function firstMoment({ ties, points }: Moments): Rational {
  return rational(ties, points);
}

/**
 * *Lower bound.* P(X ≥ 1) ≥ 2·S₁/(k + 1) − 2·S₂/(k·(k + 1)) with k = 1 + ⌊2·S₂/S₁⌋: the sharpest
 * that S₁ and S₂ allow, so at least S₁²/E[X²] (D. A. Dawson and D. Sankoff, An inequality for
 * probabilities, Proc. AMS 18, 1967). It falls as S₂ grows, so an upper bound of S₂ serves.
 */
export function secondMomentLower({ ties, pairs, points }: Moments): Rational {
  if (ties === 0n) return ZERO;
  const k = 1n + (2n * pairs) / ties;
  return rational(2n * (k * ties - pairs), k * (k + 1n) * points);
}

/** Where a union bound Σ |ndf(σ)| / |M| exceeds a density; the three add up to the whole slack. */
export interface Slack {
  /** The value that would complete the tie is not in the format. */
  readonly format: Rational;
  /** The neuron is tied, and no output depends on it. */
  readonly irrelevance: Rational;
  /** Several neurons are tied and relevant at once. */
  readonly overlap: Rational;
}

/**
 * *Exact.* The slack of a union bound over the neurons, in three parts. None is negative where the
 * bound, the counts and L-iff are right.
 */
export function slackOf(
  bound: Rational,
  density: Rational,
  neurons: readonly NeuronTally[],
  points: bigint,
): Slack {
  const share = (count: (neuron: NeuronTally) => bigint): Rational =>
    rational(
      neurons.reduce((sum, neuron) => sum + count(neuron), 0n),
      points,
    );
  const touched = share((neuron) => neuron.touched);
  const relevant = share((neuron) => neuron.relevant);
  return {
    format: subtract(bound, touched),
    irrelevance: subtract(touched, relevant),
    overlap: subtract(relevant, density),
  };
}
