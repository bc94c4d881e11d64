/**
 * Webhooks: a job's changes, told to who asked for them, signed as Standard Webhooks 1.0 has it.
 *
 * A queue of its own carries them, so that no receiver, however slow, holds up a shard. What to send
 * follows from the job's own event stream: each webhook has a cursor in it, which moves on once a
 * delivery is in the queue. So a delivery is made at least once, whoever dies; its id follows from
 * the event, so that it is never made twice, and a receiver can tell what it has seen.
 *
 * Attempts are repeated over three days, each delay longer than the last and spread by chance. A
 * receiver that answers 410 is not told again. Signatures: `webhook-signature` over id, time and
 * body, with the webhook's secret or, where it has none, the installation's; with neither it is
 * unsigned, and says no more than whom to ask: the body is thin.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Queue, UnrecoverableError, Worker, type Job as QueueJob } from 'bullmq';
import { Redis } from 'ioredis';
import type { BaseLogger } from 'pino';
import { Webhook } from 'standardwebhooks';
import type { Config } from '../config.js';
import type { WebhookDesk } from '../http/stores.js';
import { connectProducer, whileAvailable } from '../queue/availability.js';
import type { JobEvent } from '../queue/job-queue.js';
import { JOB_OPTIONS, namesOf } from '../queue/names.js';
import { isFinal, openRecords } from '../queue/records.js';
import type { WebhookEvent } from '../schemas/webhook.js';
import { addressPolicy } from './address.js';
import { openWebhookLog, publicDelivery, type Hook, type StoredDelivery } from './log.js';
import { openSender } from './send.js';

const WEBHOOK_QUEUE = 'webhooks';
/** Seconds between attempts; the eleventh is the last, three days after the first. */
const DELAYS_SECONDS = [5, 60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400] as const;
/** A delay is up to this much longer, by chance. */
const JITTER = 0.2;
const CONCURRENCY = 16;
const EVENTS_AT_ONCE = 100;
const JOBS_AT_ONCE = 200;
/** Notices are gathered this long. */
const GATHER_MS = 100;
/** Should a notice have been lost, the job is looked at again this often. */
const LOOK_AGAIN_MS = 15_000;
const SWEEP_EVERY_MS = 2_000;

const FINAL_EVENTS: readonly WebhookEvent[] = ['job.succeeded', 'job.failed', 'job.cancelled'];

export type WebhookSettings = Pick<Config, 'webhookAllow' | 'webhookHttp' | 'webhookSecret'>;

export interface WebhookOptions {
  readonly url: string;
  readonly prefix: string;
  readonly settings: WebhookSettings;
  readonly log: Pick<BaseLogger, 'warn'>;
  /** Seconds before the second attempt, the third, …; tests are in a hurry. */
  readonly delaysSeconds?: readonly number[];
}

export interface Webhooks extends WebhookDesk {
  close(): Promise<void>;
}

interface DeliveryJob {
  readonly job: string;
  readonly delivery: string;
}

/** What the event is called to a webhook; null where it is none of its business. */
function nameOf({ event, job }: JobEvent): WebhookEvent | null {
  if (event !== 'state' || job.state === 'queued') return null;
  return `job.${job.state}`;
}

/** Exact. The delivery of one event to one webhook; the same whoever makes it, and when. */
function deliveryOf(hook: Hook, name: WebhookEvent, event: JobEvent): StoredDelivery {
  const { id: jobId, state, mode, error } = event.job;
  const identity = `${jobId} ${hook.id} ${event.id}`;
  const at = new Date(Number(event.id.split('-')[0])).toISOString();
  const self = `/jobs/${jobId}`;
  const target = new URL(hook.url);
  return {
    id: `msg_${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`,
    hook: hook.id,
    event: name,
    // A query may hold a secret of the receiver's.
    url: `${target.origin}${target.pathname}`,
    state: 'pending',
    createdAt: at,
    attempts: [],
    body: JSON.stringify({
      type: name,
      timestamp: at,
      data: {
        id: jobId,
        state,
        mode,
        ...(error === null ? {} : { error }),
        links: { self, result: `${self}/result`, report: `${self}/report` },
      },
    }),
  };
}

/** Opens at once, connects in the background, delivers until it is closed. */
export function openWebhooks(options: WebhookOptions): Webhooks {
  const { url, prefix, settings, log, delaysSeconds = DELAYS_SECONDS } = options;
  const names = namesOf(prefix);
  const redis = connectProducer(url);
  const blocking = new Redis(url, { maxRetriesPerRequest: null });
  const subscriber = new Redis(url, { maxRetriesPerRequest: null, autoResubscribe: false });
  let closed = false;
  const complain = (error: Error): void => {
    log.warn({ err: error }, 'webhooks');
  };
  for (const connection of [redis, blocking, subscriber]) connection.on('error', complain);
  const records = openRecords(redis, names);
  const store = openWebhookLog(redis, prefix);
  const sender = openSender(addressPolicy(settings.webhookAllow));
  const queue = new Queue<DeliveryJob>(WEBHOOK_QUEUE, { connection: redis, prefix });
  const worker = new Worker<DeliveryJob>(WEBHOOK_QUEUE, deliver, {
    connection: blocking,
    prefix,
    concurrency: CONCURRENCY,
    settings: {
      backoffStrategy: (attempt) =>
        1000 * (delaysSeconds[attempt - 1] ?? 0) * (1 + JITTER * Math.random()),
    },
  });
  queue.on('error', complain);
  worker.on('error', complain);

  async function enqueue(jobId: string, deliveryId: string, suffix = ''): Promise<void> {
    await queue.add(
      'delivery',
      { job: jobId, delivery: deliveryId },
      {
        ...JOB_OPTIONS,
        jobId: `${deliveryId}${suffix}`,
        attempts: delaysSeconds.length + 1,
        // So that what is told a moment ago is not told again, should its maker die in between.
        removeOnComplete: { age: 3600, count: 10_000 },
        backoff: { type: 'custom' },
      },
    );
  }

  async function deliver(task: QueueJob<DeliveryJob>): Promise<void> {
    const { job: jobId, delivery: deliveryId } = task.data;
    const delivery = await store.delivery(jobId, deliveryId);
    const hook = delivery === null ? null : await store.hook(jobId, delivery.hook);
    // Erased meanwhile: there is nobody to tell.
    if (delivery === null || hook === null) return;
    const at = new Date();
    const secret = hook.secret ?? settings.webhookSecret;
    const { status, error, milliseconds } = await sender.post(
      hook.url,
      {
        'content-type': 'application/json',
        'user-agent': 'gradcert',
        'webhook-id': delivery.id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        ...(secret === null
          ? {}
          : { 'webhook-signature': new Webhook(secret).sign(delivery.id, at, delivery.body) }),
      },
      delivery.body,
    );
    const last = task.attemptsMade + 1 >= (task.opts.attempts ?? 1) || status === 410;
    await store.put(jobId, {
      ...delivery,
      state: error === null ? 'delivered' : last ? 'failed' : 'pending',
      attempts: [...delivery.attempts, { at: at.toISOString(), status, error, milliseconds }],
    });
    if (error === null) return;
    if (status === 410) {
      await store.putHook(jobId, { ...hook, ended: true });
      throw new UnrecoverableError('the receiver is gone');
    }
    throw new Error(error);
  }

  /** Puts into the queue what the job's webhooks have not been told; true where more may come. */
  async function goThrough(jobId: string): Promise<boolean> {
    // Read first: whatever the job comes to after this is noticed.
    const state = await records.state(jobId);
    for (const hook of await store.hooks(jobId)) {
      if (hook.ended) continue;
      let at = hook;
      for (;;) {
        const events = await records.eventsAfter(jobId, at.cursor, EVENTS_AT_ONCE);
        for (const event of events) {
          const name = nameOf(event);
          if (name !== null && hook.events.includes(name)) {
            const delivery = deliveryOf(hook, name, event);
            await store.create(jobId, delivery);
            await enqueue(jobId, delivery.id);
          }
          at = { ...at, cursor: event.id };
        }
        if (at !== hook) await store.putHook(jobId, at);
        if (events.length < EVENTS_AT_ONCE) break;
      }
    }
    return state !== null && !isFinal(state);
  }

  async function look(jobId: string): Promise<void> {
    if (await goThrough(jobId)) await store.lookAgain(jobId, Date.now() + LOOK_AGAIN_MS);
    else await store.unwatch(jobId);
  }

  const noticed = new Set<string>();
  let lastSweep = 0;
  let working: Promise<void> | null = null;
  async function work(): Promise<void> {
    if (redis.status !== 'ready') return;
    const changed = [...noticed];
    noticed.clear();
    const due = new Set<string>();
    for (const id of changed) if (await store.isWatched(id)) due.add(id);
    if (Date.now() - lastSweep >= SWEEP_EVERY_MS) {
      lastSweep = Date.now();
      for (const id of await store.due(lastSweep, JOBS_AT_ONCE)) due.add(id);
    }
    for (const id of due) await look(id);
  }
  const timer = setInterval(() => {
    working ??= work()
      .catch((error: unknown) => {
        complain(error as Error);
      })
      .finally(() => (working = null));
  }, GATHER_MS);
  subscriber.on('message', (_channel: string, id: string) => noticed.add(id));
  // As in queue/changes.ts.
  subscriber.on('ready', () => {
    subscriber.subscribe(names.changes).catch((error: unknown) => {
      if (!closed) complain(error as Error);
    });
  });

  return {
    refusal({ url: text }) {
      if (!URL.canParse(text)) return `${JSON.stringify(text)} is no absolute URL`;
      const target = new URL(text);
      const schemes = settings.webhookHttp ? ['https:', 'http:'] : ['https:'];
      if (!schemes.includes(target.protocol)) {
        return `its scheme is ${target.protocol.slice(0, -1)}; ${schemes.map((s) => s.slice(0, -1)).join(' or ')} is wanted`;
      }
      if (target.username !== '' || target.password !== '') return 'it holds a user or a password';
      return null;
    },
    attach: (jobId, { url: target, secret = null, events = FINAL_EVENTS }) =>
      whileAvailable(redis, async () => {
        const added = await store.add(jobId, { url: target, secret, events });
        noticed.add(jobId);
        return added;
      }),
    deliveries: (jobId) => whileAvailable(redis, () => store.deliveries(jobId)),
    redeliver: (jobId, deliveryId) =>
      whileAvailable(redis, async () => {
        const delivery = await store.delivery(jobId, deliveryId);
        if (delivery === null) return null;
        if (delivery.state === 'pending') return publicDelivery(delivery);
        const again: StoredDelivery = { ...delivery, state: 'pending' };
        await store.put(jobId, again);
        await enqueue(jobId, deliveryId, `.${randomUUID()}`);
        return publicDelivery(again);
      }),
    async close() {
      clearInterval(timer);
      await working;
      // Attempts in hand are over within their own time limit.
      await worker.close().catch(complain);
      await queue.close().catch(complain);
      await sender.close();
      closed = true;
      for (const connection of [redis, blocking, subscriber]) connection.disconnect();
    },
  };
}
