/**
 * Laws of one row's pre-activation over many states, without tangents: the laws of all inputs but
 * the last are shared between states that agree there, and the last input is never convolved, since
 * only counts at and below the breakpoints are asked for.
 *
 * States come in nested order, so a stack of prefixes suffices: one law per input, recomputed from
 * the first input that differs. Counts are doubles, exact because a row has fewer than 2^53 choices.
 */
import { doubleOf } from '../../num/exact-double.js';
import type { GridLayer } from '../grid.js';
import { POINT_LAW, convolved, countAt, countBelow, type IntegerLaw } from './integer-law.js';
import type { Meter } from './meter.js';
import { isWide, wideLaw } from './law.js';
import { Outgrown } from './outgrown.js';
import type { Row } from './rows.js';
import type { Vector } from './subspace.js';

/** How many choices put y strictly inside each piece, and on each breakpoint. */
export interface PieceCounts {
  readonly inside: readonly number[];
  /** Per breakpoint; 0 where it is off the grid. */
  readonly on: readonly number[];
}

/** Most entries of one law. */
const ENTRIES_MAX = 1 << 23;

export class PrefixLaws {
  readonly #grid: GridLayer;
  readonly #row: Row;
  readonly #z: number[] = [];
  readonly #laws: IntegerLaw[] = [];
  readonly #meter: Meter;
  /** The last answer: states that differ in their tangents alone come one after the other. */
  #lastTies: { readonly z: Vector; readonly ties: bigint } | null = null;

  constructor(grid: GridLayer, row: Row, meter: Meter) {
    if (isWide(row)) throw new Outgrown('a neuron has more than 2^53 parameter choices');
    this.#grid = grid;
    this.#row = row;
    this.#meter = meter;
    const bias = grid.tail ? new Float64Array(row.bias.length) : row.bias;
    this.#laws.push(convolved(POINT_LAW, bias, 1, ENTRIES_MAX, meter));
  }

  /** *Exact.* How many of the row's choices put it on a kink, given the values before. */
  ties(z: Vector): bigint {
    if (this.#lastTies !== null && sameVector(this.#lastTies.z, z)) return this.#lastTies.ties;
    const counts = this.#at(z);
    const ties = this.#grid.kinkAt.reduce(
      (sum, kink, k) => (kink === -1 ? sum : sum + counts(this.#grid.thresholds[k] as number)),
      0,
    );
    this.#lastTies = { z, ties: BigInt(ties) };
    return this.#lastTies.ties;
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
    inside.push(doubleOf(this.#row.total) - passed);
    return { inside, on };
  }

  /** Choices with y = target, as a function of target. */
  #at(z: Vector): (target: number) => number {
    const law = this.#prefix(z);
    return this.#overLast(z, (target) => countAt(law, target));
  }

  /** Choices with y < target, as a function of target. */
  #belowAt(z: Vector): (target: number) => number {
    const law = this.#prefix(z);
    return this.#overLast(z, (target) => countBelow(law, target));
  }

  #overLast(z: Vector, count: (target: number) => number): (target: number) => number {
    const last = this.#row.weights.length - 1;
    const values = this.#row.weights[last];
    const factor = this.#grid.tail ? 0 : (z[last] ?? 0);
    if (values === undefined) return count;
    if (factor === 0) return (target) => count(target) * values.length;
    return (target) => {
      this.#meter.spend(values.length);
      let sum = 0;
      for (const value of values) sum += count(target - value * factor);
      return sum;
    };
  }

  /** The law of the bias and all inputs but the last. */
  #prefix(z: Vector): IntegerLaw {
    const depth = Math.max(0, this.#row.weights.length - 1);
    let same = 0;
    while (same < depth && same < this.#z.length && this.#z[same] === z[same]) same += 1;
    if (same < depth || this.#z.length > depth) {
      this.#z.length = same;
      this.#laws.length = same + 1;
    }
    for (let input = same; input < depth; input += 1) {
      const factor = this.#grid.tail ? 0 : (z[input] ?? 0);
      const before = this.#laws[input] as IntegerLaw;
      const values = this.#row.weights[input] as Float64Array;
      this.#laws.push(convolved(before, values, factor, ENTRIES_MAX, this.#meter));
      this.#z.push(z[input] ?? 0);
    }
    if (same < depth) {
      // Keys or running sums beside the counts.
      const entries = this.#laws.reduce((sum, { counts }) => sum + counts.length, 0);
      this.#meter.holdLaws(16 * entries);
    }
    return this.#laws[depth] as IntegerLaw;
  }
}

function sameVector(a: Vector, b: Vector): boolean {
  return a.length === b.length && a.every((entry, k) => entry === b[k]);
}

/** The prefix laws of a layer's rows, one per type of row. */
export class LayerLaws {
  readonly #grid: GridLayer;
  readonly #meter: Meter;
  readonly #byType = new Map<string, PrefixLaws>();
  /** The last answers, by type of row. */
  readonly #wideTies = new Map<string, { readonly z: Vector; readonly ties: bigint }>();

  constructor(grid: GridLayer, meter: Meter) {
    this.#grid = grid;
    this.#meter = meter;
  }

  /** The laws of rows like this one. Throws Outgrown where a row has 2^53 choices or more. */
  of(row: Row): PrefixLaws {
    const known = this.#byType.get(row.type) ?? new PrefixLaws(this.#grid, row, this.#meter);
    this.#byType.set(row.type, known);
    return known;
  }

  /** *Exact.* How many of a row's choices put it on a kink, given the values before. Throws Outgrown. */
  ties(row: Row, z: Vector): bigint {
    if (!isWide(row)) return this.of(row).ties(z);
    const last = this.#wideTies.get(row.type);
    if (last !== undefined && sameVector(last.z, z)) return last.ties;
    const { thresholds, kinkAt } = this.#grid;
    const law = wideLaw(this.#grid, row, z, this.#meter);
    const ties = kinkAt.reduce(
      (sum, kink, k) => (kink === -1 ? sum : sum + law.countAt(thresholds[k] as number)),
      0n,
    );
    this.#wideTies.set(row.type, { z, ties });
    return ties;
  }
}
