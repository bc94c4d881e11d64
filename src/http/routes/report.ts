/**
 * GET /jobs/{id}/report: the result for a reader, in the media type that Accept asks for, or in the
 * `format` of the query, which wins: a pipeline's step may not be able to set a header.
 *
 * The order of preference where a client accepts several alike is JSON, HTML, Markdown, SARIF, JUnit:
 * a program that sends no Accept gets JSON, a browser names text/html and gets the page. The JSON
 * form of the report is the result itself.
 */
import { Type } from '@sinclair/typebox';
import Negotiator from 'negotiator';
import { judgedText } from '../../plan/gate.js';
import { ResultSchema, type Result } from '../../schemas/result.js';
import { problems, text } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { noResult } from '../job-body.js';
import { ProblemError } from '../problem.js';
import { JobParamsSchema, jobOrRefuse } from './jobs.js';

const TYPES = [
  'application/json',
  'text/html',
  'text/markdown',
  'application/sarif+json',
  'application/xml',
] as const;
type ReportType = (typeof TYPES)[number];

const FORMATS = {
  json: 'application/json',
  html: 'text/html',
  markdown: 'text/markdown',
  sarif: 'application/sarif+json',
  junit: 'application/xml',
} as const satisfies Record<string, ReportType>;

const ReportQuerySchema = Type.Object(
  {
    format: Type.Optional(
      Type.Union(
        [
          Type.Literal('json'),
          Type.Literal('html'),
          Type.Literal('markdown'),
          Type.Literal('sarif'),
          Type.Literal('junit'),
        ],
        { description: 'Wins over Accept.' },
      ),
    ),
  },
  { additionalProperties: false },
);

export function reportRoute(app: App, { queue, reports }: Dependencies): void {
  app.get(
    '/jobs/:id/report',
    {
      schema: {
        operationId: 'getReport',
        tags: ['results'],
        summary: 'The bound report of a job that succeeded',
        description:
          'By Accept, with its quality values, or by `format`: `application/json` (the result itself; also for `*/*`), `text/html` (one self-contained page with its plots), `text/markdown`, `application/sarif+json` (SARIF 2.1.0) or `application/xml` (JUnit). In SARIF and JUnit a rule of the policy that is undecided counts as an error.',
        params: JobParamsSchema,
        querystring: ReportQuerySchema,
        response: {
          200: {
            ...text('The report.', TYPES, ['vary']),
            content: {
              'application/json': { schema: ResultSchema },
              'text/html': { schema: { type: 'string' } },
              'text/markdown': { schema: { type: 'string' } },
              'application/sarif+json': { schema: { type: 'object' } },
              'application/xml': { schema: { type: 'string' } },
            },
          },
          ...problems(
            'invalid-request',
            'unknown-field',
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
      const { format } = request.query;
      const type =
        format === undefined
          ? (new Negotiator(request.raw).mediaType(TYPES) as ReportType | undefined)
          : FORMATS[format];
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
      const whole = judgedText(job.policy, stored);
      reply.type(`${type}; charset=utf-8`);
      if (type === 'application/json') return reply.send(whole);
      const result = JSON.parse(whole) as Result;
      switch (type) {
        case 'text/markdown':
          return reply.send(reports.markdown(result, job));
        case 'application/xml':
          return reply.send(reports.junit(result, job));
        case 'application/sarif+json':
          return reply.send(reports.sarif(result, job));
        case 'text/html': {
          const page = await reports.html(result, job);
          return reply.header('content-security-policy', reports.htmlPolicy).send(page);
        }
      }
    },
  );
}
