/**
 * The processor of one shard: plan and range in, tally into Redis.
 *
 * At least once, idempotent: the tally is stored under (plan, range) before the queue hears that
 * the shard is done, so whoever gets the shard again finds it there. Samples may be ended early: by
 * the tallies of shards before, which settle the answer, or by the job's time limit. Progress is told at most once
 * a second; the answer to it also says whether the job was cancelled, should the broadcast be lost.
 */
import type { Job } from 'bullmq';
import { shardsOf, type Plan } from '../src/plan/plan.js';
import { ShardJobSchema, type ShardJob } from '../src/queue/flow.js';
import type { Task } from './running.js';
import { NothingToDo, processorOf, type Work } from './work.js';

const PROGRESS_EVERY_MS = 1_000;

/** Calls `tell` every second and never twice at a time; gives the function that ends it. */
function everySecond(work: Work, tell: () => Promise<void>): () => void {
  let telling = false;
  const timer = setInterval(() => {
    if (telling) return;
    telling = true;
    tell()
      .catch((error: unknown) => {
        work.log.warn({ err: error }, 'progress not told');
      })
      .finally(() => (telling = false));
  }, PROGRESS_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}

/** Tallies of the shards before this one that may already settle the answer of samples. */
async function talliesBefore(work: Work, data: ShardJob, plan: Plan): Promise<string[]> {
  const sampling = plan.question.sampling;
  if (sampling === undefined || sampling.relativeError === null) return [];
  const earlier = shardsOf(plan).slice(0, data.index);
  const known = await work.blobs.tallies(data.plan, earlier);
  return known.filter((tally) => tally !== null);
}

/** Calls `end` when the plan's time is over, by the clock that the job's start was told by. */
async function timeLimit(
  work: Work,
  data: ShardJob,
  plan: Plan,
  end: () => void,
): Promise<NodeJS.Timeout | undefined> {
  const seconds = plan.question.sampling?.seconds ?? null;
  if (seconds === null) return undefined;
  const startedAt = (await work.records.get(data.job))?.startedAt ?? null;
  if (startedAt === null) return undefined;
  const [now, microseconds] = await work.redis.time();
  const elapsed = Number(now) * 1000 + Number(microseconds) / 1000 - Date.parse(startedAt);
  const left = seconds * 1000 - elapsed;
  if (left <= 0) {
    end();
    return undefined;
  }
  return setTimeout(end, left);
}

async function compute(work: Work, data: ShardJob, plan: Plan, task: Task): Promise<string> {
  const { shared } = await work.plans.load(data.plan);
  const done = new SharedArrayBuffer(16);
  const counter = new BigUint64Array(done);
  const before = await talliesBefore(work, data, plan);
  const clock = await timeLimit(work, data, plan, () => {
    Atomics.store(counter, 1, 1n);
  });
  const quiet = everySecond(work, async () => {
    const part = Atomics.load(counter, 0);
    const state = await work.records.progress(data.job, plan, data.index, part);
    if (state !== 'running') task.stop();
  });
  try {
    const { index, from, to } = data;
    const shard = { index, from, to };
    return await work.pool.shard({ plan: shared, shard, done, before }, task.signal);
  } finally {
    clearTimeout(clock);
    quiet();
  }
}

/** The processor of the shard queue. */
export function shardProcessor(work: Work): (job: Job, token?: string) => Promise<string> {
  return processorOf(work, 'shard', ShardJobSchema, async (data, task) => {
    // Taken in hand before the state is read: a cancel in between reaches the task by broadcast.
    const { state } = await work.records.start(data.job);
    if (state !== 'running') throw new NothingToDo(`job is ${state ?? 'unknown'}`);
    const { plan } = await work.plans.load(data.plan);
    const known = await work.blobs.hasTally(data.plan, data);
    if (!known) {
      const tally = await compute(work, data, plan, task);
      await work.blobs.putTally(data.plan, data, tally);
    }
    await work.records.progress(data.job, plan, data.index, BigInt(data.to) - BigInt(data.from));
    return known ? 'known' : 'computed';
  });
}
