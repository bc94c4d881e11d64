/** `measure.ts`, in a process of its own. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Case } from './cases.js';
import type { Measurement } from './measure.js';

export type Finished = Extract<Measurement, { readonly refused: null }>;

/** No count may take longer. */
const MOST_SECONDS = 120;

/** One measurement of a case, in a process of its own. Throws where that process fails. */
export function measured(each: Case): Measurement {
  const script = fileURLToPath(new URL('./measure.js', import.meta.url));
  const run = spawnSync(process.execPath, [script, each.name], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: MOST_SECONDS * 1000,
    killSignal: 'SIGKILL',
  });
  if (run.error !== undefined && 'code' in run.error && run.error.code === 'ETIMEDOUT') {
    return { refused: `not counted in ${MOST_SECONDS} s` };
  }
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(`${each.name}: ${run.stderr}`);
  return JSON.parse(run.stdout) as Measurement;
}
