/**
 * The sum over states with tangents: how many points have a free tie whose tangent reaches the output,
 * and the first of them.
 */
import type { Rational } from '../../num/rational.js';
import { addBound } from './bound-pass.js';
import { jointCost } from './estimate.js';
import { blocksOf, heldJoints } from './expansion.js';
import type { LayeredNetwork } from './layered-network.js';
import { inOrder, leadingUnits, leadingValues, type Leaders } from './order.js';
import type { OrderOf, Pass } from './pass.js';
import { expand, valuesOf, type BoundState, type WeightedState } from './states.js';
import { isLower, type Sums } from './sums.js';
import type { Block, Window } from './window.js';
import { pointOf, reachAtOutputs, reachThroughPair, retrace, type Choices } from './witness.js';

export class MainPass implements Pass {
  readonly blocks: readonly (Block | null)[];
  readonly unknownCost: number;
  readonly heldJoints: number;
  readonly #net: LayeredNetwork;
  readonly #before: readonly WeightedState[];
  readonly #leaders: Leaders;

  /** `before`: the states before the last expansion; all of them where nothing is expanded. */
  constructor(net: LayeredNetwork, before: readonly WeightedState[]) {
    const { stop } = net;
    this.#net = net;
    this.#before = before;
    this.#leaders = stop > 0 ? leadingUnits(net.layer(stop - 1), undefined) : null;
    this.blocks = stop > 0 ? blocksOf(net, stop - 1, before, true, undefined) : [null];
    this.unknownCost = jointCost(net.layer(stop).rows.length);
    this.heldJoints = heldJoints(before.length);
  }

  run(window: Window, _first: boolean, into: Sums, orderOf: OrderOf): number {
    const net = this.#net;
    const behind = net.choicesFrom(net.stop);
    const bound: BoundState[] = [];
    const states = this.#expanded(window, bound);
    into.states += BigInt(states.length);
    let witness: { state: WeightedState; order: bigint } | null = null;
    let [weights, silent] = [0n, 0n];
    for (const found of inOrder(states, this.#leaders)) {
      const zeros = net.zeros(found.state, true);
      weights += found.weight;
      silent += found.weight * zeros;
      if (witness === null && zeros !== behind) {
        const order = orderOf(leadingValues(this.#leaders, found.state.z));
        if (isLower(order, into.witnesses.nonDifferentiable?.order)) {
          witness = { state: found, order };
        }
      }
    }
    into.nonDifferentiable += weights * behind - silent;
    if (witness !== null) {
      const { state, order } = witness;
      into.witnesses.nonDifferentiable = { order, point: pointBehind(net, state) };
    }
    for (const state of bound) {
      const z = valuesOf(state.way.outcomes);
      addBound(net, state, into, orderOf(leadingValues(this.#leaders, z)));
    }
    return states.length + bound.length;
  }

  #expanded(window: Window, bound: BoundState[]): readonly WeightedState[] {
    const { layers, stop, meter } = this.#net;
    if (stop === 0) return this.#before;
    return expand(layers, stop - 1, this.#before, { addTies: true, window }, meter, (state) => {
      bound.push(state);
    });
  }
}

/** A point behind a state at which some tangent reaches the output. */
function pointBehind(net: LayeredNetwork, { state, way }: WeightedState): readonly Rational[] {
  const choices: Choices = new Map();
  if (way !== null) retrace(net.layers, net.stop - 1, way, choices);
  const last = net.layer(net.stop);
  if (net.pair === null) reachAtOutputs(last, state, net.meter, choices);
  else reachThroughPair(last, net.layer(net.stop + 1), state, net.meter, choices);
  return pointOf(net.network, choices, null);
}
