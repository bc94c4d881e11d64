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

export interface SubmitOptions {
  /** `NO_TENANT` where absent. */
  readonly tenant?: string;
  readonly policy?: Policy | null;
}

export interface JobQueue {
  /**
   * Enqueues the plan, or answers the job that asks the same, unless that failed or was cancelled.
   * `created` says which. The same question under another policy, or of another tenant, is another
   * job. Throws QueueUnavailable, or TooManyJobs.
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
