/**
 * The law of one neuron, given the layer before: how many of its parameter choices lead to each
 * outcome. Counts are doubles where a row has fewer than 2^53 choices, limbs where it has more.
 */
import type { GridLayer } from '../grid.js';
import { COST, type Meter } from './meter.js';
import { Outgrown } from './outgrown.js';
import type { Row } from './rows.js';
import type { Vector } from './subspace.js';
import { WideLaw } from './wide-law.js';

/** What the layer before passes on: values, tangents, and which units do not move. */
export interface State {
  /** Values on the grid, `[unit]`. */
  readonly z: Vector;
  /** Canonical basis of the span of the tangents, each `[unit]`. */
  readonly tangents: readonly Vector[];
  /** Per unit, whether its form is 0; null where every row of the next layer is free anyway. */
  readonly still: readonly boolean[] | null;
}

/**
 * What is known of a row's linear form, whatever its choices. Free: it moves by a parameter of its
 * own. Still: it is 0. Dependent: neither; the states before such rows are cut (`bound-ties.ts`).
 */
export type Form = 'free' | 'still' | 'dependent';

/** *Exact.* The form of a row at a state. */
export function formOf(row: Row, state: State): Form {
  if (isFree(row, state.z)) return 'free';
  const { still } = state;
  if (still === null) throw new Error('formOf: the state has lost which units are still');
  const moves = row.weights.some(
    (values, input) => still[input] !== true && values.some((value) => value !== 0),
  );
  return moves ? 'dependent' : 'still';
}

/** *Exact.* Whether a parameter of the row's own moves it: its bias, or a weight on a value. */
export function isFree(row: Row, z: Vector): boolean {
  return row.ownBias || row.ownWeights.some((own, input) => own && z[input] !== 0);
}

/** How a unit came to its value: what a cut behind it needs to know. */
export interface Origin {
  /** Its form is 0; then y is one of many that give its value. */
  readonly still: boolean;
  readonly y: number;
  /** The tangents of its pre-activation, one entry per basis vector of the layer before. */
  readonly preTangents: Vector;
}

export interface Outcome {
  readonly z: number;
  /** On a kink at all, and so that its form is free. */
  readonly tied: boolean;
  readonly free: boolean;
  /** Tangents of its output, one entry per basis vector of the layer before. */
  readonly q: Vector;
  readonly origin: Origin | null;
  readonly count: bigint;
}

/** Most entries of one law. */
const LAW_MAX = 1 << 21;
const EXACT = 2n ** 53n;

/** A row's pre-activation and its tangents as one integer each: a mixed-radix digit per coordinate. */
export interface Packing {
  /** Values of the bias, then of every weight; and what one unit of each adds to the packed sum. */
  readonly terms: readonly { readonly values: Float64Array; readonly step: number }[];
  readonly unpack: (key: number) => { readonly y: number; readonly u: readonly number[] };
}

/**
 * *Exact.* The packed sum of a row at a state; y stays 0 behind the last kink, where nobody asks for
 * it. Throws Outgrown where a packed sum might leave the exact doubles.
 */
export function packingOf(grid: GridLayer, row: Row, state: State): Packing {
  const d = state.tangents.length;
  const low = Array.from({ length: d + 1 }, () => 0);
  const high = Array.from({ length: d + 1 }, () => 0);
  /** No partial sum of a coordinate is larger. */
  const reach = Array.from({ length: d + 1 }, () => 0);
  const bias = grid.tail ? new Float64Array(row.bias.length) : row.bias;
  const ranges = new Map<Float64Array, readonly [number, number]>();
  const rangeOf = (values: Float64Array): readonly [number, number] => {
    const known = ranges.get(values);
    if (known !== undefined) return known;
    const range = [
      values.reduce((a, b) => Math.min(a, b)),
      values.reduce((a, b) => Math.max(a, b)),
    ] as const;
    ranges.set(values, range);
    return range;
  };
  const coefficients = [
    { values: bias, factors: [1, ...state.tangents.map(() => 0)] },
    ...row.weights.map((values, input) => ({
      values,
      factors: [
        grid.tail ? 0 : (state.z[input] ?? 0),
        ...state.tangents.map((tangent) => tangent[input] ?? 0),
      ],
    })),
  ];
  for (const { values, factors } of coefficients) {
    const [least, most] = rangeOf(values);
    factors.forEach((factor, k) => {
      if (factor === 0) return;
      const [a, b] = factor > 0 ? [least * factor, most * factor] : [most * factor, least * factor];
      low[k] = (low[k] as number) + a;
      high[k] = (high[k] as number) + b;
      reach[k] = (reach[k] as number) + Math.max(Math.abs(a), Math.abs(b));
    });
  }
  const strides: number[] = [];
  let stride = 1;
  let packedReach = 0;
  for (let k = 0; k <= d; k += 1) {
    strides.push(stride);
    packedReach += (reach[k] as number) * stride;
    stride *= (high[k] as number) - (low[k] as number) + 1;
    // Every number above and every packed partial sum is at most this, so none was rounded.
    if (!(Math.max(stride, packedReach) <= Number.MAX_SAFE_INTEGER)) {
      throw new Outgrown('the law of a neuron is too wide');
    }
  }
  const offset = low.reduce((sum, least, k) => sum + least * (strides[k] as number), 0);
  return {
    terms: coefficients.map(({ values, factors }) => ({
      values,
      // Values that are all 0 add nothing, and their step would not be bounded by the reach.
      step: values.every((value) => value === 0)
        ? 0
        : factors.reduce((sum, factor, k) => sum + factor * (strides[k] as number), 0),
    })),
    unpack: (key) => {
      let rest = key - offset;
      const coordinates = strides.map((_, k) => {
        const width = (high[k] as number) - (low[k] as number) + 1;
        const digit = rest % width;
        rest = (rest - digit) / width;
        return digit + (low[k] as number);
      });
      const [y = 0, ...u] = coordinates;
      return { y, u };
    },
  };
}

/** One entry of a row's law. */
export interface LawEntry<Count = number> {
  readonly y: number;
  readonly u: readonly number[];
  readonly count: Count;
}

/** *Exact.* Whether a row has so many choices that doubles cannot count them. */
export function isWide(row: Row): boolean {
  return row.total >= EXACT;
}

/** *Exact.* The law of a row of any number of choices, given values alone. Throws Outgrown. */
export function wideLaw(grid: GridLayer, row: Row, z: Vector, meter: Meter): WideLaw {
  const terms = row.weights.map((values, input) => ({
    values,
    factor: grid.tail ? 0 : (z[input] ?? 0),
  }));
  return new WideLaw([{ values: row.bias, factor: grid.tail ? 0 : 1 }, ...terms], meter);
}

function* lawEntries(
  grid: GridLayer,
  row: Row,
  state: State,
  meter: Meter,
): Generator<LawEntry<number | bigint>> {
  if (!isWide(row) || state.tangents.length > 0) {
    yield* preActivationLaw(grid, row, state, meter);
    return;
  }
  for (const [y, count] of wideLaw(grid, row, state.z, meter).entries()) yield { y, u: [], count };
}

/**
 * *Exact.* Counts of (y, preTangents), as a list. Throws Outgrown, also where the row has 2^53
 * choices or more.
 */
export function preActivationLaw(
  grid: GridLayer,
  row: Row,
  state: State,
  meter: Meter,
): readonly LawEntry[] {
  if (isWide(row))
    throw new Outgrown('a neuron with tangents has more than 2^53 parameter choices');
  const { terms, unpack } = packingOf(grid, row, state);
  let law = new Map<number, number>([[0, 1]]);
  let silent = 1;
  for (const { values, step } of terms) {
    if (step === 0) {
      silent *= values.length;
      continue;
    }
    meter.spend(law.size * values.length * COST.mapEntry);
    const next = new Map<number, number>();
    for (const [key, count] of law) {
      for (const value of values) bump(next, key + value * step, count);
    }
    if (next.size > LAW_MAX) throw new Outgrown('the law of a neuron has too many entries');
    law = next;
  }
  return [...law].map(([key, count]) => {
    const { y, u } = unpack(key);
    return { y, u, count: count * silent };
  });
}

function bump(map: Map<number, number>, key: number, count: number): void {
  map.set(key, (map.get(key) ?? 0) + count);
}

/** *Exact.* The piece of y: the number of breakpoints at or below it. */
export function pieceAt(grid: GridLayer, y: number): number {
  let piece = 0;
  while (piece < grid.thresholds.length && y >= (grid.thresholds[piece] as number)) piece += 1;
  return piece;
}

/** *Exact.* The kink at y, or −1. */
export function kinkOf(grid: GridLayer, y: number): number {
  const piece = pieceAt(grid, y);
  return piece > 0 && y === grid.thresholds[piece - 1] ? (grid.kinkAt[piece - 1] as number) : -1;
}

function horner(coefficients: Float64Array, t: number): number {
  let value = 0;
  for (let k = coefficients.length - 1; k >= 0; k -= 1)
    value = value * t + (coefficients[k] as number);
  return value;
}

/** *Exact.* What AD takes for the slope at y, on the layer's slope scale. */
export function slopeAt(grid: GridLayer, y: number): number {
  const kink = kinkOf(grid, y);
  if (kink !== -1) return grid.proxies[kink] as number;
  return horner(grid.slopes[pieceAt(grid, y)] as Float64Array, y);
}

/** *Exact.* The value at y, on the grid of the layer's outputs; 0 behind the last kink. */
export function valueAt(grid: GridLayer, y: number): number {
  return grid.tail ? 0 : horner(grid.pieces[pieceAt(grid, y)] as Float64Array, y);
}

/** Whether both one-sided slopes are 0 at y: then the unit's form is 0, whatever y's form is. */
function isFlatAt(grid: GridLayer, y: number): boolean {
  const piece = pieceAt(grid, y);
  const slope = (of: number): number => horner(grid.slopes[of] as Float64Array, y);
  if (slope(piece) !== 0) return false;
  return piece === 0 || y !== grid.thresholds[piece - 1] || slope(piece - 1) === 0;
}

export interface OutcomeOptions {
  /** Whether ties add tangents, so that it matters whether they are free. */
  readonly addTies: boolean;
  /** Which origins the next layer may ask for: none, those of units that are 0, or all. */
  readonly origins: 'none' | 'zero' | 'all';
}

/** *Exact.* The outcomes of a neuron with their counts, in increasing order of z. Throws Outgrown. */
export function outcomesOf(
  grid: GridLayer,
  row: Row,
  state: State,
  { addTies, origins }: OutcomeOptions,
  meter: Meter,
): readonly Outcome[] {
  const form = addTies && !grid.tail ? formOf(row, state) : 'free';
  if (form === 'dependent') throw new Error('outcomesOf: a dependent row should have been cut');
  const outcomes = new Map<string, { outcome: Outcome; small: number; big: bigint }>();
  for (const { y, u, count } of lawEntries(grid, row, state, meter)) {
    const tied = kinkOf(grid, y) !== -1;
    const slope = slopeAt(grid, y);
    const z = valueAt(grid, y);
    const q = u.map((entry) => scaled(entry, slope));
    let key = `${String(z)} ${tied ? 'tied' : ''} ${q.join(',')}`;
    let origin: Origin | null = null;
    if (origins === 'all' || (origins === 'zero' && z === 0)) {
      const still = form === 'still' || isFlatAt(grid, y);
      origin = { still, y, preTangents: u };
      key += still ? ' still' : ` ${String(y)} ${u.join(',')}`;
    }
    const known = outcomes.get(key);
    if (known === undefined) {
      const free = tied && form === 'free';
      const outcome = { z, tied, free, q, origin, count: 0n };
      if (typeof count === 'number') outcomes.set(key, { outcome, small: count, big: 0n });
      else outcomes.set(key, { outcome, small: 0, big: count });
    } else if (typeof count === 'number') {
      known.small += count;
    } else {
      known.big += count;
    }
  }
  return [...outcomes.values()]
    .map(({ outcome, small, big }) => ({ ...outcome, count: BigInt(small) + big }))
    .sort((a, b) => a.z - b.z);
}

/** *Exact.* a·b. Throws Outgrown beyond 2^53. */
export function scaled(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  const result = a * b;
  if (!Number.isSafeInteger(result)) {
    throw new Outgrown('the tangents of this network outgrow exact doubles');
  }
  return result;
}
