/**
 * The joint outcomes of a layer whose neurons are independent given the state before: every multiset
 * of outcomes of each class of exchangeable units, with the number of choices that give it.
 */
import type { Outcome } from './law.js';
import { COST, type Meter } from './meter.js';
import type { RowLayer } from './rows.js';
import { inWindow, leadersOf, type Window } from './window.js';

export interface Joint {
  /** `[unit]`, exchangeable units in the order of their outcomes; reused from call to call. */
  readonly outcomes: readonly Outcome[];
  readonly count: bigint;
}

/** Joint outcomes between two words with the meter. */
const PAY_EVERY = 1024;

/**
 * *Exact.* Calls `visit` for every joint outcome in the window. Where `tiedUnit` is given, that unit
 * is tied, and no longer exchangeable with its neighbours.
 */
export function forEachJoint(
  layer: RowLayer,
  laws: (unit: number) => readonly Outcome[],
  { tiedUnit, window }: { readonly tiedUnit?: number; readonly window: Window },
  meter: Meter,
  visit: (joint: Joint) => void,
): void {
  const classes = orderedClasses(layer, tiedUnit);
  const chosen: Outcome[] = [];
  const [first, second] = leadersOf(classes);
  const lawOf = (unit: number): readonly Outcome[] =>
    unit === tiedUnit ? laws(unit).filter((outcome) => outcome.tied) : laws(unit);
  const cost = COST.joint + COST.jointUnit * layer.rows.length;
  let unpaid = 0;

  const overClasses = (index: number, count: bigint): void => {
    const units = classes[index];
    if (units === undefined) {
      visit({ outcomes: chosen, count });
      unpaid += 1;
      if (unpaid === PAY_EVERY) {
        meter.spend(unpaid * cost);
        unpaid = 0;
      }
      return;
    }
    overUnits(index, units, lawOf(units[0] as number), 0, 0, count, 1n);
  };
  /** Units [at, …) of a class get outcomes from `from` on; `run` is how often the last one repeats. */
  const overUnits = (
    index: number,
    units: readonly number[],
    law: readonly Outcome[],
    at: number,
    from: number,
    count: bigint,
    run: bigint,
  ): void => {
    const unit = units[at];
    if (unit === undefined) {
      overClasses(index + 1, count);
      return;
    }
    // Placing the (at + 1)-th unit multiplies the arrangements by (at + 1) / repeats.
    const placed = at > 0 ? count * BigInt(at + 1) : count;
    for (let k = from; k < law.length; k += 1) {
      const outcome = law[k] as Outcome;
      chosen[unit] = outcome;
      if (unit === second || (unit === first && second === undefined)) {
        if (!inWindow(window, (chosen[first as number] as Outcome).z, outcome.z)) continue;
      }
      const repeats = at > 0 && k === from ? run + 1n : 1n;
      let arranged = placed * outcome.count;
      if (repeats > 1n) arranged /= repeats;
      overUnits(index, units, law, at + 1, k, arranged, repeats);
    }
  };
  overClasses(0, 1n);
  meter.spend(unpaid * cost);
}

/**
 * *Exact.* The classes of a layer, the largest first: its first two units lead (`window.ts`). A tied
 * unit is a class of its own.
 */
export function orderedClasses(layer: RowLayer, tiedUnit: number | undefined): number[][] {
  return layer.classes
    .flatMap((units) =>
      tiedUnit !== undefined && units.includes(tiedUnit)
        ? [[tiedUnit], units.filter((unit) => unit !== tiedUnit)]
        : [[...units]],
    )
    .filter((units) => units.length > 0)
    .sort((a, b) => b.length - a.length);
}
