/**
 * Sums over the affine outputs: in how many ways do the hidden units carry tangents, and the columns
 * weigh them, so that nothing reaches any output?
 *
 *   Σ_i w_ri·q_ik = 0 for every output r and tangent k, and w_ri = 0 where unit i is tied
 *
 * The units are independent of each other, and given the units' tangents so are the outputs. Hence
 * two roads, and the cheaper one is taken: convolve the vectors (w_ri·q_ik) over the units; or sum
 * over the joint tangents of the units and count each output's weights alone.
 */
import { doubleOf } from '../../num/exact-double.js';
import { multinomial } from './factorised.js';
import { scaled, type Outcome } from './law.js';
import { COST, type Meter } from './meter.js';
import { Outgrown } from './outgrown.js';
import { product } from '../../num/product.js';
import { multisets } from './window.js';

/** What the affine output layer makes of one hidden unit. */
export interface Column {
  /** The values of each output's weight on the unit, and a name per set of values. */
  readonly weights: readonly Float64Array[];
  readonly names: readonly string[];
  readonly total: bigint;
  /** Number of ways to choose all of them 0. */
  readonly zero: bigint;
  /** Equal for columns that are alike. */
  readonly type: string;
}

/** Outcomes that the output cannot tell apart: tied or not, and the tangents carried. */
export interface Reach {
  readonly tied: boolean;
  readonly q: readonly number[];
  readonly count: bigint;
}

/** A hidden unit: what it may carry, and its column. */
export interface Carrier {
  readonly classes: readonly Reach[];
  readonly column: Column;
}

/** *Exact.* Outcomes by what the output can tell apart, in a canonical order. */
export function classesOf(outcomes: readonly Outcome[], addTies: boolean): Reach[] {
  const classes = new Map<string, { tied: boolean; q: readonly number[]; count: bigint }>();
  for (const { free, q, count } of outcomes) {
    const tied = addTies && free;
    // A tied unit needs a column of zeros, whatever it carries.
    const key = tied ? 'tied' : q.join(',');
    const known = classes.get(key);
    if (known === undefined) classes.set(key, { tied, q, count });
    else known.count += count;
  }
  return [...classes.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, reach]) => reach);
}

/** Most entries of one sum's law. */
const SUM_MAX = 1 << 20;
const EXACT = 2n ** 53n;

type SumLaw = ReadonlyMap<string, { readonly vector: readonly number[]; readonly count: bigint }>;

const ORIGIN: SumLaw = new Map([['', { vector: [], count: 1n }]]);

/** The sums, with what was found before. */
export class OutputSums {
  readonly #meter: Meter;
  readonly #sums = new Map<string, bigint>();
  readonly #rows = new Map<string, bigint>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** *Exact.* The number of choices under which nothing reaches any output. Throws Outgrown. */
  zeros(units: readonly Carrier[]): bigint {
    // Units that cannot carry anything only multiply.
    let factor = 1n;
    const carriers: { readonly unit: Carrier; readonly signature: string }[] = [];
    for (const unit of units) {
      if (unit.classes.every(({ tied, q }) => tied || isZeroVector(q))) {
        factor *= unit.classes.reduce(
          (sum, { tied, count }) => sum + count * (tied ? unit.column.zero : unit.column.total),
          0n,
        );
      } else {
        carriers.push({ unit, signature: signatureOf(unit) });
      }
    }
    if (factor === 0n || carriers.length === 0) return factor;
    carriers.sort((a, b) => (a.signature < b.signature ? -1 : 1));
    const signature = carriers.map((carrier) => carrier.signature).join('/');
    const known = this.#sums.get(signature);
    if (known !== undefined) return factor * known;
    const groups = new Map<string, Carrier[]>();
    for (const { unit, signature: name } of carriers) {
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [unit]);
      else group.push(unit);
    }
    const sorted = carriers.map(({ unit }) => unit);
    const alike = [...groups.values()];
    const zeros =
      vectorCost(sorted) <= rowCost(alike) ? this.#byVectors(sorted) : this.#byRows(alike);
    this.#sums.set(signature, zeros);
    return factor * zeros;
  }

  /** Convolves the vectors over the units, met halfway. */
  #byVectors(carriers: readonly Carrier[]): bigint {
    const half = carriers.length >> 1;
    const sumOf = (some: readonly Carrier[]): SumLaw =>
      some.reduce((sum, carrier) => this.#convolve(sum, this.#vectorLaw(carrier)), ORIGIN);
    const left = sumOf(carriers.slice(0, half));
    const right = sumOf(carriers.slice(half));
    let zeros = 0n;
    if (left === ORIGIN) {
      for (const { vector, count } of right.values()) if (isZeroVector(vector)) zeros += count;
      return zeros;
    }
    for (const { vector, count } of left.values()) {
      const opposite = right.get(vector.map((entry) => (entry === 0 ? 0 : -entry)).join(','));
      if (opposite !== undefined) zeros += count * opposite.count;
    }
    return zeros;
  }

  /** The law of the vector (w_r·q_k) over outputs r and tangents k, for one hidden unit. */
  #vectorLaw({ classes, column }: Carrier): SumLaw {
    const law = new Map<string, { vector: readonly number[]; count: bigint }>();
    const put = (vector: readonly number[], count: bigint): void => {
      const key = vector.join(',');
      const known = law.get(key);
      if (known !== undefined) known.count += count;
      else if (law.size < SUM_MAX) law.set(key, { vector, count });
      else throw new Outgrown('a sum over the outputs has too many values');
    };
    for (const { tied, q, count } of classes) {
      const zero = column.weights.flatMap(() => q.map(() => 0));
      if (tied) {
        if (column.zero > 0n) put(zero, count * column.zero);
        continue;
      }
      if (isZeroVector(q)) {
        put(zero, count * column.total);
        continue;
      }
      let vectors: readonly (readonly number[])[] = [[]];
      for (const values of column.weights) {
        const next: number[][] = [];
        this.#meter.spend(vectors.length * values.length * COST.vectorEntry);
        if (vectors.length * values.length > SUM_MAX) {
          throw new Outgrown('a column has too many values');
        }
        for (const vector of vectors) {
          for (const w of values) next.push([...vector, ...q.map((entry) => scaled(w, entry))]);
        }
        vectors = next;
      }
      for (const vector of vectors) put(vector, count);
    }
    return law;
  }

  #convolve(a: SumLaw, b: SumLaw): SumLaw {
    if (a === ORIGIN) return b;
    this.#meter.spend(a.size * b.size * COST.vectorEntry);
    const law = new Map<string, { vector: readonly number[]; count: bigint }>();
    for (const { vector: x, count: m } of a.values()) {
      for (const { vector: y, count: n } of b.values()) {
        const vector = x.map((entry, k) => entry + (y[k] as number));
        if (vector.some((entry) => !Number.isSafeInteger(entry))) {
          throw new Outgrown('the tangents of this network outgrow exact doubles');
        }
        const key = vector.join(',');
        const known = law.get(key);
        if (known !== undefined) known.count += m * n;
        else if (law.size < SUM_MAX) law.set(key, { vector, count: m * n });
        else throw new Outgrown('a sum over the outputs has too many values');
      }
    }
    return law;
  }

  /** Sums over the joint tangents of the units; units that are alike enter as multisets. */
  #byRows(groups: readonly (readonly Carrier[])[]): bigint {
    const chosen: { readonly reach: Reach; readonly column: Column }[] = [];
    const overGroups = (index: number, count: bigint): bigint => {
      const group = groups[index];
      if (group === undefined) return count * this.#outputs(chosen);
      const { classes, column } = group[0] as Carrier;
      const runs: number[] = [];
      const overUnits = (at: number, from: number, ways: bigint): bigint => {
        if (at === group.length) return overGroups(index + 1, ways * multinomial(runs));
        let sum = 0n;
        for (let k = from; k < classes.length; k += 1) {
          const reach = classes[k] as Reach;
          const repeats = k === from && at > 0;
          if (repeats) runs.push((runs.pop() ?? 0) + 1);
          else runs.push(1);
          chosen.push({ reach, column });
          sum += overUnits(at + 1, k, ways * reach.count);
          chosen.pop();
          const run = runs.pop() ?? 0;
          if (repeats) runs.push(run - 1);
        }
        return sum;
      };
      return overUnits(0, 0, count);
    };
    return overGroups(0, 1n);
  }

  /** Choices of all columns under which these tangents reach no output. */
  #outputs(units: readonly { readonly reach: Reach; readonly column: Column }[]): bigint {
    this.#meter.spend(COST.big * 4);
    let zeros = 1n;
    const moving = units.filter(({ reach, column }) => {
      if (!reach.tied && !isZeroVector(reach.q)) return true;
      zeros *= reach.tied ? column.zero : column.total;
      return false;
    });
    if (moving.length === 0 || zeros === 0n) return zeros;
    const tangents = primitive(moving.map(({ reach }) => reach.q));
    const outputs = moving[0]?.column.weights.length ?? 0;
    for (let r = 0; r < outputs && zeros !== 0n; r += 1) {
      const terms = moving.map(({ column }, i) => ({
        values: column.weights[r] ?? new Float64Array(1),
        q: tangents[i] ?? [],
        name: `${column.names[r] ?? ''}*${(tangents[i] ?? []).join(',')}`,
      }));
      terms.sort((a, b) => (a.name < b.name ? -1 : 1));
      const key = terms.map(({ name }) => name).join(' ');
      const known = this.#rows.get(key) ?? this.#rowZeros(terms);
      this.#rows.set(key, known);
      zeros *= known;
    }
    return zeros;
  }

  /** Choices of one output's weights with Σ_i w_i·q_i = 0, the vectors packed into one integer. */
  #rowZeros(terms: readonly { values: Float64Array; q: readonly number[] }[]): bigint {
    const d = terms[0]?.q.length ?? 0;
    const strides: number[] = [];
    let stride = 1;
    for (let k = 0; k < d; k += 1) {
      const reach = terms.reduce((sum, { values, q }) => {
        const most = values.reduce((best, value) => Math.max(best, Math.abs(value)), 0);
        return sum + most * Math.abs(q[k] ?? 0);
      }, 0);
      strides.push(stride);
      stride *= 2 * reach + 1;
      if (!(stride <= Number.MAX_SAFE_INTEGER)) {
        throw new Outgrown('the tangents of this network outgrow exact doubles');
      }
    }
    const lawOf = (some: typeof terms): Map<number, number> => {
      if (product(some.map(({ values }) => BigInt(values.length))) >= EXACT) {
        throw new Outgrown('an output has more than 2^53 choices of weights');
      }
      let law = new Map([[0, 1]]);
      for (const { values, q } of some) {
        const step = q.reduce((sum, entry, k) => sum + entry * (strides[k] as number), 0);
        this.#meter.spend(law.size * values.length * COST.mapEntry);
        const next = new Map<number, number>();
        for (const [key, count] of law) {
          for (const value of values) {
            next.set(key + value * step, (next.get(key + value * step) ?? 0) + count);
          }
        }
        if (next.size > SUM_MAX) throw new Outgrown('a sum over an output has too many values');
        law = next;
      }
      return law;
    };
    const half = terms.length >> 1;
    const left = lawOf(terms.slice(0, half));
    const right = lawOf(terms.slice(half));
    let zeros = 0n;
    for (const [key, count] of left) {
      const opposite = right.get(-key);
      if (opposite !== undefined) zeros += BigInt(count) * BigInt(opposite);
    }
    return zeros;
  }
}

function isZeroVector(vector: readonly number[]): boolean {
  return vector.every((entry) => entry === 0);
}

function signatureOf({ classes, column }: Carrier): string {
  const reaches = classes.map(
    ({ tied, q, count }) => `${tied ? 't' : ''}${q.join(',')}x${String(count)}`,
  );
  return `${column.type}@${reaches.join(';')}`;
}

/** Every tangent over its greatest common divisor: what is silent stays silent. */
function primitive(vectors: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const divisors = (vectors[0] ?? []).map((_, k) => {
    let divisor = 0;
    for (const vector of vectors) {
      let a = Math.abs(vector[k] ?? 0);
      while (a !== 0) [divisor, a] = [a, divisor % a];
    }
    return divisor === 0 ? 1 : divisor;
  });
  return vectors.map((vector) => vector.map((entry, k) => entry / (divisors[k] as number)));
}

/** *Estimate.* Operations of the convolution of vectors. */
function vectorCost(carriers: readonly Carrier[]): number {
  const sizes = carriers.map(({ classes, column }) =>
    classes.reduce(
      (sum, { tied, q }) => sum + (tied || isZeroVector(q) ? 1 : toNumber(column.total)),
      0,
    ),
  );
  const half = sizes.length >> 1;
  const sumOf = (some: readonly number[]): number => {
    let law = 1;
    let cost = 0;
    for (const size of some) {
      law *= size;
      cost += law;
    }
    return cost;
  };
  return COST.vectorEntry * (sumOf(sizes.slice(0, half)) + sumOf(sizes.slice(half)));
}

/** *Estimate.* Operations of the sum over joint tangents. */
function rowCost(groups: readonly (readonly Carrier[])[]): number {
  const joints = groups.reduce(
    (cost, group) => cost * multisets(group[0]?.classes.length ?? 0, group.length),
    1,
  );
  const units = groups.flat();
  const widest = units.reduce(
    (most, { column }) =>
      column.weights.reduce((best, values) => Math.max(best, values.length), most),
    1,
  );
  const row = 2 * widest ** Math.ceil(units.length / 2) * COST.mapEntry;
  const outputs = units[0]?.column.weights.length ?? 1;
  return joints * (10 * COST.big + outputs * row);
}

function toNumber(n: bigint): number {
  return n >= EXACT ? Infinity : doubleOf(n);
}
