/**
 * Whether jobs are being consumed: a worker that lives and a Redis that answers are not enough. A
 * worker whose connection never came back, or a queue that somebody paused, takes nothing and says
 * nothing (bullmq#4585).
 *
 * Jobs are not consumed where some wait, none is in hand and none was taken, for `withinMs` together.
 * Half of that is the life of a key that workers renew whenever they take one, half is counted here,
 * from the first look that found it so; so a queue that was empty a moment ago is never suspected,
 * and no clock of any machine is compared with another's.
 */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Names } from './names.js';

export interface Consumption {
  /** False once jobs have waited in vain for long enough. */
  readonly consuming: boolean;
  readonly waiting: number;
  readonly active: number;
  /** How long this process has found jobs waiting in vain; 0 where they are not. */
  readonly idleSeconds: number;
}

/** What workers renew, and for how long it lives. */
export function takenLifeMs(withinMs: number): number {
  return Math.max(1, Math.floor(withinMs / 2));
}

/** A look at the queues; each look remembers since when it has found the same. */
export function watchConsumption(
  redis: Redis,
  names: Names,
  queues: readonly Queue[],
  withinMs: number,
): () => Promise<Consumption> {
  let since: number | null = null;
  return async () => {
    const counts = await Promise.all(
      queues.map((queue) => queue.getJobCounts('waiting', 'prioritized', 'active')),
    );
    const total = (state: string): number =>
      counts.reduce((sum, count) => sum + (count[state] ?? 0), 0);
    const waiting = total('waiting') + total('prioritized');
    const active = total('active');
    const idle = waiting > 0 && active === 0 && (await redis.exists(names.taken)) === 0;
    since = idle ? (since ?? performance.now()) : null;
    const idleMs = since === null ? 0 : performance.now() - since;
    return { consuming: idleMs < withinMs / 2, waiting, active, idleSeconds: idleMs / 1000 };
  };
}
