/**
 * The error analysis of the filter: what float64 evaluation of one neuron can be wrong by.
 *
 * Model (IEEE 754 binary64, round to nearest; Higham, Accuracy and Stability of Numerical
 * Algorithms, 2nd ed., sections 2.2, 3.1 and, for underflow, 2.8): where nothing overflows,
 * fl(a op b) = (a op b)(1 + δ) + ε with |δ| ≤ u = 2^-53, |ε| ≤ η = 2^-1075, and ε = 0 for sums.
 * γ_k = k·u/(1 − k·u); k factors (1 + δ) make 1 + θ with |θ| ≤ γ_k (lemma 3.1).
 *
 * A neuron is y = Σ_j a_j·z_j + b over n inputs. We hold â, b̂ (each within r roundings of its
 * entry), ẑ and e with |z_j − ẑ_j| ≤ e_j. In whatever order the n products and b̂ are added, a term
 * meets one product, at most n additions and r roundings of its entry, so with k = n + 1 + r
 *
 *   (1)  |ŷ − y| ≤ Σ|a_j|(γ_k|ẑ_j| + e_j) + γ_k|b| + n·η(1 + γ_n),   |a| ≤ |â|(1 − u)^-r.
 *
 * Running bound. T_j = ((g|ẑ_j| + 2η) + e_j), or e_j where ẑ_j = 0, for g ≥ γ_k, loses at most two
 * factors (1 − u): 2η makes up for the underflow of g|ẑ_j|. S = g|b̂| + Σ|â_j|T_j loses n + 1 more
 * and (n + 1)η to underflow. So the right side of (1) is at most
 * (1 − u)^-(n+3+r) (S + (n + 1)η) + n·η(1 + γ_n), and
 *
 *   (2)  B = S·up + abs   with up ≥ (1 − u)^-(n+5+r) and abs ≥ (1 + γ)(2n + 2)η
 *
 * covers it, its own two roundings and the underflow of S·up (another η) included.
 *
 * Norm bound. B = (N·up' )·τ + (g|b̂|·up + abs) with N = Σ|â_j| and τ = max T_j: N loses n − 1 factors,
 * the products and the sum three, T_j two, the entries r: n + 4 + r ≤ n + 8 + r. N·up' may be
 * subnormal and then loses up to η, which τ multiplies, so 2η is added to it.
 *
 * Constants, each exact as a double: γ_k ≤ (k + 1)u for k ≤ 2^22, so g = (n + 2 + r)u;
 * (1 − u)^-m ≤ 1 + 2mu for mu ≤ 1/2, so up = 1 + 2(n + 8 + r)u; abs = (2n + 4)·2η. For n > 2^21
 * they are NaN, which proves nothing.
 *
 * Decisions need no constant: rounding is monotone, so fl(ŷ − B) > c for a double c only where
 * ŷ − B > c. A bound or a sum that is not finite fails every such comparison (`pieces.ts`).
 */

/** u: half the distance from 1 to the next double. */
export const UNIT: number = 2 ** -53;
/** 2η, the least positive double. */
export const LEAST: number = Number.MIN_VALUE;
/** 2^-1022: below it products may lose more than u of themselves. */
export const LEAST_NORMAL: number = 2 ** -1022;
const MAX_FAN_IN = 2 ** 21;

/** What the bounds of one row need to know; see the header. */
export interface RowConstants {
  /** At least γ_{n+1+r}. */
  readonly gamma: number;
  /** At least (1 − u)^-(n+8+r). */
  readonly up: number;
  readonly absolute: number;
}

/** *Upper bound.* The constants of a row of n products whose entries carry r roundings each. */
export function rowConstants(n: number, roundings: number): RowConstants {
  if (n > MAX_FAN_IN) return { gamma: NaN, up: NaN, absolute: NaN };
  return {
    gamma: (n + 2 + roundings) * UNIT,
    up: 1 + (n + 8 + roundings) * 2 * UNIT,
    absolute: (2 * n + 4) * LEAST,
  };
}

/** *Upper bound.* |r − x̂| where x̂ ≠ 0 is the normal double nearest to r: |r| ≤ |x̂|/(1 − u). */
export function nearestError(approximation: number): number {
  return Math.abs(approximation) * (2 * UNIT);
}
