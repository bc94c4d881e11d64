/**
 * The last hidden layer in front of an affine output, where the pre-activations and the tangents
 * depend on different weights: an input either has a value or carries tangents, not both. That is
 * so for ties of the layer before under ReLU, whose value is 0. Then each unit's pieces and its
 * tangents are independent, the units are alike, and
 *
 *   zeros = Σ over numbers of units per slope  multinomial · Π choices^number · sums(slopes)
 *
 * where sums(slopes) counts the tangents and columns under which nothing reaches the output. It
 * depends on the tangents alone, so it is computed once and serves every state that has them.
 */
import { preActivationLaw, slopeAt, type State } from './law.js';
import type { Meter } from './meter.js';
import type { PieceCounts } from './prefix.js';
import type { RowLayer } from './rows.js';

/** How the units of a state choose among slopes: the number of choices of y per distinct slope. */
export interface SlopeChoices {
  /** Choices that tie the unit, where ties count: its column must be 0. */
  readonly tied: number;
  /** Per slope that is not 0. */
  readonly moving: ReadonlyMap<number, number>;
  /** Choices with slope 0: nothing passes the unit. */
  readonly still: number;
}

/** Whether y and tangents depend on different inputs, and the slope on the piece alone. */
export function factorises(layer: RowLayer, state: State): boolean {
  if (layer.grid.tail || layer.grid.slopes.some((slope) => slope.length > 1)) return false;
  return state.z.every(
    (z, input) => z === 0 || state.tangents.every((tangent) => tangent[input] === 0),
  );
}

/**
 * *Exact.* A row's choices of y by slope; those of weights on inputs that are 0 are left out. `carried`: the
 * choices of the weights that carry tangents, which `pieces` counts and which are counted with the
 * tangents.
 */
export function slopeChoices(
  { grid }: RowLayer,
  pieces: PieceCounts,
  carried: number,
  addTies: boolean,
): SlopeChoices {
  let tied = 0;
  let still = 0;
  const moving = new Map<number, number>();
  const put = (slope: number, choices: number): void => {
    if (choices === 0) return;
    if (slope === 0) still += choices;
    else moving.set(slope, (moving.get(slope) ?? 0) + choices);
  };
  pieces.inside.forEach((choices, piece) => {
    put(grid.slopes[piece]?.[0] ?? 0, choices / carried);
  });
  pieces.on.forEach((choices, k) => {
    if (choices === 0) return;
    if (addTies) tied += choices / carried;
    else put(slopeAt(grid, grid.thresholds[k] as number), choices / carried);
  });
  return { tied, moving, still };
}

/** The inputs that carry tangents. */
export function carriers(state: State): number[] {
  return state.z.flatMap((_, input) =>
    state.tangents.some((tangent) => tangent[input] !== 0) ? [input] : [],
  );
}

/** One entry of a law of tangents: a vector with one entry per tangent, and its choices. */
export interface TangentChoices {
  readonly u: readonly number[];
  readonly count: number;
}

/** *Exact.* The law of a unit's tangents, over the weights of their carriers alone. */
export function tangentLaw(layer: RowLayer, state: State, meter: Meter): readonly TangentChoices[] {
  const row = layer.rows[0];
  if (row === undefined) throw new Error('tangentLaw: the layer has no rows');
  const inputs = carriers(state);
  const weights = inputs.map((j) => row.weights[j] ?? new Float64Array(1));
  const total = weights.reduce((product, values) => product * BigInt(values.length), 1n);
  return preActivationLaw(
    layer.grid,
    { ...row, bias: new Float64Array(1), weights, total },
    {
      z: inputs.map(() => 0),
      tangents: state.tangents.map((tangent) => inputs.map((j) => tangent[j] ?? 0)),
      still: null,
    },
    meter,
  ).map(({ u, count }) => ({ u, count }));
}

/** Whether no input carries two tangents, so that the tangents are independent. */
export function tangentsAreDisjoint(state: State): boolean {
  return carriers(state).every(
    (input) => state.tangents.filter((tangent) => tangent[input] !== 0).length === 1,
  );
}

/** Numbers of units per kind, and the arrangements that have them. */
export interface Composition {
  readonly counts: readonly number[];
  readonly ways: bigint;
}

const knownCompositions = new Map<string, readonly Composition[]>();

/** *Exact.* Every way to give `units` units one of `kinds` kinds. */
export function compositions(units: number, kinds: number): readonly Composition[] {
  const key = `${String(units)} ${String(kinds)}`;
  const known = knownCompositions.get(key);
  if (known !== undefined) return known;
  const made = [...countsOf(units, kinds)].map((counts) => ({ counts, ways: multinomial(counts) }));
  knownCompositions.set(key, made);
  return made;
}

function* countsOf(units: number, kinds: number): Generator<readonly number[]> {
  if (kinds === 1) {
    yield [units];
    return;
  }
  for (let first = 0; first <= units; first += 1) {
    for (const rest of countsOf(units - first, kinds - 1)) yield [first, ...rest];
  }
}

/** *Exact.* units! / Π counts!. */
export function multinomial(counts: readonly number[]): bigint {
  let result = 1n;
  let placed = 0n;
  for (const count of counts) {
    for (let k = 1n; k <= BigInt(count); k += 1n) {
      placed += 1n;
      result = (result * placed) / k;
    }
  }
  return result;
}
