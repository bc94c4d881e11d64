/** POST /bounds: what the theorems say of a network, answered at once, without a job. */
import { judge } from '../../plan/gate.js';
import { BoundsRequestSchema } from '../../schemas/request.js';
import { BoundsResultSchema } from '../../schemas/result.js';
import { json, problems } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';
import { withNetwork } from '../network-door.js';
import { policyOrRefuse, questionOrRefuse } from '../question-door.js';

export function boundsRoute(app: App, { analysis, networks }: Dependencies): void {
  app.post(
    '/bounds',
    {
      schema: {
        operationId: 'bounds',
        tags: ['bounds'],
        summary: 'Which theorems apply to a network, and the exact bounds they give',
        description:
          'Takes the body of POST /analyze; `mode` may be left out and is not looked at otherwise: the answer is always that of mode `bounds`. Every hypothesis is checked on the network, never assumed. A `policy` is judged by the bounds alone.',
        body: BoundsRequestSchema,
        response: {
          200: json('The space and the bounds.', BoundsResultSchema),
          ...problems(
            'invalid-json',
            'invalid-request',
            'unknown-field',
            'payload-too-large',
            'unsupported-media-type',
            'network-not-found',
            'invalid-question',
            'invalid-policy',
            'planning-too-long',
            'queue-unavailable',
          ),
        },
      },
    },
    async (request, reply) => {
      const body = await withNetwork(request.body, request, networks);
      const question = questionOrRefuse(await analysis.parse({ ...body, mode: 'bounds' }));
      const policy = policyOrRefuse(request.body.policy, 'bounds');
      const result = await analysis.bounds(question);
      return reply.send(policy === null ? result : { ...result, ...judge(policy, result) });
    },
  );
}
