/**
 * How the last expansion is cut into shards: by the values of the first two units that are placed,
 * the leaders. States with different values of their leaders never merge, so windows of leading
 * values cut the states into parts that share nothing, and a part can be weighed before it is made.
 */
import type { Outcome } from './law.js';
import { COST, type Meter } from './meter.js';

/** Leading values from `from` on and before `to`, in lexicographic order; null is without an end. */
export interface Window {
  readonly from: readonly [number, number] | null;
  readonly to: readonly [number, number] | null;
}

export const WHOLE: Window = { from: null, to: null };

/** *Exact.* Whether leading values are in the window. */
export function inWindow({ from, to }: Window, first: number, second: number): boolean {
  if (from !== null && (first < from[0] || (first === from[0] && second < from[1]))) return false;
  return to === null || first < to[0] || (first === to[0] && second < to[1]);
}

/** The first two units that are placed; the second is missing where the layer has one unit. */
export function leadersOf(
  classes: readonly (readonly number[])[],
): readonly [number | undefined, number | undefined] {
  const [first, second] = classes.flat();
  return [first, second];
}

/** One pair of leading values, and how many joint outcomes have it. */
export interface Block {
  readonly leading: readonly [number, number];
  readonly joints: number;
}

/**
 * *Estimate.* Adds to `joints` the number of joint outcomes per pair of leading values, as doubles:
 * they steer the cut, no count depends on them.
 */
export function weighBlocks(
  classes: readonly (readonly number[])[],
  lawOf: (unit: number) => readonly Outcome[],
  joints: Map<string, { leading: readonly [number, number]; joints: number }>,
  meter: Meter,
): void {
  const [first = [], ...others] = classes;
  const law = lawOf(first[0] as number);
  meter.spend(law.length * law.length * COST.mapEntry);
  if (first.length >= 2) {
    const rest = jointsOf(others, lawOf);
    for (let i = 0; i < law.length; i += 1) {
      const a = law[i] as Outcome;
      for (let j = i; j < law.length; j += 1) {
        const b = law[j] as Outcome;
        put(joints, a.z, b.z, rest * multisets(law.length - j, first.length - 2));
      }
    }
    return;
  }
  const [second, ...further] = others;
  if (second === undefined) {
    for (const { z } of law) put(joints, z, z, 1);
    return;
  }
  // Both classes have one unit.
  const rest = jointsOf(further, lawOf);
  const secondLaw = lawOf(second[0] as number);
  for (const a of law) for (const b of secondLaw) put(joints, a.z, b.z, rest);
}

function put(
  joints: Map<string, { leading: readonly [number, number]; joints: number }>,
  a: number,
  b: number,
  count: number,
): void {
  const key = `${String(a)} ${String(b)}`;
  const known = joints.get(key);
  if (known === undefined) joints.set(key, { leading: [a, b], joints: count });
  else known.joints += count;
}

/** *Estimate.* Number of multisets of so many outcomes, C(kinds + size − 1, size), as a double. */
export function multisets(kinds: number, size: number): number {
  let count = 1;
  for (let k = 1; k <= size; k += 1) count = (count * (kinds + k - 1)) / k;
  return count;
}

/** *Estimate.* Number of joint outcomes of a layer. */
export function jointsOf(
  classes: readonly (readonly number[])[],
  lawOf: (unit: number) => readonly Outcome[],
): number {
  return classes.reduce(
    (product, units) => product * multisets(lawOf(units[0] as number).length, units.length),
    1,
  );
}

/** *Exact.* Blocks in the order of their leading values. */
export function sortedBlocks(joints: ReadonlyMap<string, Block>): Block[] {
  return [...joints.values()].sort(byLeading);
}

function byLeading(a: Block, b: Block): number {
  return a.leading[0] - b.leading[0] || a.leading[1] - b.leading[1];
}
