/** How a route says what it answers, for the OpenAPI document: successes and problems by status. */
import type { TSchema } from '@sinclair/typebox';
import { ProblemSchema } from '../schemas/problem.js';
import { PROBLEM_TYPE } from './problem-replies.js';
import { PROBLEMS, type ProblemCode } from './problem.js';

export interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: TSchema | object }>>;
  readonly headers?: Readonly<Record<string, object>>;
}

const HEADERS = {
  location: { type: 'string', description: 'Where it is.' },
  'retry-after': { type: 'integer', description: 'Seconds to wait before asking again.' },
  etag: { type: 'string', description: 'Send it back as If-None-Match.' },
  link: { type: 'string', description: 'The next page, rel="next".' },
  vary: { type: 'string', description: 'Header fields of the request that the answer depends on.' },
  'preference-applied': { type: 'string', description: 'What of Prefer was honoured: `wait=n`.' },
  'idempotent-replayed': {
    type: 'string',
    description: '`true` where this is the answer kept under the Idempotency-Key.',
  },
  allow: { type: 'string', description: 'The methods that exist here.' },
} as const;

/** A JSON answer. */
export function json(
  description: string,
  schema: TSchema,
  headers: readonly (keyof typeof HEADERS)[] = [],
): Answer {
  return {
    description,
    content: { 'application/json': { schema } },
    ...(headers.length === 0
      ? {}
      : { headers: Object.fromEntries(headers.map((name) => [name, HEADERS[name]])) }),
  };
}

/** An answer that is text of its own media types. */
export function text(
  description: string,
  types: readonly string[],
  headers: readonly (keyof typeof HEADERS)[] = [],
): Answer {
  return {
    description,
    content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'string' } }])),
    ...(headers.length === 0
      ? {}
      : { headers: Object.fromEntries(headers.map((name) => [name, HEADERS[name]])) }),
  };
}

/** 304: what the client has is what there is. */
export function unchanged(description: string, headers: readonly (keyof typeof HEADERS)[]): Answer {
  return { description, headers: Object.fromEntries(headers.map((name) => [name, HEADERS[name]])) };
}

/** Any route may fail in these ways, whatever it does. */
const ANYWHERE: readonly ProblemCode[] = [
  'internal',
  'shutting-down',
  'overloaded',
  'unauthorized',
  'forbidden',
  'rate-limited',
  'queue-unavailable',
];

/** Problems below 500 that pass by themselves. */
const WAITED_FOR: ReadonlySet<ProblemCode> = new Set(['not-ready', 'idempotency-in-progress']);

function headersOf(names: readonly (keyof typeof HEADERS)[]): Pick<Answer, 'headers'> {
  return names.length === 0
    ? {}
    : { headers: Object.fromEntries(names.map((name) => [name, HEADERS[name]])) };
}

/** The problems a route answers with beside those of every route, grouped by status. */
export function problems(...codes: readonly ProblemCode[]): Record<number, Answer> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of new Set([...codes, ...ANYWHERE])) {
    const { status } = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
        content: { [PROBLEM_TYPE]: { schema: ProblemSchema } },
        ...headersOf([
          ...(status === 503 || status === 429 || group.some((code) => WAITED_FOR.has(code))
            ? (['retry-after'] as const)
            : []),
          ...(group.includes('idempotency-key-reused') ? (['idempotent-replayed'] as const) : []),
        ]),
      },
    ]),
  );
}

/** Answers that may have these header fields too. */
export function withFields(
  names: readonly (keyof typeof HEADERS)[],
  answers: Readonly<Record<number, Answer>>,
): Record<number, Answer> {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [
      status,
      { ...answer, headers: { ...answer.headers, ...headersOf(names).headers } },
    ]),
  );
}
