/**
 * How often a key may ask: a budget per minute for reading and one for everything else, counted in
 * Redis, so that all processes count together. Callers without a key (an open service) have none.
 *
 * Answers tell the budget in the fields of the IETF draft (`RateLimit-Policy`, `RateLimit`); one
 * that is used up is a problem document with Retry-After. Where Redis fails in between, the request
 * is let through: whoever had no key was refused before, and the routes themselves then answer 503.
 */
import rateLimit from '@fastify/rate-limit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isPublic } from './access.js';
import type { App, RateLimits } from './dependencies.js';
import { ProblemError } from './problem.js';

const WINDOW_SECONDS = 60;

const isRead = ({ method }: FastifyRequest): boolean => ['GET', 'HEAD', 'OPTIONS'].includes(method);

/** Registers the limits; must come after the guard and before the routes. */
export async function limitRates(app: App, limits: RateLimits): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    redis: limits.redis,
    nameSpace: `${limits.keyPrefix}:rate:`,
    timeWindow: WINDOW_SECONDS * 1000,
    max: (request) => (isRead(request) ? limits.reads : limits.writes),
    keyGenerator: (request) => `${isRead(request) ? 'read' : 'write'}:${request.keyId ?? 'nobody'}`,
    skipOnError: true,
    enableDraftSpec: true,
    errorResponseBuilder: (_request, { ttl, max }) =>
      new ProblemError(
        'rate-limited',
        `The key may ask ${String(max)} times in ${String(WINDOW_SECONDS)} seconds.`,
        { headers: { 'retry-after': String(Math.max(1, Math.ceil(ttl / 1000))) } },
      ),
  });
  const limit = app.rateLimit();
  app.addHook('onRequest', (request, reply, done) => {
    if (isPublic(request) || request.keyId === null) {
      done();
      return;
    }
    const told = (error?: Error): void => {
      useDraftFields(reply);
      done(error);
    };
    limit.call(app, request, reply).then(() => {
      told();
    }, told);
  });
}

/** The plugin speaks an older draft of the fields (three of them); these are the present ones. */
function useDraftFields(reply: FastifyReply): void {
  const [limit, remaining, reset] = ['limit', 'remaining', 'reset'].map((name) => {
    const value = reply.getHeader(`ratelimit-${name}`);
    reply.removeHeader(`ratelimit-${name}`);
    return value === undefined ? undefined : String(value);
  });
  if (limit === undefined || remaining === undefined || reset === undefined) return;
  reply
    .header('ratelimit-policy', `"default";q=${limit};w=${String(WINDOW_SECONDS)}`)
    .header('ratelimit', `"default";r=${remaining};t=${reset}`);
}
