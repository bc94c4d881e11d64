/** Prefixes in front of rows whose ties would be bound: each is decided by the walk. */
import { approximate } from '../../num/float64.js';
import { countBoundState } from './bound-ties.js';
import type { LayeredNetwork } from './layered-network.js';
import { COST } from './meter.js';
import type { OrderOf, Pass } from './pass.js';
import type { BoundState } from './states.js';
import { isLower, type Sums } from './sums.js';
import type { Window } from './window.js';
import { pointOf, retrace, type Choices } from './witness.js';

export class BoundPass implements Pass {
  readonly blocks: readonly null[] = [null];
  readonly unknownCost: number;
  readonly heldJoints = 1;
  readonly #net: LayeredNetwork;
  readonly #state: BoundState;

  constructor(net: LayeredNetwork, state: BoundState) {
    this.#net = net;
    this.#state = state;
    const cost = approximate(net.choicesFrom(state.layer + 1)) * COST.walkParameter;
    this.unknownCost = Math.min(cost, Number.MAX_SAFE_INTEGER);
  }

  run(_window: Window, _first: boolean, into: Sums, orderOf: OrderOf): number {
    addBound(this.#net, this.#state, into, orderOf(null));
    return 1;
  }
}

/** *Exact.* Adds what the walk says of everything behind a state. Throws Outgrown. */
export function addBound(net: LayeredNetwork, state: BoundState, into: Sums, order: bigint): void {
  const count = countBoundState(net.network, net.proxies, net.layers, state, net.meter);
  if (count.choices !== net.choicesFrom(state.layer + 1)) {
    throw new Error('layered: the cut network has other choices than the rest of the network');
  }
  into.states += 1n;
  for (const set of ['nonDifferentiable', 'incorrect', 'undecided'] as const) {
    into[set] += state.weight * count[set];
    const cutPoint = count.first[set];
    if (cutPoint === null || !isLower(order, into.witnesses[set]?.order)) continue;
    const choices: Choices = new Map();
    retrace(net.layers, state.layer, state.way, choices);
    into.witnesses[set] = { order, point: pointOf(net.network, choices, cutPoint) };
  }
}
