/**
 * Laws of rows with more than 2^53 choices, such as the 15^785 of one neuron over an image.
 *
 * Counts are big, so each is held as limbs: doubles below 2^bits in one array per limb, over a dense
 * grid of sums. Convolving with the values of one term adds limbs to limbs; the bits leave room for
 * all those additions, and carries are settled once per term. Terms that move nothing only
 * multiply. A single count needs no whole law: two halves meet in the middle.
 */
import type { Meter } from './meter.js';
import { Outgrown } from './outgrown.js';

/** One term of the sum: a value is chosen and multiplied by the factor. */
export interface WideTerm {
  readonly values: Float64Array;
  readonly factor: number;
}

/** Most values of a term. */
const VALUES_MAX = 2 ** 16;
/** Most doubles of one law, all limbs together: half a gibibyte. */
const DOUBLES_MAX = 2 ** 26;
/**
 * Laws alive while a term is added: the one before, the one after, and a padded limb; and as much
 * again that waits to be collected.
 */
const STEP = 6;
/** Operations of one entry in the product of two halves. */
const MEET = 1000;

/** Counts on a grid: the sum `low + k·stride` has the count whose limbs, lowest first, are `[·][k]`. */
interface Limbs {
  readonly low: number;
  readonly stride: number;
  readonly width: number;
  /** Bits of a limb. */
  readonly bits: number;
  readonly limbs: readonly Float64Array[];
}

/** *Exact.* The law of a sum of independent terms. */
export class WideLaw {
  readonly #terms: readonly WideTerm[];
  readonly #meter: Meter;
  readonly #bits: number;
  /** Choices of the terms that move nothing. */
  readonly #silent: bigint;
  /** What the terms of one value add. */
  readonly #shift: number;
  #halves: readonly [Limbs, Limbs] | null = null;

  /** Throws Outgrown where sums leave the exact doubles, or a term has too many values. */
  constructor(terms: readonly WideTerm[], meter: Meter) {
    let silent = 1n;
    let shift = 0;
    let reach = 0;
    const moving: WideTerm[] = [];
    for (const term of terms) {
      const { values, factor } = term;
      const most = values.reduce((best, value) => Math.max(best, Math.abs(value)), 0);
      reach += most * Math.abs(factor);
      if (values.length > VALUES_MAX) throw new Outgrown('a parameter has too many values');
      if (factor === 0 || most === 0) silent *= BigInt(values.length);
      else if (values.length === 1) shift += (values[0] as number) * factor;
      else moving.push(term);
    }
    if (!(reach <= Number.MAX_SAFE_INTEGER)) throw new Outgrown('the law of a neuron is too wide');
    // Narrow terms first: the grid grows late.
    this.#terms = moving.sort((a, b) => spanOf(a) - spanOf(b));
    this.#meter = meter;
    // Limbs below 2^bits, one per value, and a carry below 2^17 stay within a double's 2^53.
    const longest = moving.reduce((most, { values }) => Math.max(most, values.length), 1);
    this.#bits = 52 - Math.ceil(Math.log2(longest + 1));
    this.#silent = silent;
    this.#shift = shift;
  }

  /** *Exact.* Choices with this sum. Throws Outgrown where a law would be too wide. */
  countAt(target: number): bigint {
    const [left, right] = (this.#halves ??= this.#inHalves());
    const rest = target - this.#shift;
    this.#meter.spend(left.width * MEET);
    let count = 0n;
    for (let k = 0; k < left.width; k += 1) {
      const index = (rest - (left.low + k * left.stride) - right.low) / right.stride;
      if (index < 0 || index >= right.width || !Number.isInteger(index)) continue;
      const a = bigAt(left, k);
      if (a === 0n) continue;
      count += a * bigAt(right, index);
    }
    return count * this.#silent;
  }

  /** *Exact.* Every sum with its number of choices, in increasing order. Throws Outgrown. */
  *entries(): Generator<readonly [number, bigint]> {
    const { width, operations, doubles } = this.#extent(this.#terms);
    this.#meter.holdLaws(8 * STEP * doubles);
    this.#meter.spend(operations + width * MEET);
    const law = this.#law(this.#terms);
    for (let k = 0; k < law.width; k += 1) {
      const count = bigAt(law, k);
      if (count > 0n) yield [law.low + k * law.stride + this.#shift, count * this.#silent];
    }
  }

  #law(terms: readonly WideTerm[]): Limbs {
    const steps = terms.map(({ values, factor }) => values.map((value) => value * factor));
    const stride = commonStride(steps);
    const limbs = [Float64Array.of(1)];
    let law: Limbs = { low: 0, stride, width: 1, bits: this.#bits, limbs };
    let choices = 1n;
    for (const step of steps) {
      choices *= BigInt(step.length);
      law = convolved(law, step, this.#limbsFor(choices));
    }
    return law;
  }

  /** Two laws that make the whole; their cost is told before any of it is spent. */
  #inHalves(): readonly [Limbs, Limbs] {
    const left = this.#terms.filter((_, k) => k % 2 === 0);
    const right = this.#terms.filter((_, k) => k % 2 === 1);
    const [first, second] = [this.#extent(left), this.#extent(right)];
    this.#meter.holdLaws(8 * (first.doubles + STEP * second.doubles));
    this.#meter.spend(first.operations + second.operations);
    return [this.#law(left), this.#law(right)];
  }

  /** Width of the law of some terms, its doubles, and the operations that make it. Throws Outgrown. */
  #extent(terms: readonly WideTerm[]): {
    readonly width: number;
    readonly doubles: number;
    readonly operations: number;
  } {
    const steps = terms.map(({ values, factor }) => values.map((value) => value * factor));
    const stride = commonStride(steps);
    let width = 1;
    let choices = 1n;
    let operations = 0;
    let doubles = 1;
    for (const step of steps) {
      width += extentOf(step).span / stride;
      choices *= BigInt(step.length);
      const limbs = this.#limbsFor(choices);
      doubles = width * limbs;
      if (doubles > DOUBLES_MAX) {
        throw new Outgrown('the law of a neuron has too many entries');
      }
      operations += doubles * (step.length + 4);
    }
    return { width, doubles, operations };
  }

  /** Limbs that a count up to `most` takes. */
  #limbsFor(most: bigint): number {
    return Math.ceil(most.toString(2).length / this.#bits);
  }
}

function spanOf({ values, factor }: WideTerm): number {
  return extentOf(values).span * Math.abs(factor);
}

function extentOf(values: Float64Array): { readonly least: number; readonly span: number } {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { least, span: most - least };
}

/** The greatest common divisor of all differences of steps: sums lie on its grid. */
function commonStride(steps: readonly Float64Array[]): number {
  let divisor = 0;
  for (const step of steps) {
    const { least } = extentOf(step);
    for (const value of step) {
      let a = value - least;
      while (a !== 0) [divisor, a] = [a, divisor % a];
      if (divisor === 1) return 1;
    }
  }
  return divisor === 0 ? 1 : divisor;
}

function convolved(law: Limbs, steps: Float64Array, limbCount: number): Limbs {
  const { least, span } = extentOf(steps);
  const width = law.width + span / law.stride;
  const shifts = Array.from(steps, (step) => (step - least) / law.stride);
  const limbs: Float64Array[] = [];
  const base = 2 ** law.bits;
  let carries: Float64Array | null = null;
  for (let limb = 0; limb < limbCount; limb += 1) {
    const sums: Float64Array = carries ?? new Float64Array(width);
    const from = law.limbs[limb];
    if (from !== undefined) {
      addShifted(sums, from, shifts);
    }
    // A sum is below 2^53: nothing was rounded, and the carry is exact.
    carries = new Float64Array(width);
    for (let k = 0; k < width; k += 1) {
      const sum = sums[k] as number;
      if (sum >= base) {
        const carry = Math.floor(sum / base);
        carries[k] = carry;
        sums[k] = sum - carry * base;
      }
    }
    limbs.push(sums);
  }
  return { ...law, low: law.low + least, width, limbs };
}

/** sums[k] += Σ from[k − shift], four shifts at a time: the sums are what memory is read for. */
function addShifted(sums: Float64Array, from: Float64Array, shifts: readonly number[]): void {
  const most = shifts.reduce((a, b) => Math.max(a, b), 0);
  const padded = new Float64Array(from.length + 2 * most);
  padded.set(from, most);
  let k = 0;
  for (; k + 4 <= shifts.length; k += 4) {
    const a = most - (shifts[k] as number);
    const b = most - (shifts[k + 1] as number);
    const c = most - (shifts[k + 2] as number);
    const d = most - (shifts[k + 3] as number);
    for (let at = 0; at < sums.length; at += 1) {
      sums[at] =
        (sums[at] as number) +
        (padded[at + a] as number) +
        (padded[at + b] as number) +
        (padded[at + c] as number) +
        (padded[at + d] as number);
    }
  }
  for (; k < shifts.length; k += 1) {
    const a = most - (shifts[k] as number);
    for (let at = 0; at < sums.length; at += 1) {
      sums[at] = (sums[at] as number) + (padded[at + a] as number);
    }
  }
}

function bigAt({ limbs, bits }: Limbs, k: number): bigint {
  let value = 0n;
  for (let limb = limbs.length - 1; limb >= 0; limb -= 1) {
    value = (value << BigInt(bits)) + BigInt((limbs[limb] as Float64Array)[k] as number);
  }
  return value;
}
