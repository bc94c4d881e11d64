/**
 * JobQueue over BullMQ and Redis: what the HTTP side of the service talks to.
 *
 * Guarantees: a job that was answered with an id is run at least once, even if this process dies
 * before the queue hears of it (`lookAfter` in flow.ts); equal questions are one job, also in a
 * storm of submissions to several processes; every call fails at once with QueueUnavailable while
 * Redis is away. Holds two connections, however many clients there are.
 */
import type { BaseLogger } from 'pino';
import { FlowProducer, Queue, type QueueOptions } from 'bullmq';
import { openBlobs } from './blobs.js';
import { connectProducer, isUnavailability, whileAvailable } from './availability.js';
import { followChanges } from './changes.js';
import { watchConsumption } from './consumption.js';
import { flowOf, lookAfter, removeUnbegun, type Caretaking } from './flow.js';
import {
  NO_TENANT,
  QueueUnavailable,
  type JobEvent,
  type JobQueue,
  type Readiness,
} from './job-queue.js';
import { queueMetrics } from './metrics.js';
import { baseIdOf, EVENTS_KEPT, MERGE_QUEUE, namesOf, planBlobOf, SHARD_QUEUE } from './names.js';
import { isFinal, openRecords, publicRecord } from './records.js';

const EVENTS_AT_ONCE = 100;
/** A follower looks by itself this often, should a notice have been lost. */
const LOOK_AGAIN_MS = 2_000;
const CONSUME_WITHIN_MS = 30_000;
const EVENT_ID = /^[0-9]{1,19}(-[0-9]{1,19})?$/;

export interface BullQueueOptions {
  /** What `new Redis(...)` takes. */
  readonly url: string;
  /** In braces. */
  readonly prefix: string;
  readonly log: Pick<BaseLogger, 'warn' | 'error'>;
  /** Traces what is enqueued; off where absent. */
  readonly telemetry?: QueueOptions['telemetry'];
  /** Shards that wait longer, with none in hand, make the queue not ready. */
  readonly consumeWithinMs?: number;
  /** Most jobs of one tenant that are not final; unbounded where absent. */
  readonly liveJobsMax?: number;
}

/** One exposition of several: each metric's HELP and TYPE lines once, its samples together. */
export function joinExpositions(texts: readonly string[]): string {
  const families = new Map<string, { head: string[]; samples: string[] }>();
  for (const line of texts.flatMap((text) => text.split('\n'))) {
    const name = /^(?:# (?:HELP|TYPE) )?([a-zA-Z_:][\w:]*)/.exec(line)?.[1];
    if (name === undefined) continue;
    const family = families.get(name) ?? { head: [], samples: [] };
    families.set(name, family);
    if (!line.startsWith('#')) family.samples.push(line);
    else if (!family.head.includes(line)) family.head.push(line);
  }
  const lines = [...families.values()].flatMap(({ head, samples }) => [...head, ...samples]);
  return lines.map((line) => `${line}\n`).join('');
}

/** Opens at once and connects in the background; `readiness` says when it serves. */
export function openBullQueue({
  url,
  prefix,
  log,
  liveJobsMax,
  telemetry,
  consumeWithinMs = CONSUME_WITHIN_MS,
}: BullQueueOptions): JobQueue {
  const names = namesOf(prefix);
  const redis = connectProducer(url);
  const complain = (error: Error): void => {
    log.warn({ err: error }, 'queue connection');
  };
  redis.on('error', complain);
  const changes = followChanges(url, names.changes, complain);
  const bull = { connection: redis, prefix, ...(telemetry === undefined ? {} : { telemetry }) };
  const streams = { events: { maxLen: EVENTS_KEPT } };
  const mergeQueue = new Queue(MERGE_QUEUE, { ...bull, streams });
  const shardQueue = new Queue(SHARD_QUEUE, { ...bull, streams });
  const flows = new FlowProducer(bull);
  for (const queue of [mergeQueue, shardQueue]) queue.on('error', complain);
  flows.on('error', complain);
  const records = openRecords(redis, names);
  const blobs = openBlobs(redis, names);
  const care: Caretaking = { records, blobs, mergeQueue, flows };
  const consumption = watchConsumption(redis, names, [mergeQueue, shardQueue], consumeWithinMs);
  const available = <T>(work: () => Promise<T>): Promise<T> => whileAvailable(redis, work);

  async function livingWorkers(): Promise<number> {
    const ids = await redis.smembers(names.workers);
    return ids.length === 0 ? 0 : await redis.exists(ids.map(names.worker));
  }

  async function present(id: string): ReturnType<JobQueue['submit']> {
    const record = await records.get(id);
    if (record === null) throw new Error(`submit: job ${id} vanished`);
    return { job: publicRecord(record), created: false };
  }

  return {
    submit: (asked, { tenant = NO_TENANT, policy = null } = {}) =>
      available(async () => {
        const plan = tenant === NO_TENANT ? asked : { ...asked, tenant };
        const blob = planBlobOf(plan);
        await blobs.putPlan(blob.hash, blob.text);
        const { id, created } = await records.create({
          baseId: baseIdOf(plan, policy),
          plan,
          planHash: blob.hash,
          policy,
          ...(liveJobsMax === undefined ? {} : { liveMax: liveJobsMax }),
        });
        if (!created) {
          // Whoever made it may have died before the queue heard of it.
          if ((await records.claim(id)) !== null) await lookAfter(care, id);
          return await present(id);
        }
        const record = await records.get(id);
        if (record === null) throw new Error(`submit: job ${id} vanished`);
        try {
          await flows.add(flowOf(record, plan));
        } catch (error) {
          // Redis away: the record stays and is looked after. Anything else would fail for ever.
          if (!isUnavailability(error)) {
            const detail = 'The job could not be put into the queue.';
            await records.fail(id, { code: 'enqueue-failed', detail });
          }
          throw error;
        }
        return { ...(await present(id)), created: true };
      }),

    get: (id) =>
      available(async () => {
        const record = await records.get(id);
        return record === null ? null : publicRecord(record);
      }),

    result: (id) =>
      available(async () => {
        const record = await records.get(id);
        return record?.state === 'succeeded' ? await blobs.result(record.plan) : null;
      }),

    list: (options) => available(() => records.list(options)),

    cancel: (id) =>
      available(async () => {
        // The flag in the record is what counts; the rest only saves work.
        const { moved } = await records.cancel(id);
        const record = await records.get(id);
        if (record === null) return null;
        if (moved) {
          await redis.publish(names.stops, id);
          await removeUnbegun(mergeQueue, record);
        }
        return publicRecord(record);
      }),

    async *events(id, { lastEventId, signal }): AsyncGenerator<JobEvent> {
      let after = lastEventId ?? '0';
      if (!EVENT_ID.test(after)) throw new RangeError('lastEventId: this queue did not make it');
      const isAborted = (): boolean => signal.aborted;
      while (!isAborted()) {
        // Waiting begins before reading, and the state is read before the events: so neither a
        // change nor the last event can slip through in between.
        const reading = new AbortController();
        const change = changes.next(id, {
          signal: AbortSignal.any([signal, reading.signal]),
          timeoutMs: LOOK_AGAIN_MS,
        });
        try {
          const state = await available(() => records.state(id));
          const events = await available(() => records.eventsAfter(id, after, EVENTS_AT_ONCE));
          for (const event of events) {
            if (isAborted()) return;
            yield event;
            after = event.id;
            if (isFinal(event.job.state)) return;
          }
          if (events.length === EVENTS_AT_ONCE) continue;
          if (events.length === 0 && (state === null || isFinal(state))) return;
          await change;
        } finally {
          reading.abort();
        }
      }
    },

    async finished(id, { signal }) {
      for (;;) {
        // Waiting begins before reading, so that no change slips through in between.
        const reading = new AbortController();
        const change = changes.next(id, {
          signal: AbortSignal.any([signal, reading.signal]),
          timeoutMs: LOOK_AGAIN_MS,
        });
        try {
          const record = await available(() => records.get(id));
          if (record === null || isFinal(record.state) || signal.aborted) {
            return record === null ? null : publicRecord(record);
          }
          await change;
        } finally {
          reading.abort();
        }
      }
    },

    async readiness(): Promise<Readiness> {
      try {
        return await available(async () => {
          const memory = await redis.info('memory');
          const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? 'unknown';
          const workers = await livingWorkers();
          const { consuming, waiting, idleSeconds } = await consumption();
          const reasons = [
            ...(policy === 'noeviction'
              ? []
              : [`Redis maxmemory-policy is ${policy}; it must be noeviction`]),
            ...(workers > 0 ? [] : ['no worker is alive']),
            ...(consuming
              ? []
              : [
                  `jobs are not being consumed: ${String(waiting)} shards or merges wait, none is in hand, none was taken for ${idleSeconds.toFixed(0)} s or more`,
                ]),
          ];
          return { ready: reasons.length === 0, reasons, workers };
        });
      } catch (error) {
        if (!(error instanceof QueueUnavailable)) throw error;
        return { ready: false, reasons: [error.message], workers: 0 };
      }
    },

    metrics: () =>
      available(async () => {
        const [merges, shards, ours] = await Promise.all([
          mergeQueue.exportPrometheusMetrics(),
          shardQueue.exportPrometheusMetrics(),
          queueMetrics(redis, names, {
            consumption: await consumption(),
            workers: await livingWorkers(),
          }),
        ]);
        return joinExpositions([merges, shards, ours]);
      }),

    async close() {
      changes.close();
      const closing = [mergeQueue, shardQueue, flows].map((part) => part.close());
      redis.disconnect();
      for (const outcome of await Promise.allSettled(closing)) {
        if (outcome.status === 'rejected')
          log.warn({ err: outcome.reason as Error }, 'queue close');
      }
    },
  };
}
