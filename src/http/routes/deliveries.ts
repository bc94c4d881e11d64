/** The log of a job's webhooks, and sending one of them again. */
import { Type } from '@sinclair/typebox';
import { DeliveryListSchema, DeliverySchema } from '../../schemas/webhook.js';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { ProblemError } from '../problem.js';
import { JobParamsSchema, jobOrRefuse } from './jobs.js';

export function deliveryRoutes(app: App, { queue, webhooks }: Dependencies): void {
  app.get(
    '/jobs/:id/deliveries',
    {
      schema: {
        operationId: 'listDeliveries',
        tags: ['webhooks'],
        summary: 'What was sent to the webhooks of a job, attempt by attempt',
        params: JobParamsSchema,
        response: {
          200: json('The deliveries, oldest first.', DeliveryListSchema),
          ...problems('not-found', 'job-gone', 'queue-unavailable'),
        },
      },
    },
    async (request, reply) => {
      const job = await jobOrRefuse(queue, request.params.id);
      return reply.send({ deliveries: [...(await webhooks.deliveries(job.id))] });
    },
  );

  app.post(
    '/jobs/:id/deliveries/:deliveryId/redeliver',
    {
      schema: {
        operationId: 'redeliver',
        tags: ['webhooks'],
        summary: 'Send a delivery once more',
        description:
          'With the `webhook-id` it had, so that a receiver that got it already can tell. A delivery that is under way anyway is left to it.',
        params: Type.Object(
          { id: Type.String({ description: 'Id of a job.' }), deliveryId: Type.String() },
          { additionalProperties: false },
        ),
        response: {
          202: json('It will be sent.', DeliverySchema),
          ...problems('not-found', 'job-gone', 'queue-unavailable'),
        },
      },
    },
    async (request, reply) => {
      const { id, deliveryId } = request.params;
      const job = await jobOrRefuse(queue, id);
      const delivery = await webhooks.redeliver(job.id, deliveryId);
      if (delivery === null) {
        throw new ProblemError(
          'not-found',
          `Job ${id} has no delivery ${JSON.stringify(deliveryId)}.`,
        );
      }
      return reply.code(202).send(delivery);
    },
  );
}
