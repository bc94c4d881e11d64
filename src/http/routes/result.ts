/** GET /jobs/{id}/result: the answer, byte for byte as it was stored; with its verdict where the job has a policy. */
import { judgedText } from '../../plan/gate.js';
import { ResultSchema } from '../../schemas/result.js';
import { json, problems, unchanged } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { contentTag, matches } from '../etag.js';
import { noResult } from '../job-body.js';
import { JobParamsSchema, jobOrRefuse } from './jobs.js';

export function resultRoute(app: App, { queue }: Dependencies): void {
  app.get(
    '/jobs/:id/result',
    {
      schema: {
        operationId: 'getResult',
        tags: ['results'],
        summary: 'The exact answer of a job that succeeded',
        description:
          'Canonical JSON, the same bytes every time: exact numbers are text, `value` fields are rounded for reading. 409 until the job has succeeded. Where the job has a policy, `verdict` and `rules` say what became of it.',
        params: JobParamsSchema,
        response: {
          200: json('The result; its shape depends on the mode.', ResultSchema, ['etag']),
          304: unchanged('The client has this result already.', ['etag']),
          ...problems(
            'not-found',
            'job-gone',
            'not-ready',
            'job-failed',
            'job-cancelled',
            'result-gone',
            'queue-unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const job = await jobOrRefuse(queue, request.params.id);
      const stored = job.state === 'succeeded' ? await queue.result(job.id) : null;
      if (stored === null) throw noResult(job, Date.now());
      const result = judgedText(job.policy, stored);
      const tag = contentTag(result);
      reply.header('etag', tag).header('cache-control', 'no-cache');
      if (matches(request.headers['if-none-match'], tag)) return reply.code(304).send();
      // A string is sent as it is; an object would be printed anew.
      return reply.type('application/json; charset=utf-8').send(result);
    },
  );
}
