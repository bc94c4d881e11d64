/**
 * Laws of an integer-valued sum: how many choices give each value. Dense on an interval where the
 * grid is small, sorted keys where it is wide; counts and values are doubles that hold integers
 * below 2^53 (the caller's row has fewer choices than that).
 */
import { COST, type Meter } from './meter.js';
import { Outgrown } from './outgrown.js';

export type IntegerLaw =
  | {
      readonly dense: true;
      readonly low: number;
      readonly counts: Float64Array;
      below: Float64Array | null;
    }
  | {
      readonly dense: false;
      /** Strictly increasing. */
      readonly keys: Float64Array;
      readonly counts: Float64Array;
      below: Float64Array | null;
    };

/** *Exact.* The law of the constant 0. */
export const POINT_LAW: IntegerLaw = {
  dense: true,
  low: 0,
  counts: Float64Array.of(1),
  below: null,
};

/** A dense law may be this many times as wide as the number of values it can take. */
const SPARSITY = 8;

/** *Exact.* The law of x + value·factor, value chosen from `values`. Throws Outgrown. */
export function convolved(
  law: IntegerLaw,
  values: Float64Array,
  factor: number,
  maxEntries: number,
  meter: Meter,
): IntegerLaw {
  if (factor === 0) {
    const counts = law.counts.map((count) => count * values.length);
    return { ...law, counts, below: null };
  }
  const steps = values.map((value) => value * factor);
  let least = Infinity;
  let most = -Infinity;
  for (const step of steps) {
    least = Math.min(least, step);
    most = Math.max(most, step);
  }
  const [low, high] = range(law);
  const width = high - low + most - least + 1;
  const entries = law.counts.length * steps.length;
  if (width <= SPARSITY * entries && width <= maxEntries) {
    meter.spend(width + entries);
    return dense(law, steps, low + least, width);
  }
  meter.spend(entries * 2 * COST.mapEntry);
  if (entries > maxEntries) throw new Outgrown('the law of a neuron has too many entries');
  return sparse(law, steps);
}

function range(law: IntegerLaw): readonly [number, number] {
  if (law.dense) return [law.low, law.low + law.counts.length - 1];
  return [law.keys[0] ?? 0, law.keys[law.keys.length - 1] ?? 0];
}

function dense(law: IntegerLaw, steps: Float64Array, low: number, width: number): IntegerLaw {
  const counts = new Float64Array(width);
  for (const step of steps) {
    if (law.dense) {
      const shift = law.low + step - low;
      for (let k = 0; k < law.counts.length; k += 1) {
        const into = k + shift;
        counts[into] = (counts[into] as number) + (law.counts[k] as number);
      }
    } else {
      for (let k = 0; k < law.keys.length; k += 1) {
        const into = (law.keys[k] as number) + step - low;
        counts[into] = (counts[into] as number) + (law.counts[k] as number);
      }
    }
  }
  return { dense: true, low, counts, below: null };
}

function sparse(law: IntegerLaw, steps: Float64Array): IntegerLaw {
  const sums = new Map<number, number>();
  const put = (key: number, count: number): void => {
    if (count !== 0) sums.set(key, (sums.get(key) ?? 0) + count);
  };
  for (let k = 0; k < law.counts.length; k += 1) {
    const key = law.dense ? law.low + k : (law.keys[k] as number);
    const count = law.counts[k] as number;
    for (const step of steps) put(key + step, count);
  }
  const keys = Float64Array.from(sums.keys()).sort();
  const counts = keys.map((key) => sums.get(key) ?? 0);
  return { dense: false, keys, counts, below: null };
}

/** *Exact.* Choices that give `target`. */
export function countAt(law: IntegerLaw, target: number): number {
  if (law.dense) {
    const index = target - law.low;
    return index >= 0 && index < law.counts.length ? (law.counts[index] as number) : 0;
  }
  const index = firstNotBelow(law.keys, target);
  return law.keys[index] === target ? (law.counts[index] as number) : 0;
}

/** *Exact.* Choices that give less than `target`, which may be infinite. */
export function countBelow(law: IntegerLaw, target: number): number {
  law.below ??= cumulative(law.counts);
  const index = law.dense
    ? Math.min(Math.max(target - law.low, 0), law.counts.length)
    : firstNotBelow(law.keys, target);
  return law.below[index] as number;
}

function firstNotBelow(keys: Float64Array, target: number): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as number) < target) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `result[k]` is the sum of the first k counts. */
function cumulative(counts: Float64Array): Float64Array {
  const below = new Float64Array(counts.length + 1);
  for (let k = 0; k < counts.length; k += 1) {
    below[k + 1] = (below[k] as number) + (counts[k] as number);
  }
  return below;
}
