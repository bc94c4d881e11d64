/**
 * The processor of one shard: plan and range in, tally into Redis.
 *
 * At least once, idempotent: the tally is stored under (plan, range) before the queue hears that
 * the shard is done, so whoever gets the shard again finds it there. Samples may be ended early: by
 * the tallies of shards before, which settle the answer, or by the job's time limit. Progress is told
 * at most once a second; the answer to it also says whether the job was cancelled, should the
 * broadcast be lost, and whether its budget is spent.
 */
import type { Job } from 'bullmq';
import { shardsOf, type Plan } from '../src/plan/plan.js';
import { ShardJobSchema, type ShardJob } from '../src/queue/flow.js';
import { mergeJobId } from '../src/queue/names.js';
import { endTime, openMeter } from './cpu.js';
import type { LoadedPlan } from './plans.js';
import { FailedTogether } from './pool.js';
import type { Task } from './running.js';
import { BudgetExhausted, NothingToDo, processorOf, whenAble, type Work } from './work.js';

interface Computed {
  readonly tally: string;
  /** Microseconds of computing that nobody was told of yet. */
  readonly spent: number;
}

/** Tallies of the shards before this one that may already settle the answer of samples. */
async function talliesBefore(work: Work, data: ShardJob, plan: Plan): Promise<string[]> {
  const sampling = plan.question.sampling;
  if (sampling === undefined || sampling.relativeError === null) return [];
  const earlier = shardsOf(plan).slice(0, data.index);
  const known = await work.shards.tallies(data.plan, earlier);
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

/** Computes the shard in a thread, perhaps in one go with others. */
async function compute(
  work: Work,
  data: ShardJob,
  { plan, shared }: LoadedPlan,
  task: Task,
  inCompany: boolean,
): Promise<Computed> {
  const done = work.numbers.take();
  const counter = new BigUint64Array(done);
  const { sampling } = plan.question;
  const before = sampling === undefined ? [] : await talliesBefore(work, data, plan);
  const clock =
    sampling === undefined
      ? undefined
      : await timeLimit(work, data, plan, () => {
          endTime(counter);
        });
  const meter = openMeter(counter);
  let answered = false;
  let exhausted = false;
  const quiet = work.telling.everySecond(async () => {
    const part = { index: data.index, done: Atomics.load(counter, 0), spent: meter.take() };
    const { state, overBudget } = await work.records.progress(data.job, plan, part);
    if (state === 'running' && overBudget) exhausted = true;
    if (state !== 'running' || overBudget) task.end('stopped');
  });
  try {
    const { index, from, to } = data;
    const asked = { plan: shared, shard: { index, from, to }, done, before };
    const tally = await work.pool.shard(asked, task, inCompany);
    answered = true;
    const spent = meter.take();
    work.hands.took(meter.taken() / 1_000);
    return { tally, spent };
  } catch (error) {
    if (exhausted) throw new BudgetExhausted(`budget of job ${data.job}`, { cause: error });
    throw error;
  } finally {
    clearTimeout(clock);
    quiet();
    if (answered) work.numbers.giveBack(done);
  }
}

/** Whether the shard is to be computed; throws where its job does not go on. */
async function begin(work: Work, data: ShardJob, task: Task, runId: string): Promise<boolean> {
  // Taken in hand before the state is read: a cancel in between reaches the task by broadcast.
  const begun = await whenAble(task, () => work.shards.begin(data.job, data.plan, data));
  const { state, known, limited, overBudget } = begun;
  if (state !== 'running') throw new NothingToDo(`job is ${state ?? 'unknown'}`);
  if (known) return false;
  if (overBudget) throw new BudgetExhausted(`budget of job ${data.job}`);
  if (!limited && task.ended() === null) work.begunRuns.saw(runId);
  return true;
}

/** The processor of the shard queue. */
export function shardProcessor(work: Work): (job: Job, token?: string) => Promise<string> {
  return processorOf(work, 'shard', ShardJobSchema, async (data, task, first) => {
    const runId = mergeJobId(data.job, data.run);
    // A first attempt was put into the queue because its tally was missing.
    const goesOn = first && work.begunRuns.goesOn(runId);
    const missing = goesOn || (await begin(work, data, task, runId));
    const loaded = work.plans.loaded(data.plan) ?? (await work.plans.load(data.plan));
    if (missing) {
      const computed = await compute(work, data, loaded, task, true).catch((error: unknown) => {
        // Whose fault it was is not known: what it does alone counts.
        if (error instanceof FailedTogether) return compute(work, data, loaded, task, false);
        throw error;
      });
      await whenAble(task, () => work.shards.finish(data.job, data.plan, data, computed));
    } else {
      await work.records.known(data.job, [data]);
    }
    work.telling.note(data.job, loaded.plan);
    return missing ? 'computed' : 'known';
  });
}
