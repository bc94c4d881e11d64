/**
 * The sums that a layered count is made of: the main pass over states with tangents, one pass per
 * prefix whose ties are bound, one over values alone, and one per class of neurons of the earlier
 * layers over states with its tangent alone.
 *
 * Every pass is cut before its last expansion into blocks that share nothing; `layered.ts` lays them
 * end to end and runs windows of them.
 */
import type { Proxies } from '../../ad/rules.js';
import type { Network } from '../../net/ir.js';
import { approximate } from '../../num/float64.js';
import type { Rational } from '../../num/rational.js';
import { neuronsOf } from '../space.js';
import { countBoundState } from './bound-ties.js';
import { jointCost } from './estimate.js';
import { FinalPair, zerosAtOutputs } from './final.js';
import { orderedClasses } from './joint.js';
import { COST, type Meter } from './meter.js';
import type { Pass } from './pass.js';
import { inOrder, leadingUnits, leadingValues } from './order.js';
import { LayerLaws } from './prefix.js';
import type { RowLayer } from './rows.js';
import { expand, initialState, lawsAt, type BoundState, type WeightedState } from './states.js';
import { isLower, noSums, type Sums } from './sums.js';
import { LastTies, expandValues, initialValues, type ValueState } from './values.js';
import { WHOLE, sortedBlocks, weighBlocks, type Block } from './window.js';
import { pointOf, reachAtOutputs, reachThroughPair, retrace, type Choices } from './witness.js';

/**
 * Enough to share prefixes of laws, and to make the laws of the states before worth their while; few
 * enough that memory stays small however large the whole is.
 */
function heldJoints(before: number): number {
  return Math.max(50_000, 20 * before);
}

export class Passes {
  readonly meter: Meter;
  readonly layers: readonly RowLayer[];
  readonly input: readonly number[];
  /** First layer that is not expanded. */
  readonly stop: number;
  readonly #network: Network;
  readonly #proxies: Proxies;
  /** Last layer with kinks; −1 where there is none. */
  readonly #lastKinked: number;
  /** The last two layers where the output is affine, or null: then the output layer ends alone. */
  readonly #pair: FinalPair | null;
  /** Choices of all parameters of a layer and those behind it. */
  readonly #choicesFrom: readonly bigint[];
  /** Laws of the pre-activations, per layer. */
  readonly #laws: readonly LayerLaws[];
  /** Index among the network's neurons of each layer's first; −1 for layers without kinks. */
  readonly #firstNeuron: readonly number[];
  readonly #neuronCount: number;

  constructor(
    network: Network,
    proxies: Proxies,
    input: readonly number[],
    layers: readonly RowLayer[],
    meter: Meter,
  ) {
    this.#network = network;
    this.#proxies = proxies;
    this.layers = layers;
    this.input = input;
    this.meter = meter;
    this.#lastKinked = layers.findLastIndex((layer) => !layer.grid.tail);
    this.#laws = layers.map((layer) => new LayerLaws(layer.grid, this.meter));
    const hidden = layers[layers.length - 2];
    const hiddenLaws = this.#laws[layers.length - 2];
    const output = layers[layers.length - 1];
    const affineOutput = this.#lastKinked < layers.length - 1;
    this.#pair =
      affineOutput && hidden !== undefined && hiddenLaws !== undefined && output !== undefined
        ? new FinalPair(hidden, hiddenLaws, output, this.meter)
        : null;
    this.stop = layers.length - (this.#pair === null ? 1 : 2);
    const choicesFrom = [1n];
    for (const layer of [...layers].reverse()) {
      choicesFrom.unshift(layer.total * (choicesFrom[0] ?? 1n));
    }
    this.#choicesFrom = choicesFrom;
    const neurons = neuronsOf(network);
    this.#neuronCount = neurons.length;
    this.#firstNeuron = layers.map(({ grid }) =>
      neurons.findIndex(({ equation }) => equation === grid.equation),
    );
  }

  /** Whether some layer is expanded. */
  get expands(): boolean {
    return this.stop > 0 && this.#lastKinked !== -1;
  }

  /** Whether there is nothing to count: no neuron has a kink. */
  get smooth(): boolean {
    return this.#lastKinked === -1;
  }

  /** *Exact.* The sums over nothing. */
  nothing(): Sums {
    return noSums(this.#neuronCount);
  }

  /** *Exact.* The passes, with all levels before their last expansions made. Throws Outgrown. */
  passes(): Pass[] {
    const bound: BoundState[] = [];
    const main = this.#levels(initialState(this.input), 0, true, (state) => bound.push(state));
    const values = this.#valueLevels();
    return [
      this.#mainPass(main),
      ...bound.map((state): Pass => {
        const cost = approximate(this.#choices(state.layer + 1)) * COST.walkParameter;
        return {
          blocks: [null],
          unknownCost: Math.min(cost, Number.MAX_SAFE_INTEGER),
          heldJoints: 1,
          run: (_, __, into, orderOf) => {
            this.#addBound(state, into, orderOf(null));
            return 1;
          },
        };
      }),
      this.#valuesPass(values),
      ...this.#neuronPasses(values),
    ];
  }

  #choices(layer: number): bigint {
    return this.#choicesFrom[layer] ?? 1n;
  }

  #layer(index: number): RowLayer {
    const layer = this.layers[index];
    if (layer === undefined) throw new Error('layered: no such layer');
    return layer;
  }

  #lawsOf(index: number): LayerLaws {
    const laws = this.#laws[index];
    if (laws === undefined) throw new Error('layered: no such layer');
    return laws;
  }

  /** The states before the last expansion, from one state before layer `from`. */
  #levels(
    start: WeightedState,
    from: number,
    addTies: boolean,
    onBound: (state: BoundState) => void,
  ): readonly WeightedState[] {
    let current: readonly WeightedState[] = [start];
    for (let index = from; index < this.stop - 1; index += 1) {
      const options = { addTies, window: WHOLE };
      current = expand(this.layers, index, current, options, this.meter, onBound);
    }
    return current;
  }

  /** States of values before each layer, as far as they are needed whole. */
  #valueLevels(): readonly (readonly ValueState[])[] {
    const levels: (readonly ValueState[])[] = [[initialValues(this.input)]];
    const last = this.#valuesAreCut() ? this.#lastKinked - 1 : this.#lastKinked;
    for (let index = 0; index < last; index += 1) {
      levels.push(expandValues(this.layers, index, levels[index] ?? [], WHOLE, this.meter));
    }
    return levels;
  }

  /** Whether the values before the last layer with kinks are needed block by block only. */
  #valuesAreCut(): boolean {
    return this.#lastKinked === this.stop && this.stop > 0;
  }

  #blocksOf(
    index: number,
    before: readonly WeightedState[],
    addTies: boolean,
    tiedUnit: number | undefined,
  ): readonly Block[] {
    const layer = this.#layer(index);
    const classes = orderedClasses(layer, tiedUnit);
    const joints = new Map<string, { leading: readonly [number, number]; joints: number }>();
    for (const { state } of before) {
      const laws = lawsAt(layer, this.layers[index + 1], state, addTies, this.meter);
      const lawOf = (unit: number): ReturnType<typeof laws> =>
        unit === tiedUnit ? laws(unit).filter((outcome) => outcome.tied) : laws(unit);
      weighBlocks(classes, lawOf, joints, this.meter);
    }
    return sortedBlocks(joints);
  }

  #mainPass(before: readonly WeightedState[]): Pass {
    const { meter } = this;
    const expands = this.stop > 0;
    const last = this.stop - 1;
    const behind = this.#choices(this.stop);
    const leaders = expands ? leadingUnits(this.#layer(last), undefined) : null;
    return {
      blocks: expands ? this.#blocksOf(last, before, true, undefined) : [null],
      unknownCost: jointCost(this.#layer(this.stop).rows.length),
      heldJoints: heldJoints(before.length),
      run: (window, _, into, orderOf) => {
        const bound: BoundState[] = [];
        const states = expands
          ? expand(this.layers, last, before, { addTies: true, window }, meter, (state) => {
              bound.push(state);
            })
          : before;
        into.states += BigInt(states.length);
        let witness: { state: WeightedState; order: bigint } | null = null;
        let [weights, silent] = [0n, 0n];
        const needed = (order: bigint): boolean =>
          isLower(order, into.witnesses.nonDifferentiable?.order);
        for (const found of inOrder(states, leaders, ({ state }) => state.z)) {
          const zeros = this.#zeros(found.state, true);
          weights += found.weight;
          silent += found.weight * zeros;
          if (witness === null && zeros !== behind) {
            const order = orderOf(leadingValues(leaders, found.state.z));
            if (needed(order)) witness = { state: found, order };
          }
        }
        into.nonDifferentiable += weights * behind - silent;
        if (witness !== null) {
          const { state, order } = witness;
          into.witnesses.nonDifferentiable = { order, point: this.#pointBehind(state) };
        }
        for (const state of bound) {
          const z = state.way.outcomes.map((outcome) => outcome.z);
          this.#addBound(state, into, orderOf(leadingValues(leaders, z)));
        }
        return states.length + bound.length;
      },
    };
  }

  #zeros(state: WeightedState['state'], addTies: boolean): bigint {
    return this.#pair === null
      ? zerosAtOutputs(this.#layer(this.stop), state, addTies, this.meter)
      : this.#pair.zeros(state, addTies);
  }

  /** A point behind a state at which some tangent reaches the output. */
  #pointBehind({ state, way }: WeightedState): readonly Rational[] {
    const choices: Choices = new Map();
    if (way !== null) retrace(this.layers, this.stop - 1, way, choices);
    const last = this.#layer(this.stop);
    if (this.#pair === null) reachAtOutputs(last, state, this.meter, choices);
    else reachThroughPair(last, this.#layer(this.stop + 1), state, this.meter, choices);
    return pointOf(this.#network, choices, null);
  }

  #addBound(state: BoundState, into: Sums, order: bigint): void {
    const count = countBoundState(this.#network, this.#proxies, this.layers, state, this.meter);
    if (count.choices !== this.#choices(state.layer + 1)) {
      throw new Error('layered: the cut network has other choices than the rest of the network');
    }
    into.states += 1n;
    for (const set of ['nonDifferentiable', 'incorrect', 'undecided'] as const) {
      into[set] += state.weight * count[set];
      const cutPoint = count.first[set];
      if (cutPoint === null || !isLower(order, into.witnesses[set]?.order)) continue;
      const choices: Choices = new Map();
      retrace(this.layers, state.layer, state.way, choices);
      into.witnesses[set] = { order, point: pointOf(this.#network, choices, cutPoint) };
    }
  }

  #valuesPass(levels: readonly (readonly ValueState[])[]): Pass {
    const cut = this.#valuesAreCut();
    const before = levels[levels.length - 1] ?? [];
    const { meter } = this;
    const last = this.#lastKinked;
    const pair = this.#pair !== null && last === this.stop ? this.#pair : null;
    const ties = new LastTies(
      this.#layer(last),
      this.#lawsOf(last),
      pair,
      this.#choices(last),
      meter,
    );
    const weighted = before.map((state) => withoutTangents(state));
    const leaders = cut ? leadingUnits(this.#layer(last - 1), undefined) : null;
    return {
      blocks: cut ? this.#blocksOf(last - 1, weighted, false, undefined) : [null],
      unknownCost: 0.7 * jointCost(this.#layer(last).rows.length),
      heldJoints: heldJoints(before.length),
      run: (window, first, into) => {
        const states = cut ? expandValues(this.layers, last - 1, before, window, meter) : before;
        const sums = ties.sums(inOrder(states, leaders, ({ z }) => z));
        into.touched += sums.touched;
        into.pairs += sums.pairs;
        // Whether a neuron in front of further layers is relevant is for its own pass to say.
        const relevant = last === this.stop;
        sums.neurons.forEach((neuron, unit) => {
          this.#addNeuron(into, last, unit, neuron.touched, relevant ? neuron.relevant : 0n);
        });
        for (let index = 0; first && index < last; index += 1) {
          this.#addTouched(into, index, levels[index] ?? []);
        }
        return states.length;
      },
    };
  }

  #addTouched(into: Sums, index: number, states: readonly ValueState[]): void {
    if (this.#firstNeuron[index] === -1) return;
    const layer = this.#layer(index);
    const laws = this.#lawsOf(index);
    const behind = this.#choices(index + 1);
    for (const units of layer.classes) {
      const row = layer.rows[units[0] ?? 0];
      if (row === undefined) throw new Error('layered: no such unit');
      const prefixes = states.reduce((sum, { z, all }) => sum + all * laws.ties(row, z), 0n);
      const touched = prefixes * (layer.total / row.total) * behind;
      for (const unit of units) this.#addNeuron(into, index, unit, touched, 0n);
    }
  }

  #addNeuron(into: Sums, layer: number, unit: number, touched: bigint, relevant: bigint): void {
    const first = this.#firstNeuron[layer] ?? -1;
    if (first === -1) return;
    const neuron = into.neurons[first + unit];
    if (neuron === undefined) throw new Error('layered: no such neuron');
    neuron.touched += touched;
    neuron.relevant += relevant;
  }

  /** One pass per class of neurons that are followed by an expansion: T is their tangent alone. */
  #neuronPasses(levels: readonly (readonly ValueState[])[]): Pass[] {
    const passes: Pass[] = [];
    const { meter } = this;
    const last = this.stop - 1;
    const behind = this.#choices(this.stop);
    for (let index = 0; index <= Math.min(this.#lastKinked, last); index += 1) {
      if (this.#firstNeuron[index] === -1) continue;
      for (const units of this.#layer(index).classes) {
        const unit = units[0] as number;
        const start = (levels[index] ?? []).map((state) => withoutTangents(state));
        let tiedUnit: number | undefined = unit;
        let before: readonly WeightedState[] = start;
        for (let at = index; at < last; at += 1) {
          const options = {
            addTies: false,
            window: WHOLE,
            ...(tiedUnit === undefined ? {} : { tiedUnit }),
          };
          before = expand(this.layers, at, before, options, meter, neverBound);
          tiedUnit = undefined;
        }
        const tied = tiedUnit;
        const leaders = leadingUnits(this.#layer(last), tied);
        passes.push({
          blocks: this.#blocksOf(last, before, false, tied),
          // Every state has a tangent.
          unknownCost: 2 * jointCost(this.#layer(this.stop).rows.length),
          heldJoints: heldJoints(before.length),
          run: (window, _, into) => {
            const options = {
              addTies: false,
              window,
              ...(tied === undefined ? {} : { tiedUnit: tied }),
            };
            const states = expand(this.layers, last, before, options, meter, neverBound);
            let [weights, silent] = [0n, 0n];
            for (const { state, weight } of inOrder(states, leaders, (found) => found.state.z)) {
              weights += weight;
              silent += weight * this.#zeros(state, false);
            }
            const relevant = weights * behind - silent;
            for (const each of units) this.#addNeuron(into, index, each, 0n, relevant);
            return states.length;
          },
        });
      }
    }
    return passes;
  }
}

function withoutTangents({ z, all }: ValueState): WeightedState {
  return { state: { z, tangents: [], still: null }, weight: all, way: null };
}

function neverBound(): never {
  throw new Error('layered: a tie is bound where ties are not asked for');
}
