/**
 * Our own records of jobs in Redis: state, progress, events, order. They outlive whatever the queue
 * keeps, and they alone decide what a job is: a queue job that ends differently changes nothing.
 *
 *   queued -> running -> succeeded | failed | cancelled        (queued may also fail or be cancelled)
 *
 * Invariant: a final state is never left; every change is atomic (`scripts.ts`), raises `version`
 * and is appended to the job's event stream. Points done are exact and never go back.
 */
import type { Redis } from 'ioredis';
import { totalOf, type Plan } from '../plan/plan.js';
import type { Policy } from '../plan/policy.js';
import type { JobError, JobState } from '../schemas/job.js';
import type { Mode } from '../schemas/request.js';
import {
  jobIdPrefix,
  NO_TENANT,
  prefixOfJobId,
  TooManyJobs,
  type JobEvent,
  type JobPage,
  type JobRecord,
} from './job-queue.js';
import { EVENTS_KEPT, FIRST_LOOK_MS, NEXT_LOOK_MS, RECORD_SECONDS, type Names } from './names.js';
import { CLAIM, CREATE, PROGRESS, RERUN, runScript, TRANSITION } from './scripts.js';

/** A record with what only the queue needs of it. */
export interface StoredRecord extends JobRecord {
  /** Names the queue jobs of the present run; never used twice. */
  readonly run: string;
  readonly plan: string;
}

export interface Moved {
  readonly moved: boolean;
  /** The state after the call; null where the job is unknown. */
  readonly state: JobState | null;
}

export interface Records {
  /**
   * Atomic: of any number of equal submissions, one makes the job and all get its id. Throws
   * TooManyJobs where it would be one more than the tenant may have.
   */
  create(job: {
    readonly baseId: string;
    readonly plan: Plan;
    readonly planHash: string;
    readonly policy?: Policy | null;
    /** Most jobs of the tenant that are not final. */
    readonly liveMax?: number;
  }): Promise<{ readonly id: string; readonly created: boolean }>;
  get(id: string): Promise<StoredRecord | null>;
  state(id: string): Promise<JobState | null>;
  /** To `running` from `queued`; a job that runs already stays as it is. */
  start(id: string): Promise<Moved>;
  succeed(id: string): Promise<Moved>;
  fail(id: string, error: JobError): Promise<Moved>;
  cancel(id: string): Promise<Moved>;
  /** Notes how much of its range one shard has done. Gives the state, so that the worker sees a cancel. */
  progress(id: string, plan: Plan, shardIndex: number, partDone: bigint): Promise<JobState | null>;
  list(options: {
    readonly limit: number;
    readonly cursor?: string;
    readonly tenant?: string;
  }): Promise<JobPage>;
  /** At most `limit` events after the one named, oldest first. */
  eventsAfter(id: string, lastEventId: string, limit: number): Promise<JobEvent[]>;
  /** A job that is due to be looked after (`id`: only that one), for this caller alone. */
  claim(id?: string): Promise<string | null>;
  /** A run of its own for a job whose queue jobs are gone; null where it is final. */
  rerun(id: string): Promise<string | null>;
}

/** True where the state is never left. */
export function isFinal(state: JobState | null): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** *Exact.* Points of Ω decided (samples drawn) when `done` of the plan's range is done; all at the end. */
export function pointsDone(plan: Plan, done: bigint): string {
  const range = BigInt(plan.range);
  if (range === 0n) return totalOf(plan);
  const bounded = done > range ? range : done;
  return String((BigInt(totalOf(plan)) * bounded) / range);
}

function timeOf(milliseconds: string): string {
  return new Date(Number(milliseconds)).toISOString();
}

function policyOf(text = ''): Policy | null {
  return text === '' ? null : (JSON.parse(text) as Policy);
}

function recordOf(fields: Readonly<Record<string, string>>): StoredRecord | null {
  const field = (name: string): string => {
    const value = fields[name];
    if (value === undefined) throw new TypeError(`recordOf: a job record has no field ${name}`);
    return value;
  };
  if (fields['id'] === undefined) return null;
  const [startedAt, finishedAt, error] = [field('startedAt'), field('finishedAt'), field('error')];
  return Object.freeze({
    id: field('id'),
    state: field('state') as JobState,
    mode: field('mode') as Mode,
    policy: policyOf(fields['policy']),
    done: field('done'),
    total: field('total'),
    createdAt: timeOf(field('createdAt')),
    startedAt: startedAt === '' ? null : timeOf(startedAt),
    finishedAt: finishedAt === '' ? null : timeOf(finishedAt),
    error: error === '' ? null : (JSON.parse(error) as JobError),
    version: Number(field('version')),
    run: field('run'),
    plan: field('plan'),
  });
}

/** What the world sees of a record. */
export function publicRecord(record: StoredRecord): JobRecord {
  const { id, state, mode, policy, done, total, createdAt, startedAt, finishedAt, error, version } =
    record;
  return Object.freeze({
    ...{ id, state, mode, policy, done, total },
    ...{ createdAt, startedAt, finishedAt, error, version },
  });
}

function eventOf([id, flat]: readonly [string, readonly string[]]): JobEvent {
  const fields: Record<string, string> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) fields[flat[at] ?? ''] = flat[at + 1] ?? '';
  const record = recordOf(fields);
  if (record === null) throw new TypeError(`eventOf: event ${id} holds no record`);
  return {
    id,
    event: fields['event'] === 'state' ? 'state' : 'progress',
    job: publicRecord(record),
  };
}

const CURSOR = /^before\.([1-9][0-9]{0,15})$/;

function cursorOf(sequence: string): string {
  return Buffer.from(`before.${sequence}`).toString('base64url');
}

function sequenceOf(cursor: string): string {
  const match = CURSOR.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (match?.[1] === undefined || cursorOf(match[1]) !== cursor) {
    throw new RangeError('cursor: this queue did not make it');
  }
  return match[1];
}

/** The records under `names`, through a connection that stays the caller's. */
export function openRecords(redis: Redis, names: Names): Records {
  const kept = String(EVENTS_KEPT);

  async function transition(
    id: string,
    from: string,
    to: JobState,
    error: JobError | null,
  ): Promise<Moved> {
    const baseId = id.replace(/-[0-9]+$/, '');
    const keys = [names.record(id), names.events(id), names.progress(id), names.request(baseId)];
    const [moved, state] = (await runScript(
      redis,
      TRANSITION,
      [...keys, names.live, names.tenantLive(prefixOfJobId(id))],
      [
        id,
        from,
        to,
        error === null ? '' : JSON.stringify(error),
        names.changes,
        kept,
        String(RECORD_SECONDS),
      ],
    )) as [number, string];
    return { moved: moved === 1, state: state === '' ? null : (state as JobState) };
  }

  async function get(id: string): Promise<StoredRecord | null> {
    return recordOf(await redis.hgetall(names.record(id)));
  }

  return {
    async create({ baseId, plan, planHash, policy = null, liveMax = Number.MAX_SAFE_INTEGER }) {
      const tenant = prefixOfJobId(baseId);
      const [made, id] = (await runScript(
        redis,
        CREATE,
        [
          names.request(baseId),
          names.sequence,
          names.index(tenant),
          names.live,
          names.tenantLive(tenant),
        ],
        [
          names.record(''),
          names.events(''),
          baseId,
          plan.mode,
          totalOf(plan),
          planHash,
          names.changes,
          kept,
          String(FIRST_LOOK_MS),
          String(liveMax),
          policy === null ? '' : JSON.stringify(policy),
        ],
      )) as [number, string];
      if (made === -1) throw new TooManyJobs(liveMax);
      return { id, created: made === 1 };
    },
    get,
    async state(id) {
      return (await redis.hget(names.record(id), 'state')) as JobState | null;
    },
    start: (id) => transition(id, ',queued,', 'running', null),
    succeed: (id) => transition(id, ',queued,running,', 'succeeded', null),
    fail: (id, error) => transition(id, ',queued,running,', 'failed', error),
    cancel: (id) => transition(id, ',queued,running,', 'cancelled', null),
    async progress(id, plan, shardIndex, partDone) {
      // The key expires by itself: a late report must not leave one behind for ever.
      const answers = await redis
        .multi()
        .hset(names.progress(id), String(shardIndex), String(partDone))
        .expire(names.progress(id), RECORD_SECONDS)
        .hvals(names.progress(id))
        .exec();
      const [failure, perShard] = answers?.[2] ?? [new Error('progress: no answer'), null];
      if (failure !== null) throw failure;
      const done = (perShard as string[]).reduce((sum, part) => sum + BigInt(part), 0n);
      const state = (await runScript(
        redis,
        PROGRESS,
        [names.record(id), names.events(id)],
        [id, pointsDone(plan, done), names.changes, kept],
      )) as JobState | '';
      return state === '' ? null : state;
    },
    async list({ limit, cursor, tenant = NO_TENANT }) {
      const index = names.index(jobIdPrefix(tenant));
      const below = cursor === undefined ? '+inf' : `(${sequenceOf(cursor)}`;
      const jobs: JobRecord[] = [];
      let last = below;
      // Records expire by themselves; the index is cleaned here, where a gap shows.
      while (jobs.length < limit) {
        const wanted = limit - jobs.length;
        const flat = await redis.zrevrangebyscore(
          index,
          last,
          '-inf',
          'WITHSCORES',
          'LIMIT',
          0,
          wanted,
        );
        const ids = flat.filter((_, at) => at % 2 === 0);
        const records = await Promise.all(ids.map(get));
        for (const [at, record] of records.entries()) {
          last = `(${flat[2 * at + 1] ?? ''}`;
          if (record === null) await redis.zrem(index, ids[at] ?? '');
          else jobs.push(publicRecord(record));
        }
        if (flat.length < 2 * wanted) return { jobs, nextCursor: null };
      }
      const more = await redis.zrevrangebyscore(index, last, '-inf', 'LIMIT', 0, 1);
      return { jobs, nextCursor: more.length === 0 ? null : cursorOf(last.slice(1)) };
    },
    async eventsAfter(id, lastEventId, limit) {
      const entries = await redis.xrange(names.events(id), `(${lastEventId}`, '+', 'COUNT', limit);
      return entries.map(eventOf);
    },
    async claim(id = '') {
      const claimed = (await runScript(
        redis,
        CLAIM,
        [names.live],
        [id, String(NEXT_LOOK_MS)],
      )) as string;
      return claimed === '' ? null : claimed;
    },
    async rerun(id) {
      const run = (await runScript(redis, RERUN, [names.record(id), names.sequence], [])) as string;
      return run === '' ? null : run;
    },
  };
}
