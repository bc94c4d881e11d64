/** What a sample costs, in the unit of the counts' estimates: for planning, it decides no answer. */
import { spaceOf } from '../count/space.js';
import { isChain } from '../net/chain.js';
import { isPolynomial, type AnalyticNetwork, type Network } from '../net/ir.js';
import { toDouble } from '../num/float64.js';
import { isForDoubles } from './no-tie-doubles.js';
import { orientedLayerOf } from './orientation.js';
import { rowsOf } from './pivots.js';

/** Operations of one sample on the grid: once, per parameter drawn, and per entry evaluated. */
const KERNEL = { sample: 2_000, parameter: 60, entry: 20 } as const;
/** Of one that doubles pass, and what a point costs besides that has a possible tie. */
const DOUBLES = { sample: 1_000, parameter: 15, entry: 8 } as const;
const TIED = 150_000;
/** Of one in BigInt; a share of the points goes on to rationals. */
const EXACT = { sample: 100_000, parameter: 150, entry: 350 } as const;

/** Of one over exact real numbers, per parameter. */
const REAL_PARAMETER = 60_000;

/** *Estimate.* Operations of one sample of any method. */
export function sampleCost(network: AnalyticNetwork, compiled: boolean): number {
  if (!isPolynomial(network)) return REAL_PARAMETER * Math.max(1, network.parameters.length);
  const inDoubles = !compiled && isChain(network) && isForDoubles(network);
  const cost = compiled ? KERNEL : inDoubles ? DOUBLES : EXACT;
  const entries = network.equations.reduce(
    (sum, equation) =>
      equation.op === 'dense'
        ? sum + equation.weight.length * (1 + (equation.weight[0]?.length ?? 0))
        : sum,
    0,
  );
  const { digits } = spaceOf(network);
  return (
    (inDoubles ? TIED * tiedShare(network) : 0) +
    cost.sample +
    cost.parameter * digits.length +
    cost.entry * entries * network.inputs.length
  );
}

/** *Estimate.* The share of the points that have a possible tie: a few in narrow formats. */
function tiedShare(network: Network): number {
  if (!isChain(network)) return 1;
  const oriented = orientedLayerOf(network);
  const share = rowsOf(network).reduce(
    (sum, { weight }) => sum + toDouble(weight),
    oriented === null ? 0 : 2 ** -oriented.units,
  );
  return Math.min(1, share);
}
