/** The order in which the states of a window are summed: any cut into windows meets them alike. */
import { orderedClasses } from './joint.js';
import type { RowLayer } from './rows.js';
import type { Vector } from './subspace.js';
import { leadersOf } from './window.js';

/** The two units that lead a layer; null where nothing is expanded. */
export type Leaders = readonly [number, number] | null;

/** *Exact.* The units that lead a layer; the first twice where it has one. */
export function leadingUnits(layer: RowLayer, tiedUnit: number | undefined): Leaders {
  const [first = 0, second = first] = leadersOf(orderedClasses(layer, tiedUnit));
  return [first, second];
}

/** *Exact.* The values of the leaders. */
export function leadingValues(leaders: Leaders, z: Vector): readonly [number, number] | null {
  return leaders === null ? null : [z[leaders[0]] ?? 0, z[leaders[1]] ?? 0];
}

/** *Exact.* States in the order of their blocks, then of their values: prefixes of laws are shared there. */
export function inOrder<S>(
  states: readonly S[],
  leaders: Leaders,
  valuesOf: (state: S) => Vector,
): readonly S[] {
  const [first, second] = leaders ?? [0, 0];
  return [...states].sort((a, b) => {
    const [x, y] = [valuesOf(a), valuesOf(b)];
    if (leaders !== null) {
      const byLead = (x[first] ?? 0) - (y[first] ?? 0) || (x[second] ?? 0) - (y[second] ?? 0);
      if (byLead !== 0) return byLead;
    }
    for (let k = 0; k < x.length; k += 1) {
      const byValue = (x[k] as number) - (y[k] as number);
      if (byValue !== 0) return byValue;
    }
    return 0;
  });
}
