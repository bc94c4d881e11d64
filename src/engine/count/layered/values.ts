/**
 * What depends on values alone, without tangents: how often neurons are tied. States are the
 * activations z, with the prefixes that lead there counted four ways: all of them, those without a
 * tie, and weighted by the number of their ties and of their pairs of ties.
 */
import type { FinalPair } from './final.js';
import { forEachJoint, type JointVisitor } from './joint.js';
import type { Outcome } from './law.js';
import { COST, type Meter } from './meter.js';
import type { LayerLaws } from './prefix.js';
import type { Row, RowLayer } from './rows.js';
import { keyOfValues, lawsAt, valuesOf } from './states.js';
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

type Sums = Omit<ValueState, 'z'>;
type MutableSums = { -readonly [K in keyof Sums]: Sums[K] };

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
  const expansion = new ValueExpansion(meter);
  for (const from of states) {
    expansion.from = from;
    const state = { z: from.z, tangents: [], still: null };
    const laws = lawsAt(layer, undefined, state, false, meter);
    forEachJoint(layer, laws, { window }, meter, expansion);
  }
  return [...expansion.merged.values()];
}

/** The values met so far behind one layer. */
class ValueExpansion implements JointVisitor {
  readonly merged = new Map<string | number, { readonly z: Vector } & MutableSums>();
  /** The values before the layer. */
  from: ValueState | null = null;
  readonly #meter: Meter;

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  visit(outcomes: readonly Outcome[], count: bigint): void {
    const from = this.from as ValueState;
    const z = valuesOf(outcomes);
    let tied = 0;
    for (let unit = 0; unit < outcomes.length; unit += 1)
      if (outcomes[unit]?.tied === true) tied += 1;
    const own = BigInt(tied);
    const ownPairs = BigInt((tied * (tied - 1)) / 2);
    const all = from.all === 1n ? count : from.all * count;
    const untouched = tied > 0 ? 0n : from.untouched === from.all ? all : from.untouched * count;
    // Where nothing was tied before, most products are with 0.
    const ties = own * all + (from.ties === 0n ? 0n : from.ties * count);
    const pairs = ownPairs * all + (from.ties === 0n ? 0n : (from.pairs + from.ties * own) * count);
    const key = keyOfValues(z);
    const state = this.merged.get(key);
    if (state === undefined) {
      this.merged.set(key, { z, all, untouched, ties, pairs });
      this.#meter.spend(COST.state);
      this.#meter.hold(this.merged.size, outcomes.length);
      return;
    }
    state.all += all;
    state.untouched += untouched;
    state.ties += ties;
    state.pairs += pairs;
  }
}

/** Sums over states before the last layer with kinks. */
export interface ValueSums {
  readonly touched: bigint;
  /** *Upper bound.* Sum over points of the pairs of neurons that are tied and relevant. */
  readonly pairs: bigint;
  /** Per unit of the layer. */
  readonly neurons: readonly { readonly touched: bigint; readonly relevant: bigint }[];
}

/** Exchangeable units of the last layer with kinks. */
interface LastClass {
  readonly units: readonly number[];
  readonly count: bigint;
  readonly row: Row;
  /** Choices of one unit's outgoing column, and those through which a tie of it is relevant. */
  readonly columns: bigint;
  readonly reaching: bigint;
  /** Choices of everything else in the layer and behind it, without one such unit. */
  readonly others: bigint;
}

/**
 * The last layer with kinks, seen from a state of values. A neuron's choices are those of its row
 * and, where the output is affine right behind it, of its outgoing column, which makes it relevant.
 */
export class LastTies {
  readonly #laws: LayerLaws;
  readonly #meter: Meter;
  readonly #classes: readonly LastClass[];
  /** All choices of the layer and behind it; and without one unit of each of two classes. */
  readonly #all: bigint;
  /** All choices behind the layer. */
  readonly #behind: bigint;
  readonly #othersOfPair: readonly (readonly bigint[])[];

  /** `pair`: null where the layer is not followed by an affine output alone. */
  constructor(
    layer: RowLayer,
    laws: LayerLaws,
    pair: FinalPair | null,
    choicesFromHere: bigint,
    meter: Meter,
  ) {
    this.#laws = laws;
    this.#meter = meter;
    this.#all = choicesFromHere;
    this.#behind = choicesFromHere / layer.total;
    const totals = layer.classes.map((units) => {
      const unit = units[0] as number;
      const columns = pair?.columnTotal(unit) ?? 1n;
      return { columns, total: rowOf(layer, unit).total * columns };
    });
    this.#classes = layer.classes.map((units, c) => {
      const { columns, total } = totals[c] as (typeof totals)[number];
      return {
        units,
        count: BigInt(units.length),
        row: rowOf(layer, units[0] as number),
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

  /** The sums of states that tie equally many choices of every class: many states are few such sums. */
  #byTies(
    states: readonly ValueState[],
  ): Iterable<{ readonly ties: readonly bigint[]; readonly sums: Sums }> {
    const merged = new Map<bigint | string, { ties: readonly bigint[]; sums: MutableSums }>();
    for (const { z, all, untouched, ties: earlier, pairs } of states) {
      const tiesOf = ({ row }: LastClass): bigint => this.#laws.ties(row, z);
      const [first, second] = this.#classes;
      const isOne = first !== undefined && second === undefined;
      const key = isOne ? tiesOf(first) : this.#classes.map(tiesOf).join(' ');
      const known = merged.get(key);
      if (known === undefined) {
        const ties = this.#classes.map(tiesOf);
        merged.set(key, { ties, sums: { all, untouched, ties: earlier, pairs } });
        continue;
      }
      known.sums.all += all;
      if (untouched !== 0n) known.sums.untouched += untouched;
      if (earlier !== 0n) known.sums.ties += earlier;
      if (pairs !== 0n) known.sums.pairs += pairs;
    }
    return merged.values();
  }

  /** *Exact.* The sums over these states; `pairs` an upper bound where earlier layers have kinks. */
  sums(states: readonly ValueState[]): ValueSums {
    const classes = this.#classes.length;
    // Sums over the states; what does not depend on them is multiplied in at the end.
    let [all, untouched, earlierPairs] = [0n, 0n, 0n];
    const tiedIn = this.#classes.map(() => 0n);
    const tiedWithEarlier = this.#classes.map(() => 0n);
    const tiedInBoth = this.#classes.map(() => this.#classes.map(() => 0n));
    this.#meter.spend(states.length * (classes ** 2 + 6) * COST.big);
    for (const { ties, sums } of this.#byTies(states)) {
      all += sums.all;
      const untied = this.#classes.reduce(
        (product, { row, count }, c) => product * (row.total - (ties[c] ?? 0n)) ** count,
        sums.untouched,
      );
      untouched += untied;
      earlierPairs += sums.pairs;
      for (let c = 0; c < classes; c += 1) {
        const own = ties[c] as bigint;
        if (own === 0n) continue;
        const tied = sums.all * own;
        tiedIn[c] = (tiedIn[c] as bigint) + tied;
        tiedWithEarlier[c] = (tiedWithEarlier[c] as bigint) + sums.ties * own;
        const both = tiedInBoth[c] as bigint[];
        for (let e = c; e < classes; e += 1) {
          both[e] = (both[e] as bigint) + tied * (ties[e] as bigint);
        }
      }
    }
    const touched = all * this.#all - untouched * this.#behind;
    let pairs = earlierPairs * this.#all;
    const byClass = this.#classes.map(({ count, columns, reaching, others }, c) => {
      const tied = (tiedIn[c] as bigint) * others;
      pairs += (tiedWithEarlier[c] as bigint) * count * reaching * others;
      this.#classes.slice(c).forEach((second, k) => {
        const e = c + k;
        const couples = e === c ? (count * (count - 1n)) / 2n : count * second.count;
        const others = this.#othersOfPair[c]?.[e] ?? 0n;
        pairs += couples * (tiedInBoth[c]?.[e] ?? 0n) * reaching * second.reaching * others;
      });
      return { touched: tied * columns, relevant: tied * reaching };
    });
    const neurons: { touched: bigint; relevant: bigint }[] = [];
    this.#classes.forEach(({ units }, c) => {
      for (const unit of units) neurons[unit] = byClass[c] as (typeof byClass)[number];
    });
    return { touched, pairs, neurons };
  }
}

function rowOf(layer: RowLayer, unit: number): Row {
  const row = layer.rows[unit];
  if (row === undefined) throw new Error('rowOf: no such unit');
  return row;
}
