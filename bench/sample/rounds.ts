/**
 * Estimates and plain Monte Carlo in C in turn, round by round, so that what else the machine does
 * falls on both; ratios are taken round by round.
 */
import type { Built } from '../compiler.js';
import type { SampleCase } from './cases.js';
import { estimated, type Done } from './estimate.js';
import { nativeRun, pointsNeeded } from './native.js';

export interface Round {
  readonly estimate: Done;
  /** Seconds to the wanted relative error; extrapolated where sampling stopped short of it. */
  readonly seconds: number;
  readonly isExtrapolated: boolean;
  /** Plain Monte Carlo to the same error; null where C was not run. */
  readonly native: { readonly seconds: number; readonly isExtrapolated: boolean } | null;
}

export interface SampleRow {
  readonly case: SampleCase;
  readonly method: string;
  readonly rounds: readonly Round[];
  /** Why there are none; null where there are. */
  readonly refused: string | null;
}

/** C runs to the end where that takes no longer; else for about this long. */
const NATIVE_SECONDS = 5;
const PROBE_POINTS = 100_000;

/** *Estimate.* A row per method. */
export function rowsOf(
  of: SampleCase,
  methods: readonly string[],
  relativeError: string,
  rounds: number,
  program: Built | null,
  say: (line: string) => void,
): SampleRow[] {
  const wanted = fraction(relativeError);
  const found = methods.map((method) => ({ method, rounds: [] as Round[], refused: '' }));
  for (let round = 0; round < rounds; round += 1) {
    for (const row of found) {
      if (row.refused !== '') continue;
      const estimate = estimated(of, { method: row.method, relativeError, seed: round + 1 });
      if (estimate.refused !== null) {
        row.refused = estimate.refused;
        continue;
      }
      row.rounds.push({
        estimate,
        ...timeTo(wanted, estimate),
        native: program === null ? null : nativeTime(program, of, wanted, estimate, round),
      });
      say(`${of.name}, ${row.method}: round ${round + 1}, ${estimate.seconds.toFixed(2)} s`);
    }
  }
  return found.map(({ method, rounds: done, refused }) => ({
    case: of,
    method,
    rounds: done,
    refused: done.length === 0 ? refused : null,
  }));
}

/** Half the width of the interval over the estimate; infinite where that is 0. */
export function reached({ estimate, lower, upper }: Done): number {
  return estimate > 0 ? (upper - lower) / 2 / estimate : Infinity;
}

/** √(2 ln(2/α)) at 99 %: what a standard error contributes to half the width of an interval. */
const SPREAD = 3.255;

/**
 * *Estimate.* Half the width of an interval is what the spread of the samples demands, which falls
 * with the root of their number, and what their range alone demands, which falls with the number.
 */
function timeTo(wanted: number, estimate: Done): { seconds: number; isExtrapolated: boolean } {
  const error = reached(estimate);
  const isExtrapolated = estimate.stoppedBy !== 'relativeError' && error > wanted;
  if (!isExtrapolated) return { seconds: estimate.seconds, isExtrapolated };
  const bySpread = Math.min(error, SPREAD * (estimate.relativeStandardError ?? Infinity));
  const byRange = error - bySpread;
  // The root f of bySpread/f + byRange/f² = wanted.
  const root = (bySpread + Math.sqrt(bySpread ** 2 + 4 * wanted * byRange)) / (2 * wanted);
  return { seconds: estimate.seconds * root ** 2, isExtrapolated };
}

function nativeTime(
  program: Built,
  of: SampleCase,
  wanted: number,
  { estimate }: Done,
  round: number,
): Round['native'] {
  if (estimate === 0) return null;
  const needed = pointsNeeded(estimate, wanted);
  const probe = nativeRun(program, of, PROBE_POINTS, round + 1);
  if (probe === null) return null;
  const affordable = (PROBE_POINTS / probe.seconds) * NATIVE_SECONDS;
  const points = Math.max(PROBE_POINTS, Math.ceil(Math.min(needed, affordable)));
  const run = nativeRun(program, of, points, round + 1);
  if (run === null) return null;
  const isExtrapolated = needed > affordable;
  return { seconds: run.seconds * (isExtrapolated ? needed / points : 1), isExtrapolated };
}

function fraction(text: string): number {
  const [n = '1', d = '1'] = text.split('/');
  return Number(n) / Number(d);
}
