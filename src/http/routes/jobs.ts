/** The jobs as a resource: the list, one job, and its end. */
import { Type } from '@sinclair/typebox';
import type { JobQueue, JobRecord } from '../../queue/job-queue.js';
import { JobSchema } from '../../schemas/job.js';
import { json, problems, unchanged } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { jobTag, matches } from '../etag.js';
import { isFinal, jobBody, retryAfterSeconds } from '../job-body.js';
import { PreferHeadersSchema, type Waiting } from '../prefer.js';
import { ProblemError } from '../problem.js';

export const JobParamsSchema = Type.Object(
  { id: Type.String({ description: 'Id of a job.' }) },
  { additionalProperties: false },
);

export const JobListSchema = Type.Object(
  {
    jobs: Type.Array(JobSchema),
    nextCursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Pass back as `cursor` for the next page; null at the end.',
    }),
  },
  { additionalProperties: false, title: 'JobList' },
);

const ListQuerySchema = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, default: 20, description: 'Jobs per page.' }),
    ),
    cursor: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: '`nextCursor` of a page.' }),
    ),
  },
  { additionalProperties: false },
);

const LIMIT = 20;

/** The refusal of an id that is none. */
export function unknown(id: string): ProblemError {
  return new ProblemError('not-found', `There is no job ${JSON.stringify(id)}.`);
}

/** The job of an id, or the refusal that there is none. */
export async function jobOrRefuse(queue: JobQueue, id: string): Promise<JobRecord> {
  const job = await queue.get(id);
  if (job === null) throw unknown(id);
  return job;
}

/** The job, cancelled, or the refusal: unknown, gone, or finished before. */
export async function cancelOrRefuse(queue: JobQueue, id: string): Promise<JobRecord> {
  const job = await queue.cancel(id);
  if (job === null) throw unknown(id);
  // A job may finish in the very moment; the record says who was first.
  if (job.state === 'succeeded' || job.state === 'failed') {
    throw new ProblemError('already-finished', `The job has ${job.state} already.`, {
      extensions: { state: job.state },
    });
  }
  return job;
}

export function jobRoutes(app: App, { queue }: Dependencies, waiting: Waiting): void {
  app.get(
    '/jobs',
    {
      schema: {
        operationId: 'listJobs',
        tags: ['jobs'],
        summary: 'The jobs, newest first',
        description:
          'Pages are stable: a job that arrives while a client turns pages is neither repeated nor makes another one disappear.',
        querystring: ListQuerySchema,
        response: {
          200: json('One page.', JobListSchema, ['link']),
          ...problems('invalid-request', 'unknown-field', 'queue-unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { limit = LIMIT, cursor } = request.query;
      const page = await queue
        .list({ limit, tenant: request.tenant, ...(cursor === undefined ? {} : { cursor }) })
        .catch((error: unknown) => {
          if (!(error instanceof RangeError)) throw error;
          throw new ProblemError('invalid-request', 'The cursor is none of this service.', {
            errors: [
              {
                pointer: '/cursor',
                code: 'wrong-form',
                detail: 'must be the `nextCursor` of a page',
                in: 'query',
              },
            ],
          });
        });
      if (page.nextCursor !== null) {
        const query = new URLSearchParams({ limit: String(limit), cursor: page.nextCursor });
        reply.header('link', `</jobs?${query.toString()}>; rel="next"`);
      }
      return reply.send({ jobs: page.jobs.map(jobBody), nextCursor: page.nextCursor });
    },
  );

  app.get(
    '/jobs/:id',
    {
      schema: {
        operationId: 'getJob',
        tags: ['jobs'],
        summary: 'One job: its state and progress',
        description:
          'Retry-After says how long to wait before asking again, and is absent once the state is final. `progress.fraction` is 1 only when the job succeeded.',
        params: JobParamsSchema,
        headers: PreferHeadersSchema,
        response: {
          200: json('The job.', JobSchema, ['etag', 'retry-after', 'vary', 'preference-applied']),
          304: unchanged('The job has not changed since the ETag that was sent.', [
            ...(['etag', 'retry-after', 'vary', 'preference-applied'] as const),
          ]),
          ...problems('invalid-request', 'not-found', 'job-gone', 'queue-unavailable'),
        },
      },
    },
    async (request, reply) => {
      const found = await jobOrRefuse(queue, request.params.id);
      const job = await waiting(request, reply, found);
      const tag = jobTag(job);
      reply.header('etag', tag).header('cache-control', 'no-cache');
      if (!isFinal(job.state)) reply.header('retry-after', retryAfterSeconds(job, Date.now()));
      if (matches(request.headers['if-none-match'], tag)) return reply.code(304).send();
      return jobBody(job);
    },
  );

  app.delete(
    '/jobs/:id',
    {
      schema: {
        operationId: 'deleteJob',
        tags: ['jobs'],
        summary: 'Cancel a job that is live, erase one that is final',
        description:
          'A job that is queued or running is cancelled: 200 with the job; its record stays and can be resumed. A job whose state is final is erased: 204; record, events, result and what its shards have computed are deleted for good, and its id answers 410 from then on. `POST /jobs/{id}/cancel` never erases.',
        params: JobParamsSchema,
        response: {
          200: json('The job, cancelled.', JobSchema, ['etag']),
          204: { description: 'The job was final and is erased.' },
          ...problems('not-found', 'job-gone', 'already-finished', 'queue-unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { state } = await jobOrRefuse(queue, id);
      if (isFinal(state) && (await queue.erase(id)) !== false) return reply.code(204).send();
      // A job that finished in this very moment is not erased: nobody saw its answer yet.
      const job = await cancelOrRefuse(queue, id);
      return reply.header('etag', jobTag(job)).send(jobBody(job));
    },
  );
}
