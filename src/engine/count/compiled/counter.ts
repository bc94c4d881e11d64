/**
 * Counts a box: runs the generated code over it, and adds up the outcomes that it met.
 *
 * Each outcome has a slot, in which the code counts how often it was met. A code key leads to its slot;
 * where the outcome reads weights as well, only as long as they stay: then the key is forgotten, and
 * found again under the digits that it reads. Slots last from box to box as long as the box's tail is
 * the same, since outcomes are sums over the tail.
 */
import { sizeOf, type Box } from '../boxes.js';
import type { Decider, Outcome } from './decide.js';
import { FEW_KEYS, type Run, type Runtime, type Slots } from './runtime.js';
import type { Loops } from './loops.js';

/** Outcomes that are kept at once. */
const SLOTS = 1 << 14;
/** Combinations of digits up to this have a number each. */
const MAX_COMBINATIONS = 2 ** 53;

/** Counts of a box. */
export interface Sums {
  touched: bigint;
  nonDifferentiable: bigint;
  incorrect: bigint;
  undecided: bigint;
  pairs: bigint;
  readonly neurons: { touched: bigint; relevant: bigint }[];
}

/** The slots of one code key, by the digits that its outcomes read. */
interface Known {
  readonly reads: readonly number[];
  readonly slots: Map<number, number>;
}

export interface Counting {
  readonly neurons: number;
  readonly loops: Loops;
  readonly decider: Decider;
  readonly radices: readonly number[];
  /** Every code key is below this. */
  readonly keys: number;
}

export class Counter {
  readonly neurons: number;
  readonly #loops: Loops;
  readonly #decider: Decider;
  readonly #radices: readonly number[];
  readonly #runtime: Runtime;
  readonly #outcomes: Outcome[] = [];
  readonly #known = new Map<number, Known>();
  /** Keys whose slots the next epoch forgets. */
  readonly #passing: number[] = [];
  /** How many slots there are. */
  readonly #room: number;
  #run: Run | null = null;
  #box: Box = { lo: new Int32Array(0), hi: new Int32Array(0) };
  /** The box's digits by loop. */
  readonly #lo: Int32Array;
  readonly #hi: Int32Array;
  #tailSize = 1;
  #touched = 0;
  #counts = { nonDifferentiable: 0, incorrect: 0, undecided: 0, pairs: 0 };
  readonly #touchedAt: Float64Array;
  readonly #relevantAt: Float64Array;

  constructor({ neurons, loops, decider, radices, keys }: Counting) {
    this.neurons = neurons;
    this.#loops = loops;
    this.#decider = decider;
    this.#radices = radices;
    this.#touchedAt = new Float64Array(neurons);
    this.#relevantAt = new Float64Array(neurons);
    // Without weights to read each code key has one outcome at most.
    this.#room = loops.epoch === -1 ? Math.min(SLOTS, keys) : SLOTS;
    const slots: Slots = keys <= FEW_KEYS ? new Int32Array(keys).fill(-1) : new Map();
    const at = new Int32Array(radices.length);
    this.#lo = new Int32Array(loops.order.length);
    this.#hi = new Int32Array(loops.order.length);
    this.#runtime = {
      at,
      slots,
      counts: new Float64Array(this.#room),
      decide: (key) => this.#slotOf(key),
      renew: () => {
        for (const key of this.#passing) forget(slots, key);
        this.#passing.length = 0;
      },
      visit: () => {
        this.#add(decider.outcome(at, this.#box, null), 1);
      },
    };
  }

  bind(make: (runtime: Runtime) => Run): void {
    this.#run = make(this.#runtime);
  }

  /** The slot of the combination at hand; decides it where none is known. */
  #slotOf(key: number): number {
    const { at, slots } = this.#runtime;
    const same = this.#known.get(key);
    const slot = same?.slots.get(this.#combination(same.reads));
    if (same !== undefined && slot !== undefined) {
      remember(slots, key, slot);
      // What reads nothing is never forgotten, so that nobody asks for it again.
      this.#passing.push(key);
      return slot;
    }
    if (this.#outcomes.length === this.#room) this.#flush();
    const outcome = this.#decider.outcome(at, this.#box, key);
    const made = this.#outcomes.push(outcome) - 1;
    remember(slots, key, made);
    const { reads } = outcome;
    if (reads.length === 0) return made;
    this.#passing.push(key);
    if (this.#combinations(reads) <= MAX_COMBINATIONS) {
      const own = this.#known.get(key) ?? { reads, slots: new Map<number, number>() };
      own.slots.set(this.#combination(reads), made);
      this.#known.set(key, own);
    }
    return made;
  }

  #combinations(reads: readonly number[]): number {
    return reads.reduce((size, position) => size * (this.#radices[position] as number), 1);
  }

  #combination(reads: readonly number[]): number {
    let index = 0;
    for (const position of reads) {
      index = index * (this.#radices[position] as number) + (this.#runtime.at[position] as number);
    }
    return index;
  }

  /** Takes the counts of all outcomes, and forgets them. */
  #flush(): void {
    this.#take();
    const { slots } = this.#runtime;
    if (slots instanceof Map) slots.clear();
    else slots.fill(-1);
    this.#outcomes.length = 0;
    this.#known.clear();
    this.#passing.length = 0;
  }

  /** Takes the counts of all outcomes. */
  #take(): void {
    const { counts } = this.#runtime;
    for (const [slot, outcome] of this.#outcomes.entries()) {
      const times = counts[slot] as number;
      if (times > 0) this.#add(outcome, times);
    }
    counts.fill(0, 0, this.#outcomes.length);
  }

  #add(outcome: Outcome, times: number): void {
    const counts = this.#counts;
    this.#touched += times * this.#tailSize;
    counts.nonDifferentiable += times * outcome.nonDifferentiable;
    counts.incorrect += times * outcome.incorrect;
    counts.undecided += times * outcome.undecided;
    counts.pairs += times * outcome.pairs;
    const [touchedAt, relevantAt] = [this.#touchedAt, this.#relevantAt];
    for (let k = 0; k < outcome.neurons.length; k += 1) {
      const neuron = outcome.neurons[k] as number;
      touchedAt[neuron] = (touchedAt[neuron] as number) + times * this.#tailSize;
      relevantAt[neuron] = (relevantAt[neuron] as number) + times * (outcome.relevant[k] as number);
    }
  }

  /** *Exact.* Adds the counts of a box, all of whose sums stay below 2^53, to `sums`, so many times. */
  count(box: Box, sums: Sums, weight: bigint): void {
    this.#visit(box);
    const take = (n: number): bigint => BigInt(n) * weight;
    sums.touched += take(this.#touched);
    for (const kind of ['nonDifferentiable', 'incorrect', 'undecided', 'pairs'] as const) {
      sums[kind] += take(this.#counts[kind]);
    }
    sums.neurons.forEach((neuron, k) => {
      neuron.touched += take(this.#touchedAt[k] as number);
      neuron.relevant += take(this.#relevantAt[k] as number);
    });
    this.#clear();
  }

  /** *Exact.* Whether a box holds a point of a kind. */
  holds(box: Box, kind: 'nonDifferentiable' | 'incorrect' | 'undecided'): boolean {
    this.#visit(box);
    const holds = this.#counts[kind] > 0;
    this.#clear();
    return holds;
  }

  #visit(box: Box): void {
    const { order, tail, idle } = this.#loops;
    if (!sameTail(this.#box, box, tail) || !sameTail(this.#box, box, idle)) this.#flush();
    this.#box = box;
    this.#tailSize = sizeOf(box, tail) * sizeOf(box, idle);
    const [lo, hi] = [this.#lo, this.#hi];
    for (let loop = 0; loop < order.length; loop += 1) {
      const position = order[loop] as number;
      lo[loop] = box.lo[position] as number;
      hi[loop] = box.hi[position] as number;
    }
    this.#run?.(lo, hi);
    // Outcomes stay known for the next box; only their counts are taken.
    this.#take();
  }

  #clear(): void {
    this.#touched = 0;
    this.#counts = { nonDifferentiable: 0, incorrect: 0, undecided: 0, pairs: 0 };
    this.#touchedAt.fill(0);
    this.#relevantAt.fill(0);
  }
}

function remember(slots: Slots, key: number, slot: number): void {
  if (slots instanceof Map) slots.set(key, slot);
  else slots[key] = slot;
}

function forget(slots: Slots, key: number): void {
  if (slots instanceof Map) slots.delete(key);
  else slots[key] = -1;
}

function sameTail(a: Box, b: Box, positions: readonly number[]): boolean {
  return positions.every((k) => a.lo[k] === b.lo[k] && a.hi[k] === b.hi[k]);
}

export function emptySums(neurons: number): Sums {
  const counts = { touched: 0n, nonDifferentiable: 0n, incorrect: 0n, undecided: 0n, pairs: 0n };
  return {
    ...counts,
    neurons: Array.from({ length: neurons }, () => ({ touched: 0n, relevant: 0n })),
  };
}
