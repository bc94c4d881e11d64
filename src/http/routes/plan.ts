/** POST /plan: what an analysis would cost, and whether it would be taken; nothing is enqueued. */
import { PlanningSchema } from '../../schemas/plan.js';
import { AnalyzeSchema } from '../../schemas/request.js';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { withNetwork } from '../network-door.js';
import { policyOrRefuse, questionOrRefuse } from '../question-door.js';

export function planRoute(app: App, { analysis, config, networks }: Dependencies): void {
  app.post(
    '/plan',
    {
      schema: {
        operationId: 'plan',
        tags: ['jobs'],
        summary: 'What an analysis would cost, before it is asked for',
        description:
          'Takes the body of POST /analyze and answers at once. Every method of counting is estimated on the actual network and format: states, operations, memory, seconds. A question that is out of reach is answered too, with `accepted: false` and the nearest that is not.',
        body: AnalyzeSchema,
        response: {
          200: json('The estimate.', PlanningSchema),
          ...problems(
            'invalid-json',
            'invalid-request',
            'unknown-field',
            'payload-too-large',
            'unsupported-media-type',
            'network-not-found',
            'invalid-question',
            'space-too-large',
            'invalid-policy',
            'planning-too-long',
            'queue-unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const body = await withNetwork(request.body, request, networks);
      const question = questionOrRefuse(await analysis.parse(body));
      policyOrRefuse(request.body.policy, request.body.mode);
      return reply.send(await analysis.planning(question, config));
    },
  );
}
