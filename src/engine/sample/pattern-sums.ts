/**
 * Sums of conditional samples without BigInt: where all of a sample is in small integers (which units
 * of the last hidden layer have a possible tie behind each pattern of alive units, and in how many
 * patterns each tie of the first layer matters), those are counted, and the exact sums are made of the
 * counts once a stretch is over.
 *
 * A neuron's value is a constant times one of these integers, so their sums and sums of squares are
 * all that is kept of it. A set's value is a sum over kinds of masks, and over ties that weigh alike,
 * of an integer times a constant: how often each combination of these integers occurs is counted, a
 * combination being one number in mixed radix. No number here passes 2^53, or `patternSums` is null.
 */
import type { Collector } from './sums.js';

/** What a pattern adds to the sets, by the mask of the units tied in it, in units of 1/D. */
export interface MaskValue {
  readonly touched: bigint;
  readonly kink: bigint;
}

export interface PatternParts {
  /** Patterns of alive units that a sample goes through; a mask each. */
  readonly patterns: number;
  /** By mask. */
  readonly masks: readonly MaskValue[];
  /** Units of the last hidden layer: bits of a mask. */
  readonly units: number;
  /** First of them among the neurons; `value` of one possible tie of each. */
  readonly first: number;
  readonly unitValues: readonly { readonly touched: bigint; readonly relevant: bigint }[];
  /** Ties of the first layer, in the order of its neurons: what each touches. */
  readonly shares: readonly bigint[];
  /** Of how many patterns such a tie may matter in 0 to all. */
  readonly rowPatterns: number;
}

export interface PatternSums {
  /** The same as sums of observations, of everything that was taken in; begins anew. */
  readonly flush: (into: Collector) => void;
  /** Begins a sample; what was not taken in is forgotten. */
  readonly begin: () => void;
  /** The masks of all its patterns. */
  readonly masks: (masks: Uint8Array) => void;
  /** A tie of the first layer matters in so many patterns. */
  readonly often: (neuron: number, patterns: number) => void;
  readonly take: () => void;
}

const KEY_MAX = 2 ** 53;

/** *Exact.* Null where there are too many combinations for numbers. */
export function patternSums(parts: PatternParts): PatternSums | null {
  const { patterns, masks, units, first, unitValues, shares, rowPatterns } = parts;
  const kinds: MaskValue[] = [];
  const kindOf = masks.map(({ touched, kink }) => {
    if (touched === 0n && kink === 0n) return -1;
    const known = kinds.findIndex((kind) => kind.touched === touched && kind.kink === kink);
    return known >= 0 ? known : kinds.push({ touched, kink }) - 1;
  });
  const groups = [...new Set(shares)];
  const sizes = groups.map((share) => shares.filter((each) => each === share).length);
  const radices = [...kinds.map(() => patterns + 1), ...sizes.map((n) => n * rowPatterns + 1)];
  const places: number[] = [];
  const combinations = radices.reduce((product, radix) => {
    places.push(product);
    return product * radix;
  }, 1);
  if (combinations >= KEY_MAX) return null;
  const maskPlace = Float64Array.from(kindOf, (kind) => (kind < 0 ? 0 : (places[kind] as number)));
  const rowPlace = Float64Array.from(
    shares,
    (share) => places[kinds.length + groups.indexOf(share)] as number,
  );
  const always = shares.reduce((sum, share) => sum + share, 0n);

  const seen = new Map<number, number>();
  let samples = 0;
  let key = 0;
  const tied = new Int32Array(units);
  const matters = new Int32Array(shares.length);
  // A sample adds at most 2^12 to a sum of squares, and a stretch has fewer than 2^41 samples.
  const tiedSums = new Float64Array(2 * units);
  const matterSums = new Float64Array(2 * shares.length);

  /** What a combination is worth: of `touched` and of the sets of kinks. */
  const valueOf = (combination: number): MaskValue => {
    let left = combination;
    let touched = always;
    let kink = 0n;
    radices.forEach((radix, k) => {
      const digit = left % radix;
      left = (left - digit) / radix;
      if (digit === 0) return;
      const times = BigInt(digit);
      const kind = kinds[k];
      if (kind === undefined) {
        kink += (times * (groups[k - kinds.length] as bigint)) / BigInt(rowPatterns);
      } else {
        touched += times * kind.touched;
        kink += times * kind.kink;
      }
    });
    return { touched, kink };
  };
  return {
    begin() {
      key = 0;
      tied.fill(0);
    },
    masks(all) {
      for (const mask of all) {
        if (mask === 0) continue;
        key += maskPlace[mask] as number;
        for (let unit = 0; unit < units; unit += 1) {
          tied[unit] = (tied[unit] as number) + ((mask >> unit) & 1);
        }
      }
    },
    often(neuron, number) {
      key += number * (rowPlace[neuron] as number);
      matters[neuron] = number;
    },
    take() {
      samples += 1;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      for (let unit = 0; unit < units; unit += 1) {
        const n = tied[unit] as number;
        tiedSums[2 * unit] = (tiedSums[2 * unit] as number) + n;
        tiedSums[2 * unit + 1] = (tiedSums[2 * unit + 1] as number) + n * n;
      }
      for (let k = 0; k < matters.length; k += 1) {
        const n = matters[k] as number;
        matterSums[2 * k] = (matterSums[2 * k] as number) + n;
        matterSums[2 * k + 1] = (matterSums[2 * k + 1] as number) + n * n;
      }
    },
    flush(into) {
      if (samples === 0) return;
      for (const [combination, times] of seen) {
        const { touched, kink } = valueOf(combination);
        into.addFree(touched, kink, times);
      }
      const whole = BigInt(samples);
      shares.forEach((share, neuron) => {
        // A row that nothing ties has no tie that could be told of.
        if (share === 0n) return;
        const relevant = share / BigInt(rowPatterns);
        into.addNeuron(neuron, {
          touched: whole * share,
          touchedSquares: whole * share * share,
          relevant: relevant * BigInt(matterSums[2 * neuron] as number),
          relevantSquares: relevant * relevant * BigInt(matterSums[2 * neuron + 1] as number),
        });
      });
      unitValues.forEach(({ touched, relevant }, unit) => {
        const sum = BigInt(tiedSums[2 * unit] as number);
        const squares = BigInt(tiedSums[2 * unit + 1] as number);
        if (sum === 0n) return;
        into.addNeuron(first + unit, {
          touched: touched * sum,
          touchedSquares: touched * touched * squares,
          relevant: relevant * sum,
          relevantSquares: relevant * relevant * squares,
        });
      });
      seen.clear();
      samples = 0;
      tiedSums.fill(0);
      matterSums.fill(0);
    },
  };
}
