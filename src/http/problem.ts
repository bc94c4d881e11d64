/**
 * The one table of problems this service answers with, and the body made from a row of it.
 *
 * Invariant: every response of status 400 or above is `application/problem+json` (RFC 9457) whose
 * `code` is a key of PROBLEMS and whose `status` and `title` are that row's. Codes are stable:
 * clients may branch on them; titles and explanations may be reworded. `test/http/problem.test.ts`
 * keeps this table, GET /problems and the OpenAPI document identical in both directions.
 */
import type { Fault } from '../plan/question.js';
import type { Problem } from '../schemas/problem.js';

export interface ProblemRow {
  readonly status: number;
  readonly title: string;
  /** When it happens and what a client can do. */
  readonly explanation: string;
}

const row = (status: number, title: string, explanation: string): ProblemRow => ({
  status,
  title,
  explanation,
});

export const PROBLEMS = Object.freeze({
  'invalid-json': row(
    400,
    'The body is not JSON',
    'The body could not be read as one JSON text, or names a property that would reach an object prototype (`__proto__`).',
  ),
  'invalid-request': row(
    400,
    'The request is malformed',
    'At least one field is missing, has the wrong type or is out of range. `errors` has one entry per fault. Nothing is coerced: the text "4" is not the integer 4.',
  ),
  'unknown-field': row(
    400,
    'The request has a field that is not known',
    'Every fault in `errors` is a field this service does not know. Unknown fields are refused, never ignored.',
  ),
  'malformed-http': row(
    400,
    'The message is not HTTP',
    'The bytes on the connection could not be parsed as an HTTP/1.1 request. The connection is closed.',
  ),
  'digest-mismatch': row(
    400,
    'The content is not what its digest says',
    'The SHA-256 of the bytes that arrived is not the one in the path. Nothing was stored; `expected` and `actual` name both.',
  ),
  unauthorized: row(
    401,
    'An API key is needed',
    'The request carries no API key, or one that is unknown or revoked. Send `Authorization: Bearer <key>`; keys are made by whoever runs the service.',
  ),
  forbidden: row(
    403,
    'The API key may not do this',
    'The key is valid and its scope is too small: `read` reads, `submit` also posts and cancels, `admin` also reads metrics.',
  ),
  'not-found': row(
    404,
    'Not found',
    'No route, job, format or problem of that name. Jobs are kept for a limited time only. Where names are close, `suggestions` lists them.',
  ),
  'method-not-allowed': row(
    405,
    'The method is not allowed here',
    'The path exists, the method does not; the Allow header lists those that do.',
  ),
  'not-acceptable': row(
    406,
    'None of the accepted media types can be made',
    'The Accept header excludes every representation; `available` lists them.',
  ),
  'request-timeout': row(
    408,
    'The request took too long to arrive',
    'The request was not complete within the time this server waits for one. Send it again.',
  ),
  'network-not-found': row(
    404,
    'The network is not known',
    'No network of this digest is stored. Upload it with PUT /networks/{digest} and ask again.',
  ),
  'idempotency-in-progress': row(
    409,
    'The first request with this key is still being answered',
    'A request with the same Idempotency-Key is under way. Send it again after Retry-After seconds and get its answer.',
  ),
  'not-ready': row(
    409,
    'The job has not succeeded yet',
    'The job is queued or running. Wait as long as Retry-After says, or listen to its events.',
  ),
  'job-failed': row(
    409,
    'The job failed',
    'There is no result; `jobError` says why. The job can be resumed, and the same request may be posted again and makes a new attempt.',
  ),
  'job-cancelled': row(
    409,
    'The job was cancelled',
    'There is no result. The job can be resumed, and the same request may be posted again and makes a new attempt.',
  ),
  'already-finished': row(
    409,
    'The job is already finished',
    'A job that succeeded or failed cannot be cancelled any more. `state` says how it ended.',
  ),
  'no-policy': row(
    409,
    'The job has no policy',
    'A gate opens by the rules of the policy that the request carried; this one carried none, so there is nothing that could pass. Post the request again with a `policy`: what was counted is not counted again.',
  ),
  'not-resumable': row(
    409,
    'The job cannot be resumed',
    'Only a job that failed or was cancelled can be resumed; `state` says how it is.',
  ),
  'job-gone': row(
    410,
    'The job is gone',
    'The job of this id was deleted: `reason` is `expired` where it outlived the retention of this installation (`expiresAt`), `erased` where somebody deleted it. Post the request again.',
  ),
  'result-gone': row(
    410,
    'The result is no longer kept',
    'The job succeeded but its result has outlived the retention of this installation. Post the request again.',
  ),
  'gate-failed': row(
    412,
    'The policy is not met',
    '`verdict` is `fail`: at least one of `rules` is broken by the result; each has its figure beside its limit.',
  ),
  'gate-inconclusive': row(
    412,
    'The policy is not shown to be met',
    '`verdict` is `inconclusive`: no rule is broken, and at least one could not be decided. A gate does not open on what is not known.',
  ),
  'payload-too-large': row(
    413,
    'The body is too large',
    'The body is longer than `limit` bytes. Nothing of it was looked at.',
  ),
  'unsupported-media-type': row(
    415,
    'The media type of the body is not supported',
    'Bodies are application/json.',
  ),
  'too-many-samples': row(
    422,
    'More samples than can be drawn',
    'The samples asked for would take longer than this service takes on. `maxSamples` is the largest number that fits; with a time limit any number may be asked for.',
  ),
  'idempotency-key-reused': row(
    422,
    'The key belongs to another request',
    'This Idempotency-Key was sent before with another body. Every request needs a key of its own; a key is kept for 24 hours.',
  ),
  'invalid-network': row(
    422,
    'The bytes are no network',
    'The upload is not one JSON text of the form of `network`; `errors` has one entry per fault. Nothing was stored.',
  ),
  'planning-too-long': row(
    422,
    'The question is too large to be planned',
    'Reading and planning it took longer, or more memory, than this service gives to one question. Nothing was enqueued. Ask with fewer or shorter numbers, or of a smaller network.',
  ),
  'webhook-refused': row(
    422,
    'The webhook is refused',
    'Its address is none that this service calls, or the job has as many webhooks as it may have; `errors` says which.',
  ),
  'invalid-question': row(
    422,
    'The question makes no sense',
    'Every field has the right type, but together they describe no network, format or point; `errors` has one entry per fault.',
  ),
  'invalid-policy': row(
    422,
    'The policy cannot be judged',
    'A rule can never apply in the mode asked for, or its limit is no density. `errors` has one entry per rule at fault.',
  ),
  'space-too-large': row(
    422,
    'The parameter space is out of reach',
    'An exhaustive analysis would visit more points than this service takes on. `space` has the exact size, `largestMode` the largest mode that fits.',
  ),
  'point-too-large': row(
    422,
    'The derivative at the point is out of reach',
    'The exact derivative has more numbers than this service takes on. `largestMode` is the largest mode that fits.',
  ),
  unprocessable: row(
    422,
    'The question cannot be taken',
    'The request is well formed and cannot be taken; `detail` says why.',
  ),
  'rate-limited': row(
    429,
    'Too many requests',
    'The key has used up its requests of this minute; RateLimit tells the budget. Wait as long as Retry-After says.',
  ),
  'too-many-jobs': row(
    429,
    'Too many jobs at once',
    'The tenant has as many queued and running jobs as it may have (`limit`). Wait until some are done, or cancel some.',
  ),
  'headers-too-large': row(
    431,
    'The header fields are too large',
    'The request line and header fields together are longer than this server reads.',
  ),
  internal: row(
    500,
    'Internal error',
    'A fault of this service, not of the request. `instance` finds it in the log.',
  ),
  'queue-unavailable': row(
    503,
    'The job queue cannot be reached',
    'Nothing was enqueued or changed. Try again after Retry-After seconds.',
  ),
  'service-not-ready': row(
    503,
    'The service cannot take jobs now',
    '`reasons` has one line per check that fails.',
  ),
  'too-many-streams': row(
    503,
    'Too many event streams are open',
    'This process serves no more event streams at once. Try again after Retry-After seconds, or poll the job.',
  ),
  overloaded: row(
    503,
    'The service has too much to do',
    'Nothing was done. Try again after Retry-After seconds.',
  ),
  'shutting-down': row(
    503,
    'The service is shutting down',
    'Nothing was done. Try again after Retry-After seconds; another process will answer.',
  ),
} as const satisfies Record<string, ProblemRow>);

export type ProblemCode = keyof typeof PROBLEMS;

/** Whether a code is a row of the table. */
export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

/** A fault as it is sent: those of a body, and those of a query or of the header fields. */
export type SentFault = Fault & { readonly in?: 'query' | 'headers' };

export interface ProblemMembers {
  /** One entry per fault. */
  readonly errors?: readonly SentFault[];
  /** Further members of the body. May not shadow the standard ones. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Further header fields of the response. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Thrown anywhere in a handler; answered as a problem document. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly members: ProblemMembers;

  constructor(code: ProblemCode, detail: string, members: ProblemMembers = {}) {
    super(detail);
    this.code = code;
    this.members = members;
  }
}

/** Total. The problem document of a code; the standard members win over extensions. */
export function problemBody(
  code: ProblemCode,
  detail: string,
  instance: string,
  members: ProblemMembers = {},
): Problem {
  const { status, title } = PROBLEMS[code];
  return {
    ...members.extensions,
    type: `/problems/${code}`,
    title,
    status,
    code,
    detail,
    instance,
    ...(members.errors && members.errors.length > 0 ? { errors: [...members.errors] } : {}),
  };
}
