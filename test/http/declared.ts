/**
 * Whether an answer is one that the OpenAPI document declares: status, media type, body and header
 * fields. `watchAnswers` holds every answer that leaves an instance against the document, whatever
 * the test that caused it looks at. (That the document is the committed one is contract.test.ts'.)
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { App } from '../../src/http/dependencies.js';
import { openApiDocument } from '../../src/http/openapi.js';

export interface Answer {
  readonly status: number;
  /** Media type without parameters; '' where there is none. */
  readonly type: string;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

interface Declared {
  readonly content?: Readonly<Record<string, { schema: object }>>;
  readonly headers?: Readonly<Record<string, object>>;
}
interface Document {
  readonly components: object;
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { responses: Record<string, Declared> }>>>
  >;
}

/** Header fields that say something of the operation; an answer has none that is not declared. */
const TOLD = [
  'location',
  'retry-after',
  'etag',
  'link',
  'preference-applied',
  'idempotent-replayed',
];
const PROBLEM_TYPE = 'application/problem+json';
const PROBLEM_SCHEMA = '/components/schemas/Problem';
/** Answered before there is a route, or by none. */
const ROUTELESS = new Set([400, 404, 405, 500, 503]);

const validators = new WeakMap<App, Map<string, ValidateFunction>>();

/** The schema at a pointer into the document, compiled once per instance. */
function validatorAt(app: App, pointer: string): ValidateFunction {
  const known = validators.get(app) ?? new Map<string, ValidateFunction>();
  validators.set(app, known);
  const compiled = known.get(pointer);
  if (compiled !== undefined) return compiled;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  // OpenAPI 3.1 schemas are JSON Schema 2020-12, and references resolve in the whole document.
  ajv.addSchema({ ...openApiDocument(app), $id: 'openapi:document' });
  const made = ajv.compile({ $ref: `openapi:document#${pointer}` });
  known.set(pointer, made);
  return made;
}

const step = (name: string): string =>
  encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));

function bodyFaults(app: App, pointer: string, body: unknown): string[] {
  const validate = validatorAt(app, pointer);
  return validate(body) ? [] : [JSON.stringify(validate.errors)];
}

/** What of the answer is not as the document declares it for `GET /jobs/{id}` and its like. */
export function answerFaults(app: App, operation: string, answer: Answer): string[] {
  const [method = '', path = ''] = operation.split(' ');
  const { status, type, body, headers } = answer;
  const document = openApiDocument(app) as Document;
  const declared = document.paths[path]?.[method.toLowerCase()]?.responses[String(status)];
  if (declared === undefined) return [`${operation} declares no ${String(status)}`];
  const undeclared = TOLD.filter(
    (name) => headers[name] !== undefined && declared.headers?.[name] === undefined,
  ).map((name) => `${operation} ${String(status)} declares no ${name}`);
  if (declared.content === undefined) return undeclared;
  if (declared.content[type] === undefined) {
    return [...undeclared, `${operation} ${String(status)} declares no ${type}`];
  }
  if (!type.endsWith('json')) return undeclared;
  const places = [
    'paths',
    path,
    method.toLowerCase(),
    'responses',
    String(status),
    'content',
    type,
  ];
  const pointer = [...places, 'schema'].map((name) => `/${step(name)}`).join('');
  return [
    ...undeclared,
    ...bodyFaults(app, pointer, body).map((fault) => `${operation}: ${fault}`),
  ];
}

/** The operation that a request asks for; null where there is none. */
export function operationOf(app: App, method: string, url: string): string | null {
  const path = url.split('?', 1)[0] ?? url;
  const steps = path.split('/');
  const asked = method === 'HEAD' ? 'GET' : method;
  const { paths } = openApiDocument(app) as Document;
  const fitting = Object.keys(paths)
    .filter((template) => {
      const wanted = template.split('/');
      return (
        wanted.length === steps.length &&
        wanted.every((name, at) => name.startsWith('{') || name === steps[at])
      );
    })
    .filter((template) => paths[template]?.[asked.toLowerCase()] !== undefined)
    .sort((a, b) => a.split('{').length - b.split('{').length);
  return fitting[0] === undefined ? null : `${asked} ${fitting[0]}`;
}

/** The same for any request, also where no route is asked for; '' where all is well. */
export function exchangeFaults(app: App, method: string, url: string, answer: Answer): string[] {
  const { status, type, body } = answer;
  const failed = status >= 400;
  if (failed && method !== 'HEAD' && type !== PROBLEM_TYPE) {
    return [`${method} ${url} ${String(status)} is no problem document but ${type}`];
  }
  const operation = operationOf(app, method, url);
  if (operation === null) {
    // The pages under /docs are for people and in no document.
    if (!failed) return url.startsWith('/docs') ? [] : [`${method} ${url} is in no document`];
    if (!ROUTELESS.has(status)) return [`${method} ${url} answers ${String(status)}`];
    return method === 'HEAD' ? [] : bodyFaults(app, PROBLEM_SCHEMA, body);
  }
  // A path that names a route and cannot be decoded is refused before the route is found.
  if (status === 400 && url.includes('%')) return bodyFaults(app, PROBLEM_SCHEMA, body);
  if (method !== 'HEAD') return answerFaults(app, operation, answer);
  const [, path = ''] = operation.split(' ');
  const declared = (openApiDocument(app) as Document).paths[path]?.['get']?.responses;
  return declared?.[String(status)] === undefined
    ? [`HEAD ${path} declares no ${String(status)}`]
    : [];
}

/** Media type and body of raw bytes. */
export function read(headers: Answer['headers'], text: string): Pick<Answer, 'type' | 'body'> {
  const field = headers['content-type'];
  const type = typeof field === 'string' ? (field.split(';', 1)[0] ?? '').trim() : '';
  return { type, body: type.endsWith('json') && text !== '' ? JSON.parse(text) : text };
}

/** Collects, as they happen, the answers of a server that the document does not declare. */
export function watchAnswers(app: App): string[] {
  const faults: string[] = [];
  app.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    const keep = (chunk: unknown): void => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
    };
    // Node forgets the fields of an answer whose fields are all written at once.
    const written: Record<string, unknown> = {};
    const writeHead = response.writeHead.bind(response) as (...given: unknown[]) => ServerResponse;
    response.writeHead = (...given: unknown[]) => {
      const fields = given.at(-1);
      if (typeof fields === 'object' && fields !== null) Object.assign(written, fields);
      return writeHead(...given);
    };
    const write = response.write.bind(response);
    const end = response.end.bind(response);
    response.write = ((...given: Parameters<typeof write>) => {
      keep(given[0]);
      return write(...given);
    }) as typeof write;
    response.end = ((...given: Parameters<typeof end>) => {
      keep(given[0]);
      return end(...given);
    }) as typeof end;
    response.once('finish', () => {
      const headers = { ...response.getHeaders(), ...written };
      const { method = '', url = '' } = request;
      try {
        const answer = read(headers, Buffer.concat(chunks).toString('utf8'));
        const found = exchangeFaults(app, method, url, {
          ...answer,
          status: response.statusCode,
          headers,
        });
        faults.push(...found);
      } catch (error) {
        faults.push(`${method} ${url}: ${String(error)}`);
      }
    });
  });
  return faults;
}
