/**
 * Equal samples, taken once. They have equal values, ties, slopes and cotangents, so that
 *
 * - without a loss f is f₀, the distinct samples' outputs, with rows repeated: an injective linear map of
 *   f₀ that AD repeats row by row. A point is in ndf, in inc, touched, or has a relevant tie of a unit for f
 *   exactly if it does for f₀.
 * - a loss is a sum or a mean over samples: where every distinct sample (with its targets) stands
 *   equally often, m times, it is m times the loss of the distinct ones, or the same mean. Where they
 *   do not, their gradients weigh differently (2g₁ + g₂ may vanish where g₁ + g₂ does not), and all
 *   samples are kept.
 */
import type { Network } from '../../net/ir.js';
import { toText } from '../../num/text.js';

/** *Exact.* The network with each sample once where no verdict depends on how often it stands. */
export function withDistinctSamples(network: Network): Network {
  const { inputs, loss } = network;
  const targets = loss?.type === 'mse' ? loss.targets : null;
  const times = new Map<string, number>();
  const kept = inputs.flatMap((input, sample) => {
    const key = [...input, ...(targets?.[sample] ?? [])].map(toText).join(' ');
    const before = times.get(key) ?? 0;
    times.set(key, before + 1);
    return before === 0 ? [sample] : [];
  });
  if (kept.length === inputs.length) return network;
  if (loss !== undefined && new Set(times.values()).size > 1) return network;
  const taken = <T>(all: readonly T[]): T[] => kept.map((sample) => all[sample] as T);
  return {
    ...network,
    inputs: taken(inputs),
    ...(targets === null ? {} : { loss: { type: 'mse', targets: taken(targets) } }),
  };
}
