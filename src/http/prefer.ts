/**
 * `Prefer: wait=n` (RFC 7240): an answer that is held back until the job is final, or the time is
 * over. A preference, never a demand: what cannot be honoured is ignored, and Preference-Applied
 * says what was. However many wait, they share the queue's one subscription.
 */
import { Type } from '@sinclair/typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseDictionary } from 'structured-headers';
import { QueueUnavailable, type JobQueue, type JobRecord } from '../queue/job-queue.js';
import type { App } from './dependencies.js';
import { isFinal } from './job-body.js';
import type { Admission } from './load.js';

/** The header fields of a route that waits; further ones are none of its business. */
export const PreferHeadersSchema = Type.Object(
  {
    prefer: Type.Optional(
      Type.String({
        maxLength: 1000,
        description: '`wait=n`: hold the answer back until the job is final, at most n seconds.',
      }),
    ),
  },
  { additionalProperties: true },
);

/** Longest wait; proxies cut connections that are silent for longer. */
export const WAIT_MAX_SECONDS = 60;
/** Most requests that one process holds back. */
export const WAITERS_MAX = 1000;

/** Seconds that a Prefer field asks to wait, at most WAIT_MAX_SECONDS; null where it does not. */
export function waitSeconds(prefer: string | undefined): number | null {
  if (prefer === undefined) return null;
  try {
    // Its grammar is that of a dictionary but for three things that do not count: the case of names,
    // space around `=`, and quotes around a value.
    const text = prefer.toLowerCase().replaceAll(/[ \t]*=[ \t]*/g, '=');
    const wait = String(parseDictionary(text).get('wait')?.[0]);
    return /^[0-9]+$/.test(wait) ? Math.min(Number(wait), WAIT_MAX_SECONDS) : null;
  } catch {
    return null;
  }
}

/** The job once it is final, or as it is when the client's patience, or the process, ends. */
export type Waiting = (
  request: FastifyRequest,
  reply: FastifyReply,
  job: JobRecord,
) => JobRecord | Promise<JobRecord>;

/** Waiting for jobs of the queue; those who wait are answered at once when the process closes. */
export function openWaiting(app: App, queue: JobQueue, admission: Admission): Waiting {
  let waiters = 0;
  const shutdown = new AbortController();
  app.addHook('preClose', (done) => {
    shutdown.abort();
    done();
  });

  async function wait(
    request: FastifyRequest,
    reply: FastifyReply,
    job: JobRecord,
  ): Promise<JobRecord> {
    const seconds = waitSeconds([request.headers.prefer ?? []].flat().join(',') || undefined);
    if (seconds === null) return job;
    if (!isFinal(job.state) && (waiters >= WAITERS_MAX || shutdown.signal.aborted)) return job;
    reply.header('preference-applied', `wait=${String(seconds)}`);
    if (isFinal(job.state)) return job;
    const over = new AbortController();
    const stop = (): void => {
      over.abort();
    };
    const timer = setTimeout(stop, seconds * 1000);
    reply.raw.once('close', stop);
    shutdown.signal.addEventListener('abort', stop, { once: true });
    admission.stepAside(request);
    waiters += 1;
    try {
      return (await queue.finished(job.id, { signal: over.signal })) ?? job;
    } catch (error) {
      // The job is known and goes on; that it cannot be followed just now is no failure of it.
      if (error instanceof QueueUnavailable) return job;
      throw error;
    } finally {
      waiters -= 1;
      clearTimeout(timer);
      reply.raw.removeListener('close', stop);
      shutdown.signal.removeEventListener('abort', stop);
    }
  }

  return (request, reply, job) => {
    reply.header('vary', 'Prefer');
    return request.headers.prefer === undefined ? job : wait(request, reply, job);
  };
}
