/**
 * One compute thread against two: the shards of one plan, as a worker process runs them, taken from
 * one queue. Rounds alternate. Once with threads that run already and have counted before, as a
 * worker's have, the plan new to them in every round; once with threads that are new, so that starting
 * them, loading the engine and compiling it are counted.
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
import { openPool } from '../../workers/pool.js';
import { answerAsked, askedOf } from '../worker-process.js';
import { caseNamed, requestOf, type Case } from './cases.js';

/** Wall time of the whole job by threads, in seconds, round by round. */
export interface Scaling {
  readonly case: Case;
  readonly threads: 'running' | 'new';
  readonly shards: number;
  readonly one: readonly number[];
  readonly two: readonly number[];
}

const COMPUTE = fileURLToPath(new URL('../../workers/compute.js', import.meta.url));
const LIMITS = { maxVisits: 2n ** 32n, maxOperations: 1e12, maxShards: 256 };
const THREAD_MEMORY_MB = 4096;

/** Rounds that threads count before they are timed: until the engine is compiled. */
const WARMING = 4;

/** *Estimate.* Empty where the machine has one core. Throws where the tallies differ. */
export async function scalingOf(each: Case, rounds: number): Promise<readonly Scaling[]> {
  if (availableParallelism() < 2) return [];
  return await askedOf<readonly Scaling[]>(import.meta.url, [each.name, String(rounds)]);
}

async function measured(each: Case, rounds: number): Promise<readonly Scaling[]> {
  const plan = planned(each);
  const tallies = new Set<string>();
  const scaling: Scaling[] = [];
  for (const threads of ['running', 'new'] as const) {
    const times = { one: [] as number[], two: [] as number[] };
    const kept = threads === 'running' ? { one: open(1), two: open(2) } : null;
    const warming = kept === null ? 0 : WARMING;
    for (let round = 0; round < warming + rounds; round += 1) {
      for (const count of ['one', 'two'] as const) {
        const start = performance.now();
        const pool = kept?.[count] ?? open(count === 'one' ? 1 : 2);
        tallies.add(await run(plan, `round ${String(round)}`, pool));
        if (kept === null) await pool.pool.destroy();
        const seconds = (performance.now() - start) / 1000;
        if (round >= warming) times[count].push(seconds);
        process.stdout.write(
          `${each.name}: ${count} of ${threads} threads, ${seconds.toFixed(2)} s\n`,
        );
      }
    }
    await kept?.one.pool.destroy();
    await kept?.two.pool.destroy();
    scaling.push({ case: each, threads, shards: plan.shards, ...times });
  }
  if (tallies.size !== 1) throw new Error(`${each.name}: the cut into threads changed the tally`);
  return scaling;
}

interface Threads {
  readonly pool: ReturnType<typeof openPool>;
  readonly count: number;
}

function open(count: number): Threads {
  const pool = openPool({
    computePath: COMPUTE,
    threads: count,
    threadMemoryMb: THREAD_MEMORY_MB,
  });
  return { pool, count };
}

function planned(each: Case): Plan {
  const parsed = parseRequest(requestOf(each));
  if (!parsed.ok) throw new Error(`${each.name}: ${parsed.detail}`);
  const made = planOf(parsed.question, LIMITS);
  if (!made.ok) throw new Error(`${each.name}: ${made.refusal.detail}`);
  return made.plan;
}

/** The merged tally. The plan's blob has a name of its own in every round: no thread knows it. */
async function run(plan: Plan, round: string, { pool, count }: Threads): Promise<string> {
  const { text, hash } = planBlobOf(plan);
  const encoded = new TextEncoder().encode(text);
  const bytes = new SharedArrayBuffer(encoded.length);
  new Uint8Array(bytes).set(encoded);
  const ending = new Ending();
  const waiting = shardsOf(plan);
  const tallies: string[] = [];
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (let shard = waiting.shift(); shard !== undefined; shard = waiting.shift()) {
        const done = new SharedArrayBuffer(8 * SHARD_NUMBERS);
        const blob = { hash: `${hash} ${round}`, bytes };
        tallies[shard.index] = await pool.shard({ plan: blob, shard, done, before: [] }, ending);
      }
    }),
  );
  return mergeTallies(plan, tallies);
}

await answerAsked(
  import.meta.url,
  async ([name = '', rounds]) => await measured(caseNamed(name), Number(rounds)),
);
