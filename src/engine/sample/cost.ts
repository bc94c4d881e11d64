/** What a sample costs, in the unit of the counts' estimates: for planning, it decides no answer. */
import { spaceOf } from '../count/space.js';
import type { Network } from '../net/ir.js';

/** Operations of one sample on the grid: once, per parameter drawn, and per entry evaluated. */
const KERNEL = { sample: 2_000, parameter: 60, entry: 20 } as const;
/** Of one in BigInt; a share of the points goes on to rationals. */
const EXACT = { sample: 100_000, parameter: 150, entry: 350 } as const;

/** *Estimate.* Operations of one sample of any method. */
export function sampleCost(network: Network, compiled: boolean): number {
  const cost = compiled ? KERNEL : EXACT;
  const entries = network.equations.reduce(
    (sum, equation) =>
      equation.op === 'dense'
        ? sum + equation.weight.length * (1 + (equation.weight[0]?.length ?? 0))
        : sum,
    0,
  );
  const { digits } = spaceOf(network);
  return (
    cost.sample + cost.parameter * digits.length + cost.entry * entries * network.inputs.length
  );
}
