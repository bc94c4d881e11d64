/** What ties of the last hidden layer weigh, in exact integers, by which of its units are tied. */
import { ZERO } from '../num/rational.js';
import { addFreePoint } from './estimator.js';
import type { LastLayer } from './last-layer.js';
import type { MaskValue } from './pattern-sums.js';
import type { Observation } from './sums.js';

/** Patterns of the last layer whose values are kept. */
const REMEMBERED = 100_000;

/** What so many solutions per unit of the last hidden layer weigh. */
export interface LastPart {
  /** In units: 1 − Π (1 − c_i/|M_i|), and the same with q_i. */
  readonly of: (counts: readonly number[]) => MaskValue;
  /** Adds so many solutions of unit i to its neuron. */
  readonly addNeuron: (i: number, count: bigint, into: Observation) => void;
  /** What one solution of unit i gives its neuron. */
  readonly shareOf: (i: number) => { readonly touched: bigint; readonly relevant: bigint };
}

/** *Exact.* In units of 1/`unit`, which every denominator divides. */
export function lastPartOf({ first, sizes, reaches }: LastLayer, unit: bigint): LastPart {
  /** 1 − Π (1 − n_i/d_i), in units; the product of all d_i divides the unit. */
  const someOf = (shares: readonly (readonly [n: bigint, d: bigint])[]): bigint => {
    let [none, whole] = [1n, 1n];
    for (const [n, d] of shares) {
      none *= d - n;
      whole *= d;
    }
    return unit - (unit / whole) * none;
  };
  const shares = sizes.map((size, i) => {
    const touched = unit / size;
    const reach = reaches[i] ?? ZERO;
    return { touched, relevant: (touched * reach.n) / reach.d };
  });
  const known = new Map<string, MaskValue>();
  const shareOf: LastPart['shareOf'] = (i) => shares[i] ?? { touched: 0n, relevant: 0n };
  return {
    shareOf,
    of(counts) {
      const key = counts.join();
      const found = known.get(key);
      if (found !== undefined) return found;
      const ties = counts.map((count, i) => [BigInt(count), sizes[i] ?? 1n] as const);
      const made = {
        touched: someOf(ties),
        kink: someOf(
          ties.map(([n, d], i) => {
            const reach = reaches[i] ?? ZERO;
            return [n * reach.n, d * reach.d] as const;
          }),
        ),
      };
      if (known.size < REMEMBERED) known.set(key, made);
      return made;
    },
    addNeuron(i, count, { neurons }) {
      const { touched, relevant } = shareOf(i);
      const [moreTouched, moreRelevant] = [touched * count, relevant * count];
      const sums = neurons.get(first + i);
      if (sums === undefined) {
        neurons.set(first + i, { touched: moreTouched, relevant: moreRelevant });
      } else {
        sums.touched += moreTouched;
        sums.relevant += moreRelevant;
      }
    },
  };
}

/** *Exact.* Counts patterns by which units of the last hidden layer have a possible tie, and adds them up. */
export function masksOf(
  part: LastPart,
  units: number,
): {
  readonly masks: readonly MaskValue[];
  readonly add: (ofPatterns: Uint8Array, into: Observation) => void;
} {
  const masks = Array.from({ length: 2 ** units }, (_, mask) =>
    part.of(Array.from({ length: units }, (_unit, i) => (mask >> i) & 1)),
  );
  const times = new Int32Array(masks.length);
  const seen: number[] = [];
  const byUnit = new Int32Array(units);
  return {
    masks,
    add(ofPatterns, into) {
      for (const mask of ofPatterns) {
        if (times[mask] === 0) seen.push(mask);
        times[mask] = (times[mask] as number) + 1;
      }
      let [touched, kink] = [0n, 0n];
      byUnit.fill(0);
      for (const mask of seen) {
        const often = times[mask] as number;
        times[mask] = 0;
        if (mask === 0) continue;
        const found = masks[mask] as (typeof masks)[number];
        touched += found.touched * BigInt(often);
        kink += found.kink * BigInt(often);
        for (let i = 0; i < units; i += 1) {
          if ((mask >> i) & 1) byUnit[i] = (byUnit[i] as number) + often;
        }
      }
      seen.length = 0;
      addFreePoint(touched, kink, into);
      byUnit.forEach((often, i) => {
        if (often > 0) part.addNeuron(i, BigInt(often), into);
      });
    },
  };
}
