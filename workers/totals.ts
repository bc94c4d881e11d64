/**
 * What this worker adds to the totals in Redis that `GET /metrics` tells, and the sign that work is
 * taken (`src/queue/consumption.ts`). Best effort: a total that is not told costs nothing but itself.
 * What many short shards add is told together, a few times a second.
 */
import type { Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { takenLifeMs } from '../src/queue/consumption.js';
import type { ShardJob } from '../src/queue/flow.js';
import { partsField, secondsField, shardsField } from '../src/queue/metrics.js';
import type { Names } from '../src/queue/names.js';
import type { Plans } from './plans.js';

export interface TotalsOptions {
  readonly redis: Redis;
  readonly names: Names;
  readonly plans: Plans;
  readonly consumeWithinMs: number;
  readonly onError: (error: unknown) => void;
}

const TELL_EVERY_MS = 200;

export interface Totals {
  /** Tells what is not told yet; resolves when it is, or Redis is away. */
  stop(): Promise<void>;
}

/** Follows the workers' events for as long as they live. */
export function keepTotals(
  { shard, merge }: { readonly shard: Worker; readonly merge: Worker },
  { redis, names, plans, consumeWithinMs, onError }: TotalsOptions,
): Totals {
  const life = takenLifeMs(consumeWithinMs);
  let told = -Infinity;
  const taken = (): void => {
    const now = performance.now();
    if (now - told < life / 4) return;
    told = now;
    redis.set(names.taken, '1', 'PX', life).catch(onError);
  };
  shard.on('active', taken);
  merge.on('active', taken);

  const untold = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  /** Settles when nothing is on its way. */
  let telling: Promise<void> = Promise.resolve();
  async function tell(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (untold.size === 0) return;
    const adding = redis.multi();
    for (const [field, sum] of untold) adding.hincrbyfloat(names.totals, field, sum);
    untold.clear();
    await adding.exec();
  }
  function add(field: string, amount: number): void {
    untold.set(field, (untold.get(field) ?? 0) + amount);
    timer ??= setTimeout(() => {
      telling = tell().catch(onError);
    }, TELL_EVERY_MS);
  }

  async function completed(job: Job, outcome: unknown): Promise<void> {
    if (outcome !== 'computed' && outcome !== 'known') return;
    add(shardsField(outcome), 1);
    if (outcome === 'known') return;
    const { plan: hash, from, to } = job.data as ShardJob;
    const { method } = (plans.loaded(hash) ?? (await plans.load(hash))).plan;
    const seconds = ((job.finishedOn ?? 0) - (job.processedOn ?? 0)) / 1000;
    add(partsField(method), Number(BigInt(to) - BigInt(from)));
    add(secondsField(method), Math.max(0, seconds));
  }
  shard.on('completed', (job: Job, outcome: unknown) => {
    completed(job, outcome).catch(onError);
  });
  shard.on('failed', (job, error) => {
    // Stopped with its job, or handed on at a shutdown: nobody's failure.
    if (job === undefined || error.message === 'stopped') return;
    const outcome = job.finishedOn === undefined ? 'retried' : 'failed';
    add(shardsField(outcome), 1);
  });
  return {
    async stop() {
      // A connection that waits for Redis would hold up the end.
      if (redis.status !== 'ready') {
        clearTimeout(timer);
        return;
      }
      await telling;
      await tell().catch(onError);
    },
  };
}
