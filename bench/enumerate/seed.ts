/** The seed's P at bfloat16, beside scalar C that compares every neuron with 0 at every point. */
import { seedP } from './cases.js';
import type { NativeProgram } from './native.js';
import { agree, timed } from './timing.js';

/** Last bits of the codes of bfloat16 that are left out: 0 is all of it. */
const SKIPPED = 0;

export interface SeedRow {
  readonly points: string;
  readonly incorrect: string;
  /** Seconds, ours from the network on. */
  readonly ours: number;
  readonly native: number;
}

/** *Estimate.* Throws where counts differ. */
export function seedRow(c: NativeProgram): SeedRow {
  const built = seedP(SKIPPED);
  const { tally, preparing, counting } = timed(built, 0n);
  const run = c.run([String(SKIPPED)]);
  agree('seed P', tally, run);
  return {
    points: String(tally.done),
    incorrect: String(tally.incorrect),
    ours: preparing + counting,
    native: run.seconds,
  };
}
