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
export function inOrder<S extends Valued>(states: readonly S[], leaders: Leaders): readonly S[] {
  const [first, second] = leaders ?? [0, 0];
  // Most layers are led by their first units: then a function will do that is compiled once.
  const isPlain = leaders === null || (first === 0 && second <= 1);
  return [...states].sort(isPlain ? byValues : byLeadersThenValues(first, second));
}

/** A state of either kind: what has values `[unit]`, or a state that has. */
type Valued = { readonly z: Vector } | { readonly state: { readonly z: Vector } };

function byValues(a: Valued, b: Valued): number {
  const x = 'z' in a ? a.z : a.state.z;
  const y = 'z' in b ? b.z : b.state.z;
  for (let k = 0; k < x.length; k += 1) {
    const byValue = (x[k] as number) - (y[k] as number);
    if (byValue !== 0) return byValue;
  }
  return 0;
}

function byLeadersThenValues(first: number, second: number): (a: Valued, b: Valued) => number {
  return (a, b) => {
    const x = 'z' in a ? a.z : a.state.z;
    const y = 'z' in b ? b.z : b.state.z;
    return (
      (x[first] ?? 0) - (y[first] ?? 0) || (x[second] ?? 0) - (y[second] ?? 0) || byValues(a, b)
    );
  };
}
