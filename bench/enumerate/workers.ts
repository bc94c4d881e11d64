/**
 * One compute thread against two on one enumeration: its shards, as a worker process runs them, from
 * one queue. Threads are warm, rounds alternate, merged tallies are equal to the byte.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { shardsOf, type Plan } from '../../src/plan/plan.js';
import { mergeTallies } from '../../src/plan/result.js';
import { planBlobOf } from '../../src/queue/names.js';
import { SHARD_NUMBERS } from '../../workers/cpu.js';
import { Ending } from '../../workers/ending.js';
import { openPool, type Pool } from '../../workers/pool.js';
import { answerAsked, askedOf } from '../worker-process.js';
import { SHARED_BIAS } from './cases.js';

/** Seconds of the whole job, round by round: wall time, and processor time of all threads. */
export interface Times {
  readonly wall: number[];
  readonly processor: number[];
}

/** The job by threads. */
export interface Scaling {
  readonly points: string;
  readonly shards: number;
  readonly one: Times;
  readonly two: Times;
}

const COMPUTE = fileURLToPath(new URL('../../workers/compute.js', import.meta.url));
/** As many shards as make each of them a tenth of a second or more. */
const LIMITS = { maxVisits: 2n ** 45n, maxOperations: 1e13, maxShards: 32 };
const THREAD_MEMORY_MB = 1024;

/** *Estimate.* Null where the machine has one core. Throws where the tallies differ. */
export async function scalingOf(rounds: number): Promise<Scaling | null> {
  if (availableParallelism() < 2) return null;
  return await askedOf<Scaling>(import.meta.url, [String(rounds)]);
}

async function measured(rounds: number): Promise<Scaling> {
  const plan = planned();
  const run = runnerOf(plan);
  const times: { one: Times; two: Times } = {
    one: { wall: [], processor: [] },
    two: { wall: [], processor: [] },
  };
  const tallies = new Set<string>();
  const pools = { one: opened(1), two: opened(2) };
  try {
    for (const threads of ['one', 'two'] as const) tallies.add((await run(pools[threads])).tally);
    for (let round = 0; round < rounds; round += 1) {
      for (const threads of ['one', 'two'] as const) {
        const { wall, processor, tally } = await run(pools[threads]);
        times[threads].wall.push(wall);
        times[threads].processor.push(processor);
        tallies.add(tally);
      }
    }
  } finally {
    for (const { pool } of Object.values(pools)) await pool.destroy();
  }
  if (tallies.size !== 1) throw new Error('the cut into threads changed the tally');
  return { points: plan.range, shards: plan.shards, ...times };
}

interface Opened {
  readonly pool: Pool;
  readonly threads: number;
}

function opened(threads: number): Opened {
  const options = { computePath: COMPUTE, threads, threadMemoryMb: THREAD_MEMORY_MB };
  return { pool: openPool(options), threads };
}

function planned(): Plan {
  const parsed = parseRequest(SHARED_BIAS);
  if (!parsed.ok) throw new Error(parsed.detail);
  const made = planOf(parsed.question, LIMITS);
  if (!made.ok) throw new Error(made.refusal.detail);
  if (made.plan.method !== 'enumeration') throw new Error('the plan is not to enumerate');
  return made.plan;
}

interface Ran {
  readonly wall: number;
  readonly processor: number;
  readonly tally: string;
}

function runnerOf(plan: Plan): (opened: Opened) => Promise<Ran> {
  const { text, hash } = planBlobOf(plan);
  const encoded = new TextEncoder().encode(text);
  const bytes = new SharedArrayBuffer(encoded.length);
  new Uint8Array(bytes).set(encoded);
  const ending = new Ending();
  return async ({ pool, threads }) => {
    const waiting = shardsOf(plan);
    const tallies: string[] = [];
    const began = process.cpuUsage();
    const start = performance.now();
    await Promise.all(
      Array.from({ length: threads }, async () => {
        for (let shard = waiting.shift(); shard !== undefined; shard = waiting.shift()) {
          const done = new SharedArrayBuffer(8 * SHARD_NUMBERS);
          const task = { plan: { hash, bytes }, shard, done, before: [] };
          tallies[shard.index] = await pool.shard(task, ending);
        }
      }),
    );
    const wall = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(began);
    return { wall, processor: (user + system) / 1e6, tally: mergeTallies(plan, tallies) };
  };
}

await answerAsked(import.meta.url, async ([rounds]) => await measured(Number(rounds)));
