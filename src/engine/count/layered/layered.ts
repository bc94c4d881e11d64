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
import type { Tally } from '../../tally.js';
import type { GridProgram } from '../grid.js';
import type { Space } from '../space.js';
import { estimateOf, roughEstimate, type CountEstimate } from './estimate.js';
import { Meter, type CountLimits } from './meter.js';
import { OverLimit } from './outgrown.js';
import { windowOf, type OrderOf, type Pass } from './pass.js';
import { LayeredNetwork } from './layered-network.js';
import { passesOf } from './passes.js';
import { rowLayersOf } from './rows.js';
import type { Sums } from './sums.js';
import type { Block } from './window.js';

/** Where an estimate takes its samples: the first blocks are where a ReLU is tied. */
const SAMPLED_AT = [0, 0.3, 0.6, 0.9];

/** Joint outcomes of one sample of an estimate, at least. */
const SAMPLED_JOINTS = 200;

/** Parts that the work of a layered count is cut into. */
const PARTS = 1_000_000;

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
  readonly meter: Meter;
  readonly #parts: number;
  readonly #net: LayeredNetwork;
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
    const input = Array.from(program.inputs);
    return new LayeredCount(new LayeredNetwork(network, proxies, input, layers, new Meter(limits)));
  }

  private constructor(net: LayeredNetwork) {
    this.#net = net;
    this.meter = net.meter;
    this.method = net.expands ? 'layered' : 'closed-form';
    this.#parts = this.method === 'closed-form' ? 1 : PARTS;
    this.parts = BigInt(this.#parts);
  }

  /**
   * *Exact.* The tally of the parts [from, to), in visits of the space. Throws Outgrown where a
   * limit is met.
   */
  tallyOf(from: bigint, to: bigint, onProgress: (done: bigint) => void): Tally {
    const sums: Sums = { ...this.#net.nothing(), done: to - from };
    if (this.#net.smooth) return sums;
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
    const units = Math.max(...this.#net.layers.map((layer) => layer.rows.length));
    if (this.#net.smooth) return estimateOf(1, 1, units, 0);
    const { meter } = this;
    meter.allow(budget);
    let passes: readonly Pass[];
    try {
      passes = passesOf(this.#net);
    } catch (error) {
      if (!(error instanceof OverLimit)) throw error;
      meter.allow(budget);
      const { layers, input, stop } = this.#net;
      const { states, operations } = roughEstimate(layers, input, stop, meter);
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
        made = pass.run(window, false, this.#net.nothing(), () => 0n);
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

  /** Every block of every pass, laid end to end. */
  #prepared(): readonly Placed[] {
    if (this.#placed !== null) return this.#placed;
    const passes = passesOf(this.#net);
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
}
