/**
 * The joint outcomes of a layer whose neurons are independent given the state before: every multiset
 * of outcomes of each class of exchangeable units, with the number of choices that give it.
 */
import type { Outcome } from './law.js';
import { COST, type Meter } from './meter.js';
import type { RowLayer } from './rows.js';
import { inWindow, leadersOf, type Window } from './window.js';

/** Who is shown the joint outcomes of a layer. */
export interface JointVisitor {
  /** `outcomes`: `[unit]`, exchangeable units in the order of their outcomes; reused from call to call. */
  visit(outcomes: readonly Outcome[], count: bigint): void;
}

/** Joint outcomes between two words with the meter. */
const PAY_EVERY = 1024;

/**
 * *Exact.* Shows the visitor every joint outcome in the window. Where `tiedUnit` is given, that unit
 * is tied, and no longer exchangeable with its neighbours.
 */
export function forEachJoint(
  layer: RowLayer,
  laws: (unit: number) => readonly Outcome[],
  { tiedUnit, window }: { readonly tiedUnit?: number; readonly window: Window },
  meter: Meter,
  visitor: JointVisitor,
): void {
  const classes = orderedClasses(layer, tiedUnit);
  const lawOf = tying(laws, tiedUnit);
  const classLaws = classes.map(([unit = 0]) => lawOf(unit));
  new Joints(classes, classLaws, window, meter, visitor).all();
}

/** *Exact.* The laws of the units, where that of the tied unit has its ties alone. */
export function tying(
  laws: (unit: number) => readonly Outcome[],
  tiedUnit: number | undefined,
): (unit: number) => readonly Outcome[] {
  return (unit) => (unit === tiedUnit ? laws(unit).filter((outcome) => outcome.tied) : laws(unit));
}

/**
 * One visit of all joint outcomes. Methods, not closures: what the machine compiles of a closure is
 * gone with the closure, and would be compiled anew for every state.
 */
class Joints {
  readonly #classes: readonly (readonly number[])[];
  readonly #laws: readonly (readonly Outcome[])[];
  readonly #window: Window;
  readonly #meter: Meter;
  readonly #visitor: JointVisitor;
  readonly #first: number | undefined;
  readonly #second: number | undefined;
  readonly #chosen: Outcome[] = [];
  readonly #cost: number;
  #unpaid = 0;

  constructor(
    classes: readonly (readonly number[])[],
    laws: readonly (readonly Outcome[])[],
    window: Window,
    meter: Meter,
    visitor: JointVisitor,
  ) {
    this.#classes = classes;
    this.#laws = laws;
    this.#window = window;
    this.#meter = meter;
    this.#visitor = visitor;
    [this.#first, this.#second] = leadersOf(classes);
    const units = classes.reduce((sum, each) => sum + each.length, 0);
    this.#cost = COST.joint + COST.jointUnit * units;
  }

  all(): void {
    this.#overClasses(0, 1n);
    this.#meter.spend(this.#unpaid * this.#cost);
  }

  #overClasses(index: number, count: bigint): void {
    if (index < this.#classes.length) {
      this.#overUnits(index, 0, 0, count, 1n);
      return;
    }
    this.#visitor.visit(this.#chosen, count);
    this.#unpaid += 1;
    if (this.#unpaid === PAY_EVERY) {
      this.#meter.spend(this.#unpaid * this.#cost);
      this.#unpaid = 0;
    }
  }

  /** Units [at, …) of a class get outcomes from `from` on; `run` is how often the last one repeats. */
  #overUnits(index: number, at: number, from: number, count: bigint, run: bigint): void {
    const unit = this.#classes[index]?.[at];
    if (unit === undefined) {
      this.#overClasses(index + 1, count);
      return;
    }
    const law = this.#laws[index] as readonly Outcome[];
    const [first, second] = [this.#first, this.#second];
    const leads = unit === second || (unit === first && second === undefined);
    // Placing the (at + 1)-th unit multiplies the arrangements by (at + 1) / repeats.
    const placed = at > 0 ? count * BigInt(at + 1) : count;
    for (let k = from; k < law.length; k += 1) {
      const outcome = law[k] as Outcome;
      this.#chosen[unit] = outcome;
      if (
        leads &&
        !inWindow(this.#window, (this.#chosen[first as number] as Outcome).z, outcome.z)
      ) {
        continue;
      }
      const repeats = at > 0 && k === from ? run + 1n : 1n;
      let arranged = placed * outcome.count;
      if (repeats > 1n) arranged /= repeats;
      this.#overUnits(index, at + 1, k, arranged, repeats);
    }
  }
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
