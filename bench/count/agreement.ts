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

/** *Exact.* The spaces of `cases.ts` that somebody visited, where all who count them agree. */
export function agreements(
  c: Native | null,
  numpy: Native | null,
  chosen: (each: Case) => boolean,
): Agreement[] {
  return VISITED.filter((row) => chosen(row.case)).flatMap(({ case: each, byNumpy }) => {
    const cRun = c?.visit(each) ?? null;
    const numpyRun = byNumpy ? (numpy?.visit(each) ?? null) : null;
    const visited = cRun ?? numpyRun;
    if (visited === null) return [];
    const ours = measured(each);
    if (ours.refused !== null) throw new Error(`${each.name}: refused: ${ours.refused}`);
    for (const run of [cRun, numpyRun]) {
      if (run === null) continue;
      if (!run.whole) throw new Error(`${each.name}: not all points were visited`);
      same(each, ours, run);
    }
    return {
      name: each.name,
      points: visited.points,
      nonDifferentiable: ours.nonDifferentiable,
      cSeconds: cRun?.seconds ?? null,
      numpySeconds: numpyRun?.seconds ?? null,
      seconds: ours.first.planning + ours.first.counting,
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
