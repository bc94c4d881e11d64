/** POST /jobs/{id}/cancel: ends a live job and never deletes anything. */
import { JobSchema } from '../../schemas/job.js';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { jobTag } from '../etag.js';
import { jobBody } from '../job-body.js';
import { cancelOrRefuse, JobParamsSchema } from './jobs.js';

export function cancelRoute(app: App, { queue }: Dependencies): void {
  app.post(
    '/jobs/:id/cancel',
    {
      schema: {
        operationId: 'cancelJob',
        tags: ['jobs'],
        summary: 'Cancel a job',
        description:
          'Idempotent: cancelling a job that is cancelled answers 200 again. A job that has succeeded or failed cannot be cancelled: 409. The record stays and can be resumed; computing stops within a second, tight loop or not.',
        params: JobParamsSchema,
        response: {
          200: json('The job, cancelled.', JobSchema, ['etag']),
          ...problems('not-found', 'job-gone', 'already-finished', 'queue-unavailable'),
        },
      },
    },
    async (request, reply) => {
      const job = await cancelOrRefuse(queue, request.params.id);
      return reply.header('etag', jobTag(job)).send(jobBody(job));
    },
  );
}
