/**
 * Laws of one row's pre-activation over many states, without tangents: the laws of all inputs but
 * the last are shared between states that agree there, and the last input is never convolved, since
 * only counts at and below the breakpoints are asked for.
 *
 * States come in nested order, so a stack of prefixes suffices: one law per input, recomputed from
 * the first input that differs. Counts are doubles, exact because a row has fewer than 2^53 choices.
 */
import type { GridLayer } from '../grid.js';
import { Outgrown } from './outgrown.js';
import type { Row } from './rows.js';
import type { Vector } from './subspace.js';

/** How many choices put y strictly inside each piece, and on each breakpoint. */
export interface PieceCounts {
  readonly inside: readonly number[];
  /** Per breakpoint; 0 where it is off the grid. */
  readonly on: readonly number[];
}

/** A law on an interval of integers: `counts[k]` choices give `low + k`. */
interface DenseLaw {
  readonly low: number;
  readonly counts: Float64Array;
}

/** Widest law that is held densely. */
const WIDTH_MAX = 1 << 23;
const EXACT = 2n ** 53n;

export class PrefixLaws {
  readonly #grid: GridLayer;
  readonly #row: Row;
  readonly #z: number[] = [];
  readonly #laws: DenseLaw[] = [];
  /** Cumulative counts of the deepest prefix; null until asked for. */
  #below: Float64Array | null = null;

  constructor(grid: GridLayer, row: Row) {
    if (row.total >= EXACT) throw new Outgrown('a neuron has more than 2^53 parameter choices');
    this.#grid = grid;
    this.#row = row;
    this.#laws.push(lawOfValues(grid.tail ? new Float64Array(row.bias.length) : row.bias));
  }

  /** *Exact.* How many of the row's choices put it on a kink, given the values before. */
  ties(z: Vector): number {
    const counts = this.#at(z);
    return this.#grid.kinkAt.reduce(
      (sum, kink, k) => (kink === -1 ? sum : sum + counts(this.#grid.thresholds[k] as number)),
      0,
    );
  }

  /** *Exact.* The row's choices by piece. */
  pieces(z: Vector): PieceCounts {
    const at = this.#at(z);
    const below = this.#belowAt(z);
    const { thresholds, kinkAt } = this.#grid;
    const inside: number[] = [];
    const on: number[] = [];
    let passed = 0;
    thresholds.forEach((threshold, k) => {
      const under = below(threshold);
      const exactlyOn = kinkAt[k] === -1 ? 0 : at(threshold);
      inside.push(under - passed);
      on.push(exactlyOn);
      passed = under + exactlyOn;
    });
    inside.push(Number(this.#row.total) - passed);
    return { inside, on };
  }

  /** Choices with y = target, as a function of target. */
  #at(z: Vector): (target: number) => number {
    const { low, counts } = this.#prefix(z);
    return this.#overLast(z, (target) => {
      const index = target - low;
      return index >= 0 && index < counts.length ? (counts[index] as number) : 0;
    });
  }

  /** Choices with y < target, as a function of target. */
  #belowAt(z: Vector): (target: number) => number {
    const { low, counts } = this.#prefix(z);
    this.#below ??= cumulative(counts);
    const below = this.#below;
    return this.#overLast(z, (target) => {
      const index = Math.min(Math.max(target - low, 0), counts.length);
      return below[index] as number;
    });
  }

  #overLast(z: Vector, count: (target: number) => number): (target: number) => number {
    const last = this.#row.weights.length - 1;
    const values = this.#row.weights[last];
    const factor = this.#grid.tail ? 0 : (z[last] ?? 0);
    if (values === undefined) return count;
    if (factor === 0) return (target) => count(target) * values.length;
    return (target) => {
      let sum = 0;
      for (const value of values) sum += count(target - value * factor);
      return sum;
    };
  }

  /** The law of the bias and all inputs but the last. */
  #prefix(z: Vector): DenseLaw {
    const depth = Math.max(0, this.#row.weights.length - 1);
    let same = 0;
    while (same < depth && same < this.#z.length && this.#z[same] === z[same]) same += 1;
    if (same < depth || this.#z.length > depth) {
      this.#z.length = same;
      this.#laws.length = same + 1;
      this.#below = null;
    }
    for (let input = same; input < depth; input += 1) {
      const factor = this.#grid.tail ? 0 : (z[input] ?? 0);
      const before = this.#laws[input] as DenseLaw;
      this.#laws.push(convolved(before, this.#row.weights[input] as Float64Array, factor));
      this.#z.push(z[input] ?? 0);
    }
    return this.#laws[depth] as DenseLaw;
  }
}

function lawOfValues(values: Float64Array): DenseLaw {
  return convolved({ low: 0, counts: Float64Array.of(1) }, values, 1);
}

function convolved(law: DenseLaw, values: Float64Array, factor: number): DenseLaw {
  if (factor === 0)
    return { low: law.low, counts: law.counts.map((count) => count * values.length) };
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, value * factor);
    most = Math.max(most, value * factor);
  }
  const width = law.counts.length + most - least;
  if (width > WIDTH_MAX) throw new Outgrown('the law of a neuron is too wide');
  const counts = new Float64Array(width);
  for (const value of values) {
    const shift = value * factor - least;
    for (let k = 0; k < law.counts.length; k += 1) {
      const into = k + shift;
      counts[into] = (counts[into] as number) + (law.counts[k] as number);
    }
  }
  return { low: law.low + least, counts };
}

/** `result[k]` = Σ of the first k counts. */
function cumulative(counts: Float64Array): Float64Array {
  const below = new Float64Array(counts.length + 1);
  for (let k = 0; k < counts.length; k += 1) {
    below[k + 1] = (below[k] as number) + (counts[k] as number);
  }
  return below;
}
