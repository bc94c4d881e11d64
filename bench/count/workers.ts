/**
 * One compute thread against two: the shards of one plan, as a worker process runs them, taken from
 * one queue. Rounds alternate, each with threads that are new, so that starting them is counted.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { shardsOf, type Plan } from '../../src/plan/plan.js';
import { mergeTallies } from '../../src/plan/result.js';
import { planBlobOf } from '../../src/queue/names.js';
import { openPool } from '../../workers/pool.js';
import { requestOf, type Case } from './cases.js';

/** Wall time of the whole job by threads, in seconds, round by round. */
export interface Scaling {
  readonly case: Case;
  readonly shards: number;
  readonly one: readonly number[];
  readonly two: readonly number[];
}

const COMPUTE = fileURLToPath(new URL('../../workers/compute.js', import.meta.url));
const LIMITS = { maxVisits: 2n ** 32n, maxOperations: 1e12, maxShards: 256 };
const THREAD_MEMORY_MB = 4096;

/** *Estimate.* Null where the machine has one core. Throws where the tallies differ. */
export async function scalingOf(
  each: Case,
  rounds: number,
  say: (line: string) => void,
): Promise<Scaling | null> {
  if (availableParallelism() < 2) return null;
  const plan = planned(each);
  const one: number[] = [];
  const two: number[] = [];
  const tallies = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [threads, times] of [
      [1, one],
      [2, two],
    ] as const) {
      const { seconds, tally } = await run(plan, threads);
      times.push(seconds);
      tallies.add(tally);
      say(`${each.name}: ${threads} threads, ${seconds.toFixed(2)} s`);
    }
  }
  if (tallies.size !== 1) throw new Error(`${each.name}: the cut into threads changed the tally`);
  return { case: each, shards: plan.shards, one, two };
}

function planned(each: Case): Plan {
  const parsed = parseRequest(requestOf(each));
  if (!parsed.ok) throw new Error(`${each.name}: ${parsed.detail}`);
  const made = planOf(parsed.question, LIMITS);
  if (!made.ok) throw new Error(`${each.name}: ${made.refusal.detail}`);
  return made.plan;
}

async function run(plan: Plan, threads: number): Promise<{ seconds: number; tally: string }> {
  const { text, hash } = planBlobOf(plan);
  const encoded = new TextEncoder().encode(text);
  const bytes = new SharedArrayBuffer(encoded.length);
  new Uint8Array(bytes).set(encoded);
  const signal = new AbortController().signal;
  const waiting = shardsOf(plan);
  const tallies: string[] = [];
  const start = performance.now();
  const pool = openPool({ computePath: COMPUTE, threads, threadMemoryMb: THREAD_MEMORY_MB });
  try {
    await Promise.all(
      Array.from({ length: threads }, async () => {
        for (let shard = waiting.shift(); shard !== undefined; shard = waiting.shift()) {
          const done = new SharedArrayBuffer(16);
          const task = { plan: { hash, bytes }, shard, done, before: [] };
          tallies[shard.index] = await pool.shard(task, signal);
        }
      }),
    );
  } finally {
    await pool.destroy();
  }
  const seconds = (performance.now() - start) / 1000;
  return { seconds, tally: mergeTallies(plan, tallies) };
}
