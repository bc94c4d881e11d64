/** The order in which the states of a window are summed: any cut into windows meets them alike. */
import { orderedClasses } from './joint.js';
import type { RowLayer } from './rows.js';
import { leadersOf } from './window.js';

export type Leading = (z: readonly number[]) => readonly [number, number] | null;

/** *Exact.* The values of the units that lead a layer. */
export function leaderValues(layer: RowLayer, tiedUnit: number | undefined): Leading {
  const [first = 0, second = first] = leadersOf(orderedClasses(layer, tiedUnit));
  return (z) => [z[first] ?? 0, z[second] ?? 0];
}

/** *Exact.* States in the order of their blocks, then of their values: prefixes of laws are shared there. */
export function inOrder<S extends { readonly state: { readonly z: readonly number[] } }>(
  states: readonly S[],
  leading: Leading,
): readonly S[] {
  const keyed = states.map((found) => ({ found, lead: leading(found.state.z) }));
  keyed.sort((a, b) => {
    if (a.lead !== null && b.lead !== null) {
      const byLead = a.lead[0] - b.lead[0] || a.lead[1] - b.lead[1];
      if (byLead !== 0) return byLead;
    }
    const x = a.found.state.z;
    const y = b.found.state.z;
    for (let k = 0; k < x.length; k += 1) {
      const byValue = (x[k] as number) - (y[k] as number);
      if (byValue !== 0) return byValue;
    }
    return 0;
  });
  return keyed.map(({ found }) => found);
}
