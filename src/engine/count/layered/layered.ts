/**
 * Exact counts without visiting Ω: `touched`, `nonDifferentiable`, `incorrect`, and per neuron
 * `touched` and `relevant`, for one input and networks whose rows own their parameters
 * (theory.md section 5).
 *
 * Everything is a sum over states. A point is non-differentiable exactly if the tangent of some free
 * tie reaches the output (L-iff), so the complement is counted: choices under which no tangent
 * does. Prefixes whose ties would be bound go to the walk. AD cannot be wrong elsewhere.
 *
 * The sums are taken in passes: over states with tangents, over values alone, and per neuron of the
 * earlier layers over states with its tangent alone. Every pass is cut before its last expansion
 * into blocks that share nothing; the blocks of all passes, weighed and laid end to end, are the
 * range that shards are cut from. Any cut gives the same sums and the same witnesses.
 */
import type { Proxies } from '../../ad/rules.js';
import type { Network } from '../../net/ir.js';
import { approximate } from '../../num/float64.js';
import type { Rational } from '../../num/rational.js';
import { emptyTally, type Tally } from '../../tally.js';
import type { GridProgram } from '../grid.js';
import { neuronsOf, type Space } from '../space.js';
import { countBoundState } from './bound-ties.js';
import { estimateOf, jointCost, roughEstimate, type CountEstimate } from './estimate.js';
import { FinalPair, zerosAtOutputs } from './final.js';
import { orderedClasses } from './joint.js';
import { COST, Meter, type CountLimits } from './meter.js';
import { OverLimit } from './outgrown.js';
import { LayerLaws } from './prefix.js';
import { rowLayersOf, type RowLayer } from './rows.js';
import { expand, initialState, lawsAt, type BoundState, type WeightedState } from './states.js';
import { LastTies, expandValues, initialValues, type ValueState } from './values.js';
import { WHOLE, leadersOf, sortedBlocks, weighBlocks, type Block, type Window } from './window.js';
import { pointOf, reachAtOutputs, reachThroughPair, retrace, type Choices } from './witness.js';

/**
 * Enough to share prefixes of laws, and to make the laws of the states before worth their while; few
 * enough that memory stays small however large the whole is.
 */
function heldJoints(before: number): number {
  return Math.max(50_000, 20 * before);
}

/** Where an estimate takes its samples: the first blocks are where a ReLU is tied. */
const SAMPLED_AT = [0, 0.3, 0.6, 0.9];

/** Joint outcomes of one sample of an estimate, at least. */
const SAMPLED_JOINTS = 200;

/** Parts that the work of a layered count is cut into. */
const PARTS = 1_000_000;

type Witnesses = { -readonly [K in keyof Tally['witnesses']]: Tally['witnesses'][K] };
type Counted = Omit<Tally, 'neurons' | 'witnesses'>;
type Sums = { -readonly [K in keyof Counted]: Counted[K] } & {
  neurons: { touched: bigint; relevant: bigint }[];
  witnesses: Witnesses;
};

/** One sum over states. Its blocks are in the order of their leading values. */
interface Pass {
  /** One block without leading values where nothing is expanded any more. */
  readonly blocks: readonly (Block | null)[];
  /** *Estimate.* Operations per joint outcome, before any was run; steers the cut. */
  readonly unknownCost: number;
  /** *Estimate.* About how many joint outcomes to hold at once, unless one block has more. */
  readonly heldJoints: number;
  /**
   * Adds the sums over the blocks of a window; `first` of them is the pass's first block. Gives the
   * number of states that the window was expanded to.
   */
  readonly run: (window: Window, first: boolean, into: Sums, orderOf: OrderOf) => number;
}

/** The place of a block among all blocks, by its leading values. */
type OrderOf = (leading: readonly [number, number] | null) => bigint;

/** A block of a pass, laid end to end with all others. */
interface Placed {
  readonly pass: Pass;
  readonly block: number;
  /** Where it begins, in parts. */
  readonly at: bigint;
}

export class LayeredCount {
  /** `closed-form` where no layer is expanded. */
  readonly method: 'closed-form' | 'layered';
  /** The range that shards are cut from. */
  readonly parts: bigint;
  readonly #parts: number;
  readonly meter: Meter;
  readonly #network: Network;
  readonly #proxies: Proxies;
  readonly #layers: readonly RowLayer[];
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
  /** Index among the network's neurons of each layer's first; −1 for layers without kinks. */
  readonly #firstNeuron: readonly number[];
  readonly #neuronCount: number;
  #placed: readonly Placed[] | null = null;

  /** *Exact.* The count of a network, or null where layered counting does not apply. */
  static of(
    network: Network,
    proxies: Proxies,
    space: Space,
    program: GridProgram,
    limits: CountLimits,
  ): LayeredCount | null {
    const layers = rowLayersOf(program, space);
    if (layers === null) return null;
    return new LayeredCount(network, proxies, Array.from(program.inputs), layers, limits);
  }

  private constructor(
    network: Network,
    proxies: Proxies,
    input: readonly number[],
    layers: readonly RowLayer[],
    limits: CountLimits,
  ) {
    this.#network = network;
    this.#proxies = proxies;
    this.#layers = layers;
    this.#input = input;
    this.meter = new Meter(limits);
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
    this.#stop = layers.length - (this.#pair === null ? 1 : 2);
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
    this.method = this.#stop === 0 || this.#lastKinked === -1 ? 'closed-form' : 'layered';
    this.#parts = this.method === 'closed-form' ? 1 : PARTS;
    this.parts = BigInt(this.#parts);
  }

  /**
   * *Exact.* The tally of the parts [from, to), in visits of the space. Throws Outgrown where a
   * limit is met.
   */
  tallyOf(from: bigint, to: bigint, onProgress: (done: bigint) => void): Tally {
    const sums: Sums = { ...this.#noSums(), done: to - from };
    if (this.#lastKinked === -1) return sums;
    const placed = this.#prepared();
    let index = placed.findIndex(({ at }) => at >= from);
    while (index !== -1 && index < placed.length) {
      const { pass, block, at } = placed[index] as Placed;
      if (at >= to) break;
      onProgress(at - from);
      const start = index - block;
      let end = block;
      let joints = 0;
      while (end < pass.blocks.length && (placed[start + end] as Placed).at < to) {
        joints += pass.blocks[end]?.joints ?? 1;
        if (end > block && joints > pass.heldJoints) break;
        end += 1;
      }
      const window = windowOf(pass, block, end);
      const orderOf: OrderOf = (leading) => {
        const found = pass.blocks.findIndex(
          (other) =>
            leading === null ||
            (other?.leading[0] === leading[0] && other.leading[1] === leading[1]),
        );
        return BigInt(start + found);
      };
      pass.run(window, block === 0, sums, orderOf);
      index = start + end;
    }
    onProgress(to - from);
    return sums;
  }

  /**
   * *Estimate.* What the whole count costs, within the meter's limits: the levels before the last
   * expansion are made, its blocks are weighed, and a few are run. Throws Outgrown where one law
   * alone is too much. For planning: an instance that has estimated should not count.
   */
  estimate(budget: number): CountEstimate {
    const units = Math.max(...this.#layers.map((layer) => layer.rows.length));
    if (this.#lastKinked === -1) return estimateOf(1, 1, units, 0);
    const { meter } = this;
    meter.allow(budget);
    let passes: readonly Pass[];
    try {
      passes = this.#passes();
    } catch (error) {
      if (!(error instanceof OverLimit)) throw error;
      meter.allow(budget);
      const { states, operations } = roughEstimate(this.#layers, this.#input, this.#stop, meter);
      const held = Math.max(states, meter.states);
      return estimateOf(held, Math.max(operations, meter.operations), units, meter.lawBytes);
    }
    let operations = meter.operations;
    let states = meter.states;
    // All samples of all passes share one budget.
    const end = meter.operations + budget;
    for (const pass of passes) {
      const joints = pass.blocks.reduce((sum, block) => sum + (block?.joints ?? 1), 0);
      const { fixed, perJoint, statesPerJoint } = this.#sampleOf(pass, end);
      operations += fixed + joints * perJoint;
      const largest = pass.blocks.reduce((most, block) => Math.max(most, block?.joints ?? 1), 0);
      const held = Math.min(joints, Math.max(largest, pass.heldJoints));
      states = Math.max(states, Math.ceil(held * statesPerJoint));
    }
    return estimateOf(states, operations, units, meter.lawBytes);
  }

  /** *Estimate.* Operations of a pass: once, and per joint outcome; and the states that these merge into. */
  #sampleOf(pass: Pass, end: number): { fixed: number; perJoint: number; statesPerJoint: number } {
    const { meter } = this;
    const { blocks } = pass;
    const jointsIn = (from: number, to: number): number =>
      blocks.slice(from, to).reduce((sum, block) => sum + (block?.joints ?? 1), 0);
    let fixed = 0;
    let sampled = 0;
    let warm = 0;
    let states = 0;
    for (const share of SAMPLED_AT) {
      const from = Math.floor(share * blocks.length);
      // Neighbours share prefixes of laws, so a sample has some.
      let to = from + 1;
      while (to < blocks.length && jointsIn(from, to) < SAMPLED_JOINTS) to += 1;
      const window = windowOf(pass, from, to);
      if (jointsIn(from, to) * pass.unknownCost > end - meter.operations) continue;
      const start = meter.operations;
      let made = 0;
      const run = (): number => {
        const before = meter.operations;
        meter.allow(Math.max(0, end - before));
        made = pass.run(window, false, this.#noSums(), () => 0n);
        return meter.operations - before;
      };
      try {
        const first = run();
        // The second time what is kept is there: the difference is paid once, not per state.
        const second = blocks.length === 1 ? first : run();
        fixed += first - second;
        warm += second;
        states += made;
        sampled += jointsIn(from, to);
      } catch (error) {
        if (!(error instanceof OverLimit)) throw error;
        fixed += meter.operations - start;
      }
      if (to === blocks.length) break;
    }
    return sampled === 0
      ? { fixed, perJoint: pass.unknownCost, statesPerJoint: 1 }
      : { fixed, perJoint: warm / sampled, statesPerJoint: states / sampled };
  }

  #noSums(): Sums {
    const empty = emptyTally(this.#neuronCount);
    return {
      ...empty,
      neurons: empty.neurons.map((neuron) => ({ ...neuron })),
      witnesses: { ...empty.witnesses },
    };
  }

  /** Every block of every pass, laid end to end. */
  #prepared(): readonly Placed[] {
    if (this.#placed !== null) return this.#placed;
    const passes = this.#passes();
    const costOf = (pass: Pass, block: Block | null): number =>
      pass.unknownCost * Math.max(1, block?.joints ?? 1);
    const total = passes.reduce(
      (sum, pass) => sum + pass.blocks.reduce((part, block) => part + costOf(pass, block), 0),
      0,
    );
    let before = 0;
    this.#placed = passes.flatMap((pass) =>
      pass.blocks.map((block, k): Placed => {
        const at = BigInt(Math.min(this.#parts - 1, Math.floor((before / total) * this.#parts)));
        before += costOf(pass, block);
        return { pass, block: k, at };
      }),
    );
    return this.#placed;
  }

  #passes(): Pass[] {
    const bound: BoundState[] = [];
    const main = this.#levels(initialState(this.#input), 0, true, (state) => bound.push(state));
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
    const layer = this.#layers[index];
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
    for (let index = from; index < this.#stop - 1; index += 1) {
      const options = { addTies, window: WHOLE };
      current = expand(this.#layers, index, current, options, this.meter, onBound);
    }
    return current;
  }

  /** States of values before each layer, as far as they are needed whole. */
  #valueLevels(): readonly (readonly ValueState[])[] {
    const levels: (readonly ValueState[])[] = [[initialValues(this.#input)]];
    const last = this.#valuesAreCut() ? this.#lastKinked - 1 : this.#lastKinked;
    for (let index = 0; index < last; index += 1) {
      levels.push(expandValues(this.#layers, index, levels[index] ?? [], WHOLE, this.meter));
    }
    return levels;
  }

  /** Whether the values before the last layer with kinks are needed block by block only. */
  #valuesAreCut(): boolean {
    return this.#lastKinked === this.#stop && this.#stop > 0;
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
      const laws = lawsAt(layer, this.#layers[index + 1], state, addTies, this.meter);
      const lawOf = (unit: number): ReturnType<typeof laws> =>
        unit === tiedUnit ? laws(unit).filter((outcome) => outcome.tied) : laws(unit);
      weighBlocks(classes, lawOf, joints, this.meter);
    }
    return sortedBlocks(joints);
  }

  #mainPass(before: readonly WeightedState[]): Pass {
    const { meter } = this;
    const expands = this.#stop > 0;
    const last = this.#stop - 1;
    const behind = this.#choices(this.#stop);
    const leading = expands ? leaderValues(this.#layer(last), undefined) : () => null;
    return {
      blocks: expands ? this.#blocksOf(last, before, true, undefined) : [null],
      unknownCost: jointCost(this.#layer(this.#stop).rows.length),
      heldJoints: heldJoints(before.length),
      run: (window, _, into, orderOf) => {
        const bound: BoundState[] = [];
        const states = expands
          ? expand(this.#layers, last, before, { addTies: true, window }, meter, (state) => {
              bound.push(state);
            })
          : before;
        into.states += BigInt(states.length);
        let witness: { state: WeightedState; order: bigint } | null = null;
        const needed = (order: bigint): boolean =>
          isLower(order, into.witnesses.nonDifferentiable?.order);
        for (const found of inOrder(states, leading)) {
          const zeros = this.#zeros(found.state, true);
          if (zeros === behind) continue;
          into.nonDifferentiable += found.weight * (behind - zeros);
          if (witness === null) {
            const order = orderOf(leading(found.state.z));
            if (needed(order)) witness = { state: found, order };
          }
        }
        if (witness !== null) {
          const { state, order } = witness;
          into.witnesses.nonDifferentiable = { order, point: this.#pointBehind(state) };
        }
        for (const state of bound) {
          const z = state.way.outcomes.map((outcome) => outcome.z);
          this.#addBound(state, into, orderOf(leading(z)));
        }
        return states.length + bound.length;
      },
    };
  }

  #zeros(state: WeightedState['state'], addTies: boolean): bigint {
    return this.#pair === null
      ? zerosAtOutputs(this.#layer(this.#stop), state, addTies, this.meter)
      : this.#pair.zeros(state, addTies);
  }

  /** A point behind a state at which some tangent reaches the output. */
  #pointBehind({ state, way }: WeightedState): readonly Rational[] {
    const choices: Choices = new Map();
    if (way !== null) retrace(this.#layers, this.#stop - 1, way, choices);
    const last = this.#layer(this.#stop);
    if (this.#pair === null) reachAtOutputs(last, state, this.meter, choices);
    else reachThroughPair(last, this.#layer(this.#stop + 1), state, this.meter, choices);
    return pointOf(this.#network, choices, null);
  }

  #addBound(state: BoundState, into: Sums, order: bigint): void {
    const count = countBoundState(this.#network, this.#proxies, this.#layers, state, this.meter);
    if (count.choices !== this.#choices(state.layer + 1)) {
      throw new Error('layered: the cut network has other choices than the rest of the network');
    }
    into.states += 1n;
    for (const set of ['nonDifferentiable', 'incorrect', 'undecided'] as const) {
      into[set] += state.weight * count[set];
      const cutPoint = count.first[set];
      if (cutPoint === null || !isLower(order, into.witnesses[set]?.order)) continue;
      const choices: Choices = new Map();
      retrace(this.#layers, state.layer, state.way, choices);
      into.witnesses[set] = { order, point: pointOf(this.#network, choices, cutPoint) };
    }
  }

  #valuesPass(levels: readonly (readonly ValueState[])[]): Pass {
    const cut = this.#valuesAreCut();
    const before = levels[levels.length - 1] ?? [];
    const { meter } = this;
    const last = this.#lastKinked;
    const pair = this.#pair !== null && last === this.#stop ? this.#pair : null;
    const ties = new LastTies(
      this.#layer(last),
      this.#lawsOf(last),
      pair,
      this.#choices(last),
      meter,
    );
    const weighted = before.map((state) => withoutTangents(state));
    const leading = cut ? leaderValues(this.#layer(last - 1), undefined) : () => null;
    return {
      blocks: cut ? this.#blocksOf(last - 1, weighted, false, undefined) : [null],
      unknownCost: jointCost(this.#layer(last).rows.length) / 2,
      heldJoints: heldJoints(before.length),
      run: (window, first, into) => {
        const states = cut ? expandValues(this.#layers, last - 1, before, window, meter) : before;
        const sorted = inOrder(
          states.map((state) => ({ state })),
          leading,
        ).map(({ state }) => state);
        const sums = ties.sums(sorted);
        into.touched += sums.touched;
        into.pairs += sums.pairs;
        // Whether a neuron in front of further layers is relevant is for its own pass to say.
        const relevant = last === this.#stop;
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
    const last = this.#stop - 1;
    const behind = this.#choices(this.#stop);
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
          before = expand(this.#layers, at, before, options, meter, neverBound);
          tiedUnit = undefined;
        }
        const tied = tiedUnit;
        const leading = leaderValues(this.#layer(last), tied);
        passes.push({
          blocks: this.#blocksOf(last, before, false, tied),
          unknownCost: jointCost(this.#layer(this.#stop).rows.length),
          heldJoints: heldJoints(before.length),
          run: (window, _, into) => {
            const options = {
              addTies: false,
              window,
              ...(tied === undefined ? {} : { tiedUnit: tied }),
            };
            const states = expand(this.#layers, last, before, options, meter, neverBound);
            let relevant = 0n;
            for (const { state, weight } of inOrder(states, leading)) {
              relevant += weight * (behind - this.#zeros(state, false));
            }
            for (const each of units) this.#addNeuron(into, index, each, 0n, relevant);
            return states.length;
          },
        });
      }
    }
    return passes;
  }
}

/** The blocks [from, to) of a pass. */
function windowOf({ blocks }: Pass, from: number, to: number): Window {
  return {
    from: from === 0 ? null : (blocks[from]?.leading ?? null),
    to: to === blocks.length ? null : (blocks[to]?.leading ?? null),
  };
}

function withoutTangents({ z, all }: ValueState): WeightedState {
  return { state: { z, tangents: [], still: null }, weight: all, way: null };
}

function isLower(order: bigint, than: bigint | undefined): boolean {
  return than === undefined || order < than;
}

type Leading = (z: readonly number[]) => readonly [number, number] | null;

/** The values of the units that lead a layer. */
function leaderValues(layer: RowLayer, tiedUnit: number | undefined): Leading {
  const [first = 0, second = first] = leadersOf(orderedClasses(layer, tiedUnit));
  return (z) => [z[first] ?? 0, z[second] ?? 0];
}

/** States in the order of their blocks, then of their values: prefixes of laws are shared there. */
function inOrder<S extends { readonly state: { readonly z: readonly number[] } }>(
  states: readonly S[],
  leading: Leading,
): readonly S[] {
  const keyed = states.map((found) => ({ found, lead: leading(found.state.z) }));
  keyed.sort((a, b) => {
    if (a.lead !== null && b.lead !== null) {
      const byLead = a.lead[0] - b.lead[0] || a.lead[1] - b.lead[1];
      if (byLead !== 0) return byLead;
    }
    const x = a.found.state.z;
    const y = b.found.state.z;
    for (let k = 0; k < x.length; k += 1) {
      const byValue = (x[k] as number) - (y[k] as number);
      if (byValue !== 0) return byValue;
    }
    return 0;
  });
  return keyed.map(({ found }) => found);
}

function neverBound(): never {
  throw new Error('layered: a tie is bound where ties are not asked for');
}
