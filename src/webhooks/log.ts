/**
 * Webhooks and their deliveries in Redis: who is to be told of a job, what was told, and how far the
 * job's own event stream has been gone through for each.
 *
 * Secrets are kept with the webhook, since every attempt is signed anew; nothing reads them but the
 * sender. All of it expires with the job's record.
 */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RECORD_SECONDS } from '../queue/names.js';
import type { Delivery, WebhookEvent } from '../schemas/webhook.js';

/** Most webhooks of one job. */
export const HOOKS_MAX = 16;
/** Attempts that are remembered of one delivery, the latest. */
const ATTEMPTS_KEPT = 30;

export interface Hook {
  readonly id: string;
  readonly url: string;
  readonly secret: string | null;
  readonly events: readonly WebhookEvent[];
  /** Id of the last event that was gone through. */
  readonly cursor: string;
  /** Nothing more will be sent: the job is final, or the receiver is gone. */
  readonly ended: boolean;
}

/** A delivery with what is sent, the same on every attempt. */
export interface StoredDelivery extends Delivery {
  readonly hook: string;
  readonly body: string;
}

export interface WebhookLog {
  /** False where the job has HOOKS_MAX others. */
  add(jobId: string, hook: Omit<Hook, 'id' | 'cursor' | 'ended'>): Promise<boolean>;
  hooks(jobId: string): Promise<Hook[]>;
  hook(jobId: string, hookId: string): Promise<Hook | null>;
  putHook(jobId: string, hook: Hook): Promise<void>;
  /** Creates it where it is not there. */
  create(jobId: string, delivery: StoredDelivery): Promise<void>;
  delivery(jobId: string, deliveryId: string): Promise<StoredDelivery | null>;
  put(jobId: string, delivery: StoredDelivery): Promise<void>;
  deliveries(jobId: string): Promise<Delivery[]>;
  /** Jobs whose events are still of interest to some webhook; `dueBy` in milliseconds. */
  due(dueBy: number, most: number): Promise<string[]>;
  isWatched(jobId: string): Promise<boolean>;
  lookAgain(jobId: string, at: number): Promise<void>;
  unwatch(jobId: string): Promise<void>;
}

export function publicDelivery(stored: StoredDelivery): Delivery {
  const { id, event, url, state, createdAt, attempts } = stored;
  return { id, event, url, state, createdAt, attempts };
}

/** Adds a webhook unless there are too many. KEYS 1 hooks, 2 watched; ARGV 1 id, 2 hook, 3 most, 4 now, 5 job, 6 seconds. */
const ADD = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[5])
return 1
`;

/** Through a connection that stays the caller's. */
export function openWebhookLog(redis: Redis, prefix: string): WebhookLog {
  const hooksKey = (jobId: string): string => `${prefix}:hooks:${jobId}`;
  const deliveriesKey = (jobId: string): string => `${prefix}:deliveries:${jobId}`;
  const watched = `${prefix}:hooked`;

  async function put(jobId: string, delivery: StoredDelivery): Promise<void> {
    const attempts = delivery.attempts.slice(-ATTEMPTS_KEPT);
    await redis
      .multi()
      .hset(deliveriesKey(jobId), delivery.id, JSON.stringify({ ...delivery, attempts }))
      .expire(deliveriesKey(jobId), RECORD_SECONDS)
      .exec();
  }
  async function hook(jobId: string, hookId: string): Promise<Hook | null> {
    const text = await redis.hget(hooksKey(jobId), hookId);
    return text === null ? null : (JSON.parse(text) as Hook);
  }

  return {
    async add(jobId, given) {
      const events = [...given.events].sort();
      const identity = JSON.stringify([given.url, given.secret, events]);
      const id = createHash('sha256').update(identity).digest('hex').slice(0, 16);
      const made: Hook = { ...given, events, id, cursor: '0', ended: false };
      const added = await redis.eval(
        ADD,
        2,
        ...[hooksKey(jobId), watched],
        ...[id, JSON.stringify(made), String(HOOKS_MAX), String(Date.now()), jobId],
        String(RECORD_SECONDS),
      );
      return added === 1;
    },
    async hooks(jobId) {
      return (await redis.hvals(hooksKey(jobId))).map((text) => JSON.parse(text) as Hook);
    },
    hook,
    async putHook(jobId, changed) {
      await redis.hset(hooksKey(jobId), changed.id, JSON.stringify(changed));
    },
    async create(jobId, delivery) {
      await redis
        .multi()
        .hsetnx(deliveriesKey(jobId), delivery.id, JSON.stringify(delivery))
        .expire(deliveriesKey(jobId), RECORD_SECONDS)
        .exec();
    },
    async delivery(jobId, deliveryId) {
      const text = await redis.hget(deliveriesKey(jobId), deliveryId);
      return text === null ? null : (JSON.parse(text) as StoredDelivery);
    },
    put,
    async deliveries(jobId) {
      const texts = await redis.hvals(deliveriesKey(jobId));
      return texts
        .map((text) => publicDelivery(JSON.parse(text) as StoredDelivery))
        .sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0));
    },
    due: (dueBy, most) => redis.zrangebyscore(watched, '-inf', dueBy, 'LIMIT', 0, most),
    isWatched: async (jobId) => (await redis.zscore(watched, jobId)) !== null,
    async lookAgain(jobId, at) {
      await redis.zadd(watched, 'XX', at, jobId);
    },
    async unwatch(jobId) {
      await redis.zrem(watched, jobId);
    },
  };
}
