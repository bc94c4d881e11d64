/**
 * Points drawn from the states: the way that leads to a state is walked back layer by layer, and a
 * row's parameters are found from its outcome. No point of Ω is visited.
 */
import type { Network } from '../../net/ir.js';
import type { Rational } from '../../num/rational.js';
import type { GridLayer } from '../grid.js';
import type { CutPoint } from './bound-ties.js';
import {
  formOf,
  kinkOf,
  outcomesOf,
  packingOf,
  scaled,
  slopeAt,
  valueAt,
  type Outcome,
  type Packing,
  type State,
} from './law.js';
import type { Meter } from './meter.js';
import type { Row, RowLayer } from './rows.js';
import type { Way } from './states.js';

/** Ranks of parameter values, by parameter; those that are not named stay at their lowest value. */
export type Choices = Map<number, number>;

/** *Exact.* Adds the choices that lead along a way, from the first layer to the last. */
export function retrace(
  layers: readonly RowLayer[],
  last: number,
  way: Way,
  choices: Choices,
): void {
  let at: Way | null = way;
  for (let index = last; at !== null; index -= 1) {
    const layer = layers[index];
    if (layer === undefined) throw new Error('retrace: the way is longer than the network');
    const { state } = at.from;
    at.outcomes.forEach((outcome, unit) => {
      const row = layer.rows[unit] as Row;
      choose(layer.grid, row, state, matching(layer.grid, outcome), choices);
    });
    at = at.from.way;
  }
}

/** *Exact.* Whether (y, preTangents) gives this outcome. */
function matching(grid: GridLayer, outcome: Outcome): Accept {
  const { origin } = outcome;
  return (y, u) => {
    if (origin !== null && !origin.still && origin.y !== y) return false;
    if (origin !== null && !origin.still && origin.preTangents.some((x, k) => x !== u[k]))
      return false;
    const slope = slopeAt(grid, y);
    return (
      valueAt(grid, y) === outcome.z &&
      (kinkOf(grid, y) !== -1) === outcome.tied &&
      outcome.q.every((entry, k) => entry === scaled(u[k] ?? 0, slope))
    );
  };
}

type Accept = (y: number, u: readonly number[]) => boolean;

/** Adds choices of a row's parameters that lead to an accepted (y, preTangents). */
function choose(grid: GridLayer, row: Row, state: State, accept: Accept, choices: Choices): void {
  const { terms, unpack } = packingOf(grid, row, state);
  const reached = reachedSums(terms, terms.length);
  for (const key of sumsOf(reached[terms.length] as ReachedSums)) {
    const { y, u } = unpack(key);
    if (!accept(y, u)) continue;
    setRow(row, ranksOf(terms, reached, key, terms.length), choices);
    return;
  }
  throw new Error('choose: no choice of the row leads to its outcome');
}

/** Adds choices that put a row on a kink; false where there are none. */
function chooseTie(grid: GridLayer, row: Row, state: State, choices: Choices): boolean {
  const { terms } = packingOf(grid, row, { ...state, tangents: [] });
  const targets = Array.from(grid.thresholds).filter((_, k) => grid.kinkAt[k] !== -1);
  // A few free terms mostly do; the others are tried only where they do not.
  for (let free = 2; ; free *= 4) {
    const some = terms.map(({ values, step }, k) =>
      k < free || values.length === 0 ? { values, step } : { values: least(values), step },
    );
    const ranks = solve(some, targets);
    if (ranks !== null) {
      const chosen = ranks.map((rank, k) =>
        some[k]?.values === terms[k]?.values
          ? rank
          : (terms[k]?.values.indexOf(some[k]?.values[0] ?? 0) ?? 0),
      );
      setRow(row, chosen, choices);
      return true;
    }
    if (free >= terms.length) return false;
  }
}

/** The value of least magnitude, alone. */
function least(values: Float64Array): Float64Array {
  return Float64Array.of(values.reduce((a, b) => (Math.abs(b) < Math.abs(a) ? b : a)));
}

/** Ranks whose sum is one of the targets, or null; the last term is solved for, not convolved. */
function solve(terms: Packing['terms'], targets: readonly number[]): number[] | null {
  const last = terms.length - 1;
  const reached = reachedSums(terms, last);
  const { values, step } = terms[last] as Packing['terms'][number];
  for (const target of targets) {
    const rank = values.findIndex((value) =>
      has(reached[last] as ReachedSums, target - value * step),
    );
    if (rank === -1) continue;
    const before = target - (values[rank] as number) * step;
    return [...ranksOf(terms, reached, before, last), rank];
  }
  return null;
}

function setRow(row: Row, ranks: readonly number[], choices: Choices): void {
  [row.biasParameter, ...row.weightParameters].forEach((parameter, term) => {
    const rank = ranks[term];
    if (parameter !== -1 && rank !== undefined) choices.set(parameter, rank);
  });
}

/** Which sums the first terms reach: before any of them, after one, …, after `count`. */
function reachedSums(terms: Packing['terms'], count: number): readonly ReachedSums[] {
  const reached: ReachedSums[] = [{ low: 0, at: Uint8Array.of(1) }];
  for (const { values, step } of terms.slice(0, count)) {
    const before = reached[reached.length - 1] as ReachedSums;
    reached.push(step === 0 ? before : reachedAfter(before, values, step));
  }
  return reached;
}

/** For each of the first `count` terms the rank of a value, so that they sum to `key`. */
function ranksOf(
  terms: Packing['terms'],
  reached: readonly ReachedSums[],
  key: number,
  count: number,
): number[] {
  const ranks: number[] = [];
  let rest = key;
  for (let term = count - 1; term >= 0; term -= 1) {
    const { values, step } = terms[term] as Packing['terms'][number];
    const target = rest;
    const rank =
      step === 0
        ? 0
        : values.findIndex((value) => has(reached[term] as ReachedSums, target - value * step));
    if (rank === -1) throw new Error('ranksOf: a sum has lost its way');
    ranks[term] = rank;
    if (step !== 0) rest = target - (values[rank] as number) * step;
  }
  return ranks;
}

/** The sums that some choices reach: flags from `low` on, or a set where they lie far apart. */
type ReachedSums = { readonly low: number; readonly at: Uint8Array } | ReadonlySet<number>;

/** Flags take this many bytes at most for each sum that a set would hold. */
const SPARSITY = 32;

function reachedAfter(before: ReachedSums, values: Float64Array, step: number): ReachedSums {
  const steps = values.map((value) => value * step);
  const sums = Float64Array.from(sumsOf(before));
  const least = (sums[0] ?? 0) + steps.reduce((a, b) => Math.min(a, b));
  const most = (sums[sums.length - 1] ?? 0) + steps.reduce((a, b) => Math.max(a, b));
  if (most - least + 1 > SPARSITY * sums.length * steps.length) {
    const set = new Set<number>();
    for (const sum of sums) for (const s of steps) set.add(sum + s);
    return set;
  }
  const at = new Uint8Array(most - least + 1);
  for (const sum of sums) for (const s of steps) at[sum + s - least] = 1;
  return { low: least, at };
}

/** In increasing order. */
function* sumsOf(reached: ReachedSums): Generator<number> {
  if ('at' in reached) {
    for (let k = 0; k < reached.at.length; k += 1) if (reached.at[k] === 1) yield reached.low + k;
  } else {
    yield* Float64Array.from(reached).sort();
  }
}

function has(reached: ReachedSums, sum: number): boolean {
  if (!('at' in reached)) return reached.has(sum);
  const index = sum - reached.low;
  return index >= 0 && index < reached.at.length && reached.at[index] === 1;
}

/**
 * *Exact.* Adds choices of the last two layers under which a tangent, old or new, reaches the affine
 * output; there must be some.
 */
export function reachThroughPair(
  hidden: RowLayer,
  output: RowLayer,
  state: State,
  meter: Meter,
  choices: Choices,
): void {
  // A tie that is free and read reaches the output whatever the others do.
  if (!hidden.grid.tail) {
    for (const [unit, row] of hidden.rows.entries()) {
      if (formOf(row, state) !== 'free') continue;
      const reader = output.rows.find((r) => (r.weights[unit] ?? []).some((w) => w !== 0));
      if (reader === undefined || !chooseTie(hidden.grid, row, state, choices)) continue;
      setWeight(reader, unit, (w) => w !== 0, choices);
      return;
    }
  }
  reachWithOldTangents(hidden, output, state, meter, choices);
}

function setWeight(
  row: Row,
  unit: number,
  accept: (value: number) => boolean,
  choices: Choices,
): void {
  const rank = (row.weights[unit] ?? new Float64Array()).findIndex(accept);
  const parameter = row.weightParameters[unit] ?? -1;
  if (rank === -1) throw new Error('setWeight: no value of the weight is accepted');
  if (parameter !== -1) choices.set(parameter, rank);
}

/**
 * The sum of independent terms, one per hidden unit, is not always 0. Then it is not 0 at some base
 * choice, or a change of one unit's choice makes it so: were every such change without effect, every
 * term would be constant.
 */
function reachWithOldTangents(
  hidden: RowLayer,
  output: RowLayer,
  state: State,
  meter: Meter,
  choices: Choices,
): void {
  const laws = hidden.rows.map((row) =>
    outcomesOf(hidden.grid, row, state, { addTies: false, origins: 'none' }, meter),
  );
  const base = laws.map((law, unit) => ({
    outcome: law[0] as Outcome,
    weights: output.rows.map((row) => row.weights[unit]?.[0] ?? 0),
  }));
  const termOf = (outcome: Outcome, weights: readonly number[]): number[] =>
    weights.flatMap((w) => outcome.q.map((entry) => scaled(w, entry)));
  const terms = base.map(({ outcome, weights }) => termOf(outcome, weights));
  const sum = (terms[0] ?? []).map((_, k) => terms.reduce((s, term) => s + (term[k] ?? 0), 0));
  const settle = (unit: number, outcome: Outcome): void => {
    choose(hidden.grid, hidden.rows[unit] as Row, state, matching(hidden.grid, outcome), choices);
  };
  base.forEach(({ outcome, weights }, unit) => {
    settle(unit, outcome);
    output.rows.forEach((row, r) => {
      setWeight(row, unit, (w) => w === weights[r], choices);
    });
  });
  if (sum.some((entry) => entry !== 0)) return;
  for (const [unit, law] of laws.entries()) {
    const before = terms[unit] ?? [];
    const { weights } = base[unit] as (typeof base)[number];
    for (const outcome of law) {
      for (const [r, row] of output.rows.entries()) {
        for (const w of row.weights[unit] ?? []) {
          const changed = weights.map((other, k) => (k === r ? w : other));
          if (termOf(outcome, changed).every((entry, k) => entry === before[k])) continue;
          settle(unit, outcome);
          setWeight(row, unit, (value) => value === w, choices);
          return;
        }
      }
    }
  }
  throw new Error('reachWithOldTangents: nothing reaches the output');
}

/** *Exact.* Adds choices of the output layer that tie an output, or let an old tangent reach it. */
export function reachAtOutputs(
  layer: RowLayer,
  state: State,
  meter: Meter,
  choices: Choices,
): void {
  for (const row of layer.rows) {
    const options = { addTies: true, origins: 'none' } as const;
    const outcome = outcomesOf(layer.grid, row, state, options, meter).find(
      ({ free, q }) => free || q.some((entry) => entry !== 0),
    );
    if (outcome === undefined) continue;
    choose(layer.grid, row, state, matching(layer.grid, outcome), choices);
    return;
  }
  throw new Error('reachAtOutputs: nothing reaches an output');
}

/** *Exact.* The point of these choices; `rest` overrides them, all others are lowest. */
export function pointOf(network: Network, choices: Choices, rest: CutPoint | null): Rational[] {
  return network.parameters.map(
    ({ values }, index) => rest?.get(index) ?? values.at(BigInt(choices.get(index) ?? 0)),
  );
}
