/** A job's record as a client sees it: progress, links, and how long to wait before asking again. */
import type { JobLimits, JobRecord } from '../queue/job-queue.js';
import type { Job, JobState } from '../schemas/job.js';
import type { LimitsInput } from '../schemas/request.js';
import { ProblemError } from './problem.js';

const FINAL: ReadonlySet<JobState> = new Set(['succeeded', 'failed', 'cancelled']);

/** Exact. Whether a job in this state will never change again. */
export function isFinal(state: JobState): boolean {
  return FINAL.has(state);
}

/**
 * Lower bound, in steps of 1/10000: it is 1 exactly when the job succeeded, however near the end
 * it is, so that a client never takes a bar that is full for a job that is done.
 */
export function fractionLower(job: JobRecord): number {
  if (job.state === 'succeeded') return 1;
  const total = BigInt(job.total);
  if (total === 0n) return 0;
  const steps = Number((BigInt(job.done) * 10_000n) / total);
  return Math.min(Math.max(steps, 0), 9_999) / 10_000;
}

/** What a body says of limits; a limit that it does not name is none. */
export function limitsOf(body: LimitsInput): JobLimits {
  return {
    deadlineSeconds: body.deadlineSeconds ?? null,
    cpuSeconds: body.cpuSeconds ?? null,
  };
}

/** Seconds to wait before asking again: 1 at first, then a tenth of the job's age, at most 10. */
export function retryAfterSeconds(job: JobRecord, now: number): number {
  const age = Math.max(0, now - Date.parse(job.createdAt)) / 1000;
  return Math.min(10, Math.max(1, Math.ceil(age / 10)));
}

/** Total. The body of GET /jobs/{id}; links are relative to the origin of the request. */
export function jobBody(job: JobRecord): Job {
  const self = `/jobs/${job.id}`;
  return {
    id: job.id,
    state: job.state,
    mode: job.mode,
    ...(job.policy === null ? null : { policy: job.policy }),
    progress: { done: job.done, total: job.total, fraction: fractionLower(job) },
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    finishedAt: job.finishedAt,
    expiresAt: job.expiresAt,
    deadlineAt: job.deadlineAt,
    cpuSeconds: { spent: job.cpuSeconds, limit: job.cpuSecondsLimit },
    ...(job.error === null ? null : { error: job.error }),
    links: {
      self,
      result: `${self}/result`,
      report: `${self}/report`,
      gate: `${self}/gate`,
      events: `${self}/events`,
      cancel: self,
    },
  };
}

/** The refusal of whoever asks for the result of a job that has none. */
export function noResult(job: JobRecord, now: number): ProblemError {
  switch (job.state) {
    case 'failed':
      return new ProblemError('job-failed', job.error?.detail ?? 'The job failed.', {
        extensions: { state: job.state, jobError: job.error },
      });
    case 'cancelled':
      return new ProblemError('job-cancelled', 'The job was cancelled before it had a result.', {
        extensions: { state: job.state },
      });
    case 'succeeded':
      return new ProblemError('result-gone', 'The result of this job is no longer kept.', {
        extensions: { state: job.state },
      });
    case 'queued':
    case 'running':
      return new ProblemError(
        'not-ready',
        `The job is ${job.state}; ${job.done} of ${job.total} ${job.mode === 'sampled' ? 'samples are drawn' : 'points are decided'}.`,
        {
          headers: { 'retry-after': String(retryAfterSeconds(job, now)) },
          extensions: { state: job.state, progress: jobBody(job).progress },
        },
      );
  }
}
