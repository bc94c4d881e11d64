/**
 * "I live", told to Redis while this process takes jobs: a key that expires by itself.
 *
 * A process whose workers no longer run is silent even if its connection is well: a ping alone
 * would miss a worker that never came back from an outage.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { HEARTBEAT_EVERY_MS, HEARTBEAT_TTL_MS, type Names } from '../src/queue/names.js';

export interface Heartbeat {
  /** The last thing told: that it is over. Best effort; the key expires anyway. */
  stop(): Promise<void>;
}

/** Resolves after the first beat. Also forgets workers that went silent. */
export async function startHeartbeat(
  redis: Redis,
  names: Names,
  isWell: () => boolean,
  onError: (error: unknown) => void,
): Promise<Heartbeat> {
  const id = randomUUID();
  async function beat(): Promise<void> {
    if (!isWell()) return;
    await redis.set(names.worker(id), String(process.pid), 'PX', HEARTBEAT_TTL_MS);
    await redis.sadd(names.workers, id);
    for (const other of await redis.smembers(names.workers)) {
      if ((await redis.exists(names.worker(other))) === 0) await redis.srem(names.workers, other);
    }
  }
  await beat();
  const timer = setInterval(() => void beat().catch(onError), HEARTBEAT_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      if (redis.status !== 'ready') return;
      await redis.del(names.worker(id));
      await redis.srem(names.workers, id);
    },
  };
}
