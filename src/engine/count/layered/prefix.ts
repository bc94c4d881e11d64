/**
 * Laws of one row's pre-activation over many states, without tangents: the laws of the first inputs
 * are shared between states that agree there, and the last input is never convolved, since only
 * counts at and below the breakpoints are asked for; nor is the one before it, where its law would
 * cost more to make than a few states ask of it (`asked-law.ts`).
 *
 * States come in nested order, so a stack of prefixes suffices: one law per input, recomputed from
 * the first input that differs. Counts are doubles, exact because a row has fewer than 2^53 choices.
 */
import { doubleOf } from '../../num/exact-double.js';
import type { GridLayer } from '../grid.js';
import { AskedLaw } from './asked-law.js';
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

/** A whole law is made only where it costs no more than what so many states ask of it. */
const STATES_PER_LAW = 16;

export class PrefixLaws {
  readonly #grid: GridLayer;
  readonly #row: Row;
  /** Of the last input's weight; without inputs a single 0. */
  readonly #lastValues: Float64Array;
  readonly #z: number[] = [];
  readonly #laws: IntegerLaw[] = [];
  readonly #meter: Meter;
  /** The law of all inputs but the last, where it is made as far as it is asked for. */
  readonly #asked: AskedLaw;
  /** The last answers: states that differ in their tangents alone come one after the other. */
  #tiesAt: Vector = [NaN];
  #lastTies = 0n;
  #lastPieces: { readonly z: Vector; readonly pieces: PieceCounts } | null = null;

  constructor(grid: GridLayer, row: Row, meter: Meter) {
    if (isWide(row)) throw new Outgrown('a neuron has more than 2^53 parameter choices');
    this.#grid = grid;
    this.#row = row;
    this.#meter = meter;
    this.#asked = new AskedLaw(meter);
    this.#lastValues = row.weights.at(-1) ?? new Float64Array(1);
    const bias = grid.tail ? new Float64Array(row.bias.length) : row.bias;
    this.#laws.push(convolved(POINT_LAW, bias, 1, ENTRIES_MAX, meter));
  }

  /** *Exact.* How many of the row's choices put it on a kink, given the values before. */
  ties(z: Vector): bigint {
    if (sameVector(this.#tiesAt, z)) return this.#lastTies;
    const law = this.#lawBefore(z);
    const factor = this.#factor(z, this.#row.weights.length - 1);
    const { thresholds, kinkAt } = this.#grid;
    let ties = 0;
    for (let k = 0; k < kinkAt.length; k += 1) {
      if (kinkAt[k] !== -1) ties += this.#at(law, factor, thresholds[k] as number);
    }
    this.#tiesAt = z;
    this.#lastTies = BigInt(ties);
    return this.#lastTies;
  }

  /** *Exact.* The row's choices by piece. */
  pieces(z: Vector): PieceCounts {
    if (this.#lastPieces !== null && sameVector(this.#lastPieces.z, z)) {
      return this.#lastPieces.pieces;
    }
    const law = this.#lawBefore(z);
    const factor = this.#factor(z, this.#row.weights.length - 1);
    const { thresholds, kinkAt } = this.#grid;
    const inside: number[] = [];
    const on: number[] = [];
    let passed = 0;
    thresholds.forEach((threshold, k) => {
      const under = this.#below(law, factor, threshold);
      const exactlyOn = kinkAt[k] === -1 ? 0 : this.#at(law, factor, threshold);
      inside.push(under - passed);
      on.push(exactlyOn);
      passed = under + exactlyOn;
    });
    inside.push(doubleOf(this.#row.total) - passed);
    this.#lastPieces = { z, pieces: { inside, on } };
    return this.#lastPieces.pieces;
  }

  /** Choices with y = target; the last input adds value·factor. */
  #at(law: IntegerLaw | AskedLaw, factor: number, target: number): number {
    const values = this.#lastValues;
    this.#meter.spend(values.length);
    let sum = 0;
    for (let k = 0; k < values.length; k += 1) {
      const rest = target - (values[k] as number) * factor;
      sum += law instanceof AskedLaw ? law.countAt(rest) : countAt(law, rest);
    }
    return sum;
  }

  /** Choices with y < target; the last input adds value·factor. */
  #below(law: IntegerLaw | AskedLaw, factor: number, target: number): number {
    const values = this.#lastValues;
    this.#meter.spend(values.length);
    let sum = 0;
    for (let k = 0; k < values.length; k += 1) {
      const rest = target - (values[k] as number) * factor;
      sum += law instanceof AskedLaw ? law.countBelow(rest) : countBelow(law, rest);
    }
    return sum;
  }

  /** The law of the bias and all inputs but the last. */
  #lawBefore(z: Vector): IntegerLaw | AskedLaw {
    const { weights } = this.#row;
    const second = weights[weights.length - 2];
    if (second === undefined) return this.#prefix(z, 0);
    const shared = weights.length - 2;
    const law = this.#prefix(z, shared);
    if (!law.dense || law.counts.length <= STATES_PER_LAW * this.#lastValues.length) {
      return this.#prefix(z, shared + 1);
    }
    this.#asked.become(law, second, this.#factor(z, shared));
    return this.#asked;
  }

  #factor(z: Vector, input: number): number {
    return this.#grid.tail ? 0 : (z[input] ?? 0);
  }

  /** The law of the bias and the first `depth` inputs. */
  #prefix(z: Vector, depth: number): IntegerLaw {
    const kept = Math.min(depth, this.#z.length);
    let same = 0;
    while (same < kept && this.#z[same] === z[same]) same += 1;
    if (same < kept) {
      this.#z.length = same;
      this.#laws.length = same + 1;
    }
    if (same === depth) return this.#laws[depth] as IntegerLaw;
    for (let input = same; input < depth; input += 1) {
      const before = this.#laws[input] as IntegerLaw;
      const values = this.#row.weights[input] as Float64Array;
      this.#laws.push(convolved(before, values, this.#factor(z, input), ENTRIES_MAX, this.#meter));
      this.#z.push(z[input] ?? 0);
    }
    // Keys or running sums beside the counts.
    const entries = this.#laws.reduce((sum, { counts }) => sum + counts.length, 0);
    this.#meter.holdLaws(16 * entries);
    return this.#laws[depth] as IntegerLaw;
  }
}

function sameVector(a: Vector, b: Vector): boolean {
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k += 1) if (a[k] !== b[k]) return false;
  return true;
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
