/**
 * GET /jobs/{id}/gate: may the pipeline go on? 200 where every rule of the job's policy is shown to
 * hold, and in no other case: `curl --fail` is a gate.
 */
import type { Result } from '../../schemas/result.js';
import { judge } from '../../plan/gate.js';
import { GateSchema } from '../../schemas/policy.js';
import { json, problems, withFields } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { noResult } from '../job-body.js';
import { PreferHeadersSchema, type Waiting } from '../prefer.js';
import { ProblemError } from '../problem.js';
import { JobParamsSchema, jobOrRefuse } from './jobs.js';

const WAITED = ['vary', 'preference-applied'] as const;

export function gateRoute(app: App, { queue }: Dependencies, waiting: Waiting): void {
  app.get(
    '/jobs/:id/gate',
    {
      schema: {
        operationId: 'getGate',
        tags: ['results'],
        summary: 'Whether a pipeline may go on: the verdict of the job’s policy as a status',
        description:
          '200 where the verdict is `pass`; 412 where it is `fail` or `inconclusive`, with the same members in the problem document; 409 where there is no verdict: the job has no policy, is not final yet (with Retry-After), failed or was cancelled. `Prefer: wait=n` holds the answer back for up to n seconds, at most 60.',
        params: JobParamsSchema,
        headers: PreferHeadersSchema,
        response: {
          200: json('Every rule holds.', GateSchema, WAITED),
          ...withFields(
            WAITED,
            problems(
              'invalid-request',
              'not-found',
              'job-gone',
              'no-policy',
              'not-ready',
              'job-failed',
              'job-cancelled',
              'result-gone',
              'gate-failed',
              'gate-inconclusive',
              'queue-unavailable',
            ),
          ),
        },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-cache');
      const asked = await jobOrRefuse(queue, request.params.id);
      const { policy } = asked;
      if (policy === null) {
        throw new ProblemError('no-policy', 'The request of this job carried no policy.', {
          extensions: { state: asked.state },
        });
      }
      const job = await waiting(request, reply, asked);
      const stored = job.state === 'succeeded' ? await queue.result(job.id) : null;
      if (stored === null) throw noResult(job, Date.now());
      const { verdict, rules } = judge(policy, JSON.parse(stored) as Result);
      if (verdict === 'pass') return reply.send({ job: job.id, verdict, rules: [...rules] });
      const broken = rules.filter((rule) => rule.verdict === verdict).map(({ rule }) => rule);
      throw new ProblemError(
        verdict === 'fail' ? 'gate-failed' : 'gate-inconclusive',
        `${broken.join(', ')}: ${verdict}.`,
        { extensions: { job: job.id, verdict, rules } },
      );
    },
  );
}
