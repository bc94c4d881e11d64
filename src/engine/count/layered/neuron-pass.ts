/**
 * How often neurons in front of an expansion are relevant: a sum over states with the tangent of one of
 * them alone, for each class of exchangeable neurons.
 */
import { jointCost } from './estimate.js';
import { blocksOf, heldJoints, withoutTangents } from './expansion.js';
import type { LayeredNetwork } from './layered-network.js';
import { inOrder, leadingUnits, type Leaders } from './order.js';
import type { Pass } from './pass.js';
import { expand, type ExpandOptions, type WeightedState } from './states.js';
import type { Sums } from './sums.js';
import type { ValueState } from './values.js';
import { WHOLE, type Block, type Window } from './window.js';

/** The passes of all classes. `levels`: the states of values before each layer. Throws Outgrown. */
export function neuronPasses(
  net: LayeredNetwork,
  levels: readonly (readonly ValueState[])[],
): Pass[] {
  const passes: Pass[] = [];
  for (let index = 0; index <= Math.min(net.lastKinked, net.stop - 1); index += 1) {
    if (!net.hasNeurons(index)) continue;
    const start = (levels[index] ?? []).map(withoutTangents);
    for (const units of net.layer(index).classes) {
      passes.push(new NeuronPass(net, index, units, start));
    }
  }
  return passes;
}

class NeuronPass implements Pass {
  readonly blocks: readonly Block[];
  readonly unknownCost: number;
  readonly heldJoints: number;
  readonly #net: LayeredNetwork;
  readonly #index: number;
  readonly #units: readonly number[];
  readonly #before: readonly WeightedState[];
  /** The unit whose tie the last expansion is to add; undefined where an earlier one did. */
  readonly #tiedUnit: number | undefined;
  readonly #leaders: Leaders;

  /** `start`: the states of values before layer `index`, whose `units` are alike. */
  constructor(
    net: LayeredNetwork,
    index: number,
    units: readonly number[],
    start: readonly WeightedState[],
  ) {
    const last = net.stop - 1;
    let tiedUnit = units[0];
    let before = start;
    for (let at = index; at < last; at += 1) {
      const options = optionsOf(WHOLE, tiedUnit);
      before = expand(net.layers, at, before, options, net.meter, neverBound);
      tiedUnit = undefined;
    }
    this.#net = net;
    this.#index = index;
    this.#units = units;
    this.#before = before;
    this.#tiedUnit = tiedUnit;
    this.#leaders = leadingUnits(net.layer(last), tiedUnit);
    this.blocks = blocksOf(net, last, before, false, tiedUnit);
    // Every state has a tangent.
    this.unknownCost = 2 * jointCost(net.layer(net.stop).rows.length);
    this.heldJoints = heldJoints(before.length);
  }

  run(window: Window, _first: boolean, into: Sums): number {
    const net = this.#net;
    const options = optionsOf(window, this.#tiedUnit);
    const states = expand(net.layers, net.stop - 1, this.#before, options, net.meter, neverBound);
    let [weights, silent] = [0n, 0n];
    for (const { state, weight } of inOrder(states, this.#leaders)) {
      weights += weight;
      silent += weight * net.zeros(state, false);
    }
    const relevant = weights * net.choicesFrom(net.stop) - silent;
    for (const unit of this.#units) net.addNeuron(into, this.#index, unit, 0n, relevant);
    return states.length;
  }
}

function optionsOf(window: Window, tiedUnit: number | undefined): ExpandOptions {
  return { addTies: false, window, ...(tiedUnit === undefined ? {} : { tiedUnit }) };
}

function neverBound(): never {
  throw new Error('layered: a tie is bound where ties are not asked for');
}
