/**
 * The main job on real input, end to end: starts the service, posts three questions over HTTP,
 * follows their jobs, prints the true numbers and where to look at them, and stops everything.
 *
 *   npm run demo
 *
 * Exits with 0 where every result is what its answer file claims, with 1 otherwise.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stdout } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Job } from '../src/schemas/job.js';
import { brokenClaims } from './claims.js';
import { follow, pageOf, resultOf, submit } from './demo/client.js';
import { startService } from './demo/service.js';
import { summaryLines } from './demo/summary.js';

interface Scene {
  readonly name: string;
  readonly title: string;
  readonly request: string;
  readonly answer: string;
}

const SCENES: readonly Scene[] = [
  {
    name: 'iris',
    title: 'A trained classifier at its own parameters: 4-8-3, FP6 E3M2, 30 real iris flowers',
    request: 'iris/request.json',
    answer: 'iris/answer.json',
  },
  {
    name: 'e2m1-1-2-1',
    title: 'Every parameter vector of a 1-2-1 ReLU network in FP4 E2M1',
    request: 'e2m1-1-2-1.request.json',
    answer: 'e2m1-1-2-1.answer.json',
  },
  {
    name: 'seed-p-e4m3fn',
    title: 'The seed P(x) over FP8 E4M3FN: affine with slope 1, written in ReLUs',
    request: 'seed-p-e4m3fn.request.json',
    answer: 'seed-p-e4m3fn.answer.json',
  },
];

/** The compiled script lies in dist/examples/. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OUTPUT = join(ROOT, '.gradcert', 'demo');

async function example(path: string): Promise<unknown> {
  return JSON.parse(await readFile(join(ROOT, 'examples', path), 'utf8')) as unknown;
}

/** Shows a job as it changes: one line that is rewritten on a terminal, one per state elsewhere. */
function progressPrinter(): (job: Job) => void {
  let shown = '';
  return (job) => {
    if (stdout.isTTY) {
      const { done, total, fraction } = job.progress;
      const percent = (100 * fraction).toFixed(1);
      stdout.write(`\r\u001b[K   ${job.state}  ${done} of ${total} points  ${percent} %`);
      if (job.finishedAt !== null) stdout.write('\n');
    } else if (job.state !== shown) {
      shown = job.state;
      console.log(`   ${job.state}`);
    }
  };
}

/** Runs one scene; true where the result is what the answer file claims. */
async function play(origin: string, scene: Scene): Promise<boolean> {
  console.log(`\n${scene.title}`);
  const job = await submit(origin, await example(scene.request));
  console.log(`   POST /analyze  examples/${scene.request}  →  job ${job.id}`);
  const print = progressPrinter();
  print(job);
  const done = await follow(origin, job, print);
  const result = await resultOf(origin, done);
  for (const line of summaryLines(result)) console.log(`   ${line}`);
  const page = join(OUTPUT, `${scene.name}.html`);
  const json = join(OUTPUT, `${scene.name}.json`);
  await writeFile(page, await pageOf(origin, done));
  await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  console.log(`   report   ${relative(process.cwd(), page)}`);
  console.log(`   result   ${relative(process.cwd(), json)}`);
  const broken = brokenClaims(await example(scene.answer), result);
  for (const line of broken) console.log(`   NOT AS CLAIMED  ${line}`);
  if (broken.length === 0) console.log(`   as claimed in examples/${scene.answer}`);
  return broken.length === 0;
}

async function demo(): Promise<boolean> {
  await mkdir(OUTPUT, { recursive: true });
  // Short, because a Unix socket lies in it, and new, so that every job is computed afresh.
  const data = await mkdtemp(join(tmpdir(), 'gradcert-demo-'));
  try {
    console.log('Starting the service: API, workers and Redis …');
    const service = await startService(data, join(OUTPUT, 'service.log'));
    try {
      console.log(`Ready at ${service.origin}`);
      let good = true;
      for (const scene of SCENES) good = (await play(service.origin, scene)) && good;
      console.log(
        good
          ? '\nAll results are as claimed. Open the reports in a browser, or run `npm start` and ask your own.'
          : '\nSome results are not as claimed.',
      );
      return good;
    } finally {
      await service.stop();
    }
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

// Told to end, leave at once; the service is told on the way out.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = (await demo()) ? 0 : 1;
