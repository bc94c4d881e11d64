/**
 * The choices of the tail's digits, by what they make of the frontier.
 *
 * The tail is affine: output k is Σ_b M_kb·(frontier unit b), plus what is smooth wherever the head is.
 * Two choices whose rows M_k are multiples of each other, by factors other than 0, therefore agree in
 * whether f is differentiable, in whether AD is right and in which ties are relevant; one of them
 * decides for all. Of one frontier unit there are two classes, whatever the format.
 */
import { cotangentOf } from './cotangents.js';

/** Choices of the tail's digits that decide alike: the map of one of them, and how many they are. */
export interface TailClass {
  readonly map: Float64Array;
  readonly size: number;
}

/** *Exact.* The classes of some maps `[output, frontier]`; null where more than `most` numbers would be kept. */
export function tailClassesOf(
  maps: Iterable<Float64Array>,
  outputs: number,
  most: number,
): TailClass[] | null {
  const classes = new Map<string, { readonly map: Float64Array; size: number }>();
  for (const map of maps) {
    const name = nameOf(map, outputs);
    const same = classes.get(name);
    if (same !== undefined) same.size += 1;
    else if ((classes.size + 1) * map.length > most) return null;
    else classes.set(name, { map, size: 1 });
  }
  return [...classes.values()];
}

/** *Exact.* Whether some output's cotangent, a row of the map times the column, is not 0. */
export function isRelevant(map: Float64Array, outputs: number, column: readonly number[]): boolean {
  for (let output = 0; output < outputs; output += 1) {
    if (cotangentOf(map, output, column) !== 0) return true;
  }
  return false;
}

/** The same for maps whose rows are multiples of each other: each row in lowest terms, its first entry positive. */
function nameOf(map: Float64Array, outputs: number): string {
  const width = map.length / outputs;
  let name = '';
  for (let from = 0; from < map.length; from += width) {
    let divisor = 0;
    for (let b = from; b < from + width; b += 1) {
      const entry = map[b] as number;
      if (entry === 0) continue;
      // The first one gives the sign.
      if (divisor === 0) divisor = entry;
      else divisor = Math.sign(divisor) * gcd(Math.abs(divisor), Math.abs(entry));
    }
    for (let b = from; b < from + width; b += 1) {
      name += `${String(divisor === 0 ? 0 : (map[b] as number) / divisor)} `;
    }
  }
  return name;
}

/** Of positive integers below 2^53, whose remainders are exact. */
function gcd(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
