/**
 * A job's events as server-sent events (WHATWG HTML section 9.2).
 *
 * One frame per event: `id` is the event's id in the job's own stream, which a client that was cut
 * off sends back as Last-Event-ID; `event` is `state` or `progress`; `data` is the job's body as
 * JSON. A comment goes out in every silence of HEARTBEAT_MS, so that proxies keep the connection.
 * The stream ends after the final state. When the service shuts down, an event `shutdown` is the
 * last one and the client comes back by itself.
 *
 * Own framing instead of @fastify/sse 0.6: its write waits for `drain` alone once a client reads
 * slowly, so a client that then leaves keeps the handler and its subscription for ever; and an open
 * stream holds up close() (fastify/sse#57). A Readable made from a generator has neither fault.
 */
import { Readable } from 'node:stream';
import type { JobEvent } from '../queue/job-queue.js';
import { jobBody } from './job-body.js';

export const HEARTBEAT_MS = 15_000;
/** What a client is told to wait before it reconnects. */
const RECONNECT_MS = 3_000;

/** Exact. One event in wire form; `data` is one line, as JSON text without line breaks is. */
export function frame(event: JobEvent): string {
  return `id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(jobBody(event.job))}\n\n`;
}

type Step =
  { readonly is: 'event'; readonly result: IteratorResult<JobEvent> } | { readonly is: 'silence' };

async function stepOf(next: Promise<IteratorResult<JobEvent>>, silence: number): Promise<Step> {
  let timer: NodeJS.Timeout | undefined;
  const quiet = new Promise<Step>((resolve) => {
    timer = setTimeout(() => {
      resolve({ is: 'silence' });
    }, silence);
  });
  try {
    return await Promise.race([next.then((result): Step => ({ is: 'event', result })), quiet]);
  } finally {
    clearTimeout(timer);
  }
}

async function* frames(
  events: AsyncIterator<JobEvent>,
  controller: AbortController,
  shutdown: AbortSignal,
  heartbeat: number,
): AsyncGenerator<string> {
  const stop = (): void => {
    controller.abort();
  };
  shutdown.addEventListener('abort', stop, { once: true });
  try {
    yield `retry: ${String(RECONNECT_MS)}\n\n`;
    for (let next = events.next(); ;) {
      const step = await stepOf(next, heartbeat);
      if (step.is === 'silence') {
        yield ': still here\n\n';
        continue;
      }
      if (step.result.done === true) break;
      yield frame(step.result.value);
      next = events.next();
    }
    if (shutdown.aborted) yield 'event: shutdown\ndata: {}\n\n';
  } finally {
    shutdown.removeEventListener('abort', stop);
    controller.abort();
    await events.return?.();
  }
}

export interface StreamOptions {
  /** Ends the subscription; aborted by the stream itself when its reader has gone. */
  readonly controller: AbortController;
  /** Aborted when the service shuts down. */
  readonly shutdown: AbortSignal;
  readonly heartbeat?: number;
}

/** A stream that ends by itself after the final state and frees the subscription in any case. */
export function eventStream(events: AsyncIterable<JobEvent>, options: StreamOptions): Readable {
  const { controller, shutdown, heartbeat = HEARTBEAT_MS } = options;
  const stream = Readable.from(
    frames(events[Symbol.asyncIterator](), controller, shutdown, heartbeat),
    { objectMode: false },
  );
  // A generator that waits for the next event cannot be returned from; the abort wakes it.
  stream.once('close', () => {
    controller.abort();
  });
  return stream;
}
