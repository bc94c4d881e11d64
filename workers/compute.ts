/**
 * The entry of a compute thread: the only place where the service does heavy work.
 *
 * Each export is one kind of task and is a function of its argument alone. A task is synchronous
 * and may run for long; it is ended from outside by killing the thread. The plan comes as bytes
 * shared by all threads and is parsed once per thread, as long as the tasks are of one plan.
 */
import type { Plan, Shard } from '../src/plan/plan.js';
import { mergeTallies, resultText } from '../src/plan/result.js';
import { Outgrown, runShard } from '../src/plan/run.js';
import { planFromText } from '../src/plan/wire.js';
import { accountOfThisThread, isTimeOver, metered } from './cpu.js';
import { eachOf } from './together.js';

/** A plan's canonical text in UTF-8, in memory that all threads see. */
export interface SharedPlan {
  readonly hash: string;
  readonly bytes: SharedArrayBuffer;
}

export interface ShardTask {
  readonly plan: SharedPlan;
  readonly shard: Shard;
  /**
   * Numbers of 64 bits: how much of the shard's range is done and what tells its computing time,
   * written here and read by the main thread; and whether the time is over, written there and read
   * here (`cpu.ts` has their places).
   */
  readonly done: SharedArrayBuffer;
  /** Tallies of shards before this one, where they may make it needless. */
  readonly before: readonly string[];
}

export interface MergeTask {
  readonly plan: SharedPlan;
  /** One per shard, in order. */
  readonly tallies: readonly string[];
}

const ACCOUNT = accountOfThisThread();
let parsed: { readonly hash: string; readonly plan: Plan } | null = null;

function planOf({ hash, bytes }: SharedPlan): Plan {
  if (parsed?.hash !== hash) {
    parsed = { hash, plan: planFromText(Buffer.from(bytes).toString('utf8')) };
  }
  return parsed.plan;
}

/** Said instead of an answer where a count meets a limit: errors lose their class between threads. */
export interface OutgrownAnswer {
  readonly outgrown: string;
}

/** *Exact.* The shard's tally as text. */
export function shard({ plan, shard, done, before }: ShardTask): string | OutgrownAnswer {
  const counter = new BigUint64Array(done);
  const told = (part: bigint): void => {
    Atomics.store(counter, 0, part);
  };
  try {
    const isOver = (): boolean => isTimeOver(counter);
    return metered(ACCOUNT, counter, () => runShard(planOf(plan), shard, told, { before, isOver }));
  } catch (error) {
    if (error instanceof Outgrown) return { outgrown: error.message };
    throw error;
  }
}

/** *Exact.* Shard by shard. */
export const shards = eachOf(shard);

/** *Exact.* The result's text. */
export function merge({ plan, tallies }: MergeTask): string {
  const whole = planOf(plan);
  return resultText(whole, mergeTallies(whole, tallies));
}
