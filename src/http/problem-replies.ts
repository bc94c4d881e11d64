/**
 * Every way an error can leave this service, all through the table of `problem.ts`: handlers that
 * throw, refusals of the validator, Fastify's own errors, routes and methods that do not exist,
 * paths that cannot be decoded, and bytes that are not HTTP.
 *
 * Promise: what the client sees of an error of status 500 or above is its code's title and never
 * the error's own message, which may hold paths or addresses; the log has it under `instance`.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { STATUS_CODES } from 'node:http';
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  HTTPMethods,
} from 'fastify';
import { PlannerBusy, PlanningTooLong } from '../planner/refusals.js';
import { JobGone, QueueUnavailable, TooManyJobs } from '../queue/job-queue.js';
import { PROBLEMS, ProblemError, problemBody } from './problem.js';

export const PROBLEM_TYPE = 'application/problem+json';

/** Seconds a client is asked to wait where a part of the service is away. */
const RETRY_AFTER = '5';

const instanceOf = (request: FastifyRequest): string => `urn:uuid:${request.id}`;

/** Sends the problem with its status, media type and header fields. */
export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  problem: ProblemError,
): FastifyReply {
  const { status } = PROBLEMS[problem.code];
  if (status === 503) reply.header('retry-after', RETRY_AFTER);
  const body = problemBody(problem.code, problem.message, instanceOf(request), problem.members);
  return (
    reply
      .code(status)
      .headers(problem.members.headers ?? {})
      .type(PROBLEM_TYPE)
      // A serializer of its own keeps Fastify from adding a charset, which the media type has not.
      .serializer((payload: string) => payload)
      .send(JSON.stringify(body))
  );
}

/** Fastify's own refusals, by its stable codes. */
function ofFastify(error: FastifyError, request: FastifyRequest): ProblemError | null {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ProblemError('invalid-json', 'The body is not as long as Content-Length says.');
    case 'FST_ERR_CTP_BODY_TOO_LARGE': {
      const limit = request.routeOptions.bodyLimit;
      return new ProblemError(
        'payload-too-large',
        `The body is longer than ${String(limit)} bytes.`,
        { extensions: { limit } },
      );
    }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ProblemError(
        'unsupported-media-type',
        `Bodies are application/json, not ${request.headers['content-type'] ?? 'untyped'}.`,
        { headers: { 'accept-post': 'application/json' } },
      );
    case 'FST_ERR_BAD_URL':
      return new ProblemError('invalid-request', 'The path cannot be percent-decoded.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new ProblemError('not-found', 'Nothing here has a name that long.');
    default:
      return null;
  }
}

/** Total. The problem that an error is. */
export function problemOf(error: unknown, request: FastifyRequest): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof QueueUnavailable) {
    return new ProblemError(
      'queue-unavailable',
      'The job queue cannot be reached; nothing was enqueued or changed.',
    );
  }
  if (error instanceof JobGone) {
    const how = error.reason === 'erased' ? 'was erased' : 'was deleted when its time was over';
    return new ProblemError('job-gone', `The job ${how}.`, {
      extensions: { reason: error.reason },
    });
  }
  if (error instanceof TooManyJobs) {
    return new ProblemError(
      'too-many-jobs',
      `There are ${String(error.limit)} jobs that are not final; nothing was enqueued.`,
      { headers: { 'retry-after': RETRY_AFTER }, extensions: { limit: error.limit } },
    );
  }
  if (error instanceof PlanningTooLong) {
    return new ProblemError(
      'planning-too-long',
      'Reading and planning this question takes longer, or more memory, than one question gets.',
    );
  }
  if (error instanceof PlannerBusy) {
    return new ProblemError('overloaded', 'Too many questions wait to be read; nothing was done.');
  }
  const known =
    error instanceof Error && 'code' in error ? ofFastify(error as FastifyError, request) : null;
  return known ?? new ProblemError('internal', 'The service failed; the request was not at fault.');
}

/** Answers any error as a problem; logs those that are the service's own. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const problem = problemOf(error, request);
  const { status } = PROBLEMS[problem.code];
  if (status >= 500) request.log.error({ err: error, instance: instanceOf(request) }, problem.code);
  void sendProblem(request, reply, problem);
}

interface KnownRoute {
  readonly segments: readonly string[];
  readonly methods: Set<string>;
}

const segmentsOf = (path: string): string[] => path.split('/').slice(1);

/** The methods that exist at the path of a request, in the order they were registered. */
function methodsAt(path: string, routes: Iterable<KnownRoute>): string[] {
  const wanted = segmentsOf(path);
  for (const { segments, methods } of routes) {
    const fits =
      segments.length === wanted.length &&
      segments.every((segment, at) => segment.startsWith(':') || segment === wanted[at]);
    if (fits) return [...methods];
  }
  return [];
}

/** Registers the error and not-found handlers. Call it before any route is registered. */
export function answerWithProblems(app: FastifyInstance): void {
  const routes = new Map<string, KnownRoute>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = routes.get(url) ?? { segments: segmentsOf(url), methods: new Set() };
    for (const name of ([] as HTTPMethods[]).concat(method)) known.methods.add(name);
    routes.set(url, known);
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? request.url;
    const allowed = methodsAt(path, routes.values());
    const problem =
      allowed.length === 0
        ? new ProblemError('not-found', `There is no route ${path}.`)
        : new ProblemError(
            'method-not-allowed',
            `${path} takes ${allowed.join(', ')}, not ${request.method}.`,
            { headers: { allow: allowed.join(', ') } },
          );
    return sendProblem(request, reply, problem);
  });
}

/** Answers bytes that never became a request; there is no reply object then, only the socket. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const problem =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new ProblemError('request-timeout', 'The request was not complete in time.')
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? new ProblemError('headers-too-large', 'The header fields are too large.')
        : new ProblemError('malformed-http', 'The message could not be parsed as HTTP/1.1.');
  const { status } = PROBLEMS[problem.code];
  const instance = `urn:uuid:${randomUUID()}`;
  const body = JSON.stringify(problemBody(problem.code, problem.message, instance));
  if (socket.writable) {
    socket.end(
      `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: ${PROBLEM_TYPE}\r\n` +
        `Content-Length: ${String(Buffer.byteLength(body))}\r\nConnection: close\r\n\r\n${body}`,
    );
  } else {
    socket.destroy();
  }
}
