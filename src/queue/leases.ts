/**
 * What the queue leases for a time, held to that time: after the clock of Redis was set back, a
 * lease of seconds taken before would last for as long as it was set back, and the work of a worker
 * that died then would be nobody's. No promise of BullMQ tells of this; the names are its own.
 *
 * A lease that lasts longer than any can be is cut to the longest; a shard that waits for its next
 * attempt at two looks in a row, far apart, has waited long enough.
 */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { HEARTBEAT_TTL_MS, type Names } from './names.js';

export interface LeaseTimes {
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
}

export interface Leases {
  /** Safe to call from any number of processes at once; `delayed` shards are remembered in between. */
  look(): Promise<void>;
}

export function openLeases(
  redis: Redis,
  names: Names,
  queues: readonly Queue[],
  { lockDurationMs, stalledIntervalMs }: LeaseTimes,
): Leases {
  let waitedBefore = new Set<string>();

  async function hold(key: string, milliseconds: number): Promise<void> {
    if ((await redis.pttl(key)) > milliseconds) await redis.pexpire(key, milliseconds);
  }

  return {
    async look() {
      const waiting = new Set<string>();
      for (const queue of queues) {
        await hold(queue.toKey('stalled-check'), stalledIntervalMs);
        for (const id of await redis.lrange(queue.toKey('active'), 0, -1)) {
          await hold(`${queue.toKey(id)}:lock`, lockDurationMs);
        }
        for (const job of await queue.getDelayed()) {
          const key = queue.toKey(job.id ?? '');
          waiting.add(key);
          // Somebody else may have been first, or its time may have come.
          if (waitedBefore.has(key) && (await job.isDelayed())) await job.promote();
        }
      }
      waitedBefore = waiting;
      for (const id of await redis.smembers(names.workers)) {
        await hold(names.worker(id), HEARTBEAT_TTL_MS);
      }
    },
  };
}
