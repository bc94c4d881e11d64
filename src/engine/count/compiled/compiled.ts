/**
 * The compiled kernel: the tally of a stretch of ranks by generated code, box by box.
 *
 * Counts do not depend on the order in which a box is visited, so the loops take the order that reuses
 * most; the first witnesses are found afterwards, by halving the first box that holds one. Held to
 * the interpreting kernel and to the reference enumerator digit for digit.
 */
import type { Network } from '../../net/ir.js';
import { doubleOf } from '../../num/exact-double.js';
import type { Rational } from '../../num/rational.js';
import { emptyTally, type Tally, type Witness } from '../../tally.js';
import type { Verdict } from '../../verdict.js';
import {
  below,
  boxesOf,
  compareDigits,
  rankOf,
  sizeOf,
  volumeOf,
  widePosition,
  within,
  type Box,
} from '../boxes.js';
import { neuronsOf, type Space } from '../space.js';
import type { WeightedBox } from '../symmetry/orbit-space.js';
import { cotangentPlanOf } from './cotangents.js';
import { Counter, emptySums } from './counter.js';
import { Decider } from './decide.js';
import { functionOf, type Compile } from './evaluate.js';
import { firstOrderOf } from './first-order.js';
import { generate } from './generate.js';
import type { Lattice } from './lattice.js';
import { latticeOf } from './lattice-of.js';
import type { Generated } from './runtime.js';
import { loopsOf, type Loops } from './loops.js';

/** About how many combinations of loops one call of the generated code takes. */
const CALL = 2 ** 22;
/** Most boxes that are kept to look for a first point in. */
const HELD = 1 << 8;
/** Every sum of one box stays below this. */
const EXACT = 2n ** 53n;

export interface Compiled {
  readonly loops: Loops;
  readonly source: string;
  /** Whether all is 32-bit integers. */
  readonly integers: boolean;
  /** *Exact.* The tally of the ranks [from, to). */
  readonly tallyOf: (from: bigint, to: bigint, onProgress: (visited: bigint) => void) => Tally;
  /** *Exact.* The tally of boxes that do not meet, in any order, each point of which counts so often. */
  readonly tallyOfBoxes: (
    boxes: Iterable<WeightedBox>,
    onProgress: (visited: bigint) => void,
  ) => Tally;
}

type Kind = keyof Tally['witnesses'];
const KINDS: readonly Kind[] = ['nonDifferentiable', 'incorrect', 'undecided'];

/** The generated code of a network, before anything is bound to it. */
interface Code {
  readonly lattice: Lattice;
  readonly radices: readonly number[];
  readonly loops: Loops;
  readonly generated: Generated;
  readonly compile: Compile;
}

/** *Exact.* The code of a network; null where it or its lattice is declined, or the host forbids it. */
export function codeOf(
  network: Network,
  proxies: readonly (readonly Rational[])[],
  space: Space,
): Code | null {
  const lattice = latticeOf(network, proxies, space);
  if (lattice === null) return null;
  const radices = space.radices.map(doubleOf);
  const loops = loopsOf(lattice, radices);
  const generated = generate(lattice, loops, radices);
  if (generated === null) return null;
  const compile = functionOf(generated.source);
  return compile === null ? null : { lattice, radices, loops, generated, compile };
}

/**
 * *Exact.* The compiled kernel of a network; null where the lattice or its code is declined, or the
 * host forbids code from text.
 */
export function compiledOf(
  network: Network,
  proxies: readonly (readonly Rational[])[],
  space: Space,
  judge: (point: readonly Rational[]) => Verdict,
  maxLeaves: number,
): Compiled | null {
  const code = codeOf(network, proxies, space);
  if (code === null) return null;
  const { lattice, radices, loops, generated, compile } = code;
  const plan = cotangentPlanOf(lattice, proxies);
  const first =
    plan === null ? null : firstOrderOf(network, lattice, plan, proxies, space.digits, maxLeaves);
  const { places } = generated;
  const decider = new Decider({ network, lattice, loops, plan, first, space, judge, places });
  const neurons = neuronsOf(network).length;
  const counter = new Counter({ neurons, loops, decider, radices, keys: generated.keys });
  counter.bind((runtime) => compile(generated.tables, runtime));
  const tallyOfBoxes: Compiled['tallyOfBoxes'] = (boxes, onProgress) =>
    tallyOf(counter, space, radices, loops, boxes, onProgress);
  return {
    loops,
    source: generated.source,
    integers: generated.integers,
    tallyOf: (from, to, onProgress) =>
      tallyOfBoxes(
        boxesOf(radices, from, to).map((box) => ({ box, weight: 1n })),
        onProgress,
      ),
    tallyOfBoxes,
  };
}

function tallyOf(
  counter: Counter,
  space: Space,
  radices: readonly number[],
  loops: Loops,
  boxes: Iterable<WeightedBox>,
  onProgress: (visited: bigint) => void,
): Tally {
  const sums = emptySums(counter.neurons);
  const held = {
    nonDifferentiable: new Held(counter, 'nonDifferentiable'),
    incorrect: new Held(counter, 'incorrect'),
    undecided: new Held(counter, 'undecided'),
  };
  let visited = 0n;
  for (const { box: whole, weight } of boxes) {
    for (const box of pieces(whole, loops, counter.neurons)) {
      const before = { ...sums };
      counter.count(box, sums, weight);
      for (const kind of KINDS) if (sums[kind] > before[kind]) held[kind].add(box);
      visited += volumeOf(box);
      onProgress(visited);
    }
  }
  const witnessOf = (kind: Kind): Witness | null => {
    const digits = held[kind].first();
    if (digits === null) return null;
    const order = rankOf(radices, digits);
    return { order, point: space.pointAt(order) };
  };
  const empty = emptyTally(0);
  return {
    ...empty,
    done: visited,
    touched: sums.touched,
    nonDifferentiable: sums.nonDifferentiable,
    incorrect: sums.incorrect,
    undecided: sums.undecided,
    pairs: sums.pairs,
    neurons: sums.neurons,
    witnesses: {
      nonDifferentiable: witnessOf('nonDifferentiable'),
      incorrect: witnessOf('incorrect'),
      undecided: witnessOf('undecided'),
    },
  };
}

/** A box in pieces, in the order of ranks: none too large for doubles, nor for one call. */
function* pieces(box: Box, loops: Loops, neurons: number): Generator<Box> {
  const position = widePosition(box);
  const most = volumeOf(box) * BigInt(Math.max(1, neurons * neurons));
  const last = loops.order[loops.order.length - 1];
  const outer = loops.solved ? loops.order.filter((each) => each !== last) : loops.order;
  if (position === -1 || (most < EXACT && sizeOf(box, outer) <= CALL)) {
    yield box;
    return;
  }
  const [lo, hi] = [box.lo[position] as number, box.hi[position] as number];
  const middle = Math.floor((lo + hi) / 2);
  yield* pieces(within(box, position, lo, middle), loops, neurons);
  yield* pieces(within(box, position, middle, hi), loops, neurons);
}

/** Boxes that hold a kind, as far as its first point may be in them. */
class Held {
  readonly #counter: Counter;
  readonly #kind: Kind;
  #boxes: Box[] = [];
  /** The first point of the boxes that were looked through. */
  #first: Int32Array | null = null;
  /** The least of the last points: no first point is behind it. */
  #bound: Int32Array | null = null;

  constructor(counter: Counter, kind: Kind) {
    this.#counter = counter;
    this.#kind = kind;
  }

  add(box: Box): void {
    if (this.#bound !== null && compareDigits(box.lo, this.#bound) > 0) return;
    this.#boxes.push(box);
    const last = box.hi.map((end) => end - 1);
    if (this.#bound === null || compareDigits(last, this.#bound) < 0) this.#bound = last;
    if (this.#boxes.length === HELD) this.#bound = this.first();
  }

  /** *Exact.* The digits of the first point; null where no box was added. */
  first(): Int32Array | null {
    for (const box of this.#boxes) {
      // Each box is known to hold one.
      const earlier: Box | undefined =
        this.#first === null
          ? box
          : below(box, this.#first).find((part) => this.#counter.holds(part, this.#kind));
      if (earlier !== undefined) this.#first = firstIn(this.#counter, earlier, this.#kind);
    }
    this.#boxes = [];
    return this.#first;
  }
}

/** *Exact.* The digits of the first point of a kind in a box that holds one. */
function firstIn(counter: Counter, box: Box, kind: Kind): Int32Array {
  // A witness is likely to be the very first point.
  const corner = { lo: box.lo, hi: box.lo.map((digit) => digit + 1) };
  if (counter.holds(corner, kind)) return box.lo;
  let rest = box;
  for (let position = widePosition(rest); position !== -1; position = widePosition(rest)) {
    // Galloping: a witness is likely to come early.
    let lo = rest.lo[position] as number;
    let hi = rest.hi[position] as number;
    for (let step = 1; lo + step < hi; step *= 2) {
      if (counter.holds(within(rest, position, lo, lo + step), kind)) {
        hi = lo + step;
        break;
      }
      lo += step;
    }
    while (hi - lo > 1) {
      const middle = Math.floor((lo + hi) / 2);
      if (counter.holds(within(rest, position, lo, middle), kind)) hi = middle;
      else lo = middle;
    }
    rest = within(rest, position, lo, hi);
  }
  return rest.lo;
}
