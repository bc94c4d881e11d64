/**
 * The points that are visited where symmetries hold: those whose keys are in order, with the weight of
 * each (`symmetries.ts` proves what they sum to).
 *
 * They are numbered in the order of their ranks in the space, so that a cut of the numbers anywhere is
 * a cut of the points, and the first witness has the least rank of all that are visited. A stretch of
 * numbers falls into boxes of digits of one weight each: free digits keep whole ranges, keys are
 * listed, except that the last key of a class takes ranges.
 *
 * A key is read as one number with the radix of its digits; with signs only its values whose first
 * digit is in the lower half of its set, 0 included, are taken: twice, 0 once.
 */
import { doubleOf } from '../../num/exact-double.js';
import { boxesOf, digitsOf, type Box } from '../boxes.js';
import type { Space } from '../space.js';
import type { KeyClass } from './symmetries.js';

/** A box of the space's digits, each point of which stands for `weight` points. */
export interface WeightedBox {
  readonly box: Box;
  readonly weight: bigint;
}

export interface OrbitSpace {
  /** *Exact.* How many points are visited. */
  readonly visits: bigint;
  /** *Exact.* The visited points of the numbers [from, to), in boxes that do not meet. */
  readonly boxesOf: (from: bigint, to: bigint) => Generator<WeightedBox>;
}

/** A class of keys, as numbers. */
interface Keys {
  readonly starts: readonly number[];
  readonly radices: readonly number[];
  /** Values taken: [0, values). */
  readonly values: number;
  /** Values below count twice: pairs of signs. */
  readonly paired: number;
}

/** A digit of its own, or a key as one digit. */
type Item =
  | { readonly position: number; readonly radix: number; readonly keys: null }
  | { readonly position: number; readonly keys: Keys; readonly place: number };

/** *Exact.* The visited points of a space under given classes. */
export function orbitSpaceOf(space: Space, classes: readonly KeyClass[]): OrbitSpace {
  const radices = space.radices.map(doubleOf);
  const items = itemsOf(
    radices,
    classes.map((each) => keysOf(each, radices)),
  );
  const points = new Points(radices, items);
  return { visits: points.visits, boxesOf: (from, to) => points.boxesOf(from, to) };
}

function keysOf({ starts, length, signed }: KeyClass, radices: readonly number[]): Keys {
  const start = starts[0] as number;
  const own = radices.slice(start, start + length);
  const behind = own.slice(1).reduce((product, radix) => product * radix, 1);
  const first = own[0] as number;
  return {
    starts,
    radices: own,
    values: (signed ? Math.ceil(first / 2) : first) * behind,
    paired: signed ? Math.floor(first / 2) * behind : 0,
  };
}

function itemsOf(radices: readonly number[], classes: readonly Keys[]): Item[] {
  const items: Item[] = [];
  for (let position = 0; position < radices.length;) {
    const keys = classes.find(({ starts }) => starts.includes(position));
    if (keys === undefined) {
      items.push({ position, radix: radices[position] as number, keys: null });
      position += 1;
    } else {
      items.push({ position, keys, place: keys.starts.indexOf(position) });
      position += keys.radices.length;
    }
  }
  return items;
}

/** *Exact.* n over k, for k ≥ 0. */
function choose(n: bigint, k: number): bigint {
  let result = 1n;
  for (let i = 0n; i < BigInt(k); i += 1n) result = (result * (n - i)) / (i + 1n);
  return result;
}

/** *Exact.* How many increasing lists, repeats allowed, of `length` values of [least, values) there are. */
function listsFrom({ values }: Keys, least: number, length: number): bigint {
  if (length === 0) return 1n;
  return least >= values ? 0n : choose(BigInt(values - least + length - 1), length);
}

class Points {
  readonly visits: bigint;
  readonly #radices: readonly number[];
  readonly #items: readonly Item[];
  /** Product of the radices of the free digits from each item on. */
  readonly #freeFrom: readonly bigint[];

  constructor(radices: readonly number[], items: readonly Item[]) {
    this.#radices = radices;
    this.#items = items;
    const free = [1n];
    for (const item of [...items].reverse()) {
      free.unshift((free[0] as bigint) * (item.keys === null ? BigInt(item.radix) : 1n));
    }
    this.#freeFrom = free;
    this.visits = this.#sizeFrom(0, []);
  }

  *boxesOf(from: bigint, to: bigint): Generator<WeightedBox> {
    if (from < to) yield* this.#cut([], from, to);
  }

  /** The values of a class's keys among the first items. */
  #chosen(keys: Keys, values: readonly number[]): number[] {
    return values.filter((_, k) => this.#items[k]?.keys === keys);
  }

  /** How many points there are behind the first `count` items, whose values are given. */
  #sizeFrom(count: number, values: readonly number[]): bigint {
    let size = this.#freeFrom[count] as bigint;
    for (const keys of new Set(this.#items.map((item) => item.keys))) {
      if (keys === null) continue;
      const chosen = this.#chosen(keys, values);
      size *= listsFrom(keys, chosen[chosen.length - 1] ?? 0, keys.starts.length - chosen.length);
    }
    return size;
  }

  /** The points [from, to) of those that begin with these values; from < to. */
  *#cut(values: readonly number[], from: bigint, to: bigint): Generator<WeightedBox> {
    const item = this.#items[values.length];
    if (item === undefined) {
      yield* this.#boxes(values, 0, 0);
      return;
    }
    const [least, end] = this.#rangeOf(item, values);
    const before = this.#before(item, values, least);
    // The values that hold the first point and the last one, by bisection.
    const holding = (point: bigint): number => {
      let [low, high] = [least, end - 1];
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (before(middle) <= point) low = middle;
        else high = middle - 1;
      }
      return low;
    };
    let [first, last] = [holding(from), holding(to - 1n)];
    const [head, tail] = [before(first), before(last)];
    const wholeHead = from === head;
    const wholeTail = to === before(last + 1);
    if (first === last && !(wholeHead && wholeTail)) {
      yield* this.#cut([...values, first], from - head, to - head);
      return;
    }
    if (!wholeHead) {
      yield* this.#cut([...values, first], from - head, before(first + 1) - head);
      first += 1;
    }
    if (!wholeTail) last -= 1;
    if (first <= last) yield* this.#boxes(values, first, last + 1);
    if (!wholeTail) yield* this.#cut([...values, last + 1], 0n, to - tail);
  }

  /** The values that an item may take. */
  #rangeOf(item: Item, values: readonly number[]): [number, number] {
    if (item.keys === null) return [0, item.radix];
    const chosen = this.#chosen(item.keys, values);
    return [chosen[chosen.length - 1] ?? 0, item.keys.values];
  }

  /** How many of the points that begin with these values have an item below a value. */
  #before(item: Item, values: readonly number[], least: number): (value: number) => bigint {
    const whole = this.#sizeFrom(values.length, values);
    if (item.keys === null) {
      const each = whole / BigInt(item.radix);
      return (value) => each * BigInt(value);
    }
    const { keys, place } = item;
    const length = keys.starts.length - place;
    const lists = listsFrom(keys, least, length);
    const others = whole / lists;
    return (value) => others * (lists - listsFrom(keys, value, length));
  }

  /** All points that begin with these values and have the next item in [first, end), if there is one. */
  *#boxes(values: readonly number[], first: number, end: number): Generator<WeightedBox> {
    const lo = Int32Array.from(this.#radices, () => 0);
    const hi = Int32Array.from(this.#radices);
    const fix = ({ position, keys }: Item, value: number): void => {
      const digits = keys === null ? [value] : digitsOf(keys.radices, BigInt(value));
      digits.forEach((digit, k) => {
        lo[position + k] = digit;
        hi[position + k] = digit + 1;
      });
    };
    values.forEach((value, k) => {
      fix(this.#items[k] as Item, value);
    });
    const next = this.#items[values.length];
    if (next?.keys === null) {
      lo[next.position] = first;
      hi[next.position] = end;
    }
    const open = this.#items.flatMap((item, k) =>
      item.keys !== null && k >= values.length ? [item] : [],
    );
    const chosen = new Map<Keys, number[]>();
    for (const { keys } of this.#items) {
      if (keys !== null) chosen.set(keys, this.#chosen(keys, values));
    }

    const from = function* (k: number): Generator<WeightedBox> {
      const item = open[k];
      if (item === undefined) {
        let weight = 1n;
        for (const [keys, list] of chosen) weight *= weightOf(keys, list);
        yield { box: { lo: lo.slice(), hi: hi.slice() }, weight };
        return;
      }
      const { keys, position } = item;
      const list = chosen.get(keys) as number[];
      const least = list[list.length - 1] ?? 0;
      const [low, high] = item === next ? [first, end] : [least, keys.values];
      const isLast = list.length === keys.starts.length - 1;
      for (const [a, b] of isLast ? rangesOf(keys, low, high, list) : singles(low, high)) {
        list.push(a);
        for (const part of boxesOf(keys.radices, BigInt(a), BigInt(b))) {
          lo.set(part.lo, position);
          hi.set(part.hi, position);
          yield* from(k + 1);
        }
        list.pop();
      }
    };
    yield* from(0);
  }
}

function* singles(low: number, high: number): Generator<[number, number]> {
  for (let value = low; value < high; value += 1) yield [value, value + 1];
}

/** Ranges of the last key that have one weight each: it repeats the key before or not, is paired or not. */
function rangesOf(
  { paired }: Keys,
  low: number,
  high: number,
  before: readonly number[],
): [number, number][] {
  const previous = before[before.length - 1];
  const cuts = [low, high, paired, ...(previous === undefined ? [] : [previous, previous + 1])]
    .filter((cut) => cut >= low && cut <= high)
    .sort((a, b) => a - b);
  return cuts
    .slice(1)
    .map((cut, k): [number, number] => [cuts[k] as number, cut])
    .filter(([a, b]) => a < b);
}

/** *Exact.* How many lists of keys, signs and all, an increasing one stands for. */
function weightOf({ paired }: Keys, list: readonly number[]): bigint {
  let weight = 1n;
  let run = 0n;
  list.forEach((value, k) => {
    // n!/(m₁!·m₂!…), factor by factor: of k + 1 places, divided by how often the value stands so far.
    run = value === list[k - 1] ? run + 1n : 1n;
    weight = (weight * BigInt(k + 1)) / run;
    if (value < paired) weight *= 2n;
  });
  return weight;
}

/** *Exact.* A box as stretches of ranks [from, to), in increasing order. */
export function* stretchesOf(
  { box }: WeightedBox,
  radices: readonly bigint[],
): Generator<[bigint, bigint]> {
  const n = radices.length;
  // The digits behind `split` keep their whole range.
  let split = n - 1;
  while (split > 0 && box.lo[split] === 0 && BigInt(box.hi[split] as number) === radices[split]) {
    split -= 1;
  }
  const behind = radices.slice(split + 1).reduce((product, radix) => product * radix, 1n);
  const from = function* (position: number, rank: bigint): Generator<[bigint, bigint]> {
    const [lo, hi] = [box.lo[position] ?? 0, box.hi[position] ?? 1];
    const above = rank * (radices[position] ?? 1n);
    if (position >= split) {
      yield [(above + BigInt(lo)) * behind, (above + BigInt(hi)) * behind];
      return;
    }
    for (let digit = lo; digit < hi; digit += 1) yield* from(position + 1, above + BigInt(digit));
  };
  yield* from(0, 0n);
}
