/** POST /jobs/{id}/resume: a job that failed or was cancelled goes on where it was. */
import { Type } from '@sinclair/typebox';
import { JobSchema } from '../../schemas/job.js';
import { LimitsSchema } from '../../schemas/request.js';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { jobTag } from '../etag.js';
import { jobBody, limitsOf, retryAfterSeconds } from '../job-body.js';
import { ProblemError } from '../problem.js';
import { JobParamsSchema, unknown } from './jobs.js';

export function resumeRoute(app: App, { queue }: Dependencies): void {
  app.post(
    '/jobs/:id/resume',
    {
      schema: {
        operationId: 'resumeJob',
        tags: ['jobs'],
        summary: 'Resume a job that failed or was cancelled',
        description:
          'The job is queued again under its own id; only the shards are computed whose answer is missing. The body may set new limits; those of the run before do not count any more. 409 where the job is queued, running or has succeeded.',
        params: JobParamsSchema,
        body: Type.Union([LimitsSchema, Type.Null()]),
        response: {
          202: json('The job, queued again.', JobSchema, ['location', 'etag', 'retry-after']),
          ...problems(
            'invalid-json',
            'invalid-request',
            'unknown-field',
            'payload-too-large',
            'unsupported-media-type',
            'not-found',
            'job-gone',
            'not-resumable',
            'too-many-jobs',
            'queue-unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const answer = await queue.resume(id, limitsOf(request.body ?? {}));
      if (answer === null) throw unknown(id);
      const { job, resumed } = answer;
      if (!resumed) {
        throw new ProblemError('not-resumable', `The job is ${job.state}.`, {
          extensions: { state: job.state },
        });
      }
      return reply
        .code(202)
        .header('location', `/jobs/${job.id}`)
        .header('etag', jobTag(job))
        .header('retry-after', retryAfterSeconds(job, Date.now()))
        .send(jobBody(job));
    },
  );
}
