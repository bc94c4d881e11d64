/**
 * From the states after one layer to the states after the next (theory.md section 5).
 *
 * A state is (z, T): the activations and the span of the AD tangents of the ties so far, with the
 * number of parameter prefixes that lead there. Given a state the neurons are independent, so the
 * joint law of a layer is the product of its rows' laws; exchangeable neurons are sorted, and a
 * multiset stands for all its arrangements.
 */
import { Outgrown } from './outgrown.js';
import { BoundTies, outcomesOf, type Outcome, type State } from './law.js';
import type { Row, RowLayer } from './rows.js';
import { spanOf, type Vector } from './subspace.js';

export interface WeightedState {
  readonly state: State;
  /** Number of parameter prefixes that lead here. */
  readonly weight: bigint;
}

export interface ExpandOptions {
  /** Whether a tie adds its own tangent; off, only the tangents already there are carried on. */
  readonly addTies: boolean;
  /** Keep only outcomes without a tie. */
  readonly untouched?: boolean;
  /** This unit must be tied, its tangent becomes the only one: T = {e_unit}. */
  readonly tiedUnit?: number;
  /** Whether the next layer has rows without biases, and asks where zeros come from. */
  readonly detailed: boolean;
  /** Most states to hold. */
  readonly maxStates: number;
}

/** *Exact.* The empty prefix: the input, nothing tied, and it does not move. */
export function initialState(input: Vector): WeightedState {
  return {
    state: {
      z: input,
      tangents: [],
      origins: input.map((y) => ({ constant: true, y, preTangents: [] })),
    },
    weight: 1n,
  };
}

/**
 * *Exact.* The states after `layer`, merged. A state whose ties are bound goes to `onBound`
 * instead, for the walk. Throws Outgrown.
 */
export function expand(
  layer: RowLayer,
  states: Iterable<WeightedState>,
  options: ExpandOptions,
  onBound: (state: WeightedState) => void,
): WeightedState[] {
  const merged = new Map<string, { state: State; weight: bigint }>();
  for (const { state, weight } of states) {
    const laws = lawsOf(layer, state, options);
    if (laws === null) {
      onBound({ state, weight });
      continue;
    }
    for (const joint of jointOutcomes(layer, laws, options)) {
      const next = stateOf(joint.outcomes, state, options);
      const key = keyOf(next);
      const known = merged.get(key);
      if (known === undefined) {
        if (merged.size >= options.maxStates) {
          throw new Outgrown(`a layer has more than ${String(options.maxStates)} states`);
        }
        merged.set(key, { state: next, weight: weight * joint.count });
      } else {
        known.weight += weight * joint.count;
      }
    }
  }
  return [...merged.values()];
}

interface Joint {
  /** `[unit]`, exchangeable units in the order of their outcomes. */
  readonly outcomes: readonly Outcome[];
  readonly count: bigint;
}

/** Per type of row; null where a tie is bound. */
type Laws = ReadonlyMap<string, readonly Outcome[]>;

function lawsOf(layer: RowLayer, state: State, options: ExpandOptions): Laws | null {
  const laws = new Map<string, readonly Outcome[]>();
  try {
    for (const row of layer.rows) {
      if (laws.has(row.type)) continue;
      const all = outcomesOf(layer.grid, row, state, options);
      const law = options.untouched === true ? all.filter((outcome) => !outcome.tied) : all;
      laws.set(row.type, law);
    }
  } catch (error) {
    if (error instanceof BoundTies) return null;
    throw error;
  }
  return laws;
}

/** Every multiset of outcomes of the layer's classes, with the number of choices that give it. */
function* jointOutcomes(layer: RowLayer, laws: Laws, options: ExpandOptions): Generator<Joint> {
  const lawOf = (row: Row): readonly Outcome[] => laws.get(row.type) ?? [];
  // The distinguished unit leaves its class: its neighbours are no longer exchangeable with it.
  const classes = layer.classes.flatMap((units) => {
    const { tiedUnit } = options;
    if (tiedUnit === undefined || !units.includes(tiedUnit)) return [units];
    return [[tiedUnit], units.filter((unit) => unit !== tiedUnit)].filter(
      (part) => part.length > 0,
    );
  });
  const chosen: Outcome[] = [];
  function* overClasses(index: number, count: bigint): Generator<Joint> {
    const units = classes[index];
    if (units === undefined) {
      yield { outcomes: [...chosen], count };
      return;
    }
    const row = layer.rows[units[0] as number] as Row;
    const law =
      units[0] === options.tiedUnit ? lawOf(row).filter((outcome) => outcome.tied) : lawOf(row);
    yield* multisets(units, law, 0, 0, count, 1n, (next) => overClasses(index + 1, next));
  }
  /** Units [at, …) of a class get outcomes from `from` on; `run` is how often the last one repeats. */
  function* multisets(
    units: readonly number[],
    law: readonly Outcome[],
    at: number,
    from: number,
    count: bigint,
    run: bigint,
    then: (count: bigint) => Generator<Joint>,
  ): Generator<Joint> {
    const unit = units[at];
    if (unit === undefined) {
      yield* then(count);
      return;
    }
    for (let k = from; k < law.length; k += 1) {
      const outcome = law[k] as Outcome;
      const repeats = at > 0 && k === from ? run + 1n : 1n;
      chosen[unit] = outcome;
      // Placing the (at + 1)-th unit multiplies the arrangements by (at + 1) / repeats.
      const arranged = (count * BigInt(outcome.count) * BigInt(at + 1)) / repeats;
      yield* multisets(units, law, at + 1, k, arranged, repeats, then);
    }
  }
  yield* overClasses(0, 1n);
}

function stateOf(outcomes: readonly Outcome[], before: State, options: ExpandOptions): State {
  const carried = before.tangents.map((_, k) => outcomes.map((outcome) => outcome.q[k] ?? 0));
  const unitVector = (unit: number): number[] => outcomes.map((_, i) => (i === unit ? 1 : 0));
  if (options.tiedUnit !== undefined) carried.push(unitVector(options.tiedUnit));
  if (options.addTies) {
    outcomes.forEach((outcome, unit) => {
      if (outcome.free) carried.push(unitVector(unit));
    });
  }
  const tangents = carried.length === 0 ? [] : spanOf(carried);
  const z = outcomes.map((outcome) => outcome.z);
  // Origins are asked for only where every value is 0; elsewhere some weight makes the ties free.
  const asked = options.detailed && z.every((value) => value === 0);
  const origins = asked
    ? outcomes.map(({ origin }) => {
        if (origin === null) throw new Error('stateOf: an outcome has lost its origin');
        return origin;
      })
    : null;
  return { z, tangents, origins };
}

function keyOf({ z, tangents, origins }: State): string {
  const from = origins?.map((origin) =>
    origin.constant ? 'c' : `${String(origin.y)}:${origin.preTangents.join(':')}`,
  );
  return `${z.join(' ')}|${tangents.map((vector) => vector.join(' ')).join(';')}|${from?.join(' ') ?? ''}`;
}
