/** GET /openapi.json and GET /docs: the contract, for machines and for people. */
import swaggerUi from '@fastify/swagger-ui';
import { json, problems } from '../answers.js';
import type { App } from '../dependencies.js';
import { openApiDocument } from '../openapi.js';
import { Type } from '@sinclair/typebox';

/** What the page needs of its policy: its own scripts and styles, and inline styles as it has. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function documentationRoutes(app: App): Promise<void> {
  app.get(
    '/openapi.json',
    {
      schema: {
        operationId: 'openapi',
        tags: ['operation'],
        summary: 'This document',
        response: {
          200: json('OpenAPI 3.1.', Type.Unsafe<object>({ type: 'object' })),
          ...problems(),
        },
      },
    },
    (_request, reply) => reply.send(openApiDocument(app)),
  );

  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_POLICY,
    transformSpecification: () => openApiDocument(app) as Readonly<Record<string, unknown>>,
    uiConfig: { deepLinking: true, tryItOutEnabled: true },
  });
}
