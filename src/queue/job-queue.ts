/**
 * What the HTTP side needs of a job queue. Knows nothing of BullMQ; `bull-queue.ts` implements it
 * over BullMQ and Redis, tests may implement it in memory.
 */
import { createHash } from 'node:crypto';
import type { Plan } from '../plan/plan.js';
import type { Policy } from '../plan/policy.js';
import type { JobError, JobState } from '../schemas/job.js';
import type { Mode } from '../schemas/request.js';

/** Our own record of a job; it outlives whatever the queue keeps. Times are RFC 3339, UTC. */
export interface JobRecord {
  readonly id: string;
  readonly state: JobState;
  readonly mode: Mode;
  /** What the job's gate demands of its result; null where nothing. */
  readonly policy: Policy | null;
  /** Points of Ω decided so far, and all of them; exact, as text. */
  readonly done: string;
  readonly total: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** When record and result are deleted; null until the state is final. */
  readonly expiresAt: string | null;
  /** When the job fails, finished or not; null where nobody set a deadline. */
  readonly deadlineAt: string | null;
  /** Computing time of its shards in this run, in seconds; what a killed worker spent may be missing. */
  readonly cpuSeconds: number;
  /** Budget of `cpuSeconds`; null where nobody set one. */
  readonly cpuSecondsLimit: number | null;
  readonly error: JobError | null;
  /** Grows by one with every change of the record. */
  readonly version: number;
}

export interface JobEvent {
  /** Id in the job's own stream, digits or `digits-digits`; pass it back to go on after it. */
  readonly id: string;
  /** `state` on every change of state, `progress` in between. */
  readonly event: 'state' | 'progress';
  readonly job: JobRecord;
}

export interface JobPage {
  readonly jobs: readonly JobRecord[];
  /** Pass back as `cursor` for the next page; null at the end. */
  readonly nextCursor: string | null;
}

export interface Readiness {
  readonly ready: boolean;
  /** One line per check that fails. */
  readonly reasons: readonly string[];
  readonly workers: number;
}

/** Thrown where the queue cannot be reached; nothing was enqueued. Clients may try again. */
export class QueueUnavailable extends Error {
  override readonly name = 'QueueUnavailable';
}

/** Thrown where a tenant has as many live jobs as it may have; nothing was enqueued. */
export class TooManyJobs extends Error {
  override readonly name = 'TooManyJobs';
  readonly limit: number;

  constructor(limit: number) {
    super(`the tenant has ${String(limit)} jobs that are not final`);
    this.limit = limit;
  }
}

/** The tenant of a service that is open, without keys. */
export const NO_TENANT = '';

/**
 * What the ids of a tenant's jobs begin with: ids of different tenants are never equal, and whose
 * job it is can be told from its id alone, without a look into Redis.
 */
export function jobIdPrefix(tenant: string): string {
  if (tenant === NO_TENANT) return 'an_';
  return `an_${createHash('sha256').update(tenant, 'utf8').digest('hex').slice(0, 16)}_`;
}

/** *Exact.* The prefix of a job's id. */
export function prefixOfJobId(id: string): string {
  return /^an_(?:[0-9a-f]{16}_)?/.exec(id)?.[0] ?? '';
}

/** *Exact.* Whether a job of that id would be this tenant's. */
export function isJobOf(tenant: string, id: string): boolean {
  return prefixOfJobId(id) === jobIdPrefix(tenant);
}

/** What a job may take at most; null: no limit. No part of the question or of its answer. */
export interface JobLimits {
  /** Seconds from now until the job fails with `deadline-exceeded`. */
  readonly deadlineSeconds: number | null;
  /** Computing time of all shards together until it fails with `budget-exhausted`. */
  readonly cpuSeconds: number | null;
}

export const NO_LIMITS: JobLimits = Object.freeze({ deadlineSeconds: null, cpuSeconds: null });

export interface SubmitOptions {
  /** Whose job it is, `NO_TENANT` where absent: tenants get equal turns however many jobs each has. */
  readonly tenant?: string;
  readonly policy?: Policy | null;
  readonly limits?: JobLimits;
}

export type GoneReason = 'expired' | 'erased';

/** Thrown where a job was known once and is no more. */
export class JobGone extends Error {
  override readonly name = 'JobGone';
  readonly reason: GoneReason;

  constructor(id: string, reason: GoneReason) {
    super(`job ${id} has been ${reason === 'erased' ? 'erased' : 'deleted after its time'}`);
    this.reason = reason;
  }
}

/** Whatever takes an id throws JobGone where the job expired or was erased; all throw QueueUnavailable. */
export interface JobQueue {
  /**
   * Enqueues the plan, or answers the job that asks the same, unless that failed, was cancelled or
   * is gone. `created` says which. Of several submissions that are one live job, the widest limits
   * hold; a job that has succeeded answers whatever the limits. Shards that any job of the same plan
   * has finished are not computed again. The same question under another policy, or of another
   * tenant, is another job. Throws TooManyJobs where it would be one more than the tenant may have.
   */
  submit(
    plan: Plan,
    options?: SubmitOptions,
  ): Promise<{ readonly job: JobRecord; readonly created: boolean }>;
  get(id: string): Promise<JobRecord | null>;
  /** The result's canonical JSON text; null until the job succeeded. */
  result(id: string): Promise<string | null>;
  /** One tenant's, newest first. Throws a RangeError on a cursor that this queue did not make. */
  list(options: {
    readonly limit: number;
    readonly cursor?: string;
    readonly tenant?: string;
  }): Promise<JobPage>;
  /** Cancels what is not final yet and answers the record as it then is; null where unknown. */
  cancel(id: string): Promise<JobRecord | null>;
  /**
   * Queues a failed or cancelled job again, for the shards that are missing. `resumed` is false, and
   * nothing changes, where the job is live or has succeeded. Null where it is unknown. Throws
   * TooManyJobs as `submit` does.
   */
  resume(
    id: string,
    limits?: JobLimits,
  ): Promise<{ readonly job: JobRecord; readonly resumed: boolean } | null>;
  /**
   * Deletes the record of a job that is final, its events and webhooks and, where no other job has the same plan,
   * plan, tallies and result. False, and nothing changes, where it is live; null where unknown.
   */
  erase(id: string): Promise<boolean | null>;
  /** The job's events after `lastEventId` (all of them where absent), until a final state or abort. */
  events(
    id: string,
    options: { readonly lastEventId?: string; readonly signal: AbortSignal },
  ): AsyncIterable<JobEvent>;
  /** The record once it is final, or as it then is when the signal aborts; null where unknown. */
  finished(id: string, options: { readonly signal: AbortSignal }): Promise<JobRecord | null>;
  readiness(): Promise<Readiness>;
  /** Prometheus text of the queues. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}
