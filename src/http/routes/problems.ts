/** GET /problems and GET /problems/{code}: what the `type` of a problem document leads to. */
import { Type } from '@sinclair/typebox';
import { ProblemKindSchema, ProblemKindsSchema, type ProblemKind } from '../../schemas/problem.js';
import { json, problems } from '../answers.js';
import { closest } from '../closest.js';
import type { App } from '../dependencies.js';
import { PROBLEMS, ProblemError, isProblemCode, type ProblemCode } from '../problem.js';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];

const kindOf = (code: ProblemCode): ProblemKind => ({ code, ...PROBLEMS[code] });

export function problemRoutes(app: App): void {
  app.get(
    '/problems',
    {
      schema: {
        operationId: 'listProblems',
        tags: ['operation'],
        summary: 'Every kind of problem this service answers with',
        response: { 200: json('All kinds.', ProblemKindsSchema), ...problems() },
      },
    },
    (_request, reply) => reply.send({ problems: CODES.map(kindOf) }),
  );

  app.get(
    '/problems/:code',
    {
      schema: {
        operationId: 'getProblem',
        tags: ['operation'],
        summary: 'One kind of problem, explained',
        params: Type.Object({ code: Type.String() }, { additionalProperties: false }),
        response: { 200: json('The kind.', ProblemKindSchema), ...problems('not-found') },
      },
    },
    (request, reply) => {
      const { code } = request.params;
      if (!isProblemCode(code)) {
        throw new ProblemError('not-found', `There is no problem ${JSON.stringify(code)}.`, {
          extensions: { suggestions: closest(code, CODES) },
        });
      }
      return reply.send(kindOf(code));
    },
  );
}
