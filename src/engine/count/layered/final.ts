/**
 * The end of the recursion: from a state before the last layers, the number of ways to choose the
 * remaining parameters so that no tangent, old or new, reaches the output. The last hidden layer is
 * never expanded: its neurons enter through sums that factorise.
 *
 * With an affine output the last two layers go together: old tangents and new ties both leave
 * through the outgoing columns. With kinks at the outputs the output layer goes alone.
 */
import {
  carriers,
  compositions,
  factorises,
  multinomial,
  silentSums,
  slopeChoices,
  tangentLaw,
  tangentsAreDisjoint,
} from './factorised.js';
import { BoundTies, isFree, outcomesOf, slopeAt, type Outcome, type State } from './law.js';
import type { LayerLaws } from './prefix.js';
import { Outgrown } from './outgrown.js';
import { product, type Row, type RowLayer } from './rows.js';

/** Most entries of one sum's law. */
const SUM_MAX = 1 << 20;

export type FinalCount =
  /** Number of choices under which nothing reaches the output. */
  | { readonly bound: false; readonly zeros: bigint }
  /** Some tie is bound: the walk must count. */
  | { readonly bound: true };

/** *Exact.* Over the output layer alone: every output untied (if ties count) and every tangent 0. */
export function zerosAtOutputs(layer: RowLayer, state: State, addTies: boolean): FinalCount {
  const counts = layer.rows.map((row) => {
    const outcomes = outcomesOrBound(layer, row, state, addTies);
    if (outcomes === null) return null;
    return outcomes
      .filter((outcome) => !(addTies && outcome.free) && outcome.q.every((entry) => entry === 0))
      .reduce((sum, outcome) => sum + BigInt(outcome.count), 0n);
  });
  const known = counts.filter((count) => count !== null);
  return known.length < counts.length ? { bound: true } : { bound: false, zeros: product(known) };
}

function outcomesOrBound(
  layer: RowLayer,
  row: Row,
  state: State,
  addTies: boolean,
): readonly Outcome[] | null {
  try {
    return outcomesOf(layer.grid, row, state, { addTies, detailed: false });
  } catch (error) {
    if (error instanceof BoundTies) return null;
    throw error;
  }
}

/** What the affine output layer makes of one hidden unit. */
interface Column {
  /** The values of each output's weight on the unit. */
  readonly weights: readonly Float64Array[];
  readonly total: bigint;
  /** Number of ways to choose all of them 0. */
  readonly zero: bigint;
  /** Equal for columns that are alike. */
  readonly type: string;
}

/** The last hidden layer and the affine output layer, with what does not depend on the state. */
export class FinalPair {
  readonly #hidden: RowLayer;
  readonly #columns: readonly Column[];
  /** False where the output's slope is 0, so that nothing ever reaches it. */
  readonly #reaches: boolean;
  readonly #sums = new Map<string, bigint>();
  readonly #laws: LayerLaws;
  /** For `silentSums`. */
  readonly #zeroSumsGiven = new Map<string, bigint>();
  /** Whether all hidden rows are alike, and all columns. */
  readonly #alike: boolean;

  constructor(hidden: RowLayer, laws: LayerLaws, output: RowLayer) {
    this.#hidden = hidden;
    this.#laws = laws;
    this.#reaches = slopeAt(output.grid, 0) !== 0;
    const names = new Map<Float64Array, number>();
    const nameOf = (values: Float64Array): string => {
      if (values.length === 1) return `=${String(values[0])}`;
      const name = names.get(values) ?? names.size;
      names.set(values, name);
      return `#${String(name)}`;
    };
    this.#columns = hidden.rows.map((_, unit): Column => {
      const weights = output.rows.map((row) => row.weights[unit] ?? new Float64Array(1));
      return {
        weights,
        total: product(weights.map((values) => BigInt(values.length))),
        zero: product(weights.map((values) => BigInt(values.filter((w) => w === 0).length))),
        type: weights.map(nameOf).join(' '),
      };
    });
    this.#alike =
      new Set(hidden.rows.map((row) => row.type)).size === 1 &&
      new Set(this.#columns.map((column) => column.type)).size === 1;
  }

  /** *Exact.* Number of choices for the columns. */
  get columnsTotal(): bigint {
    return product(this.#columns.map((column) => column.total));
  }

  /** *Exact.* Number of choices for one unit's column. */
  columnTotal(unit: number): bigint {
    return this.#columns[unit]?.total ?? 1n;
  }

  /** *Exact.* Choices of a unit's column through which a tangent of its own reaches the output. */
  reaching(unit: number): bigint {
    const column = this.#columns[unit];
    if (column === undefined) throw new Error('FinalPair: no such unit');
    return this.#reaches ? column.total - column.zero : 0n;
  }

  /** *Exact.* Choices of both layers' parameters under which nothing reaches the output. */
  zeros(state: State, addTies: boolean): FinalCount {
    if (!this.#reaches) return { bound: false, zeros: this.#hidden.total * this.columnsTotal };
    const free = !addTies || this.#hidden.rows.every((row) => isFree(row, state));
    if (free && state.tangents.length === 0) {
      return { bound: false, zeros: this.#untied(state, addTies) };
    }
    if (free && this.#alike && factorises(this.#hidden, state)) {
      return { bound: false, zeros: this.#factorised(state, addTies) };
    }
    const laws = new Map<string, readonly Outcome[]>();
    for (const row of this.#hidden.rows) {
      if (laws.has(row.type)) continue;
      const outcomes = outcomesOrBound(this.#hidden, row, state, addTies);
      if (outcomes === null) return { bound: true };
      laws.set(row.type, outcomes);
    }
    const d = state.tangents.length;
    const units = this.#hidden.rows.map((row, unit) => ({
      classes: classesOf(laws.get(row.type) ?? [], addTies),
      column: this.#columns[unit] as Column,
    }));
    return { bound: false, zeros: this.#zeroSums(units, d) };
  }

  /** No tangent yet, ties free: every unit is untied or unread. */
  #untied(state: State, addTies: boolean): bigint {
    return product(
      this.#hidden.rows.map((row, unit) => {
        const column = this.#columns[unit] as Column;
        const ties = addTies ? BigInt(this.#laws.of(row).ties(state.z)) : 0n;
        return row.total * column.total - ties * (column.total - column.zero);
      }),
    );
  }

  /** Pieces and tangents independent, units alike: see `factorised.ts`. */
  #factorised(state: State, addTies: boolean): bigint {
    const row = this.#hidden.rows[0] as Row;
    const column = this.#columns[0] as Column;
    const units = this.#hidden.rows.length;
    const { tied, still, moving } = slopeChoices(this.#hidden, this.#laws.of(row), state, addTies);
    const carried = product(
      carriers(state).map((input) => BigInt(row.weights[input]?.length ?? 1)),
    );
    // A unit that passes nothing: dead with any column, or tied with a column of zeros.
    const silent = carried * (BigInt(still) * column.total + BigInt(tied) * column.zero);
    const slopes = [...moving.keys()];
    let zeros = 0n;
    for (const counts of compositions(units, slopes.length + 1)) {
      const [silents = 0, ...moved] = counts;
      let ways = multinomial(counts) * silent ** BigInt(silents);
      moved.forEach((count, k) => {
        ways *= BigInt(moving.get(slopes[k] as number) ?? 0) ** BigInt(count);
      });
      if (ways === 0n) continue;
      const chosen = moved.flatMap((count, k) =>
        Array.from({ length: count }, () => slopes[k] as number),
      );
      zeros += ways * this.#silentSums(state, chosen);
    }
    return zeros;
  }

  /** Tangents and columns of units with these slopes under which nothing reaches the output. */
  #silentSums(state: State, slopes: readonly number[]): bigint {
    if (slopes.length === 0) return 1n;
    const column = this.#columns[0] as Column;
    const [weights, ...moreOutputs] = column.weights;
    // Units and weights are alike in every state, so tangents and slopes tell all.
    if (weights !== undefined && moreOutputs.length === 0 && tangentsAreDisjoint(state)) {
      const laws = state.tangents.map((tangent) =>
        tangentLaw(this.#hidden, { ...state, tangents: [tangent] }),
      );
      return silentSums(laws, weights, slopes, this.#zeroSumsGiven);
    }
    const tangents = state.tangents.map((tangent) => tangent.join(' ')).join(';');
    const key = `factorised ${tangents} | ${slopes.join(' ')}`;
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    const law = tangentLaw(this.#hidden, state);
    const sums = slopes.map((slope) => {
      const reach = law.map(({ u, count }) => ({
        tied: false,
        q: u.map((entry) => (entry === 0 ? 0 : entry * slope)),
        count,
      }));
      return sumLaw(reach, column, state.tangents.length);
    });
    const zeros = zeroSumsOf(sums);
    this.#sums.set(key, zeros);
    return zeros;
  }

  /** Choices with Σ_i w_ri·q_i = 0 for every output r and tangent, and no weight on a tied unit. */
  #zeroSums(units: readonly { classes: readonly Reach[]; column: Column }[], d: number): bigint {
    // Units that cannot carry anything only multiply.
    let factor = 1n;
    const carriers: { classes: readonly Reach[]; column: Column }[] = [];
    for (const unit of units) {
      if (unit.classes.every(({ q }) => q.every((entry) => entry === 0))) {
        factor *= unit.classes.reduce(
          (sum, { tied, count }) =>
            sum + BigInt(count) * (tied ? unit.column.zero : unit.column.total),
          0n,
        );
      } else {
        carriers.push(unit);
      }
    }
    if (factor === 0n || carriers.length === 0) return factor;
    const signature = carriers
      .map(
        ({ classes, column }) =>
          `${column.type}@${classes.map(({ tied, q, count }) => `${tied ? 't' : ''}${q.join(',')}x${String(count)}`).join(';')}`,
      )
      .sort()
      .join('/');
    const known = this.#sums.get(signature);
    if (known !== undefined) return factor * known;
    const zeros = zeroSumsOf(carriers.map(({ classes, column }) => sumLaw(classes, column, d)));
    this.#sums.set(signature, zeros);
    return factor * zeros;
  }
}

/** Outcomes that the output cannot tell apart: tied or not, and the tangents carried. */
interface Reach {
  readonly tied: boolean;
  readonly q: readonly number[];
  readonly count: number;
}

function classesOf(outcomes: readonly Outcome[], addTies: boolean): Reach[] {
  const classes = new Map<string, { tied: boolean; q: readonly number[]; count: number }>();
  for (const { free, q, count } of outcomes) {
    const tied = addTies && free;
    const key = `${String(tied)} ${q.join(',')}`;
    const known = classes.get(key);
    if (known === undefined) classes.set(key, { tied, q, count });
    else known.count += count;
  }
  return [...classes.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reach]) => reach);
}

/** The number of choices under which the sum of independent vectors is 0; the sum is met halfway. */
function zeroSumsOf(laws: readonly SumLaw[]): bigint {
  const half = laws.length >> 1;
  const left = laws.slice(0, half).reduce(convolve, ORIGIN);
  const right = laws.slice(half).reduce(convolve, ORIGIN);
  let zeros = 0n;
  if (left === ORIGIN) {
    for (const { vector, count } of right.values()) {
      if (vector.every((entry) => entry === 0)) zeros += count;
    }
    return zeros;
  }
  for (const { vector, count } of left.values()) {
    const opposite = right.get(vector.map((entry) => (entry === 0 ? 0 : -entry)).join(','));
    if (opposite !== undefined) zeros += count * opposite.count;
  }
  return zeros;
}

type SumLaw = ReadonlyMap<string, { readonly vector: readonly number[]; readonly count: bigint }>;

const ORIGIN: SumLaw = new Map([['', { vector: [], count: 1n }]]);

/** The law of the vector (w_r·q_k) over outputs r and tangents k, for one hidden unit. */
function sumLaw(classes: readonly Reach[], column: Column, d: number): SumLaw {
  const law = new Map<string, { vector: readonly number[]; count: bigint }>();
  const put = (vector: readonly number[], count: bigint): void => {
    const key = vector.join(',');
    const known = law.get(key);
    if (known !== undefined) known.count += count;
    else if (law.size >= SUM_MAX) throw new Outgrown('a sum over the outputs has too many values');
    else law.set(key, { vector, count });
  };
  const zero = Array.from({ length: d * column.weights.length }, () => 0);
  for (const { tied, q, count } of classes) {
    if (tied) {
      if (column.zero > 0n) put(zero, BigInt(count) * column.zero);
      continue;
    }
    if (q.every((entry) => entry === 0)) {
      put(zero, BigInt(count) * column.total);
      continue;
    }
    let vectors: readonly (readonly number[])[] = [[]];
    for (const values of column.weights) {
      const next: number[][] = [];
      for (const vector of vectors) {
        for (const w of values) {
          next.push([...vector, ...q.map((entry) => (w === 0 || entry === 0 ? 0 : w * entry))]);
        }
      }
      if (next.length > SUM_MAX) throw new Outgrown('a column has too many values');
      vectors = next;
    }
    for (const vector of vectors) {
      if (vector.some((entry) => !Number.isSafeInteger(entry))) {
        throw new Outgrown('the tangents of this network outgrow exact doubles');
      }
      put(vector, BigInt(count));
    }
  }
  return law;
}

function convolve(a: SumLaw, b: SumLaw): SumLaw {
  if (a === ORIGIN) return b;
  if (a.size * b.size > SUM_MAX * 16) throw new Outgrown('a sum over the outputs is too wide');
  const law = new Map<string, { vector: readonly number[]; count: bigint }>();
  for (const { vector: x, count: m } of a.values()) {
    for (const { vector: y, count: n } of b.values()) {
      const vector = x.map((entry, k) => entry + (y[k] as number));
      if (vector.some((entry) => !Number.isSafeInteger(entry))) {
        throw new Outgrown('the tangents of this network outgrow exact doubles');
      }
      const key = vector.join(',');
      const known = law.get(key);
      if (known !== undefined) known.count += m * n;
      else law.set(key, { vector, count: m * n });
    }
  }
  if (law.size > SUM_MAX) throw new Outgrown('a sum over the outputs has too many values');
  return law;
}
