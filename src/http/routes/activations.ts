/** GET /activations: the activation functions that requests may name, with their kinks. */
import { ActivationListSchema } from '../../schemas/catalogue.js';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';

export function activationsRoute(app: App, { catalogue }: Dependencies): void {
  app.get(
    '/activations',
    {
      schema: {
        operationId: 'listActivations',
        tags: ['catalogues'],
        summary: 'The activations by name: kinks, one-sided derivatives and what AD uses there',
        response: { 200: json('All activations.', ActivationListSchema), ...problems() },
      },
    },
    (_request, reply) => reply.send({ activations: catalogue.activations }),
  );
}
