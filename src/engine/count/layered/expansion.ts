/** What all passes need of the layers before their last expansions. */
import { orderedClasses, tying } from './joint.js';
import type { LayeredNetwork } from './layered-network.js';
import { expand, lawsAt, type BoundState, type WeightedState } from './states.js';
import type { ValueState } from './values.js';
import { WHOLE, sortedBlocks, weighBlocks, type Block } from './window.js';

/**
 * *Estimate.* About how many joint outcomes a pass should hold: enough to share prefixes of laws, and to make the laws
 * of so many states before worth their while; few enough that memory stays small however large the whole is.
 */
export function heldJoints(before: number): number {
  return Math.max(50_000, 20 * before);
}

/** *Exact.* The states before the last expansion, from one state before the first layer. Throws Outgrown. */
export function statesBefore(
  { layers, stop, meter }: LayeredNetwork,
  start: WeightedState,
  onBound: (state: BoundState) => void,
): readonly WeightedState[] {
  let current: readonly WeightedState[] = [start];
  for (let index = 0; index < stop - 1; index += 1) {
    const options = { addTies: true, window: WHOLE };
    current = expand(layers, index, current, options, meter, onBound);
  }
  return current;
}

/** *Exact.* The blocks that the expansion of a layer is cut into. Throws Outgrown. */
export function blocksOf(
  net: LayeredNetwork,
  index: number,
  before: readonly WeightedState[],
  addTies: boolean,
  tiedUnit: number | undefined,
): readonly Block[] {
  const layer = net.layer(index);
  const classes = orderedClasses(layer, tiedUnit);
  const joints = new Map<string, { leading: readonly [number, number]; joints: number }>();
  for (const { state } of before) {
    const laws = lawsAt(layer, net.layers[index + 1], state, addTies, net.meter);
    weighBlocks(classes, tying(laws, tiedUnit), joints, net.meter);
  }
  return sortedBlocks(joints);
}

/** A state of values as one without tangents. */
export function withoutTangents({ z, all }: ValueState): WeightedState {
  return { state: { z, tangents: [], still: null }, weight: all, way: null };
}
