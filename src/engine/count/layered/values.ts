/**
 * What depends on values alone, without tangents: how often neurons are tied. States are the
 * activations z, with the prefixes that lead there counted four ways: all of them, those without a
 * tie, and weighted by the number of their ties and of their pairs of ties.
 */
import type { FinalPair } from './final.js';
import { forEachJoint } from './joint.js';
import { COST, type Meter } from './meter.js';
import type { LayerLaws } from './prefix.js';
import { product } from '../../num/product.js';
import type { RowLayer } from './rows.js';
import { lawsAt } from './states.js';
import type { Vector } from './subspace.js';
import type { Window } from './window.js';

export interface ValueState {
  readonly z: Vector;
  /** Number of prefixes. */
  readonly all: bigint;
  /** Those in which no neuron is tied. */
  readonly untouched: bigint;
  /** Sum over the prefixes of their numbers of ties, and of their numbers of pairs of ties. */
  readonly ties: bigint;
  readonly pairs: bigint;
}

/** *Exact.* The empty prefix. */
export function initialValues(input: Vector): ValueState {
  return { z: input, all: 1n, untouched: 1n, ties: 0n, pairs: 0n };
}

/** *Exact.* The values after `layers[index]`, merged, those of the window. Throws Outgrown. */
export function expandValues(
  layers: readonly RowLayer[],
  index: number,
  states: readonly ValueState[],
  window: Window,
  meter: Meter,
): ValueState[] {
  const layer = layers[index] as RowLayer;
  const merged = new Map<string, { -readonly [K in keyof ValueState]: ValueState[K] }>();
  const units = layer.rows.length;
  for (const from of states) {
    const state = { z: from.z, tangents: [], still: null };
    const laws = lawsAt(layer, undefined, state, false, meter);
    forEachJoint(layer, laws, { window }, meter, ({ outcomes, count }) => {
      const z = outcomes.map((outcome) => outcome.z);
      const tied = outcomes.reduce((sum, outcome) => sum + (outcome.tied ? 1 : 0), 0);
      const key = z.join(' ');
      let state = merged.get(key);
      if (state === undefined) {
        state = { z, all: 0n, untouched: 0n, ties: 0n, pairs: 0n };
        merged.set(key, state);
        meter.spend(COST.state);
        meter.hold(merged.size, units);
      }
      state.all += from.all * count;
      if (tied === 0) {
        state.untouched += from.untouched * count;
        state.ties += from.ties * count;
        state.pairs += from.pairs * count;
      } else {
        const own = BigInt(tied);
        const ownPairs = BigInt((tied * (tied - 1)) / 2);
        state.ties += (from.ties + from.all * own) * count;
        state.pairs += (from.pairs + from.ties * own + from.all * ownPairs) * count;
      }
    });
  }
  return [...merged.values()];
}

/** Sums over states before the last layer with kinks. */
export interface ValueSums {
  readonly touched: bigint;
  /** *Upper bound.* Sum over points of the pairs of neurons that are tied and relevant. */
  readonly pairs: bigint;
  /** Per unit of the layer. */
  readonly neurons: readonly { readonly touched: bigint; readonly relevant: bigint }[];
}

/**
 * The last layer with kinks, seen from a state of values. A neuron's choices are those of its row
 * and, where the output is affine right behind it, of its outgoing column, which makes it relevant.
 */
export class LastTies {
  readonly #layer: RowLayer;
  readonly #laws: LayerLaws;
  readonly #meter: Meter;
  readonly #classes: readonly {
    readonly units: readonly number[];
    readonly columns: bigint;
    readonly reaching: bigint;
    /** Choices of everything else in the layer and behind it, without one such unit. */
    readonly others: bigint;
  }[];
  /** All choices of the layer and behind it; and without one unit of each of two classes. */
  readonly #all: bigint;
  readonly #othersOfPair: readonly (readonly bigint[])[];

  /** `pair`: null where the layer is not followed by an affine output alone. */
  constructor(
    layer: RowLayer,
    laws: LayerLaws,
    pair: FinalPair | null,
    choicesFromHere: bigint,
    meter: Meter,
  ) {
    this.#layer = layer;
    this.#laws = laws;
    this.#meter = meter;
    this.#all = choicesFromHere;
    const totals = layer.classes.map((units) => {
      const unit = units[0] as number;
      const columns = pair?.columnTotal(unit) ?? 1n;
      return { columns, total: rowTotal(layer, unit) * columns };
    });
    this.#classes = layer.classes.map((units, c) => {
      const { columns, total } = totals[c] as (typeof totals)[number];
      return {
        units,
        columns,
        reaching: pair?.reaching(units[0] as number) ?? 1n,
        others: choicesFromHere / total,
      };
    });
    this.#othersOfPair = totals.map((a, i) =>
      totals.map((b, j) =>
        i === j && (layer.classes[i]?.length ?? 0) < 2 ? 0n : this.#all / (a.total * b.total),
      ),
    );
  }

  /** *Exact.* The sums over these states; `pairs` an upper bound where earlier layers have kinks. */
  sums(states: readonly ValueState[]): ValueSums {
    let touched = 0n;
    let pairs = 0n;
    const byClass = this.#classes.map(() => ({ touched: 0n, relevant: 0n }));
    this.#meter.spend(states.length * (this.#classes.length ** 2 + 6) * COST.big);
    for (const state of states) {
      const ties = this.#classes.map(({ units }) =>
        this.#laws.ties(rowOf(this.#layer, units[0] as number), state.z),
      );
      const untied = product(
        this.#classes.map(
          ({ units }, c) =>
            (rowTotal(this.#layer, units[0] as number) - (ties[c] as bigint)) **
            BigInt(units.length),
        ),
      );
      const behind = this.#all / this.#layer.total;
      touched += state.all * this.#all - state.untouched * untied * behind;
      let once = 0n;
      let twice = 0n;
      this.#classes.forEach(({ units, columns, reaching, others }, c) => {
        const tied = ties[c] as bigint;
        if (tied === 0n) return;
        const sum = byClass[c] as { touched: bigint; relevant: bigint };
        sum.touched += state.all * tied * columns * others;
        const relevant = tied * reaching;
        sum.relevant += state.all * relevant * others;
        const count = BigInt(units.length);
        once += count * relevant * others;
        this.#classes.forEach(({ units: second, reaching: reachingSecond }, e) => {
          if (e < c) return;
          const both = relevant * (ties[e] as bigint) * reachingSecond;
          const couples = e === c ? (count * (count - 1n)) / 2n : count * BigInt(second.length);
          twice += couples * both * (this.#othersOfPair[c]?.[e] ?? 0n);
        });
      });
      pairs += state.pairs * this.#all + state.ties * once + state.all * twice;
    }
    const neurons: { touched: bigint; relevant: bigint }[] = [];
    this.#classes.forEach(({ units }, c) => {
      for (const unit of units) neurons[unit] = byClass[c] as (typeof byClass)[number];
    });
    return { touched, pairs, neurons };
  }
}

function rowOf(layer: RowLayer, unit: number): RowLayer['rows'][number] {
  const row = layer.rows[unit];
  if (row === undefined) throw new Error('rowOf: no such unit');
  return row;
}

function rowTotal(layer: RowLayer, unit: number): bigint {
  return rowOf(layer, unit).total;
}
