/** GET /healthz: this process runs. GET /readyz: a job posted now would be worked on. */
import { Type } from '@sinclair/typebox';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { ProblemError } from '../problem.js';

export const HealthSchema = Type.Object(
  { status: Type.Literal('ok') },
  { additionalProperties: false, title: 'Health' },
);

export const ReadySchema = Type.Object(
  { status: Type.Literal('ready'), workers: Type.Integer({ minimum: 0 }) },
  { additionalProperties: false, title: 'Ready' },
);

export function healthRoutes(app: App, { queue }: Dependencies): void {
  app.get(
    '/healthz',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'health',
        tags: ['operation'],
        summary: 'Whether this process answers; says nothing of the queue',
        response: { 200: json('It does.', HealthSchema), ...problems() },
      },
    },
    (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  );

  app.get(
    '/readyz',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'ready',
        tags: ['operation'],
        summary: 'Whether jobs can be taken: the queue is reached and has workers',
        response: {
          200: json('They can.', ReadySchema),
          ...problems('service-not-ready', 'queue-unavailable'),
        },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store');
      const { ready, reasons, workers } = await queue.readiness();
      if (!ready) {
        throw new ProblemError('service-not-ready', reasons.join('; '), {
          extensions: { reasons, workers },
        });
      }
      return reply.send({ status: 'ready', workers });
    },
  );
}
