/**
 * The law of a sum with one input more, of which only some values are ever asked for: each is
 * computed when it is first asked for, and kept until the law changes. Counts are doubles that hold
 * integers below 2^53, as in `integer-law.ts`.
 */
import { countAt, countBelow, type IntegerLaw } from './integer-law.js';
import type { Meter } from './meter.js';

export class AskedLaw {
  readonly #meter: Meter;
  #law: IntegerLaw | null = null;
  #values: Float64Array = new Float64Array(0);
  #factor = 0;
  /** What the input adds, per value of its weight. */
  #steps = new Float64Array(0);
  /** Sums from #low on, #width of them, are kept where their stamp is that of this law. */
  #low = 0;
  #width = 0;
  #stamp = 0;
  #at = new Float64Array(0);
  #below = new Float64Array(0);
  #atStamps = new Uint32Array(0);
  #belowStamps = new Uint32Array(0);

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  /** From here on the law of x + value·factor, x of a dense law, value chosen from `values`. */
  become(law: IntegerLaw & { readonly dense: true }, values: Float64Array, factor: number): void {
    if (law === this.#law && values === this.#values && factor === this.#factor) return;
    this.#law = law;
    this.#values = values;
    this.#factor = factor;
    if (this.#steps.length !== values.length) this.#steps = new Float64Array(values.length);
    let least = Infinity;
    let most = -Infinity;
    for (let k = 0; k < values.length; k += 1) {
      const step = (values[k] as number) * factor;
      this.#steps[k] = step;
      least = Math.min(least, step);
      most = Math.max(most, step);
    }
    this.#low = law.low + least;
    this.#width = law.counts.length + most - least;
    this.#stamp += 1;
    if (this.#width > this.#at.length || this.#stamp > STAMPS) this.#makeRoom();
  }

  /** *Exact.* Choices that give `target`. */
  countAt(target: number): number {
    const index = target - this.#low;
    if (!(index >= 0 && index < this.#width)) return 0;
    if (this.#atStamps[index] === this.#stamp) return this.#at[index] as number;
    const law = this.#law as IntegerLaw;
    const steps = this.#steps;
    let sum = 0;
    for (let k = 0; k < steps.length; k += 1) sum += countAt(law, target - (steps[k] as number));
    this.#meter.spend(steps.length);
    this.#at[index] = sum;
    this.#atStamps[index] = this.#stamp;
    return sum;
  }

  /** *Exact.* Choices that give less than `target`, which may be infinite. */
  countBelow(target: number): number {
    // All sums are below the first place behind the law, and none is below its first.
    const index = Math.min(Math.max(target - this.#low, 0), this.#width);
    if (this.#belowStamps[index] === this.#stamp) return this.#below[index] as number;
    const law = this.#law as IntegerLaw;
    const steps = this.#steps;
    const from = this.#low + index;
    let sum = 0;
    for (let k = 0; k < steps.length; k += 1) sum += countBelow(law, from - (steps[k] as number));
    this.#meter.spend(steps.length);
    this.#below[index] = sum;
    this.#belowStamps[index] = this.#stamp;
    return sum;
  }

  #makeRoom(): void {
    const room = Math.max(this.#width, this.#at.length);
    this.#meter.holdLaws(BYTES * room);
    this.#at = new Float64Array(room);
    this.#below = new Float64Array(room + 1);
    this.#atStamps = new Uint32Array(room);
    this.#belowStamps = new Uint32Array(room + 1);
    this.#stamp = 1;
  }
}

/** Stamps that fit an array of 32-bit integers. */
const STAMPS = 2 ** 32 - 1;

/** Bytes per sum: two counts and two stamps. */
const BYTES = 24;
