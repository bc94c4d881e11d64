/**
 * Our own records of jobs in Redis: state, progress, events, order. They outlive whatever the queue
 * keeps, and they alone decide what a job is: a queue job that ends differently changes nothing.
 *
 *   queued -> running -> succeeded | failed | cancelled        (queued may also fail or be cancelled)
 *   failed | cancelled -> queued                               (only by `resume`, as a new run)
 *
 * Invariant: a final state is left by `resume` alone, `succeeded` never; every change is atomic
 * (`scripts.ts`), raises `version` and is appended to the job's event stream. Points done are exact
 * and never go back within a run.
 */
import type { Redis } from 'ioredis';
import { totalOf, type Plan, type Shard } from '../plan/plan.js';
import type { Policy } from '../plan/policy.js';
import type { JobError, JobState } from '../schemas/job.js';
import type { Mode } from '../schemas/request.js';
import { STEP_MS } from './clock.js';
import {
  jobIdPrefix,
  NO_LIMITS,
  NO_TENANT,
  prefixOfJobId,
  TooManyJobs,
  type GoneReason,
  type JobEvent,
  type JobLimits,
  type JobPage,
  type JobRecord,
} from './job-queue.js';
import {
  BLOB_EXTRA_SECONDS,
  FIRST_LOOK_MS,
  GONE_SECONDS,
  NEXT_LOOK_MS,
  PROGRESS_SECONDS,
  RECORD_SECONDS,
  type Names,
} from './names.js';
import {
  CLAIM,
  CREATE,
  ERASE,
  OVERDUE,
  PROGRESS,
  RERUN,
  RESUME,
  runScript,
  TRANSITION,
  type Script,
} from './scripts.js';

/** A record with what only the queue needs of it. */
export interface StoredRecord extends JobRecord {
  /** Names the queue jobs of the present run; never used twice. */
  readonly run: string;
  readonly plan: string;
  /** Whose job it is; jobs of one tenant share a turn. */
  readonly tenant: string;
}

export interface Moved {
  readonly moved: boolean;
  /** The state after the call; null where the job is unknown. */
  readonly state: JobState | null;
  /** The run that the record is in; empty where the job is unknown. */
  readonly run: string;
}

export interface NewJob {
  readonly baseId: string;
  readonly plan: Plan;
  readonly planHash: string;
  readonly planText: string;
  /** None where absent. */
  readonly limits?: JobLimits;
  readonly policy?: Policy | null;
  /** Most jobs of the plan's tenant that are not final; unbounded where absent. */
  readonly liveMax?: number;
}

export interface Records {
  /**
   * Atomic: of any number of equal submissions, one makes the job and all get its id; the widest of
   * their limits hold. Stores the plan. Throws TooManyJobs where it would be one more than the
   * tenant may have.
   */
  create(job: NewJob): Promise<{ readonly id: string; readonly created: boolean }>;
  /** A failed or cancelled job is queued again, for a new run under limits of its own. Throws TooManyJobs. */
  resume(
    id: string,
    from: {
      readonly plan: Plan;
      readonly doneShards: readonly Shard[];
      readonly limits: JobLimits;
      readonly liveMax?: number;
    },
  ): Promise<Moved>;
  /** A final record, and what nothing else needs, is deleted. Gives the state it had. */
  erase(id: string): Promise<JobState | null>;
  /** Why an id that has no record once had one; null where it never had, or nobody remembers. */
  gone(id: string): Promise<GoneReason | null>;
  get(id: string): Promise<StoredRecord | null>;
  state(id: string): Promise<JobState | null>;
  /** To `running` from `queued`; a job that runs already stays as it is. */
  start(id: string): Promise<Moved>;
  succeed(id: string): Promise<Moved>;
  /** Moves nothing where the record is in another run than `run`. */
  fail(id: string, error: JobError, run: string): Promise<Moved>;
  cancel(id: string): Promise<Moved>;
  /** Notes shards that are done before their run begins. */
  known(id: string, shards: readonly Shard[]): Promise<void>;
  /**
   * Notes how much of its range one shard has done, and microseconds of computing since the last
   * call. Gives the state, so that the worker sees a cancel, and whether the budget is spent.
   */
  progress(
    id: string,
    plan: Plan,
    part?: { readonly index: number; readonly done: bigint; readonly spent: number },
  ): Promise<{ readonly state: JobState | null; readonly overBudget: boolean }>;
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
  /** A live job whose deadline has passed; null also where the clock is not what `expected` says. */
  overdue(expected: number): Promise<string | null>;
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

const MICROSECONDS = 1_000_000;

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
  const time = (name: string): string | null => {
    const value = fields[name] ?? '';
    return value === '' ? null : timeOf(value);
  };
  const error = field('error');
  const budget = fields['budget'] ?? '';
  return Object.freeze({
    id: field('id'),
    state: field('state') as JobState,
    mode: field('mode') as Mode,
    policy: policyOf(fields['policy']),
    done: field('done'),
    total: field('total'),
    createdAt: timeOf(field('createdAt')),
    startedAt: time('startedAt'),
    finishedAt: time('finishedAt'),
    expiresAt: time('expiresAt'),
    deadlineAt: time('deadlineAt'),
    cpuSeconds: Number(fields['spent'] ?? '0') / MICROSECONDS,
    cpuSecondsLimit: budget === '' ? null : Number(budget) / MICROSECONDS,
    error: error === '' ? null : (JSON.parse(error) as JobError),
    version: Number(field('version')),
    run: field('run'),
    plan: field('plan'),
    tenant: fields['tenant'] ?? '',
  });
}

/** What the world sees of a record. */
export function publicRecord(record: StoredRecord): JobRecord {
  // Field by field: spreading costs more than all else that answers a request do with a record.
  return Object.freeze({
    id: record.id,
    state: record.state,
    mode: record.mode,
    policy: record.policy,
    done: record.done,
    total: record.total,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    expiresAt: record.expiresAt,
    deadlineAt: record.deadlineAt,
    cpuSeconds: record.cpuSeconds,
    cpuSecondsLimit: record.cpuSecondsLimit,
    error: record.error,
    version: record.version,
  });
}

/** The two limits as the scripts take them: milliseconds and microseconds, or nothing. */
function limitTexts({ deadlineSeconds, cpuSeconds }: JobLimits): [string, string] {
  return [
    deadlineSeconds === null ? '' : String(Math.ceil(deadlineSeconds * 1000)),
    cpuSeconds === null ? '' : String(Math.ceil(cpuSeconds * MICROSECONDS)),
  ];
}

function lengthOf({ from, to }: Shard): bigint {
  return BigInt(to) - BigInt(from);
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

function movedOf(answer: unknown): Moved {
  const [moved, state, run] = answer as [number, JobState | '', string];
  return { moved: moved === 1, state: state === '' ? null : state, run };
}

function idOf(answer: unknown): string | null {
  return answer === '' ? null : (answer as string);
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

/**
 * The records under `names`, through a connection that stays the caller's. A final record is kept
 * for `retentionSeconds`.
 */
export function openRecords(
  redis: Redis,
  names: Names,
  retentionSeconds: number = RECORD_SECONDS,
): Records {
  const run = (script: Script, args: readonly string[]): Promise<unknown> =>
    runScript(redis, names, script, args);

  async function transition(
    id: string,
    from: string,
    to: JobState,
    error: JobError | null,
    ofRun = '',
  ): Promise<Moved> {
    const kept = [retentionSeconds, BLOB_EXTRA_SECONDS, GONE_SECONDS].map(String);
    const text = error === null ? '' : JSON.stringify(error);
    return movedOf(await run(TRANSITION, [id, from, to, text, ...kept, ofRun]));
  }

  async function get(id: string): Promise<StoredRecord | null> {
    return recordOf(await redis.hgetall(names.record(id)));
  }

  return {
    async create({ baseId, plan, planHash, planText, policy = null, ...asked }) {
      const { limits = NO_LIMITS, liveMax = Number.MAX_SAFE_INTEGER } = asked;
      const [made, id] = (await run(CREATE, [
        ...[baseId, plan.mode, totalOf(plan), planHash, planText, String(FIRST_LOOK_MS)],
        ...limitTexts(limits),
        ...[plan.tenant ?? NO_TENANT, String(liveMax), names.index(prefixOfJobId(baseId))],
        policy === null ? '' : JSON.stringify(policy),
      ])) as [number, string];
      if (made === -1) throw new TooManyJobs(liveMax);
      return { id, created: made === 1 };
    },
    async resume(id, { plan, doneShards, limits, liveMax = Number.MAX_SAFE_INTEGER }) {
      const done = doneShards.reduce((sum, shard) => sum + lengthOf(shard), 0n);
      const points = done === 0n ? '0' : pointsDone(plan, done);
      const answer = (await run(RESUME, [
        ...[id, points, String(FIRST_LOOK_MS), ...limitTexts(limits)],
        String(liveMax),
      ])) as [number, string, string];
      if (answer[0] === -1) throw new TooManyJobs(liveMax);
      return movedOf(answer);
    },
    async erase(id) {
      const state = (await run(ERASE, [
        ...[id, String(GONE_SECONDS), names.index(prefixOfJobId(id))],
      ])) as JobState | '';
      return state === '' ? null : state;
    },
    async gone(id) {
      return (await redis.get(names.gone(id))) as GoneReason | null;
    },
    get,
    async state(id) {
      return (await redis.hget(names.record(id), 'state')) as JobState | null;
    },
    start: (id) => transition(id, ',queued,', 'running', null),
    succeed: (id) => transition(id, ',queued,running,', 'succeeded', null),
    fail: (id, error, ofRun) => transition(id, ',queued,running,', 'failed', error, ofRun),
    cancel: (id) => transition(id, ',queued,running,', 'cancelled', null),
    async known(id, shards) {
      if (shards.length === 0) return;
      const parts = shards.flatMap((shard) => [String(shard.index), String(lengthOf(shard))]);
      await redis
        .multi()
        .hset(names.progress(id), ...parts)
        .expire(names.progress(id), PROGRESS_SECONDS)
        .exec();
    },
    async progress(id, plan, part) {
      const key = names.progress(id);
      if (part !== undefined) {
        // The key expires by itself: a late report must not leave one behind for ever.
        await redis
          .multi()
          .hset(key, String(part.index), String(part.done))
          .expire(key, PROGRESS_SECONDS)
          .exec();
      }
      const done = (await redis.hvals(key)).reduce((sum, each) => sum + BigInt(each), 0n);
      const spent = String(Math.round(part?.spent ?? 0));
      const [state, over] = (await run(PROGRESS, [id, pointsDone(plan, done), spent])) as [
        JobState | '',
        number,
      ];
      return { state: state === '' ? null : state, overBudget: over === 1 };
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
    claim: async (id = '') => idOf(await run(CLAIM, [id, String(NEXT_LOOK_MS)])),
    rerun: async (id) => idOf(await run(RERUN, [id])),
    overdue: async (expected) => idOf(await run(OVERDUE, [String(expected), String(STEP_MS)])),
  };
}
