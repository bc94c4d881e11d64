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
  slopeChoices,
  tangentLaw,
  tangentsAreDisjoint,
  type Composition,
} from './factorised.js';
import { formOf, outcomesOf, scaled, slopeAt, type State } from './law.js';
import { COST, type Meter } from './meter.js';
import type { LayerLaws } from './prefix.js';
import { OutputSums, classesOf, type Column, type Reach } from './output-sums.js';
import { doubleOf } from '../../num/exact-double.js';
import { product } from '../../num/product.js';
import type { Row, RowLayer } from './rows.js';
import { SilentSums } from './silent-sums.js';

/** *Exact.* Over the output layer alone: every output untied (if ties count) and every tangent 0. */
export function zerosAtOutputs(
  layer: RowLayer,
  state: State,
  addTies: boolean,
  meter: Meter,
): bigint {
  const byType = new Map<string, bigint>();
  return product(
    layer.rows.map((row) => {
      const known = byType.get(row.type);
      if (known !== undefined) return known;
      const zeros = outcomesOf(layer.grid, row, state, { addTies, origins: 'none' }, meter)
        .filter((outcome) => !(addTies && outcome.free) && outcome.q.every((entry) => entry === 0))
        .reduce((sum, outcome) => sum + outcome.count, 0n);
      byType.set(row.type, zeros);
      return zeros;
    }),
  );
}

/** The tangents of a state: their name, and the choices of the weights that carry them. */
interface Carried {
  readonly name: string;
  readonly choices: bigint;
  /** By distinct slopes: per composition of the units what is silent, once it was asked for. */
  readonly silentBy: Map<number | string, (bigint | null)[]>;
}

interface Kind {
  readonly row: Row;
  /** Of the row and the column. */
  readonly choices: bigint;
  /** Choices of the column that are not all 0. */
  readonly read: bigint;
  readonly units: bigint;
  /** By the choices of a row that tie it: those of all units of which nothing is tied and read. */
  readonly untied: Map<bigint, bigint>;
}

/** The last hidden layer and the affine output layer, with what does not depend on the state. */
export class FinalPair {
  readonly #hidden: RowLayer;
  readonly #columns: readonly Column[];
  /** False where the output's slope is 0, so that nothing ever reaches it. */
  readonly #reaches: boolean;
  readonly #sums: OutputSums;
  readonly #laws: LayerLaws;
  /** By tangents and slopes. */
  readonly #silent = new Map<string, bigint>();
  /** By the name of the tangents, and by the basis itself, which many states share. */
  readonly #carriedBy = new Map<string, Carried>();
  readonly #carriedOf = new WeakMap<State['tangents'], Carried>();
  /** For independent tangents in front of one output. */
  readonly #silentSums: SilentSums | null;
  /** Hidden units whose rows and columns are alike. */
  readonly #kinds: readonly Kind[];
  readonly #meter: Meter;

  constructor(hidden: RowLayer, laws: LayerLaws, output: RowLayer, meter: Meter) {
    this.#hidden = hidden;
    this.#meter = meter;
    this.#sums = new OutputSums(meter);
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
        names: weights.map(nameOf),
        type: weights.map(nameOf).join(' '),
      };
    });
    const [weights, ...moreOutputs] = this.#columns[0]?.weights ?? [];
    this.#silentSums =
      weights !== undefined && moreOutputs.length === 0 ? new SilentSums(weights, meter) : null;
    const kinds = new Map<string, Kind>();
    hidden.rows.forEach((row, unit) => {
      const column = this.#columns[unit] as Column;
      const key = `${row.type} > ${column.type}`;
      kinds.set(key, {
        row,
        choices: row.total * column.total,
        read: column.total - column.zero,
        units: (kinds.get(key)?.units ?? 0n) + 1n,
        untied: new Map(),
      });
    });
    this.#kinds = [...kinds.values()];
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
  zeros(state: State, addTies: boolean): bigint {
    if (!this.#reaches) return this.#hidden.total * this.columnsTotal;
    const tieable = addTies && !this.#hidden.grid.tail;
    const binding = (row: Row): boolean => tieable && formOf(row, state) === 'free';
    if (state.tangents.length === 0) return this.#untied(state, binding);
    if (
      this.#kinds.length === 1 &&
      (!tieable || this.#hidden.rows.every(binding)) &&
      factorises(this.#hidden, state)
    ) {
      return this.#factorised(state, addTies);
    }
    const byType = new Map<string, readonly Reach[]>();
    const units = this.#hidden.rows.map((row, unit) => {
      const known =
        byType.get(row.type) ??
        classesOf(
          outcomesOf(this.#hidden.grid, row, state, { addTies, origins: 'none' }, this.#meter),
          addTies,
        );
      byType.set(row.type, known);
      return { classes: known, column: this.#columns[unit] as Column };
    });
    return this.#sums.zeros(units);
  }

  /** No tangent yet: every unit is unread, or untied, or its tie binds nothing. */
  #untied(state: State, binding: (row: Row) => boolean): bigint {
    this.#meter.spend(this.#hidden.rows.length * COST.big);
    let all: bigint | null = null;
    for (const kind of this.#kinds) {
      const { row, choices, read, units, untied } = kind;
      const ties = binding(row) ? this.#laws.ties(row, state.z) : 0n;
      let own = untied.get(ties);
      if (own === undefined) {
        own = (choices - ties * read) ** units;
        untied.set(ties, own);
      }
      all = all === null ? own : all * own;
    }
    return all ?? 1n;
  }

  /** Pieces and tangents independent, units alike: see `factorised.ts`. */
  #factorised(state: State, addTies: boolean): bigint {
    const row = this.#hidden.rows[0] as Row;
    const column = this.#columns[0] as Column;
    const units = this.#hidden.rows.length;
    const { choices: carried, name, silentBy } = this.#carried(state, row);
    const { tied, still, moving } = slopeChoices(
      this.#hidden,
      this.#laws.of(row).pieces(state.z),
      doubleOf(carried),
      addTies,
    );
    // A unit that passes nothing: dead with any column, or tied with a column of zeros.
    const silent = carried * (BigInt(still) * column.total + BigInt(tied) * column.zero);
    const slopes = [...moving.keys()];
    const choices = [...moving.values()].map(BigInt);
    let zeros = 0n;
    this.#meter.spend(COST.big * 4 * (units + 1));
    const parts = compositions(units, slopes.length + 1);
    const of = slopes.length === 1 ? (slopes[0] as number) : slopes.join(' ');
    const known = silentBy.get(of) ?? parts.map(() => null);
    silentBy.set(of, known);
    for (let k = 0; k < parts.length; k += 1) {
      const { counts, ways: arrangements } = parts[k] as Composition;
      let ways = arrangements * silent ** BigInt(counts[0] ?? 0);
      for (let slope = 0; slope < choices.length; slope += 1) {
        ways *= (choices[slope] as bigint) ** BigInt(counts[slope + 1] ?? 0);
      }
      if (ways === 0n) continue;
      const sums = known[k] ?? this.#silentAt(state, name, slopes, counts);
      known[k] = sums;
      zeros += ways * sums;
    }
    return zeros;
  }

  /** What a state's tangents leave to the weights that carry them. */
  #carried(state: State, row: Row): Carried {
    const same = this.#carriedOf.get(state.tangents);
    if (same !== undefined) return same;
    const name = state.tangents.map((tangent) => tangent.join(' ')).join(';');
    const made = this.#carriedBy.get(name) ?? {
      name,
      choices: product(carriers(state).map((input) => BigInt(row.weights[input]?.length ?? 1))),
      silentBy: new Map(),
    };
    this.#carriedBy.set(name, made);
    this.#carriedOf.set(state.tangents, made);
    return made;
  }

  /** Tangents and columns of so many units per slope under which nothing reaches the output. */
  #silentAt(
    state: State,
    tangents: string,
    distinct: readonly number[],
    [, ...counts]: readonly number[],
  ): bigint {
    const slopes = counts.flatMap((count, k) =>
      Array.from({ length: count }, () => distinct[k] as number),
    );
    if (slopes.length === 0) return 1n;
    // Units and weights are alike in every state, so tangents and slopes tell all.
    const key = `${tangents}|${slopes.join(' ')}`;
    const known = this.#silent.get(key);
    if (known !== undefined) return known;
    const sums = this.#sumsAt(state, slopes);
    this.#silent.set(key, sums);
    return sums;
  }

  #sumsAt(state: State, slopes: readonly number[]): bigint {
    const column = this.#columns[0] as Column;
    if (this.#silentSums !== null && tangentsAreDisjoint(state)) {
      const laws = state.tangents.map((tangent) =>
        tangentLaw(this.#hidden, { ...state, tangents: [tangent] }, this.#meter),
      );
      return this.#silentSums.sums(laws, slopes);
    }
    const law = tangentLaw(this.#hidden, state, this.#meter);
    return this.#sums.zeros(
      slopes.map((slope) => ({
        classes: law.map(({ u, count }) => ({
          tied: false,
          q: u.map((entry) => scaled(entry, slope)),
          count: BigInt(count),
        })),
        column,
      })),
    );
  }
}
