/**
 * The network as a layered count sees it: its rows and their laws, where expanding stops, and how
 * many choices of parameters lie behind each layer. All passes share one.
 */
import type { Proxies } from '../../ad/rules.js';
import type { Network } from '../../net/ir.js';
import { neuronsOf } from '../space.js';
import { FinalPair, zerosAtOutputs } from './final.js';
import type { State } from './law.js';
import type { Meter } from './meter.js';
import { LayerLaws } from './prefix.js';
import type { RowLayer } from './rows.js';
import { noSums, type Sums } from './sums.js';

export class LayeredNetwork {
  readonly network: Network;
  readonly proxies: Proxies;
  readonly input: readonly number[];
  readonly layers: readonly RowLayer[];
  readonly meter: Meter;
  /** First layer that is not expanded. */
  readonly stop: number;
  /** Last layer with kinks; −1 where there is none. */
  readonly lastKinked: number;
  /** The last two layers where the output is affine, or null: then the output layer ends alone. */
  readonly pair: FinalPair | null;
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
    this.network = network;
    this.proxies = proxies;
    this.layers = layers;
    this.input = input;
    this.meter = meter;
    this.lastKinked = layers.findLastIndex((layer) => !layer.grid.tail);
    this.#laws = layers.map((layer) => new LayerLaws(layer.grid, meter));
    const hidden = layers[layers.length - 2];
    const hiddenLaws = this.#laws[layers.length - 2];
    const output = layers[layers.length - 1];
    const affineOutput = this.lastKinked < layers.length - 1;
    this.pair =
      affineOutput && hidden !== undefined && hiddenLaws !== undefined && output !== undefined
        ? new FinalPair(hidden, hiddenLaws, output, meter)
        : null;
    this.stop = layers.length - (this.pair === null ? 1 : 2);
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
    return this.stop > 0 && this.lastKinked !== -1;
  }

  /** Whether there is nothing to count: no neuron has a kink. */
  get smooth(): boolean {
    return this.lastKinked === -1;
  }

  layer(index: number): RowLayer {
    const layer = this.layers[index];
    if (layer === undefined) throw new Error('layered: no such layer');
    return layer;
  }

  lawsOf(index: number): LayerLaws {
    const laws = this.#laws[index];
    if (laws === undefined) throw new Error('layered: no such layer');
    return laws;
  }

  /** *Exact.* Choices of all parameters of a layer and those behind it. */
  choicesFrom(layer: number): bigint {
    return this.#choicesFrom[layer] ?? 1n;
  }

  /** Whether the neurons of a layer have kinks. */
  hasNeurons(layer: number): boolean {
    return (this.#firstNeuron[layer] ?? -1) !== -1;
  }

  /** *Exact.* Choices behind the last expansion under which no tangent of a state reaches the output. */
  zeros(state: State, addTies: boolean): bigint {
    return this.pair === null
      ? zerosAtOutputs(this.layer(this.stop), state, addTies, this.meter)
      : this.pair.zeros(state, addTies);
  }

  /** *Exact.* The sums over nothing. */
  nothing(): Sums {
    return noSums(this.#neuronCount);
  }

  /** Adds to what is known of a layer's neuron; nothing where the layer has no kinks. */
  addNeuron(into: Sums, layer: number, unit: number, touched: bigint, relevant: bigint): void {
    if (!this.hasNeurons(layer)) return;
    const neuron = into.neurons[(this.#firstNeuron[layer] as number) + unit];
    if (neuron === undefined) throw new Error('layered: no such neuron');
    neuron.touched += touched;
    neuron.relevant += relevant;
  }
}
