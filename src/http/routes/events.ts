/** GET /jobs/{id}/events: a job's changes as they happen, as server-sent events. */
import type { Readable } from 'node:stream';
import { Type } from '@sinclair/typebox';
import Negotiator from 'negotiator';
import { problems, text } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { eventStream, frame } from '../event-stream.js';
import { isFinal } from '../job-body.js';
import type { Admission } from '../load.js';
import { ProblemError } from '../problem.js';
import { JobParamsSchema, jobOrRefuse } from './jobs.js';

const STREAM_TYPE = 'text/event-stream';
/** Most streams one process holds open. */
export const STREAMS_MAX = 1000;

const HeadersSchema = Type.Object(
  {
    'last-event-id': Type.Optional(
      Type.String({
        pattern: '^(?:[0-9]{1,19}(?:-[0-9]{1,19})?)?$',
        description: 'the id of an event: the stream goes on after it.',
      }),
    ),
  },
  { additionalProperties: true },
);

export function eventsRoute(app: App, { queue }: Dependencies, admission: Admission): void {
  const open = new Set<Readable>();
  const shutdown = new AbortController();
  // An open stream would hold up close(); each is told, and ends by itself.
  app.addHook('preClose', (done) => {
    shutdown.abort();
    done();
  });

  app.get(
    '/jobs/:id/events',
    {
      schema: {
        operationId: 'jobEvents',
        tags: ['jobs'],
        summary: 'A job as it changes, as server-sent events',
        description:
          'Events `state` and `progress`; their data is the job. All events so far come first; Last-Event-ID goes on after one. The stream ends after a final state. A client that comes back after that gets 204, which tells an EventSource to stop. `shutdown` is the last event where the service goes away: come back with Last-Event-ID.',
        params: JobParamsSchema,
        headers: HeadersSchema,
        response: {
          200: text('The events.', [STREAM_TYPE]),
          204: { description: 'The job is final and the client has seen its last event.' },
          ...problems(
            'invalid-request',
            'not-found',
            'job-gone',
            'not-acceptable',
            'queue-unavailable',
            'too-many-streams',
          ),
        },
      },
    },
    async (request, reply) => {
      if (new Negotiator(request.raw).mediaType([STREAM_TYPE]) === undefined) {
        throw new ProblemError('not-acceptable', `Events are made as ${STREAM_TYPE} only.`, {
          extensions: { available: [STREAM_TYPE] },
        });
      }
      const { id } = request.params;
      const job = await jobOrRefuse(queue, id);
      reply
        .type(STREAM_TYPE)
        .header('cache-control', 'no-cache, no-transform')
        .header('x-accel-buffering', 'no');
      if (request.method === 'HEAD') return reply.send();
      const lastEventId = request.headers['last-event-id'] ?? '';
      const controller = new AbortController();
      const events = queue.events(id, {
        ...(lastEventId === '' ? {} : { lastEventId }),
        signal: controller.signal,
      });
      if (isFinal(job.state)) {
        let frames = '';
        for await (const event of events) frames += frame(event);
        if (frames !== '' || lastEventId === '') return reply.send(frames);
        return reply.removeHeader('content-type').code(204).send();
      }
      if (open.size >= STREAMS_MAX) {
        throw new ProblemError(
          'too-many-streams',
          `This process holds ${String(STREAMS_MAX)} event streams open and takes no more.`,
        );
      }
      const stream = eventStream(events, { controller, shutdown: shutdown.signal });
      admission.stepAside(request);
      open.add(stream);
      stream.once('close', () => open.delete(stream));
      return reply.send(stream);
    },
  );
}
