/**
 * The files under openapi/ that are generated: the document and one file per example request, as
 * text by path. They depend on the schemas and routes alone, so the instance that is asked for them
 * has a queue, a plan and renderers that were never called.
 */
import { pino } from 'pino';
import * as prettier from 'prettier';
import { buildApp } from '../src/app.js';
import { REQUEST_EXAMPLES } from '../src/http/examples.js';
import { openApiDocument } from '../src/http/openapi.js';

function never(): never {
  throw new Error('the contract is written without answering a request');
}

async function document(): Promise<object> {
  const app = await buildApp({
    config: {
      ...{ bodyLimitBytes: 1, networkLimitBytes: 1, maxVisits: 1n, maxOperations: 1, maxShards: 1 },
      ...{ maxEventLoopDelayMs: 0, maxInFlight: 1, shutdownGraceMs: 0 },
    },
    queue: {
      submit: never,
      get: never,
      result: never,
      list: never,
      cancel: never,
      resume: never,
      erase: never,
      events: never,
      finished: never,
      readiness: never,
      metrics: never,
      close: never,
    },
    replies: { begin: never, finish: never, release: never },
    networks: { receive: never, find: never, content: never },
    webhooks: { refusal: never, attach: never, deliveries: never, redeliver: never },
    log: pino({ level: 'silent' }),
    analysis: { parse: never, plan: never, planning: never, bounds: never },
    catalogue: { formats: [], format: never, activations: [] },
    reports: { markdown: never, html: never, junit: never, sarif: never, htmlPolicy: '' },
  });
  try {
    return openApiDocument(app);
  } finally {
    await app.close();
  }
}

/** Exact. Path under openapi/ to text, formatted as the repository formats JSON. */
export async function contractFiles(): Promise<ReadonlyMap<string, string>> {
  const format = (value: unknown): Promise<string> =>
    prettier.format(JSON.stringify(value), { parser: 'json', printWidth: 100 });
  const examples = Object.entries(REQUEST_EXAMPLES).map(
    async ([name, { request }]) => [`examples/${name}.json`, await format(request)] as const,
  );
  return new Map([
    ['openapi.json', await format(await document())],
    ...(await Promise.all(examples)),
  ]);
}
