/**
 * Estimates and plain Monte Carlo in C in turn, round by round, so that what else the machine does
 * falls on both; ratios are taken round by round.
 *
 * What is extrapolated, and by which rule. *Plain Monte Carlo*: its points are independent and 0 or 1
 * with mean p, so a normal interval is within ε of p after (z/ε)²(1 − p)/p of them; its time is that,
 * times the time of a point measured over some seconds. It is given p, which it would have to find
 * out. *Estimates* that end before their error is reached: the half width of their interval is, by
 * its formula (`src/engine/sample/confidence-sequence.ts`), (ln(2/α) + ψ(λ)V)/(λn/c) with V the
 * squares of n samples over c², and c how far a value can be from the mean. Where the spread leads, V
 * grows with n, the best λ falls with √n, and so does the width. Where the samples hardly vary, V is
 * small, λ stays near 1, and the width is c·ln(2/α)/n: it falls with n, not with √n. The half width
 * that is extrapolated is that of the longer side, which is what must reach the error.
 *
 * So a width e = s + r of n samples, s = √(2 ln(2/α)) standard errors of the mean, becomes s/f + r/f²
 * of f²n. To let all of it fall with √n would be wrong for the second: at 8-16-16-1 over bfloat16 it
 * makes 36 times the samples 1300 times. What this rule takes for granted is that the spread seen is
 * the spread. Where no sample differed from another at all, something may still be met later, in less
 * than ln(1/α) of n samples; each weighs at most 1/|M|, and its part in the spread at f²n is left out.
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

export interface Settings {
  readonly methods: readonly string[];
  readonly relativeError: string;
  readonly rounds: number;
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
  { methods, relativeError, rounds }: Settings,
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

/** The longer side of the interval over the estimate; infinite where that is 0. */
export function reached({ estimate, lower, upper }: Done): number {
  return estimate > 0 ? Math.max(upper - estimate, estimate - lower) / estimate : Infinity;
}

/** √(2 ln(2/α)) at 99 %: what a standard error contributes to half the width of an interval. */
const SPREAD = 3.255;

/** *Estimate.* By the rule at the head of this file. */
function timeTo(wanted: number, estimate: Done): { seconds: number; isExtrapolated: boolean } {
  const error = reached(estimate);
  const isExtrapolated = estimate.stoppedBy !== 'relativeError' && error > wanted;
  // Where nothing was seen there is no error to come to.
  if (error === Infinity) return { seconds: NaN, isExtrapolated };
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
