/**
 * One estimate by the product's own road, in a process of its own so that its code is as cold as after
 * a start of the service; and where it is short, again in the same process, as a service that runs
 * finds it. `estimate.js` reads a request body from standard input and prints an Estimated as JSON.
 * From `estimated` the same is asked.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runLocally } from '../../src/plan/local.js';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { median } from '../machine.js';
import { bodyOf, type SampleCase } from './cases.js';

export type Estimated =
  | { readonly refused: string }
  | {
      readonly refused: null;
      readonly method: string;
      readonly samples: number;
      readonly stoppedBy: string;
      /** Of the density of ndf. */
      readonly estimate: number;
      readonly lower: number;
      readonly upper: number;
      /** Of the mean of the samples, over the mean; null where nothing was seen. */
      readonly relativeStandardError: number | null;
      /** From the body to the result, the first time in its process. */
      readonly seconds: number;
      /** The same once the code is warm; null where the first time was not short. */
      readonly warmSeconds: number | null;
    };

export type Done = Extract<Estimated, { readonly refused: null }>;

const LIMITS = { maxVisits: 1n << 32n, maxOperations: 1e13, maxShards: 64 };
/** What is shorter is repeated: so often to warm up, then so often to be measured. */
const SHORT_SECONDS = 1;
const WARM_UP = 5;
const REPEATS = 5;
/** No estimate may take longer. */
const MOST_SECONDS = 300;

/** The members of a sampled result that are read here. */
interface Sampled {
  readonly method: string;
  readonly samples: string;
  readonly stoppedBy: string;
  readonly density: {
    readonly nonDifferentiable: {
      readonly estimate: number | null;
      readonly lower: number;
      readonly upper: number;
      readonly relativeStandardError: number | null;
    };
  };
}

/** With its warm time. */
function estimate(body: object): Estimated {
  const first = estimateOnce(body);
  if (first.refused !== null || first.seconds > SHORT_SECONDS) return first;
  const again = Array.from({ length: WARM_UP + REPEATS }, () => estimateOnce(body));
  const times = again.slice(WARM_UP).map((each) => (each.refused === null ? each.seconds : NaN));
  return { ...first, warmSeconds: median(times) };
}

function estimateOnce(body: object): Estimated {
  const start = performance.now();
  const parsed = parseRequest(body);
  if (!parsed.ok) return { refused: parsed.detail };
  const planned = planOf(parsed.question, LIMITS);
  if (!planned.ok) return { refused: planned.refusal.detail };
  const result = JSON.parse(runLocally(planned.plan)) as Sampled;
  const { nonDifferentiable } = result.density;
  const { estimate: mean, lower, upper, relativeStandardError } = nonDifferentiable;
  return {
    refused: null,
    method: result.method,
    samples: Number(result.samples),
    stoppedBy: result.stoppedBy,
    estimate: mean ?? 0,
    lower,
    upper,
    relativeStandardError,
    seconds: (performance.now() - start) / 1000,
    warmSeconds: null,
  };
}

/** One estimate of a case. Throws where its process fails. */
export function estimated(
  of: SampleCase,
  sampling: { readonly method: string; readonly relativeError: string; readonly seed: number },
): Estimated {
  const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    input: JSON.stringify(bodyOf(of, sampling)),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    timeout: MOST_SECONDS * 1000,
    killSignal: 'SIGKILL',
  });
  if (run.error !== undefined && 'code' in run.error && run.error.code === 'ETIMEDOUT') {
    return { refused: `not estimated in ${MOST_SECONDS} s` };
  }
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(`${of.name}: ${run.stderr}`);
  return JSON.parse(run.stdout) as Estimated;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const body = JSON.parse(readFileSync(0, 'utf8')) as object;
  process.stdout.write(`${JSON.stringify(estimate(body))}\n`);
}
