/**
 * The sums that a layered count is made of: the main pass over states with tangents, one pass per
 * prefix whose ties are bound, one over values alone, and one per class of neurons of the earlier
 * layers over states with its tangent alone.
 *
 * Every pass is cut before its last expansion into blocks that share nothing; `layered.ts` lays them
 * end to end and runs windows of them.
 */
import { BoundPass } from './bound-pass.js';
import { statesBefore } from './expansion.js';
import type { LayeredNetwork } from './layered-network.js';
import { MainPass } from './main-pass.js';
import { neuronPasses } from './neuron-pass.js';
import type { Pass } from './pass.js';
import { initialState, type BoundState } from './states.js';
import { ValuesPass, valueLevels } from './values-pass.js';

/** *Exact.* The passes, with all levels before their last expansions made. Throws Outgrown. */
export function passesOf(net: LayeredNetwork): Pass[] {
  const bound: BoundState[] = [];
  const before = statesBefore(net, initialState(net.input), (state) => bound.push(state));
  const levels = valueLevels(net);
  return [
    new MainPass(net, before),
    ...bound.map((state) => new BoundPass(net, state)),
    new ValuesPass(net, levels),
    ...neuronPasses(net, levels),
  ];
}
