/**
 * What answering over HTTP costs beside the Redis calls that an answer needs.
 *
 * Two servers in processes of their own over one Redis: the service, and a bare Fastify route
 * (`bare.ts` says what it leaves out). `autocannon` loads them in turns, round by round, so that
 * whatever else the machine does meets both; figures are medians over the rounds, ratios those
 * within a round. Then the service alone while a worker's thread is busy with a job: its 99th
 * percentile beside its median. Server, client and Redis share the machine.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import { WORKER_OPTIONS } from '../../src/worker-process.js';
import { REQUEST_EXAMPLES } from '../../src/http/examples.js';
import type { Job } from '../../src/schemas/job.js';
import type { PrivateRedis } from '../../test/redis-fixture.js';
import { median } from '../machine.js';

export const CONNECTIONS = 64;

export interface Beside {
  readonly name: string;
  /** Requests per second, one per round. */
  readonly ours: readonly number[];
  readonly bare: readonly number[];
}

export interface Busy {
  readonly name: string;
  /** Milliseconds, one per round. */
  readonly p50: readonly number[];
  readonly p99: readonly number[];
  /** Of the job that keeps the thread busy, when the last round was over. */
  readonly state: string;
}

export interface HttpFigures {
  readonly beside: readonly Beside[];
  readonly busy: readonly Busy[];
}

/** Median over the rounds of the service by the bare route. */
export function ratioOf({ ours, bare }: Beside): number {
  return median(ours.map((perSecond, round) => perSecond / (bare[round] ?? NaN)));
}

/** Median over the rounds of the 99th percentile by the median. */
export function spreadOf({ p50, p99 }: Busy): number {
  return median(p99.map((late, round) => late / (p50[round] ?? NaN)));
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

/** A job that keeps one thread busy throughout: samples for an hour. */
const ENDLESS = {
  network: {
    inputs: [[1, -2]],
    layers: [
      { type: 'dense', units: 4, activation: 'relu' },
      { type: 'dense', units: 4, activation: 'relu' },
      { type: 'dense', units: 1 },
    ],
  },
  format: 'float32',
  mode: 'sampled',
  sampling: { method: 'plain', seconds: 3600 },
};

const HEADERS = { 'content-type': 'application/json' };

async function ask(url: string, body: string): Promise<Job> {
  const answer = await fetch(`${url}/analyze`, { method: 'POST', headers: HEADERS, body });
  if (!answer.ok) throw new Error(`${String(answer.status)}: ${await answer.text()}`);
  return (await answer.json()) as Job;
}

export async function measureHttp(
  server: PrivateRedis,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<HttpFigures> {
  const environment = { ...server.environment('bench-http'), PORT: '0', GRADCERT_ROLE: 'api' };
  const service = await start('./service.js', environment);
  const body = JSON.stringify(REQUEST_EXAMPLES['exhaustive-1-1-1-e2m1']?.request);
  const { id } = await ask(service.url, body);
  const bare = await start('./bare.js', { ...environment, BENCH_BODY: body });
  const cases: readonly (readonly [string, autocannon.Request])[] = [
    ['`POST /analyze`, asked before', { method: 'POST', path: '/analyze', headers: HEADERS, body }],
    ['`GET /jobs/{id}`', { method: 'GET', path: `/jobs/${id}` }],
  ];

  const beside: Beside[] = [];
  for (const [name, request] of cases) {
    const ours: number[] = [];
    const theirs: number[] = [];
    // One round to warm up, which is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      const one = await load(service.url, request, seconds);
      const other = await load(bare.url, request, seconds);
      if (round === 0) continue;
      ours.push(one.perSecond);
      theirs.push(other.perSecond);
    }
    beside.push({ name, ours, bare: theirs });
  }
  await stop(bare.child);

  const worker = fork(fileURLToPath(new URL('../../workers/main.js', import.meta.url)), {
    env: { ...process.env, ...environment, GRADCERT_THREADS: '1' },
    execArgv: [...process.execArgv, ...WORKER_OPTIONS],
  });
  const { id: endless } = await ask(service.url, JSON.stringify(ENDLESS));
  const stateNow = async (): Promise<string> =>
    ((await (await fetch(`${service.url}/jobs/${endless}`)).json()) as Job).state;
  while ((await stateNow()) === 'queued') await new Promise((resolve) => setTimeout(resolve, 100));
  const busy: Busy[] = [];
  for (const [name, request] of cases) {
    const loads: Load[] = [];
    for (let round = 0; round < rounds; round += 1) {
      loads.push(await load(service.url, request, seconds));
    }
    const [p50, p99] = [loads.map((each) => each.p50), loads.map((each) => each.p99)];
    const state = await stateNow();
    if (state !== 'running') throw new Error(`the thread was not busy throughout: ${state}`);
    busy.push({ name, p50, p99, state });
  }
  const ended = once(worker, 'exit');
  worker.kill('SIGTERM');
  await ended;
  await stop(service.child);
  return { beside, busy };
}
