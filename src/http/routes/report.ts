/**
 * GET /jobs/{id}/report: the result for a reader, in the media type that Accept asks for.
 *
 * The order of preference where a client accepts several alike is JSON, HTML, Markdown: a program
 * that sends no Accept gets JSON, a browser names text/html and gets the page. The JSON form of the
 * report is the result itself.
 */
import Negotiator from 'negotiator';
import { ResultSchema, type Result } from '../../schemas/result.js';
import { problems, text } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { noResult } from '../job-body.js';
import { ProblemError } from '../problem.js';
import { JobParamsSchema, jobOrRefuse } from './jobs.js';

const TYPES = ['application/json', 'text/html', 'text/markdown'] as const;
type ReportType = (typeof TYPES)[number];

export function reportRoute(app: App, { queue, reports }: Dependencies): void {
  app.get(
    '/jobs/:id/report',
    {
      schema: {
        operationId: 'getReport',
        tags: ['results'],
        summary: 'The bound report of a job that succeeded',
        description:
          'By Accept, with its quality values: `application/json` (the result itself; also for `*/*`), `text/html` (one self-contained page with its plots) or `text/markdown`.',
        params: JobParamsSchema,
        response: {
          200: {
            ...text('The report.', ['text/html', 'text/markdown'], ['vary']),
            content: {
              'application/json': { schema: ResultSchema },
              'text/html': { schema: { type: 'string' } },
              'text/markdown': { schema: { type: 'string' } },
            },
          },
          ...problems(
            'not-found',
            'job-gone',
            'not-acceptable',
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
      reply.header('vary', 'Accept');
      const type = new Negotiator(request.raw).mediaType(TYPES) as ReportType | undefined;
      if (type === undefined) {
        throw new ProblemError(
          'not-acceptable',
          `The report is made as ${TYPES.join(', ')}; none of them is accepted.`,
          { extensions: { available: TYPES } },
        );
      }
      const job = await jobOrRefuse(queue, request.params.id);
      const stored = job.state === 'succeeded' ? await queue.result(job.id) : null;
      if (stored === null) throw noResult(job, Date.now());
      reply.type(`${type}; charset=utf-8`);
      if (type === 'application/json') return reply.send(stored);
      const result = JSON.parse(stored) as Result;
      if (type === 'text/markdown') return reply.send(reports.markdown(result, job));
      const page = await reports.html(result, job);
      return reply.header('content-security-policy', reports.htmlPolicy).send(page);
    },
  );
}
