/**
 * One output behind a layer whose tangents are independent: the number of choices of the units'
 * tangents and of their outgoing weights with Σ_i w_i·slope_i·u_ik = 0 for every tangent k.
 *
 * Given the weights the tangents are independent, so the number is a sum over weighings (multisets
 * of c_i = w_i·slope_i) of a product over the tangents. How many choices of one tangent a weighing
 * silences depends on the tangent's law and the slopes alone, so it is computed once for each pair
 * and serves every span that has such a tangent.
 */
import type { TangentChoices } from './factorised.js';
import { scaled } from './law.js';
import { COST, type Meter } from './meter.js';
import { Outgrown } from './outgrown.js';
import { multisets } from './window.js';

/** Coefficients c_i in ascending order, and how many choices of weights give them. */
interface Weighing {
  readonly coefficients: readonly number[];
  readonly ways: bigint;
}

/** What a weighing takes, with what is kept of it for one law. */
const WEIGHING_BYTES = 400;

type Law = readonly TangentChoices[];

export class SilentSums {
  readonly #weights: Float64Array;
  readonly #meter: Meter;
  readonly #weighings = new Map<string, readonly Weighing[]>();
  /** By law and slopes, in the order of the weighings. */
  readonly #zeros = new Map<string, readonly bigint[]>();
  readonly #sums = new Map<string, bigint>();

  /** `weights`: the values of every unit's outgoing weight. */
  constructor(weights: Float64Array, meter: Meter) {
    this.#weights = weights;
    this.#meter = meter;
  }

  /** *Exact.* `laws`: one per tangent; `slopes`: one per unit. Throws Outgrown. */
  sums(laws: readonly Law[], slopes: readonly number[]): bigint {
    const names = laws.map(nameOf);
    const sorted = [...slopes].sort(ascending);
    const key = `${[...names].sort().join(';')} | ${sorted.join(' ')}`;
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    const count = weighingsCount(this.#weights, sorted);
    this.#meter.spend(count * laws.length * COST.big);
    const zeros = laws.map((law, k) => this.#zerosOf(names[k] ?? '', law, sorted));
    let sums = 0n;
    for (const [at, { ways }] of this.#weighingsOf(sorted).entries()) {
      let all = ways;
      for (const each of zeros) all *= each[at] as bigint;
      sums += all;
    }
    this.#sums.set(key, sums);
    return sums;
  }

  #weighingsOf(slopes: readonly number[]): readonly Weighing[] {
    const key = slopes.join(' ');
    const known = this.#weighings.get(key);
    if (known !== undefined) return known;
    const made = new Weighings(this.#weights, slopes).all();
    this.#weighings.set(key, made);
    return made;
  }

  /** Choices of one tangent that each weighing silences. */
  #zerosOf(name: string, law: Law, slopes: readonly number[]): readonly bigint[] {
    const key = `${name} | ${slopes.join(' ')}`;
    const known = this.#zeros.get(key);
    if (known !== undefined) return known;
    // The cost is told before any of it is spent.
    const count = weighingsCount(this.#weights, slopes);
    this.#meter.spend(count * COST.big + sumsCost(law, this.#weights, slopes, count));
    this.#meter.holdLaws(count * WEIGHING_BYTES);
    const halves = new HalfLaws(law);
    const zeros: bigint[] = [];
    for (const { coefficients } of this.#weighingsOf(slopes)) {
      zeros.push(zeroSumsGiven(law, coefficients, halves));
    }
    this.#zeros.set(key, zeros);
    return zeros;
  }
}

function nameOf(law: Law): string {
  return law
    .map(({ u, count }) => `${u.join(' ')}x${String(count)}`)
    .sort()
    .join(',');
}

/** *Upper bound.* Units with the same slope are alike: their weights are chosen as multisets. */
function weighingsCount(weights: Float64Array, slopes: readonly number[]): number {
  return [...new Set(slopes)].reduce(
    (all, slope) =>
      all * multisets(weights.length, slopes.filter((other) => other === slope).length),
    1,
  );
}

/** Every weighing once. Methods, not closures: see `joint.ts`. */
class Weighings {
  readonly #weights: Float64Array;
  readonly #slopes: readonly number[];
  readonly #merged = new Map<string, Weighing>();
  readonly #chosen: number[] = [];

  /** `slopes` in ascending order. */
  constructor(weights: Float64Array, slopes: readonly number[]) {
    this.#weights = weights;
    this.#slopes = slopes;
  }

  all(): readonly Weighing[] {
    this.#over(0, 0, 0, 1n);
    return [...this.#merged.values()];
  }

  /** Units with the same slope get weights from `from` on; `run` is how often the last one repeats. */
  #over(from: number, ofSlope: number, run: number, ways: bigint): void {
    const unit = this.#chosen.length;
    const slope = this.#slopes[unit];
    if (slope === undefined) {
      const coefficients = [...this.#chosen].sort(ascending);
      const key = coefficients.join(' ');
      this.#merged.set(key, { coefficients, ways: ways + (this.#merged.get(key)?.ways ?? 0n) });
      return;
    }
    const sameSlope = this.#slopes[unit + 1] === slope;
    for (let k = from; k < this.#weights.length; k += 1) {
      const repeats = ofSlope > 0 && k === from ? run + 1 : 1;
      // Placing one unit more of this slope multiplies the arrangements by their number / repeats.
      const arranged = ofSlope === 0 ? ways : (ways * BigInt(ofSlope + 1)) / BigInt(repeats);
      this.#chosen.push(scaled(this.#weights[k] as number, slope));
      if (sameSlope) this.#over(k, ofSlope + 1, repeats, arranged);
      else this.#over(0, 0, 0, arranged);
      this.#chosen.pop();
    }
  }
}

function ascending(a: number, b: number): number {
  return a - b;
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

/** The laws of half a sum; short halves serve many sums and are kept. */
class HalfLaws {
  readonly #law: Law;
  readonly #kept = new Map<string, SumCounts>();

  constructor(law: Law) {
    this.#law = law;
  }

  of(half: readonly number[]): SumCounts {
    if (half.length > KEPT_HALF) return sumCounts(this.#law, half);
    const key = half.join(' ');
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const made = sumCounts(this.#law, half);
    this.#kept.set(key, made);
    return made;
  }
}

/** Choices with Σ_i c_i·u_i = 0, the u_i independent with one law: two halves meet in the middle. */
function zeroSumsGiven(law: Law, coefficients: readonly number[], halves: HalfLaws): bigint {
  let total = 0n;
  for (const { count } of law) total += BigInt(count);
  if (total ** BigInt(coefficients.length) >= 2n ** 53n) {
    throw new Outgrown('the tangents of one layer have more than 2^53 choices');
  }
  const middle = coefficients.length >> 1;
  const left = halves.of(coefficients.slice(0, middle));
  const right = halves.of(coefficients.slice(middle));
  // All products together are at most the number of choices, so below 2^53.
  let zeros = 0;
  for (const [sum, ways] of left) zeros += ways * (right.get(-sum) ?? 0);
  return BigInt(zeros);
}

function sumCounts(law: Law, coefficients: readonly number[]): SumCounts {
  let sums = new Map<number, number>([[0, 1]]);
  for (const coefficient of coefficients) {
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
  }
  return sums;
}
