/**
 * POST /analyze: a question becomes a job. The same question again is the same job.
 *
 * The order of refusal is fixed: what the schema refuses (400), what makes no sense (422), what is
 * out of reach (422). Nothing is enqueued before all three have passed.
 */
import { Type } from '@sinclair/typebox';
import { JobSchema } from '../../schemas/job.js';
import { AnalyzeSchema } from '../../schemas/request.js';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { jobTag } from '../etag.js';
import { idempotentRoutes } from '../idempotency.js';
import { isFinal, jobBody, limitsOf, retryAfterSeconds } from '../job-body.js';
import { withNetwork } from '../network-door.js';
import { PreferHeadersSchema, type Waiting } from '../prefer.js';
import { ProblemError } from '../problem.js';
import { planOrRefuse, policyOrRefuse, questionOrRefuse } from '../question-door.js';

const ANSWERED = [
  'location',
  'etag',
  'retry-after',
  'vary',
  'preference-applied',
  'idempotent-replayed',
] as const;

export const AskingHeadersSchema = Type.Object(
  {
    ...PreferHeadersSchema.properties,
    'idempotency-key': Type.Optional(
      Type.String({ maxLength: 1000, description: 'A key of the client: see Idempotency-Key.' }),
    ),
  },
  { additionalProperties: true },
);

export function analyzeRoute(
  app: App,
  { analysis, config, queue, replies, networks, webhooks }: Dependencies,
  waiting: Waiting,
): void {
  app.post(
    '/analyze',
    {
      ...idempotentRoutes(app, replies),
      schema: {
        operationId: 'analyze',
        tags: ['jobs'],
        summary: 'Ask a question about a network; the answer is computed by a job',
        description:
          'Answers 202 with a new job, or 200 with the job that was asked the same before, unless that one failed or was cancelled. Two requests are the same when they mean the same, however they are written: defaults filled in, numbers compared exactly, the network written out or uploaded. A `policy` belongs to the job and not to what is counted: under another policy it is another job, whose counts are those stored before. `deadlineSeconds` and `cpuSeconds` limit the job and are no part of the question: a job that has succeeded answers whatever the limits, and a live job that is asked for again keeps the widest limits of all who asked, so that nobody loses work to a limit of somebody else. What any job of the same question has finished is not computed again. `Prefer: wait=n` holds the answer back until the job is final, at most 60 seconds. With an `Idempotency-Key` the same request gets the same answer for 24 hours.',
        headers: AskingHeadersSchema,
        body: AnalyzeSchema,
        response: {
          200: json(
            'The job of a question asked before, or one that is final.',
            JobSchema,
            ANSWERED,
          ),
          202: json('A new job.', JobSchema, ANSWERED),
          ...problems(
            'invalid-json',
            'invalid-request',
            'unknown-field',
            'payload-too-large',
            'unsupported-media-type',
            'network-not-found',
            'idempotency-in-progress',
            'idempotency-key-reused',
            'invalid-question',
            'invalid-policy',
            'planning-too-long',
            'webhook-refused',
            'space-too-large',
            'point-too-large',
            'too-many-samples',
            'unprocessable',
            'too-many-jobs',
            'queue-unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const { webhook } = request.body;
      const refusal = webhook === undefined ? null : webhooks.refusal(webhook);
      if (refusal !== null) throw webhookRefused('/webhook/url', refusal);
      const body = await withNetwork(request.body, request, networks);
      const question = questionOrRefuse(await analysis.parse(body));
      const policy = policyOrRefuse(request.body.policy, question.mode);
      const plan = planOrRefuse(await analysis.plan(question, config));
      const submitted = await queue.submit(plan, {
        tenant: request.tenant,
        policy,
        limits: limitsOf(request.body),
      });
      const { id } = submitted.job;
      request.log.info({ job: id, created: submitted.created }, 'job submitted');
      if (webhook !== undefined && !(await webhooks.attach(id, webhook))) {
        throw webhookRefused('/webhook', `job ${id} has as many webhooks as it may have`);
      }
      const job = await waiting(request, reply, submitted.job);
      if (!isFinal(job.state)) reply.header('retry-after', retryAfterSeconds(job, Date.now()));
      void reply
        .code(submitted.created && !isFinal(job.state) ? 202 : 200)
        .header('location', `/jobs/${id}`)
        .header('etag', jobTag(job));
      return jobBody(job);
    },
  );
}

function webhookRefused(pointer: string, detail: string): ProblemError {
  return new ProblemError('webhook-refused', `The webhook is refused: ${detail}.`, {
    errors: [{ pointer, code: 'webhook-refused', detail }],
  });
}
