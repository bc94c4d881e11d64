/**
 * Which ties are free where values are not rational: the criterion of `../freedom.ts` over exact real
 * numbers. A tie is said to be free, or constant, only where that is proved; all else is bound, and
 * goes to the walk.
 */
import type { AnalyticNetwork } from '../../net/ir.js';
import {
  multiplyReals,
  realOf,
  scaleReal,
  subtractReals,
  vanishes,
  type Real,
} from '../../num/real.js';
import { freedomOver, type Freedom, type FreedomNumbers } from '../freedom.js';
import type { Tie } from '../tie.js';
import { largestRealOf, realSides, type RealRow, type RealValues } from './values.js';

const REALS: FreedomNumbers<Real> = {
  isZero: (value) => vanishes(value) === true,
  isFlatAt: ({ breakpoints, slopes }, y) => {
    const { left, right } = realSides(breakpoints, y);
    return [left, right].every((piece) => slopes[piece]?.length === 0);
  },
  largestOf: largestRealOf,
  scaled: scaleReal,
  ofRational: realOf,
  areIndependent,
};

/** *Exact.* The freedom of each tie, in their order; see `../freedom.ts`. */
export function realFreedomOf(
  network: AnalyticNetwork,
  isPrivate: readonly boolean[],
  values: RealValues,
  ties: readonly Tie[],
): Freedom[] {
  return freedomOver(REALS, network, isPrivate, values, ties);
}

/** *Exact.* True only where the rows are proved to be linearly independent, by elimination without division. */
function areIndependent(rows: readonly RealRow[]): boolean {
  let rest = rows.map((row) => [...row]);
  while (rest.length > 0) {
    const [first = [], ...others] = rest;
    const pivot = first.findIndex((entry) => vanishes(entry) === false);
    if (pivot === -1) return false;
    const lead = first[pivot] as Real;
    rest = others.map((row) =>
      row
        .map((entry, k) =>
          subtractReals(
            multiplyReals(lead, entry),
            multiplyReals(row[pivot] as Real, first[k] as Real),
          ),
        )
        .filter((_, k) => k !== pivot),
    );
  }
  return true;
}
