/**
 * From the states after one layer to the states after the next (theory.md section 5).
 *
 * A state is (z, T): the activations and the span of the AD tangents of the ties so far, with the
 * number of parameter prefixes that lead there. Given a state the neurons are independent, so the
 * joint law of a layer is the product of its rows' laws; exchangeable neurons are sorted, and a
 * multiset stands for all its arrangements. Each state remembers one way that leads to it, for
 * witnesses.
 */
import { forEachJoint, type JointVisitor } from './joint.js';
import {
  formOf,
  isFree,
  outcomesOf,
  type Outcome,
  type OutcomeOptions,
  type State,
} from './law.js';
import { COST, type Meter } from './meter.js';
import type { Window } from './window.js';
import type { RowLayer } from './rows.js';
import { Spans, type Span } from './spans.js';
import type { Vector } from './subspace.js';

/** One way to a state: the state before the layer, and an outcome per unit. */
export interface Way {
  readonly from: WeightedState;
  readonly outcomes: readonly Outcome[];
}

export interface WeightedState {
  readonly state: State;
  /** Number of parameter prefixes that lead here. */
  readonly weight: bigint;
  /** Null for the input. */
  readonly way: Way | null;
}

/** Prefixes up to a layer in front of rows whose ties would be bound, alike for all that follows. */
export interface BoundState {
  /** Index of the layer that the prefixes include. */
  readonly layer: number;
  /** Per unit of that layer: pre-activation, whether its form is 0, and its tangents. */
  readonly y: Vector;
  readonly still: readonly boolean[];
  readonly preTangents: readonly Vector[];
  readonly weight: bigint;
  readonly way: Way;
}

export interface ExpandOptions {
  /** Whether a tie adds its own tangent; off, only the tangents already there are carried on. */
  readonly addTies: boolean;
  /** This unit must be tied, its tangent becomes the only one: T = {e_unit}. */
  readonly tiedUnit?: number;
  /** Only the states of this window. */
  readonly window: Window;
}

/** *Exact.* The empty prefix: the input, nothing tied, and it does not move. */
export function initialState(input: Vector): WeightedState {
  return {
    state: { z: input, tangents: [], still: input.map(() => true) },
    weight: 1n,
    way: null,
  };
}

/** Laws of a layer's rows at one state, per type of row. */
export type Laws = (unit: number) => readonly Outcome[];

/** *Exact.* The laws of a layer's rows at a state. Throws Outgrown. */
export function lawsAt(
  layer: RowLayer,
  next: RowLayer | undefined,
  state: State,
  addTies: boolean,
  meter: Meter,
): Laws {
  const byType = new Map<string, readonly Outcome[]>();
  return (unit) => {
    const row = layer.rows[unit];
    if (row === undefined) throw new Error('lawsAt: no such unit');
    const known = byType.get(row.type);
    if (known !== undefined) return known;
    const origins = addTies ? originsOf(layer, next, row.type) : 'none';
    const law = outcomesOf(layer.grid, row, state, { addTies, origins }, meter);
    byType.set(row.type, law);
    return law;
  };
}

/** Whether some row of the next layer may turn out not to be free. */
function mayBind(next: RowLayer | undefined): next is RowLayer {
  return next !== undefined && next.biasFree && !next.grid.tail;
}

/**
 * A row without bias is free where a weight of its own meets a value. So it asks for the origins of
 * zeros, and for those of values that a constant of its own reads.
 */
function originsOf(
  layer: RowLayer,
  next: RowLayer | undefined,
  type: string,
): OutcomeOptions['origins'] {
  if (!mayBind(next)) return 'none';
  const readByConstant = layer.rows.some(
    (row, unit) =>
      row.type === type &&
      next.rows.some((reader) => !reader.ownBias && reader.ownWeights[unit] !== true),
  );
  return readByConstant ? 'all' : 'zero';
}

/**
 * *Exact.* The states after `layers[index]`, merged, those of the window. Where a row of the next
 * layer would depend on units that move, the prefixes go to `onBound` instead, for the walk. Throws
 * Outgrown.
 */
export function expand(
  layers: readonly RowLayer[],
  index: number,
  states: readonly WeightedState[],
  options: ExpandOptions,
  meter: Meter,
  onBound: (state: BoundState) => void,
): WeightedState[] {
  const layer = layers[index] as RowLayer;
  const next = layers[index + 1];
  const expansion = new Expansion(index, next, options, meter);
  for (const from of states) {
    expansion.from = from;
    const laws = lawsAt(layer, next, from.state, options.addTies, meter);
    forEachJoint(layer, laws, options, meter, expansion);
  }
  for (const state of expansion.bound.values()) onBound(state);
  return [...expansion.merged.values()];
}

/** The states met so far behind one layer. */
class Expansion implements JointVisitor {
  readonly merged = new Map<number | string, WeightedState & { weight: bigint }>();
  readonly bound = new Map<string, BoundState & { weight: bigint }>();
  /** The state before the layer. */
  from: WeightedState | null = null;
  readonly #index: number;
  readonly #options: ExpandOptions;
  readonly #meter: Meter;
  /** The next layer where its rows may turn out not to be free. */
  readonly #binding: RowLayer | null;
  readonly #spans = new Spans();

  constructor(index: number, next: RowLayer | undefined, options: ExpandOptions, meter: Meter) {
    this.#index = index;
    this.#options = options;
    this.#meter = meter;
    this.#binding = options.addTies && mayBind(next) ? next : null;
  }

  visit(outcomes: readonly Outcome[], count: bigint): void {
    const from = this.from as WeightedState;
    const weight = from.weight === 1n ? count : from.weight * count;
    if (this.#binding !== null) {
      const way = { from, outcomes: [...outcomes] };
      const made = cutOf(this.#binding, this.#index, way, weight);
      if (made !== null) {
        this.#cut(made);
        return;
      }
    }
    const span = this.#spans.behind(outcomes, from.state, this.#options);
    const state = stateOf(outcomes, span, this.#binding);
    const units = outcomes.length;
    this.#meter.spend(state.tangents.length * units * COST.tangentEntry);
    const key = keyOf(state, span);
    const known = this.merged.get(key);
    if (known !== undefined) {
      known.weight += weight;
      return;
    }
    this.merged.set(key, { state, weight, way: { from, outcomes: [...outcomes] } });
    this.#held(units);
  }

  #cut(state: BoundState & { weight: bigint }): void {
    const key = boundKey(state);
    const known = this.bound.get(key);
    if (known === undefined) this.bound.set(key, state);
    else known.weight += state.weight;
    this.#held(state.y.length);
  }

  #held(units: number): void {
    this.#meter.spend(COST.state);
    this.#meter.hold(this.bound.size + this.merged.size, units);
  }
}

/** *Exact.* The values of a joint outcome, `[unit]`. */
export function valuesOf(outcomes: readonly Outcome[]): number[] {
  const z: number[] = [];
  for (let unit = 0; unit < outcomes.length; unit += 1) z.push((outcomes[unit] as Outcome).z);
  return z;
}

/** The cut behind these outcomes, or null where every row of the next layer is free or still. */
function cutOf(next: RowLayer, layer: number, way: Way, weight: bigint): BoundState | null {
  const z = valuesOf(way.outcomes);
  if (next.rows.every((row) => isFree(row, z))) return null;
  const still = stillnessOf(way.outcomes);
  if (next.rows.every((row) => formOf(row, { z, tangents: [], still }) !== 'dependent'))
    return null;
  const origins = way.outcomes.map(({ origin }) => {
    if (origin === null) throw new Error('cutOf: an outcome has lost its origin');
    return origin;
  });
  return {
    layer,
    y: origins.map(({ y }) => y),
    still,
    preTangents: origins.map(({ preTangents }) => preTangents),
    weight,
    way,
  };
}

function stillnessOf(outcomes: readonly Outcome[]): boolean[] {
  return outcomes.map(({ origin }) => {
    if (origin === null) throw new Error('stillnessOf: an outcome has lost its origin');
    return origin.still;
  });
}

/** `binding`: the next layer where its rows may turn out not to be free, else null. */
function stateOf(
  outcomes: readonly Outcome[],
  { tangents }: Span,
  binding: RowLayer | null,
): State {
  const z = valuesOf(outcomes);
  const asked = binding?.rows.some((row) => !isFree(row, z)) === true;
  return { z, tangents, still: asked ? stillnessOf(outcomes) : null };
}

/**
 * A name for values, equal exactly where they are: one number where few bits hold them all, and a text
 * elsewhere.
 */
export function keyOfValues(z: Vector): number | string {
  const bits = Math.floor(NUMBER_BITS / z.length);
  const radix = 2 ** bits;
  let key = 0;
  for (let unit = 0; unit < z.length; unit += 1) {
    const digit = (z[unit] as number) + radix / 2;
    if (!(digit >= 0 && digit < radix)) return z.join(' ');
    key = key * radix + digit;
  }
  return key;
}

/** Numbers of so many bits are keys of maps that need no allocation. */
const NUMBER_BITS = 30;
/** With a span below it, they are still exact. */
const IDS_MAX = 2 ** 23;

function keyOf({ z, still }: State, { id }: Span): number | string {
  const values = keyOfValues(z);
  if (typeof values === 'number' && still === null && id < IDS_MAX) {
    return id * 2 ** NUMBER_BITS + values;
  }
  // The values themselves: their number might be the text of others.
  return `${String(id)}|${z.join(' ')}|${still === null ? '' : still.map(Number).join('')}`;
}

function boundKey({ y, still, preTangents, way }: BoundState): string {
  return y
    .map((value, unit) =>
      still[unit] === true
        ? `=${String(way.outcomes[unit]?.z)}`
        : `${String(value)}:${(preTangents[unit] ?? []).join(':')}`,
    )
    .join(' ');
}
