/** GET /formats and GET /formats/{name}: the number formats that requests may name. */
import { Type } from '@sinclair/typebox';
import { FormatEntrySchema, FormatListSchema } from '../../schemas/catalogue.js';
import { json, problems } from '../answers.js';
import { closest } from '../closest.js';
import type { App, Dependencies } from '../dependencies.js';
import { ProblemError } from '../problem.js';

export function formatRoutes(app: App, { catalogue }: Dependencies): void {
  const names = catalogue.formats.flatMap(({ id, aliases }) => [id, ...aliases]);

  app.get(
    '/formats',
    {
      schema: {
        operationId: 'listFormats',
        tags: ['catalogues'],
        summary: 'The number formats by name, with |M| exact',
        response: { 200: json('All formats.', FormatListSchema), ...problems() },
      },
    },
    (_request, reply) => reply.send({ formats: catalogue.formats }),
  );

  app.get(
    '/formats/:name',
    {
      schema: {
        operationId: 'getFormat',
        tags: ['catalogues'],
        summary: 'One number format: its facts, its range and |M| exact',
        description: 'Any name or alias; case and punctuation do not count.',
        params: Type.Object({ name: Type.String() }, { additionalProperties: false }),
        response: { 200: json('The format.', FormatEntrySchema), ...problems('not-found') },
      },
    },
    (request, reply) => {
      const { name } = request.params;
      const entry = catalogue.format(name);
      if (entry === null) {
        throw new ProblemError('not-found', `There is no format ${JSON.stringify(name)}.`, {
          extensions: { suggestions: closest(name, names) },
        });
      }
      return reply.send(entry);
    },
  );
}
