/**
 * Exact counts without visiting Ω: `touched`, `nonDifferentiable`, `incorrect`, and per neuron
 * `touched` and `relevant`, for one input and networks whose rows own their parameters
 * (theory.md section 5).
 *
 * Everything is a sum over states. A point is non-differentiable exactly if the tangent of some free
 * tie reaches the output (L-iff), so the complement is counted: choices under which no tangent
 * does. Ties that are bound go to the walk. AD cannot be wrong elsewhere.
 */
import type { Proxies } from '../../ad/rules.js';
import type { Network } from '../../net/ir.js';
import type { NeuronTally } from '../../tally.js';
import type { GridProgram } from '../grid.js';
import { countBoundState } from './bound-ties.js';
import { FinalPair, zerosAtOutputs, type FinalCount } from './final.js';
import type { State } from './law.js';
import { LayerLaws } from './prefix.js';
import { product, rowLayersOf, type RowLayer } from './rows.js';
import { expand, initialState, type WeightedState } from './states.js';

export interface LayeredLimits {
  /** Most states after one layer. */
  readonly maxStates: number;
  /** Most points that one bound state may give to the walk. */
  readonly maxWalks: number;
}

/** Counts of visited points, as in a tally. */
export interface LayeredCounts {
  readonly touched: bigint;
  readonly nonDifferentiable: bigint;
  readonly incorrect: bigint;
  readonly undecided: bigint;
  /** In the order of `neuronsOf`. */
  readonly neurons: readonly NeuronTally[];
  /** Most states that were held at once. */
  readonly states: number;
}

/**
 * *Exact.* The counts over the visits of the program's space; null where layered counting does not
 * apply. Throws Outgrown where a limit is met.
 */
export function layeredCounts(
  network: Network,
  proxies: Proxies,
  program: GridProgram,
  limits: LayeredLimits,
): LayeredCounts | null {
  const layers = rowLayersOf(program);
  return layers === null ? null : new Recursion(network, proxies, program, layers, limits).counts();
}

class Recursion {
  readonly #network: Network;
  readonly #proxies: Proxies;
  readonly #layers: readonly RowLayer[];
  readonly #limits: LayeredLimits;
  readonly #input: readonly number[];
  /** Last layer with kinks; −1 where there is none. */
  readonly #lastKinked: number;
  /** The last two layers where the output is affine, or null: then the output layer ends alone. */
  readonly #pair: FinalPair | null;
  /** First layer that is not expanded. */
  readonly #stop: number;
  /** Choices of all parameters of a layer and those behind it. */
  readonly #choicesFrom: readonly bigint[];
  /** Laws of the pre-activations, per layer. */
  readonly #laws: readonly LayerLaws[];
  #states = 1;

  constructor(
    network: Network,
    proxies: Proxies,
    program: GridProgram,
    layers: readonly RowLayer[],
    limits: LayeredLimits,
  ) {
    this.#network = network;
    this.#proxies = proxies;
    this.#layers = layers;
    this.#limits = limits;
    this.#input = Array.from(program.inputs);
    this.#lastKinked = layers.findLastIndex((layer) => !layer.grid.tail);
    this.#laws = layers.map((layer) => new LayerLaws(layer.grid));
    const hidden = layers[layers.length - 2];
    const hiddenLaws = this.#laws[layers.length - 2];
    const output = layers[layers.length - 1];
    const affineOutput = this.#lastKinked < layers.length - 1;
    this.#pair =
      affineOutput && hidden !== undefined && hiddenLaws !== undefined && output !== undefined
        ? new FinalPair(hidden, hiddenLaws, output)
        : null;
    this.#stop = layers.length - (this.#pair === null ? 1 : 2);
    const choicesFrom = [1n];
    for (const layer of [...layers].reverse()) {
      choicesFrom.unshift(layer.total * (choicesFrom[0] ?? 1n));
    }
    this.#choicesFrom = choicesFrom;
  }

  counts(): LayeredCounts {
    const start = [initialState(this.#input)];
    const all = this.#choices(0);
    if (this.#lastKinked === -1) {
      return {
        touched: 0n,
        nonDifferentiable: 0n,
        incorrect: 0n,
        undecided: 0n,
        neurons: [],
        states: 1,
      };
    }
    const { zeros, bound } = this.#zeros(start, 0, true);
    let nonDifferentiable = all - zeros;
    let incorrect = 0n;
    let undecided = 0n;
    for (const { layer, state, weight } of bound) {
      const count = countBoundState(
        this.#network,
        this.#proxies,
        this.#layers,
        layer - 1,
        state,
        this.#limits.maxWalks,
      );
      if (count.choices !== this.#choices(layer)) {
        throw new Error('layered: the cut network has other choices than the rest of the network');
      }
      // The complement counted every choice behind a bound state as non-differentiable.
      nonDifferentiable += weight * (count.nonDifferentiable - count.choices);
      incorrect += weight * count.incorrect;
      undecided += weight * count.undecided;
    }
    return {
      touched: all - this.#untouched(start),
      nonDifferentiable,
      incorrect,
      undecided,
      neurons: this.#neurons(start),
      states: this.#states,
    };
  }

  #choices(layer: number): bigint {
    return this.#choicesFrom[layer] ?? 1n;
  }

  #layer(index: number): RowLayer {
    const layer = this.#layers[index];
    if (layer === undefined) throw new Error('layered: no such layer');
    return layer;
  }

  #lawsOf(index: number): LayerLaws {
    const laws = this.#laws[index];
    if (laws === undefined) throw new Error('layered: no such layer');
    return laws;
  }

  #expand(
    index: number,
    states: readonly WeightedState[],
    options: { addTies: boolean; untouched?: boolean; tiedUnit?: number },
    onBound: (state: WeightedState) => void,
  ): WeightedState[] {
    const next = this.#layers[index + 1];
    const expanded = expand(
      this.#layer(index),
      states,
      {
        ...options,
        detailed: options.addTies && next !== undefined && next.biasFree && !next.grid.tail,
        maxStates: this.#limits.maxStates,
      },
      onBound,
    );
    this.#states = Math.max(this.#states, expanded.length);
    return expanded;
  }

  /**
   * Points behind the states, which stand before layer `from`, at which no tangent reaches the
   * output; points behind bound states are in none of them.
   */
  #zeros(
    states: readonly WeightedState[],
    from: number,
    addTies: boolean,
  ): { zeros: bigint; bound: readonly (WeightedState & { layer: number })[] } {
    const bound: (WeightedState & { layer: number })[] = [];
    let current = states;
    for (let index = from; index < this.#stop; index += 1) {
      current = this.#expand(index, current, { addTies }, (state) => {
        bound.push({ ...state, layer: index });
      });
    }
    let zeros = 0n;
    for (const { state, weight } of current) {
      const final = this.#final(state, addTies);
      if (final.bound) bound.push({ state, weight, layer: this.#stop });
      else zeros += weight * final.zeros;
    }
    return { zeros, bound };
  }

  #final(state: State, addTies: boolean): FinalCount {
    return this.#pair === null
      ? zerosAtOutputs(this.#layer(this.#stop), state, addTies)
      : this.#pair.zeros(state, addTies);
  }

  #untouched(start: readonly WeightedState[]): bigint {
    let current = start;
    for (let index = 0; index < this.#lastKinked; index += 1) {
      current = this.#expand(index, current, { addTies: false, untouched: true }, neverBound);
    }
    const last = this.#layer(this.#lastKinked);
    const behind = this.#choices(this.#lastKinked + 1);
    const laws = this.#lawsOf(this.#lastKinked);
    return current.reduce((sum, { state, weight }) => {
      const untied = last.rows.map((row) => row.total - BigInt(laws.of(row).ties(state.z)));
      return sum + weight * product(untied) * behind;
    }, 0n);
  }

  #neurons(start: readonly WeightedState[]): NeuronTally[] {
    const tallies: NeuronTally[] = [];
    let current = start;
    for (let index = 0; index <= this.#lastKinked; index += 1) {
      const layer = this.#layer(index);
      if (layer.grid.kinkAt.length > 0 && hasKinks(this.#network, layer)) {
        const byUnit: NeuronTally[] = [];
        for (const units of layer.classes) {
          const tally = this.#neuron(index, units[0] ?? 0, current);
          for (const unit of units) byUnit[unit] = tally;
        }
        tallies.push(...byUnit);
      }
      if (index < this.#lastKinked) {
        current = this.#expand(index, current, { addTies: false }, neverBound);
      }
    }
    return tallies;
  }

  #neuron(index: number, unit: number, before: readonly WeightedState[]): NeuronTally {
    const layer = this.#layer(index);
    const row = layer.rows[unit];
    if (row === undefined) throw new Error('layered: no such unit');
    const laws = this.#lawsOf(index).of(row);
    const prefixes =
      before.reduce((sum, { state, weight }) => sum + weight * BigInt(laws.ties(state.z)), 0n) *
      (layer.total / row.total);
    const touched = prefixes * this.#choices(index + 1);
    if (touched === 0n) return { touched, relevant: 0n };
    if (index === this.#layers.length - 1) return { touched, relevant: touched };
    if (this.#pair !== null && index === this.#stop) {
      const columns = this.#pair.columnsTotal / this.#pair.columnTotal(unit);
      return { touched, relevant: prefixes * this.#pair.reaching(unit) * columns };
    }
    const tied = this.#expand(index, before, { addTies: false, tiedUnit: unit }, neverBound);
    return { touched, relevant: touched - this.#zeros(tied, index + 1, false).zeros };
  }
}

function neverBound(): never {
  throw new Error('layered: a tie is bound where ties are not asked for');
}

function hasKinks(network: Network, layer: RowLayer): boolean {
  const equation = network.equations[layer.grid.equation];
  return equation?.op === 'activation' && equation.activation.kinks.length > 0;
}
