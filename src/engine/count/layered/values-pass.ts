/** The sum over values alone, without tangents: how often neurons are tied, one, any and in pairs. */
import { jointCost } from './estimate.js';
import { blocksOf, heldJoints, withoutTangents } from './expansion.js';
import type { LayeredNetwork } from './layered-network.js';
import { inOrder, leadingUnits, type Leaders } from './order.js';
import type { Pass } from './pass.js';
import type { Sums } from './sums.js';
import { LastTies, expandValues, initialValues, type ValueState } from './values.js';
import { WHOLE, type Block, type Window } from './window.js';

/** *Exact.* States of values before each layer, as far as they are needed whole. Throws Outgrown. */
export function valueLevels(net: LayeredNetwork): readonly (readonly ValueState[])[] {
  const levels: (readonly ValueState[])[] = [[initialValues(net.input)]];
  const last = isCut(net) ? net.lastKinked - 1 : net.lastKinked;
  for (let index = 0; index < last; index += 1) {
    levels.push(expandValues(net.layers, index, levels[index] ?? [], WHOLE, net.meter));
  }
  return levels;
}

/** Whether the values before the last layer with kinks are needed block by block only. */
function isCut({ lastKinked, stop }: LayeredNetwork): boolean {
  return lastKinked === stop && stop > 0;
}

export class ValuesPass implements Pass {
  readonly blocks: readonly (Block | null)[];
  readonly unknownCost: number;
  readonly heldJoints: number;
  readonly #net: LayeredNetwork;
  readonly #levels: readonly (readonly ValueState[])[];
  readonly #before: readonly ValueState[];
  readonly #isCut: boolean;
  readonly #ties: LastTies;
  readonly #leaders: Leaders;

  constructor(net: LayeredNetwork, levels: readonly (readonly ValueState[])[]) {
    const { lastKinked: last, stop, meter } = net;
    const before = levels[levels.length - 1] ?? [];
    const cut = isCut(net);
    const pair = last === stop ? net.pair : null;
    this.#net = net;
    this.#levels = levels;
    this.#before = before;
    this.#isCut = cut;
    this.#ties = new LastTies(
      net.layer(last),
      net.lawsOf(last),
      pair,
      net.choicesFrom(last),
      meter,
    );
    this.#leaders = cut ? leadingUnits(net.layer(last - 1), undefined) : null;
    const weighted = before.map(withoutTangents);
    this.blocks = cut ? blocksOf(net, last - 1, weighted, false, undefined) : [null];
    this.unknownCost = 0.7 * jointCost(net.layer(last).rows.length);
    this.heldJoints = heldJoints(before.length);
  }

  run(window: Window, first: boolean, into: Sums): number {
    const net = this.#net;
    const { lastKinked: last, stop } = net;
    const states = this.#isCut
      ? expandValues(net.layers, last - 1, this.#before, window, net.meter)
      : this.#before;
    const sums = this.#ties.sums(inOrder(states, this.#leaders));
    into.touched += sums.touched;
    into.pairs += sums.pairs;
    // Whether a neuron in front of further layers is relevant is for its own pass to say.
    const relevant = last === stop;
    sums.neurons.forEach((neuron, unit) => {
      net.addNeuron(into, last, unit, neuron.touched, relevant ? neuron.relevant : 0n);
    });
    for (let index = 0; first && index < last; index += 1) this.#addTouched(into, index);
    return states.length;
  }

  /** What the neurons of an earlier layer are touched. */
  #addTouched(into: Sums, index: number): void {
    const net = this.#net;
    if (!net.hasNeurons(index)) return;
    const states = this.#levels[index] ?? [];
    const layer = net.layer(index);
    const laws = net.lawsOf(index);
    const behind = net.choicesFrom(index + 1);
    for (const units of layer.classes) {
      const row = layer.rows[units[0] ?? 0];
      if (row === undefined) throw new Error('layered: no such unit');
      const prefixes = states.reduce((sum, { z, all }) => sum + all * laws.ties(row, z), 0n);
      const touched = prefixes * (layer.total / row.total) * behind;
      for (const unit of units) net.addNeuron(into, index, unit, touched, 0n);
    }
  }
}
