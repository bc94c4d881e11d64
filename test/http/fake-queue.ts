/**
 * A JobQueue in memory, for tests of the HTTP side alone. It keeps the interface's promises: the
 * same plan is the same job unless that failed, was cancelled or is gone, records only ever grow in version,
 * events replay after an id and end after a final state. Tests move jobs along by hand.
 */
import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { Plan } from '../../src/plan/plan.js';
import {
  JobGone,
  NO_LIMITS,
  NO_TENANT,
  QueueUnavailable,
  isJobOf,
  jobIdPrefix,
  type GoneReason,
  type JobEvent,
  type JobQueue,
  type JobRecord,
  type Readiness,
} from '../../src/queue/job-queue.js';

interface Entry {
  record: JobRecord;
  result: string | null;
  readonly events: JobEvent[];
}

export interface FakeQueue extends JobQueue {
  /** While true, whatever needs Redis throws QueueUnavailable. */
  unreachable: boolean;
  ready: Readiness;
  /** How many plans were enqueued, as opposed to answered from before. */
  readonly enqueued: () => number;
  /** How many event subscriptions are open. */
  readonly subscriptions: () => number;
  /** How many wait for a job to be final. */
  readonly waiters: () => number;
  /** Changes a job as a worker would, and announces it. */
  move(id: string, change: Partial<JobRecord>, result?: string): void;
  /** The result outlived its retention. */
  forgetResult(id: string): void;
  /** The job is deleted. */
  forget(id: string, reason: GoneReason): void;
}

const FINAL = new Set(['succeeded', 'failed', 'cancelled']);
/** Times of test jobs: distinct, increasing, long past. */
const EPOCH = Date.parse('2026-01-01T00:00:00.000Z');

export function fakeQueue(): FakeQueue {
  const entries = new Map<string, Entry>();
  const gone = new Map<string, GoneReason>();
  const changes = new EventEmitter().setMaxListeners(0);
  let enqueued = 0;
  let subscriptions = 0;
  let waiters = 0;

  const reach = (): void => {
    if (queue.unreachable) throw new QueueUnavailable('connect ECONNREFUSED 10.1.2.3:6379');
  };
  const known = (id: string): Entry | undefined => {
    reach();
    const reason = gone.get(id);
    if (reason !== undefined) throw new JobGone(id, reason);
    return entries.get(id);
  };
  const announce = (entry: Entry, event: JobEvent['event']): void => {
    entry.events.push({ id: `${String(entry.events.length + 1)}-0`, event, job: entry.record });
    changes.emit(entry.record.id);
  };

  const queue: FakeQueue = {
    unreachable: false,
    ready: { ready: true, reasons: [], workers: 1 },
    enqueued: () => enqueued,
    subscriptions: () => subscriptions,
    waiters: () => waiters,

    async submit(plan: Plan, { limits = NO_LIMITS, tenant = NO_TENANT, policy = null } = {}) {
      reach();
      const digest = createHash('sha256')
        .update(JSON.stringify([plan, policy]))
        .digest('hex')
        .slice(0, 12);
      let attempt = 0;
      let id = `${jobIdPrefix(tenant)}${digest}`;
      for (let known = entries.get(id); known !== undefined; known = entries.get(id)) {
        if (known.record.state !== 'failed' && known.record.state !== 'cancelled') {
          return { job: known.record, created: false };
        }
        attempt += 1;
        id = `${jobIdPrefix(tenant)}${digest}_${String(attempt)}`;
      }
      const record: JobRecord = {
        id,
        state: 'queued',
        mode: plan.mode,
        policy,
        done: '0',
        total: plan.size,
        createdAt: new Date(EPOCH + entries.size * 1000).toISOString(),
        startedAt: null,
        finishedAt: null,
        expiresAt: null,
        deadlineAt:
          limits.deadlineSeconds === null
            ? null
            : new Date(EPOCH + limits.deadlineSeconds * 1000).toISOString(),
        cpuSeconds: 0,
        cpuSecondsLimit: limits.cpuSeconds,
        error: null,
        version: 1,
      };
      const entry: Entry = { record, result: null, events: [] };
      entries.set(id, entry);
      enqueued += 1;
      announce(entry, 'state');
      return { job: record, created: true };
    },

    async get(id) {
      return known(id)?.record ?? null;
    },

    async result(id) {
      return known(id)?.result ?? null;
    },

    async list({ limit, cursor, tenant = '' }) {
      reach();
      const newest = [...entries.values()]
        .map((entry) => entry.record)
        .filter(({ id }) => isJobOf(tenant, id))
        .reverse();
      if (cursor !== undefined && !/^after\.an_\w+$/.test(cursor)) throw new RangeError(cursor);
      const after = cursor?.slice('after.'.length);
      const start = after === undefined ? 0 : newest.findIndex((job) => job.id === after) + 1;
      const jobs = newest.slice(start, start + limit);
      const last = jobs.at(-1);
      const more = start + limit < newest.length && last !== undefined;
      return { jobs, nextCursor: more ? `after.${last.id}` : null };
    },

    async cancel(id) {
      const entry = known(id);
      if (entry === undefined) return null;
      if (!FINAL.has(entry.record.state)) queue.move(id, { state: 'cancelled' });
      return entry.record;
    },

    async resume(id, limits = NO_LIMITS) {
      const entry = known(id);
      if (entry === undefined) return null;
      const resumed = entry.record.state === 'failed' || entry.record.state === 'cancelled';
      if (resumed) {
        const cpuSecondsLimit = limits.cpuSeconds;
        const change = { startedAt: null, finishedAt: null, error: null, cpuSecondsLimit };
        queue.move(id, { state: 'queued', ...change });
      }
      return { job: entry.record, resumed };
    },

    async erase(id) {
      const entry = known(id);
      if (entry === undefined) return null;
      if (!FINAL.has(entry.record.state)) return false;
      queue.forget(id, 'erased');
      return true;
    },

    async *events(id, { lastEventId, signal }) {
      reach();
      subscriptions += 1;
      try {
        const entry = entries.get(id);
        if (entry === undefined) return;
        let next = lastEventId === undefined ? 0 : Number(lastEventId.split('-')[0]);
        for (;;) {
          for (; next < entry.events.length; next += 1) yield entry.events[next]!;
          if (FINAL.has(entry.record.state) || signal.aborted) return;
          await once(changes, id, { signal }).catch((error: unknown) => {
            if (!signal.aborted) throw error;
          });
        }
      } finally {
        subscriptions -= 1;
      }
    },

    async finished(id, { signal }) {
      for (;;) {
        reach();
        const record = entries.get(id)?.record ?? null;
        if (record === null || FINAL.has(record.state) || signal.aborted) return record;
        waiters += 1;
        await once(changes, id, { signal }).catch((error: unknown) => {
          if (!signal.aborted) throw error;
        });
        waiters -= 1;
      }
    },

    async readiness() {
      reach();
      return queue.ready;
    },

    async metrics() {
      reach();
      return '# TYPE fake_jobs gauge\nfake_jobs 3\n';
    },

    async close() {
      entries.clear();
    },

    move(id, change, result) {
      const entry = entries.get(id);
      if (entry === undefined) throw new Error(`no job ${id}`);
      const before = entry.record;
      const version = before.version + 1;
      const final = change.state !== undefined && FINAL.has(change.state);
      entry.record = {
        ...before,
        ...(change.state === 'running' ? { startedAt: before.createdAt } : {}),
        ...(final ? { finishedAt: before.createdAt, expiresAt: '2026-02-01T00:00:00.000Z' } : {}),
        ...change,
        version,
      };
      if (result !== undefined) entry.result = result;
      announce(entry, change.state === undefined ? 'progress' : 'state');
    },

    forgetResult(id) {
      const entry = entries.get(id);
      if (entry === undefined) throw new Error(`no job ${id}`);
      entry.result = null;
    },

    forget(id, reason) {
      entries.delete(id);
      gone.set(id, reason);
    },
  };
  return queue;
}
