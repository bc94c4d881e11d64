/**
 * The law of one neuron, given the layer before: how many of its parameter choices lead to each
 * outcome. Counts are doubles, exact because a row's number of choices is below 2^53 (checked).
 */
import type { GridLayer } from '../grid.js';
import { Outgrown } from './outgrown.js';
import type { Row } from './rows.js';
import type { Vector } from './subspace.js';

/** What the layer before passes on: values, tangents, and which values are constant near w. */
export interface State {
  /** Values on the grid, `[unit]`. */
  readonly z: Vector;
  /** Canonical basis of the span of the tangents, each `[unit]`. */
  readonly tangents: readonly Vector[];
  /** Where the next layer has rows without a bias: how each unit came to its value. */
  readonly origins: readonly Origin[] | null;
}

/** How a unit came to its value: what a layer without biases must know of a unit that is 0. */
export interface Origin {
  /** The activation is constant near w: the unit does not move. */
  readonly constant: boolean;
  /** Its pre-activation; one of many where the unit is constant. */
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
  readonly count: number;
}

/** Most entries of one law. */
const LAW_MAX = 1 << 21;
const EXACT = 2n ** 53n;

/**
 * *Exact.* Counts of (y, preTangents), as a list; y stays 0 behind the last kink, where nobody asks
 * for it. Throws Outgrown.
 */
export function preActivationLaw(
  grid: GridLayer,
  row: Row,
  state: State,
): { y: number; u: number[]; count: number }[] {
  if (row.total >= EXACT) throw new Outgrown('a neuron has more than 2^53 parameter choices');
  const d = state.tangents.length;
  // Every coordinate gets a digit in one mixed-radix key.
  const spans = Array.from({ length: d + 1 }, () => ({ low: 0, high: 0 }));
  const coefficientOf = (input: number, k: number): number =>
    (k > 0 ? state.tangents[k - 1]?.[input] : grid.tail ? 0 : state.z[input]) ?? 0;
  const widen = (values: Float64Array, k: number, factor: number): void => {
    const span = spans[k];
    if (span === undefined || factor === 0) return;
    let low = Infinity;
    let high = -Infinity;
    for (const value of values) {
      low = Math.min(low, value * factor);
      high = Math.max(high, value * factor);
    }
    span.low += low;
    span.high += high;
  };
  const bias = grid.tail ? new Float64Array(row.bias.length) : row.bias;
  widen(bias, 0, 1);
  row.weights.forEach((values, input) => {
    for (let k = 0; k <= d; k += 1) widen(values, k, coefficientOf(input, k));
  });
  const strides: number[] = [];
  let stride = 1;
  for (const { low, high } of spans) {
    strides.push(stride);
    stride *= high - low + 1;
  }
  if (stride > Number.MAX_SAFE_INTEGER) throw new Outgrown('the law of a neuron is too wide');
  let law = new Map<number, number>();
  for (const b of bias) bump(law, b, 1);
  row.weights.forEach((values, input) => {
    let step = 0;
    for (let k = 0; k <= d; k += 1) step += coefficientOf(input, k) * (strides[k] as number);
    if (step === 0) {
      if (values.length > 1) for (const [key, count] of law) law.set(key, count * values.length);
      return;
    }
    const next = new Map<number, number>();
    for (const [key, count] of law) {
      for (const value of values) bump(next, key + value * step, count);
    }
    if (next.size > LAW_MAX) throw new Outgrown('the law of a neuron has too many entries');
    law = next;
  });
  const offset = spans.reduce((sum, { low }, k) => sum + low * (strides[k] as number), 0);
  return [...law].map(([key, count]) => {
    let rest = key - offset;
    const coordinates = spans.map(({ low, high }) => {
      const width = high - low + 1;
      const digit = rest % width;
      rest = (rest - digit) / width;
      return digit + low;
    });
    const [y = 0, ...u] = coordinates;
    return { y, u, count };
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

function isConstantNear(grid: GridLayer, y: number): boolean {
  const piece = pieceAt(grid, y);
  if (grid.flatPiece[piece] !== 1) return false;
  return piece === 0 || y !== grid.thresholds[piece - 1] || grid.flatPiece[piece - 1] === 1;
}

/**
 * Thrown where ties are neither free nor constant: a layer without bias behind a layer whose
 * values are 0 but move. The caller counts the state with the walk instead.
 */
export class BoundTies extends Error {
  override readonly name = 'BoundTies';
}

/** Whether the row's form is free at this state: a bias of its own, or a moving weight on a value. */
export function isFree(row: Row, state: State): boolean {
  return row.ownBias || state.z.some((z) => z !== 0);
}

export interface OutcomeOptions {
  /** Whether ties will add tangents, so that it matters whether they are free. */
  readonly addTies: boolean;
  /** Keep the origin of each outcome, for a next layer without biases. */
  readonly detailed: boolean;
}

/** *Exact.* The outcomes of a neuron with their counts. Throws Outgrown, or BoundTies. */
export function outcomesOf(
  grid: GridLayer,
  row: Row,
  state: State,
  { addTies, detailed }: OutcomeOptions,
): readonly Outcome[] {
  const outcomes = new Map<string, Outcome & { count: number }>();
  const free = isFree(row, state);
  const still = !free && (state.origins?.every((origin) => origin.constant) ?? false);
  for (const { y, u, count } of preActivationLaw(grid, row, state)) {
    const tied = kinkOf(grid, y) !== -1;
    if (addTies && tied && !free && !still)
      throw new BoundTies('a tie is neither free nor constant');
    const slope = slopeAt(grid, y);
    const z = grid.tail ? 0 : horner(grid.pieces[pieceAt(grid, y)] as Float64Array, y);
    const q = u.map((entry) => (entry === 0 || slope === 0 ? 0 : entry * slope));
    if (q.some((entry) => !Number.isSafeInteger(entry))) {
      throw new Outgrown('the tangents of this network outgrow exact doubles');
    }
    const constant = still || isConstantNear(grid, y);
    const origin = detailed ? { constant, y, preTangents: u } : null;
    const key = `${String(z)} ${String(tied)} ${q.join(',')}${
      origin === null
        ? ''
        : z !== 0
          ? ' moving'
          : constant
            ? ' constant'
            : ` ${String(y)} ${u.join(',')}`
    }`;
    const known = outcomes.get(key);
    if (known === undefined) outcomes.set(key, { z, tied, free: tied && free, q, origin, count });
    else known.count += count;
  }
  return [...outcomes.values()];
}
