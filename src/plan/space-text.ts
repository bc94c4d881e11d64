/** The size of Ω on the wire: every digit, and what a reader takes in at a glance. */
import { log10Estimate, rational, toDouble } from '../engine/index.js';
import type { SpaceText } from '../schemas/result-parts.js';

/**
 * *Exact.* The text of |Ω| beside its logarithm and its nearest double. Made once per plan: hundreds
 * of thousands of digits take a while.
 */
export function spaceText(parameters: number, size: bigint): SpaceText {
  const value = toDouble(rational(size));
  return {
    parameters,
    size: String(size),
    log10: log10Estimate(size),
    value: Number.isFinite(value) ? value : null,
  };
}
