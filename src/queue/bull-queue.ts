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
import { shardsOf, type Plan } from '../plan/plan.js';
import { planFromText } from '../plan/wire.js';
import { openBlobs } from './blobs.js';
import { connectProducer, isUnavailability, whileAvailable } from './availability.js';
import { followChanges } from './changes.js';
import { startCare } from './care.js';
import { watchConsumption } from './consumption.js';
import { addRun, lookAfter, stopRun, type Caretaking } from './flow.js';
import {
  JobGone,
  NO_LIMITS,
  NO_TENANT,
  QueueUnavailable,
  type JobEvent,
  type JobQueue,
  type Readiness,
} from './job-queue.js';
import { queueMetrics } from './metrics.js';
import {
  baseIdOf,
  EVENTS_KEPT,
  MERGE_QUEUE,
  namesOf,
  planBlobOf,
  planOfTenant,
  SHARD_QUEUE,
} from './names.js';
import { isFinal, openRecords, publicRecord, type StoredRecord } from './records.js';
import { openShards } from './shards.js';

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
  /** How long a final job is kept. */
  readonly retentionSeconds?: number;
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
  retentionSeconds,
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
  const quota = liveJobsMax === undefined ? {} : { liveMax: liveJobsMax };
  const bull = { connection: redis, prefix, ...(telemetry === undefined ? {} : { telemetry }) };
  const streams = { events: { maxLen: EVENTS_KEPT } };
  const mergeQueue = new Queue(MERGE_QUEUE, { ...bull, streams });
  const shardQueue = new Queue(SHARD_QUEUE, { ...bull, streams });
  const flows = new FlowProducer(bull);
  for (const queue of [mergeQueue, shardQueue]) queue.on('error', complain);
  flows.on('error', complain);
  const records = openRecords(redis, names, retentionSeconds);
  const blobs = openBlobs(redis, names);
  const shards = openShards(redis, names);
  const queues = { mergeQueue, shardQueue, flows };
  const care: Caretaking = { redis, names, records, blobs, shards, ...queues };
  const consumption = watchConsumption(redis, names, [mergeQueue, shardQueue], consumeWithinMs);
  const available = <T>(work: () => Promise<T>): Promise<T> => whileAvailable(redis, work);
  const caring = startCare(care, { sweep: null, onError: complain });

  async function livingWorkers(): Promise<number> {
    const ids = await redis.smembers(names.workers);
    return ids.length === 0 ? 0 : await redis.exists(ids.map(names.worker));
  }

  /** The record; null where the id was never known. Throws JobGone. */
  async function recordOf(id: string): Promise<StoredRecord | null> {
    const record = await records.get(id);
    if (record !== null) return record;
    const reason = await records.gone(id);
    if (reason !== null) throw new JobGone(id, reason);
    return null;
  }

  /** The record of a job that is there for certain. */
  async function recordNow(id: string): Promise<StoredRecord> {
    const record = await records.get(id);
    if (record === null) throw new Error(`job ${id} vanished`);
    return record;
  }

  /** Puts a new run into the queue. Redis away: the record stays and is looked after. */
  async function enqueue(record: StoredRecord, plan: Plan): Promise<void> {
    try {
      await addRun(care, record, plan);
    } catch (error) {
      // Anything else would fail for ever.
      if (!isUnavailability(error)) {
        const detail = 'The job could not be put into the queue.';
        await records.fail(record.id, { code: 'enqueue-failed', detail }, record.run);
      }
      throw error;
    }
  }

  return {
    submit: (asked, { limits = NO_LIMITS, tenant = NO_TENANT, policy = null } = {}) =>
      available(async () => {
        const plan = planOfTenant(asked, tenant);
        const { hash: planHash, text: planText } = planBlobOf(plan);
        const { id, created } = await records.create({
          baseId: baseIdOf(plan, policy),
          ...{ plan, planHash, planText, policy, limits, ...quota },
        });
        if (created) {
          await enqueue(await recordNow(id), plan);
        } else if ((await records.claim(id)) !== null) {
          // Whoever made it may have died before the queue heard of it.
          await lookAfter(care, id);
        }
        return { job: publicRecord(await recordNow(id)), created };
      }),

    get: (id) =>
      available(async () => {
        const record = await recordOf(id);
        return record === null ? null : publicRecord(record);
      }),

    result: (id) =>
      available(async () => {
        const record = await recordOf(id);
        return record?.state === 'succeeded' ? await blobs.result(record.plan) : null;
      }),

    list: (options) => available(() => records.list(options)),

    cancel: (id) =>
      available(async () => {
        // The flag in the record is what counts; the rest only saves work.
        const { moved, run } = await records.cancel(id);
        if (moved) await stopRun(care, { id, run });
        const record = await recordOf(id);
        return record === null ? null : publicRecord(record);
      }),

    resume: (id, limits = NO_LIMITS) =>
      available(async () => {
        const record = await recordOf(id);
        if (record === null) return null;
        const text = await blobs.plan(record.plan);
        if (text === null) throw new JobGone(id, 'expired');
        const plan = planFromText(text);
        const doneShards = await shards.finished(record.plan, shardsOf(plan));
        const { moved: resumed } = await records.resume(id, {
          ...{ plan, doneShards, limits, ...quota },
        });
        if (resumed) await enqueue(await recordNow(id), plan);
        return { job: publicRecord(await recordNow(id)), resumed };
      }),

    erase: (id) =>
      available(async () => {
        const state = await records.erase(id);
        if (state !== null) return isFinal(state);
        await recordOf(id);
        return null;
      }),

    async *events(id, { lastEventId, signal }): AsyncGenerator<JobEvent> {
      let after = lastEventId ?? '0';
      if (!EVENT_ID.test(after)) throw new RangeError('lastEventId: this queue did not make it');
      const isAborted = (): boolean => signal.aborted;
      while (!isAborted()) {
        // Waiting begins before reading, and the record is read before the events: so neither a
        // change nor the last event can slip through in between.
        const reading = new AbortController();
        const change = changes.next(id, {
          signal: AbortSignal.any([signal, reading.signal]),
          timeoutMs: LOOK_AGAIN_MS,
        });
        try {
          const record = await available(() => records.get(id));
          const events = await available(() => records.eventsAfter(id, after, EVENTS_AT_ONCE));
          for (const event of events) {
            if (isAborted()) return;
            yield event;
            after = event.id;
            // A final state that was left by a resumption is not the end.
            const last = record === null || event.job.version >= record.version;
            if (isFinal(event.job.state) && last) return;
          }
          if (events.length === EVENTS_AT_ONCE) continue;
          if (events.length === 0 && (record === null || isFinal(record.state))) return;
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
          const record = await available(() => recordOf(id));
          if (record === null) return null;
          if (isFinal(record.state) || signal.aborted) return publicRecord(record);
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
      const closing = [
        caring.stop(),
        ...[mergeQueue, shardQueue, flows].map((part) => part.close()),
      ];
      changes.close();
      redis.disconnect();
      for (const outcome of await Promise.allSettled(closing)) {
        if (outcome.status === 'rejected')
          log.warn({ err: outcome.reason as Error }, 'queue close');
      }
    },
  };
}
