/**
 * What the HTTP side needs of a job queue. Knows nothing of BullMQ; `bull-queue.ts` implements it
 * over BullMQ and Redis, tests may implement it in memory.
 */
import type { Plan } from '../plan/plan.js';
import type { JobError, JobState } from '../schemas/job.js';
import type { Mode } from '../schemas/request.js';

/** Our own record of a job; it outlives whatever the queue keeps. Times are RFC 3339, UTC. */
export interface JobRecord {
  readonly id: string;
  readonly state: JobState;
  readonly mode: Mode;
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

export interface JobQueue {
  /**
   * Enqueues the plan, or answers the job that asks the same, unless that failed or was cancelled.
   * `created` says which. Throws QueueUnavailable.
   */
  submit(plan: Plan): Promise<{ readonly job: JobRecord; readonly created: boolean }>;
  get(id: string): Promise<JobRecord | null>;
  /** The result's canonical JSON text; null until the job succeeded. */
  result(id: string): Promise<string | null>;
  /** Newest first. Throws a RangeError on a cursor that this queue did not make. */
  list(options: { readonly limit: number; readonly cursor?: string }): Promise<JobPage>;
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
