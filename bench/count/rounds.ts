/**
 * Measures cases over and over, one after the other, so that what else the machine does falls on
 * all of them: in each round every case is counted in a process of its own, beside a slab of its
 * points visited in C and, in the first round, one in numpy.
 */
import { log10Estimate, spaceSize } from '../../src/engine/index.js';
import { sameSlab } from './agreement.js';
import { networkOf, type Case } from './cases.js';
import { measured, type Finished } from './measured.js';
import type { Native } from './native.js';

export interface Row {
  readonly case: Case;
  /** log10 |Ω|. */
  readonly size: number;
  readonly runs: readonly Finished[];
  /** Why there are no runs; null where there are. */
  readonly refused: string | null;
  /** Points per second, run by run. */
  readonly cRates: readonly number[];
  readonly numpyRates: readonly number[];
}

export interface Effort {
  readonly rounds: number;
  /** A case that has taken so many seconds is left out of the rounds that follow. */
  readonly enoughSeconds: number;
}

const SLAB_SECONDS = 0.4;
const NUMPY_POINTS = 500_000;
const FIRST_POINTS = 5_000_000;

/** *Estimate.* Rows in the order of the cases; throws where two runs count differently. */
export function rowsOf(
  cases: readonly Case[],
  c: Native | null,
  numpy: Native | null,
  effort: Effort,
  say: (line: string) => void,
): Row[] {
  const rows = cases.map((each) => new Measuring(each, c, numpy));
  for (let round = 0; round < effort.rounds; round += 1) {
    for (const row of rows) {
      if (row.spent >= effort.enoughSeconds) continue;
      row.measure(round);
      say(`${row.case.name}: round ${round + 1}, ${row.spent.toFixed(1)} s so far`);
    }
  }
  return rows.map((row) => row.done());
}

class Measuring {
  readonly case: Case;
  spent = 0;
  readonly #c: Native | null;
  readonly #numpy: Native | null;
  readonly #runs: Finished[] = [];
  readonly #cRates: number[] = [];
  readonly #numpyRates: number[] = [];
  #refused: string | null = null;
  #slabPoints = 0;

  constructor(each: Case, c: Native | null, numpy: Native | null) {
    this.case = each;
    this.#c = c;
    this.#numpy = numpy;
  }

  measure(round: number): void {
    const start = performance.now();
    if (this.#refused === null) {
      const run = measured(this.case);
      if (run.refused === null) this.#add(run);
      else this.#refused = run.refused;
    }
    const seed = round + 1;
    if (this.#c !== null) {
      if (round === 0) {
        const probe = this.#c.visit(this.case, { points: FIRST_POINTS, seed });
        this.#slabPoints = Math.ceil((Number(probe.points) / probe.seconds) * SLAB_SECONDS);
      }
      const slab = this.#c.visit(this.case, { points: this.#slabPoints, seed });
      this.#cRates.push(Number(slab.points) / slab.seconds);
      if (round === 0 && this.#numpy !== null) {
        const byNumpy = sameSlab(this.#c, this.#numpy, this.case, seed, NUMPY_POINTS);
        this.#numpyRates.push(Number(byNumpy.points) / byNumpy.seconds);
      }
    }
    this.spent += (performance.now() - start) / 1000;
  }

  #add(run: Finished): void {
    const [before] = this.#runs;
    if (
      before !== undefined &&
      (before.touched !== run.touched ||
        before.nonDifferentiable !== run.nonDifferentiable ||
        before.incorrect !== run.incorrect)
    ) {
      throw new Error(`${this.case.name}: two runs count differently`);
    }
    this.#runs.push(run);
  }

  done(): Row {
    return {
      case: this.case,
      size: log10Estimate(spaceSize(networkOf(this.case).network)),
      runs: this.#runs,
      refused: this.#refused,
      cRates: this.#cRates,
      numpyRates: this.#numpyRates,
    };
  }
}
