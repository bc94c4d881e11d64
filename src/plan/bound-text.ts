/** Theorem reports, as a result shows them, held against what was counted. */
import {
  compare,
  toDouble,
  toText,
  rational,
  type Rational,
  type TheoremReport,
} from '../engine/index.js';
import type { Bound } from '../schemas/result.js';

/** What is known of a set's density: exactly, or between two counts where points are undecided. */
export interface KnownDensity {
  readonly least: Rational;
  readonly greatest: Rational;
}

/**
 * The bound of a report; `holds` is null where nothing was counted, or where undecided points leave
 * it open.
 */
export function boundOf(report: TheoremReport, known: KnownDensity | null): Bound {
  const { exact, direction } = report;
  return {
    id: report.id,
    applies: report.applies,
    on: report.on,
    direction,
    exact: exact === null ? null : toText(exact),
    value: exact === null ? null : toDouble(exact),
    vacuous: isVacuous(report),
    holds: exact === null || known === null ? null : holds(direction, exact, known),
    why: report.why,
    statement: report.statement,
    source: report.source,
  };
}

function isVacuous({ exact, direction }: TheoremReport): boolean {
  if (exact === null) return false;
  if (direction === 'upper') return compare(exact, rational(1n)) >= 0;
  return direction === 'lower' && compare(exact, rational(0n)) <= 0;
}

function holds(
  direction: TheoremReport['direction'],
  exact: Rational,
  { least, greatest }: KnownDensity,
): boolean | null {
  const below = compare(greatest, exact);
  const above = compare(least, exact);
  if (direction === 'upper') return below <= 0 ? true : above > 0 ? false : null;
  if (direction === 'lower') return above >= 0 ? true : below < 0 ? false : null;
  if (below === 0 && above === 0) return true;
  return below < 0 || above > 0 ? false : null;
}

/** Thrown where an exact count contradicts a theorem: one of the two is wrong, so neither is told. */
export class Contradiction extends Error {
  override readonly name = 'Contradiction';
}

/** Throws a Contradiction where a bound does not hold. */
export function refuseContradictions(bounds: readonly Bound[]): void {
  const broken = bounds.find((bound) => bound.holds === false);
  if (broken === undefined) return;
  throw new Contradiction(
    `the computed answer contradicts ${broken.id} (${broken.why}); this is a defect of gradcert, and no answer is given`,
  );
}
