/**
 * POST /analyze: a question becomes a job. The same question again is the same job.
 *
 * The order of refusal is fixed: what the schema refuses (400), what makes no sense (422), what is
 * out of reach (422). Nothing is enqueued before all three have passed.
 */
import { JobSchema } from '../../schemas/job.js';
import { AnalyzeSchema } from '../../schemas/request.js';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { jobTag } from '../etag.js';
import { isFinal, jobBody, limitsOf, retryAfterSeconds } from '../job-body.js';
import { ProblemError } from '../problem.js';
import { planOrRefuse, questionOrRefuse } from '../question-door.js';

export function analyzeRoute(app: App, { analysis, config, queue }: Dependencies): void {
  app.post(
    '/analyze',
    {
      schema: {
        operationId: 'analyze',
        tags: ['jobs'],
        summary: 'Ask a question about a network; the answer is computed by a job',
        description:
          'Answers 202 with a new job, or 200 with the job that was asked the same before, unless that one failed or was cancelled. Two requests are the same when they mean the same, however they are written: defaults filled in, numbers compared exactly. `deadlineSeconds` and `cpuSeconds` limit the job and are no part of the question: a job that has succeeded answers whatever the limits, and a live job that is asked for again keeps the widest limits of all who asked, so that nobody loses work to a limit of somebody else. What any job of the same question has finished is not computed again.',
        body: AnalyzeSchema,
        response: {
          200: json('The same question has been asked before: its job.', JobSchema, [
            'location',
            'etag',
            'retry-after',
          ]),
          202: json('A new job.', JobSchema, ['location', 'etag', 'retry-after']),
          ...problems(
            'invalid-json',
            'invalid-request',
            'unknown-field',
            'payload-too-large',
            'unsupported-media-type',
            'not-yet',
            'invalid-question',
            'space-too-large',
            'point-too-large',
            'unprocessable',
            'queue-unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      if (request.body.mode === 'sampled') {
        throw new ProblemError('not-yet', 'Mode "sampled" is not available yet.', {
          errors: [
            { pointer: '/mode', code: 'not-yet', detail: 'sampled mode is not available yet' },
          ],
        });
      }
      const question = questionOrRefuse(analysis.parse(request.body));
      const plan = planOrRefuse(analysis.plan(question, config));
      const { job, created } = await queue.submit(plan, { limits: limitsOf(request.body) });
      if (!isFinal(job.state)) reply.header('retry-after', retryAfterSeconds(job, Date.now()));
      return reply
        .code(created ? 202 : 200)
        .header('location', `/jobs/${job.id}`)
        .header('etag', jobTag(job))
        .send(jobBody(job));
    },
  );
}
