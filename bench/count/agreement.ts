/**
 * That brute force in C, brute force in numpy and the engine count the same: on spaces that are
 * visited to the end, and, C beside numpy, on slabs of those that are not. A difference throws.
 */
import { VISITED, type Case } from './cases.js';
import { measured } from './measured.js';
import type { Native, Visited } from './native.js';

type Counts = Pick<Visited, 'touched' | 'nonDifferentiable' | 'incorrect'>;

/** A space visited to the end. */
export interface Agreement {
  readonly name: string;
  readonly points: string;
  readonly nonDifferentiable: string;
  readonly cSeconds: number | null;
  readonly numpySeconds: number | null;
  readonly seconds: number;
}

/** *Exact.* The spaces of `cases.ts` that are visited, where everyone who counts them agrees. */
export function agreements(
  c: Native | null,
  numpy: Native | null,
  chosen: (each: Case) => boolean,
): Agreement[] {
  return VISITED.filter((row) => chosen(row.case)).map(({ case: each, byNumpy }) => {
    const ours = measured(each);
    if (ours.refused !== null) throw new Error(`${each.name}: refused: ${ours.refused}`);
    const byC = c === null ? null : c.visit(each);
    const theirs = numpy === null || !byNumpy ? null : numpy.visit(each);
    for (const visited of [byC, theirs]) {
      if (visited === null) continue;
      if (!visited.whole) throw new Error(`${each.name}: not all points were visited`);
      same(each, ours, visited);
    }
    return {
      name: each.name,
      points: (byC ?? theirs)?.points ?? 'not visited',
      nonDifferentiable: ours.nonDifferentiable,
      cSeconds: byC?.seconds ?? null,
      numpySeconds: theirs?.seconds ?? null,
      seconds: ours.firstSeconds,
    };
  });
}

/** Throws where C and numpy differ on a slab; numpy's run. */
export function sameSlab(c: Native, numpy: Native, each: Case, seed: number, points: number) {
  const byC = c.visit(each, { points, seed });
  const byNumpy = numpy.visit(each, { points: Number(byC.points), seed });
  if (byC.points !== byNumpy.points) throw new Error(`${each.name}: slabs of different sizes`);
  same(each, byC, byNumpy);
  return byNumpy;
}

function same(each: Case, one: Counts, other: Counts): void {
  for (const count of ['touched', 'nonDifferentiable', 'incorrect'] as const) {
    if (one[count] === other[count]) continue;
    throw new Error(`${each.name}: ${count} is ${one[count]} and ${other[count]}`);
  }
}
