/**
 * `Prefer: wait=n` (RFC 7240): an answer that may come later is held back until the job is final, or
 * n seconds have passed, whichever is first.
 *
 * A preference is a hint: one that cannot be honoured (no number, too many waiters already) is
 * ignored, and `Preference-Applied` says what was. A waiter holds one subscription to the job's
 * events; it is woken by them, by the client that leaves, and by the service that shuts down.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { JobQueue, JobRecord } from '../queue/job-queue.js';
import type { App } from './dependencies.js';
import { isFinal } from './job-body.js';

/** Longest wait; more is cut to it, and told so. */
export const WAIT_MAX_SECONDS = 60;
/** Most requests of one process that may be held back at once. */
export const WAITERS_MAX = 1000;

/** *Exact.* The seconds that a Prefer field asks to wait, at most WAIT_MAX_SECONDS; null where it asks for none. */
export function preferredWait(field: string | string[] | undefined): number | null {
  const preferences = (typeof field === 'string' ? [field] : (field ?? [])).join(',').split(',');
  for (const preference of preferences) {
    const seconds = /^\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?:;.*)?$/i.exec(preference)?.[1];
    if (seconds !== undefined) return Math.min(Number(seconds), WAIT_MAX_SECONDS);
  }
  return null;
}

export type WaitUntilFinal = (
  request: FastifyRequest,
  reply: FastifyReply,
  job: JobRecord,
) => Promise<JobRecord>;

/** The job as it is after the wait that the request prefers; as it is now where it prefers none. */
export function waiting(app: App, queue: JobQueue): WaitUntilFinal {
  const shutdown = new AbortController();
  app.addHook('preClose', (done) => {
    shutdown.abort();
    done();
  });
  let waiters = 0;

  return async (request, reply, job) => {
    const seconds = preferredWait(request.headers.prefer);
    reply.header('vary', 'Prefer');
    if (seconds === null || waiters >= WAITERS_MAX) return job;
    reply.header('preference-applied', `wait=${String(seconds)}`);
    if (isFinal(job.state)) return job;
    const gone = new AbortController();
    const leave = (): void => {
      gone.abort();
    };
    const timer = setTimeout(leave, seconds * 1000);
    reply.raw.once('close', leave);
    waiters += 1;
    try {
      const signal = AbortSignal.any([gone.signal, shutdown.signal]);
      // Read to its end: the last event is the final state, or the wait is over.
      for await (const { job: after } of queue.events(job.id, { signal })) {
        if (isFinal(after.state)) break;
      }
      return (await queue.get(job.id)) ?? job;
    } finally {
      waiters -= 1;
      clearTimeout(timer);
      reply.raw.off('close', leave);
    }
  };
}
