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
import { preActivationLaw, scaled, slopeAt, type State } from './law.js';
import { COST, type Meter } from './meter.js';
import { Outgrown } from './outgrown.js';
import type { PrefixLaws } from './prefix.js';
import type { RowLayer } from './rows.js';
import { multisets } from './window.js';

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

/** *Exact.* The row's choices of y by slope; the choices of weights on inputs that are 0 are left out. */
export function slopeChoices(
  layer: RowLayer,
  laws: PrefixLaws,
  state: State,
  addTies: boolean,
): SlopeChoices {
  const { grid } = layer;
  const pieces = laws.pieces(state.z);
  const row = layer.rows[0];
  if (row === undefined) throw new Error('slopeChoices: the layer has no rows');
  // The law counts every weight; those that carry tangents are counted with the tangents.
  const carried = carriers(state).reduce(
    (choices, input) => choices * (row.weights[input]?.length ?? 1),
    1,
  );
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

/**
 * *Exact.* For one output and independent tangents: the number of choices of the units' tangents
 * and of their outgoing weights with Σ_i w_i·slope_i·u_ik = 0 for every tangent k. Given the
 * weights the tangents are independent, and only the multiset of c_i = w_i·slope_i matters. What was
 * found is kept in `known`, which must serve one column only.
 */
export function silentSums(
  laws: readonly (readonly TangentChoices[])[],
  weights: Float64Array,
  slopes: readonly number[],
  known: Map<string, bigint>,
  meter: Meter,
): bigint {
  const names = laws.map((law) =>
    law
      .map(({ u, count }) => `${u.join(' ')}x${String(count)}`)
      .sort()
      .join(','),
  );
  const signature = `sums ${[...names].sort().join(';')} | ${slopes.join(' ')}`;
  const remembered = known.get(signature);
  if (remembered !== undefined) return remembered;
  const halves = new Map<string, SumCounts>();
  /** The law of half a sum; short halves serve many sums and are kept. */
  const halfLaw = (k: number, half: readonly number[]): SumCounts => {
    const law = laws[k] ?? [];
    if (half.length > KEPT_HALF) return sumCounts(law, half);
    const key = `${names[k] ?? ''} | ${half.join(' ')}`;
    const made = halves.get(key) ?? sumCounts(law, half);
    halves.set(key, made);
    return made;
  };
  const zerosGiven = (coefficients: readonly number[]): bigint => {
    const ordered = [...coefficients].sort((a, b) => a - b);
    const sorted = ordered.join(' ');
    return laws.reduce((all, law, k) => {
      const key = `given ${names[k] ?? ''} | ${sorted}`;
      const zeros = known.get(key) ?? zeroSumsGiven(law, ordered, (half) => halfLaw(k, half));
      known.set(key, zeros);
      return all * zeros;
    }, 1n);
  };
  // Units with the same slope are alike: their weights are chosen as multisets.
  const groups = [...new Set(slopes)].map((slope) => ({
    slope,
    units: slopes.filter((other) => other === slope).length,
  }));
  // All of the cost is told before any of it is spent; a law that was met with these slopes is known.
  const weighings = groups.reduce((all, { units }) => all * multisets(weights.length, units), 1);
  let cost = weighings * laws.length * 2 * COST.big;
  laws.forEach((law, k) => {
    const met = `met ${names[k] ?? ''} | ${slopes.join(' ')}`;
    if (known.has(met)) return;
    known.set(met, 1n);
    cost += sumsCost(law, weights, slopes, weighings);
  });
  meter.spend(cost);
  const over = (group: number, coefficients: readonly number[]): bigint => {
    const current = groups[group];
    if (current === undefined) return zerosGiven(coefficients);
    let sum = 0n;
    for (const counts of multisetCounts(weights.length, current.units)) {
      const chosen = [...counts].flatMap(([index, count]) =>
        Array.from({ length: count }, () => scaled(weights[index] as number, current.slope)),
      );
      sum += multinomial([...counts.values()]) * over(group + 1, [...coefficients, ...chosen]);
    }
    return sum;
  };
  const sums = over(0, []);
  known.set(signature, sums);
  return sums;
}

/** Longest half of a sum whose law is kept. */
const KEPT_HALF = 2;

/** *Estimate.* Operations of `zeroSumsGiven` for so many weighings: sums are as many as choices, or as their range. */
function sumsCost(
  law: readonly TangentChoices[],
  weights: Float64Array,
  slopes: readonly number[],
  weighings: number,
): number {
  const most = (values: Iterable<number>): number => {
    let best = 0;
    for (const value of values) best = Math.max(best, Math.abs(value));
    return best;
  };
  const reach = most(law.map(({ u }) => u[0] ?? 0)) * most(weights) * most(slopes);
  const sizeOf = (units: number): number => Math.min(law.length ** units, 2 * units * reach + 1);
  const costOf = (units: number): number => {
    let cost = 0;
    for (let k = 0; k < units; k += 1) cost += sizeOf(k) * law.length * COST.mapEntry;
    return cost;
  };
  const short = slopes.length >> 1;
  const long = slopes.length - short;
  const times = (units: number): number =>
    units > KEPT_HALF ? weighings : Math.min(weighings, multisets(weights.length, units));
  const met = weighings * sizeOf(short) * COST.mapEntry;
  return times(short) * costOf(short) + times(long) * costOf(long) + met;
}

/** How many choices give each sum. */
type SumCounts = ReadonlyMap<number, number>;

/** Choices with Σ_i c_i·u_i = 0, the u_i independent with one law: two halves meet in the middle. */
function zeroSumsGiven(
  law: readonly TangentChoices[],
  coefficients: readonly number[],
  halfLaw: (half: readonly number[]) => SumCounts,
): bigint {
  const total = law.reduce((sum, { count }) => sum + BigInt(count), 0n);
  if (total ** BigInt(coefficients.length) >= 2n ** 53n) {
    throw new Outgrown('the tangents of one layer have more than 2^53 choices');
  }
  const middle = coefficients.length >> 1;
  const left = halfLaw(coefficients.slice(0, middle));
  const right = halfLaw(coefficients.slice(middle));
  // All products together are at most the number of choices, so below 2^53.
  let zeros = 0;
  for (const [sum, ways] of left) zeros += ways * (right.get(-sum) ?? 0);
  return BigInt(zeros);
}

function sumCounts(law: readonly TangentChoices[], coefficients: readonly number[]): SumCounts {
  let sums = new Map<number, number>([[0, 1]]);
  coefficients.forEach((coefficient) => {
    const next = new Map<number, number>();
    for (const [sum, ways] of sums) {
      for (const { u, count } of law) {
        const into = sum + scaled(coefficient, u[0] ?? 0);
        if (!Number.isSafeInteger(into)) {
          throw new Outgrown('the tangents of this network outgrow exact doubles');
        }
        next.set(into, (next.get(into) ?? 0) + ways * count);
      }
    }
    sums = next;
  });
  return sums;
}

/** Every multiset of `size` indices below `kinds`, as counts by index. */
function* multisetCounts(kinds: number, size: number, from = 0): Generator<Map<number, number>> {
  if (size === 0) {
    yield new Map();
    return;
  }
  if (from === kinds) return;
  for (let count = size; count >= 0; count -= 1) {
    for (const rest of multisetCounts(kinds, size - count, from + 1)) {
      yield count === 0 ? rest : new Map([[from, count], ...rest]);
    }
  }
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
