/**
 * What this worker adds to the totals in Redis that `GET /metrics` tells, and the sign that work is
 * taken (`src/queue/consumption.ts`). Best effort: a total that is not told costs nothing but itself.
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

/** Follows the workers' events for as long as they live. */
export function keepTotals(
  { shard, merge }: { readonly shard: Worker; readonly merge: Worker },
  { redis, names, plans, consumeWithinMs, onError }: TotalsOptions,
): void {
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

  async function completed(job: Job, outcome: unknown): Promise<void> {
    if (outcome !== 'computed' && outcome !== 'known') return;
    const totals = redis.multi().hincrby(names.totals, shardsField(outcome), 1);
    if (outcome === 'computed') {
      const { plan: hash, from, to } = job.data as ShardJob;
      const { method } = (await plans.load(hash)).plan;
      const seconds = ((job.finishedOn ?? 0) - (job.processedOn ?? 0)) / 1000;
      totals
        .hincrbyfloat(names.totals, partsField(method), Number(BigInt(to) - BigInt(from)))
        .hincrbyfloat(names.totals, secondsField(method), Math.max(0, seconds));
    }
    await totals.exec();
  }
  shard.on('completed', (job: Job, outcome: unknown) => {
    completed(job, outcome).catch(onError);
  });
  shard.on('failed', (job, error) => {
    // Stopped with its job, or handed on at a shutdown: nobody's failure.
    if (job === undefined || error.message === 'stopped') return;
    const outcome = job.finishedOn === undefined ? 'retried' : 'failed';
    redis.hincrby(names.totals, shardsField(outcome), 1).catch(onError);
  });
}
