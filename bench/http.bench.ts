/**
 * What answering over HTTP costs beside the Redis calls that an answer needs.
 *
 * Two servers in processes of their own over one Redis: the service, and a bare Fastify route that
 * does the same Redis calls and sends a body of the same size. `autocannon` loads them in turns, round
 * by round, so that whatever else the machine does meets both. Figures are medians over the rounds;
 * only ratios mean anything. Then the service alone under 64 connections while a worker's threads
 * are busy with a job: its 99th percentile beside its median.
 *
 *   npm run bench -- http [--rounds=5] [--seconds=4]
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { REQUEST_EXAMPLES } from '../src/http/examples.js';
import type { Job } from '../src/schemas/job.js';
import { privateRedis } from '../test/redis-fixture.js';

const CONNECTIONS = 64;
const LEAST_RATIO = 0.7;
const MOST_SPREAD = 3;

function option(name: string, otherwise: number): number {
  const given = process.argv.find((word) => word.startsWith(`--${name}=`));
  return given === undefined ? otherwise : Number(given.slice(name.length + 3));
}

interface Ready {
  readonly url: string;
}

/** Resolves with the address once the process says that it serves. */
async function start(
  file: string,
  env: Record<string, string>,
): Promise<{ child: ChildProcess; url: string }> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, { env: { ...process.env, ...env } });
  const [message] = (await once(child, 'message')) as [Ready];
  return { child, url: message.url };
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

interface Load {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

async function load(url: string, request: autocannon.Request, seconds: number): Promise<Load> {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [request],
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${String(result.non2xx)} refused, ${String(result.errors)} failed`);
  }
  const { p50, p99 } = result.latency;
  return { perSecond: result.requests.total / result.duration, p50, p99 };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

const rounds = option('rounds', 5);
const seconds = option('seconds', 4);
const redis = await privateRedis();
const environment = { ...redis.environment('bench-http'), PORT: '0', GRADCERT_ROLE: 'api' };
const service = await start('./http/service.js', environment);
const body = JSON.stringify(REQUEST_EXAMPLES['exhaustive-1-1-1-e2m1']?.request);
const headers = { 'content-type': 'application/json' };
const asked = await fetch(`${service.url}/analyze`, { method: 'POST', headers, body });
const { id } = (await asked.json()) as Job;
const bare = await start('./http/bare.js', { ...environment, BENCH_JOB: id, BENCH_BODY: body });

const cases: readonly [string, autocannon.Request][] = [
  ['POST /analyze (asked before)', { method: 'POST', path: '/analyze', headers, body }],
  ['GET /jobs/{id}', { method: 'GET', path: `/jobs/${id}` }],
];
let failed = false;
process.stdout.write(
  `${String(CONNECTIONS)} connections, ${String(rounds)} rounds of ${String(seconds)} s each, service and bare route in turns\n`,
);
for (const [name, request] of cases) {
  const pairs: { ours: Load; bare: Load }[] = [];
  // One round to warm up, which is not counted.
  for (let round = 0; round <= rounds; round += 1) {
    const ours = await load(service.url, request, seconds);
    const theirs = await load(bare.url, request, seconds);
    if (round > 0) pairs.push({ ours, bare: theirs });
  }
  const ratio = median(pairs.map(({ ours, bare: theirs }) => ours.perSecond / theirs.perSecond));
  failed ||= ratio < LEAST_RATIO;
  process.stdout.write(
    `${name}: ${median(pairs.map(({ ours }) => ours.perSecond)).toFixed(0)}/s, bare ${median(pairs.map(({ bare: theirs }) => theirs.perSecond)).toFixed(0)}/s, ratio ${ratio.toFixed(2)} (at least ${String(LEAST_RATIO)})\n`,
  );
}
await stop(bare.child);

// A worker with a job that keeps its threads busy throughout.
const worker = fork(fileURLToPath(new URL('../workers/main.js', import.meta.url)), {
  env: { ...process.env, ...environment, GRADCERT_THREADS: '1' },
});
const endless = {
  network: {
    inputs: [[1], [3], [-2]],
    layers: [
      { type: 'dense', units: 2, activation: 'relu' },
      { type: 'dense', units: 1 },
    ],
  },
  format: 'e2m1fn',
  mode: 'exhaustive',
};
const busy = (await (
  await fetch(`${service.url}/analyze`, { method: 'POST', headers, body: JSON.stringify(endless) })
).json()) as Job;
const stateOf = async (): Promise<string> =>
  ((await (await fetch(`${service.url}/jobs/${busy.id}`)).json()) as Job).state;
for (const [name, request] of cases) {
  const loads: Load[] = [];
  for (let round = 0; round < rounds; round += 1) {
    loads.push(await load(service.url, request, seconds));
  }
  const spread = median(loads.map(({ p50, p99 }) => p99 / p50));
  failed ||= spread > MOST_SPREAD;
  process.stdout.write(
    `${name}, pool busy (job ${await stateOf()}): p50 ${String(median(loads.map(({ p50 }) => p50)))} ms, p99 ${String(median(loads.map(({ p99 }) => p99)))} ms, p99/p50 ${spread.toFixed(2)} (at most ${String(MOST_SPREAD)})\n`,
  );
}
worker.kill('SIGTERM');
await once(worker, 'exit');
await stop(service.child);
await redis.stop();
process.exitCode = failed ? 1 : 0;
