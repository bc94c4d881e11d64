/**
 * Webhooks and their deliveries in Redis: who is to be told of a job, what was told, and how far the
 * job's own event stream has been gone through for each.
 *
 * Secrets are kept with the webhook, since every attempt is signed anew; nothing reads them but the
 * sender. All of it lives exactly as long as the job's record, whose end and erasure (queue/scripts.ts)
 * take it along.
 */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { namesOf } from '../queue/names.js';
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
  /** Nothing more will be sent: the receiver is gone. */
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
  /** Unless the job is live. */
  unwatch(jobId: string): Promise<void>;
}

export function publicDelivery(stored: StoredDelivery): Delivery {
  const { id, event, url, state, createdAt, attempts } = stored;
  return { id, event, url, state, createdAt, attempts };
}

/** Unless the job has been resumed meanwhile. KEYS 1 watched, 2 record; ARGV 1 job. */
const UNWATCH = `
local state = redis.call('HGET', KEYS[2], 'state')
if state ~= 'queued' and state ~= 'running' then redis.call('ZREM', KEYS[1], ARGV[1]) end
`;

/**
 * Sets a field for as long as the record lives; of a record that is gone nothing is stored.
 *   KEYS 1 hash, 2 record; ARGV 1 field, 2 value, 3 'NX' where only if it is not there, or ''
 */
const SET = `
local left = redis.call('PTTL', KEYS[2])
if left == -2 then return end
redis.call(ARGV[3] == 'NX' and 'HSETNX' or 'HSET', KEYS[1], ARGV[1], ARGV[2])
if left > 0 then redis.call('PEXPIRE', KEYS[1], left) end
`;

/** Adds a webhook unless there are too many. KEYS 1 hooks, 2 watched, 3 record; ARGV 1 id, 2 hook, 3 most, 4 now, 5 job. */
const ADD = `
local left = redis.call('PTTL', KEYS[3])
if left == -2 or redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then return 1 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if left > 0 then redis.call('PEXPIRE', KEYS[1], left) end
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[5])
return 1
`;

/** Through a connection that stays the caller's. */
export function openWebhookLog(redis: Redis, prefix: string): WebhookLog {
  const names = namesOf(prefix);
  const { hooks: hooksKey, deliveries: deliveriesKey, hooked: watched } = names;

  async function set(key: string, jobId: string, field: string, value: object, how = '') {
    const text = JSON.stringify(value);
    await redis.eval(SET, 2, key, names.record(jobId), field, text, how);
  }

  async function put(jobId: string, delivery: StoredDelivery): Promise<void> {
    const attempts = delivery.attempts.slice(-ATTEMPTS_KEPT);
    await set(deliveriesKey(jobId), jobId, delivery.id, { ...delivery, attempts });
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
        3,
        ...[hooksKey(jobId), watched, names.record(jobId)],
        ...[id, JSON.stringify(made), String(HOOKS_MAX), String(Date.now()), jobId],
      );
      return added === 1;
    },
    async hooks(jobId) {
      return (await redis.hvals(hooksKey(jobId))).map((text) => JSON.parse(text) as Hook);
    },
    hook,
    async putHook(jobId, changed) {
      await set(hooksKey(jobId), jobId, changed.id, changed);
    },
    create: (jobId, delivery) => set(deliveriesKey(jobId), jobId, delivery.id, delivery, 'NX'),
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
      await redis.eval(UNWATCH, 2, watched, names.record(jobId), jobId);
    },
  };
}
