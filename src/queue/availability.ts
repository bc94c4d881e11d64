/**
 * Tells "the queue cannot be reached" from every other fault, so that producers fail at once with
 * QueueUnavailable instead of waiting for Redis (a bare `queue.add` would wait for ever).
 *
 * The connection queues nothing while it is down, and no command may take longer than a few
 * seconds; both are set where the connection is made (`connectProducer`).
 */
import { Redis } from 'ioredis';
import { QueueUnavailable } from './job-queue.js';

const COMMAND_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 2_000;

/** Answers of a Redis that is there and cannot serve just now. */
const UNABLE = /^(LOADING|OOM|READONLY|MISCONF|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOREPLICAS)\b/;
/** What ioredis, the socket and BullMQ say where the connection is gone. */
const GONE =
  /Connection is closed|enableOfflineQueue|max retries per request|Command timed out|ECONN|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|Socket closed/i;

/** A connection whose commands fail at once while Redis is away, and that comes back by itself. */
export function connectProducer(url: string): Redis {
  return new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (times) => Math.min(50 * times, 1_000),
  });
}

/** Resolves when the connection serves; throws QueueUnavailable where that takes too long. */
export async function untilReady(redis: Redis, withinMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    let last = 'no answer';
    const note = (error: Error): void => {
      last = error.message;
    };
    const settle = (): void => {
      clearTimeout(timer);
      redis.off('ready', ready).off('error', note);
    };
    const ready = (): void => {
      settle();
      resolve();
    };
    const timer = setTimeout(() => {
      settle();
      reject(new QueueUnavailable(`Redis does not answer: ${last}`));
    }, withinMs);
    redis.on('ready', ready).on('error', note);
  });
}

/** True where trying again later may help, since Redis was away or unable. */
export function isUnavailability(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (UNABLE.test(error.message)) return true;
  return error.name !== 'ReplyError' && GONE.test(`${error.name} ${error.message}`);
}

/** What `work` gives; throws QueueUnavailable where Redis is away before or during it. */
export async function whileAvailable<T>(redis: Redis, work: () => Promise<T>): Promise<T> {
  if (redis.status !== 'ready') throw new QueueUnavailable(`Redis is away (${redis.status})`);
  try {
    return await work();
  } catch (error) {
    if (!isUnavailability(error)) throw error;
    throw new QueueUnavailable('Redis went away', { cause: error });
  }
}
