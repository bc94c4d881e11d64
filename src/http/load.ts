/**
 * Turning requests away before they make matters worse: where the event loop is late (under-pressure
 * measures it), or more requests are in hand than may be. Both answer 503 with Retry-After. Health
 * and metrics are always answered: whoever asks for them needs to know most when it is busy.
 */
import underPressure from '@fastify/under-pressure';
import type { FastifyRequest } from 'fastify';
import type { App, HttpSettings } from './dependencies.js';
import { ProblemError } from './problem.js';

const ALWAYS: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz', '/metrics']);

export interface Admission {
  /** The request only waits from here on and takes nobody's place. */
  stepAside(request: FastifyRequest): void;
  /** Requests in hand. */
  inHand(): number;
}

/** Registers the hooks; must come before the routes. */
export async function shedLoad(
  app: App,
  { maxEventLoopDelayMs, maxInFlight }: HttpSettings,
): Promise<Admission> {
  const inHand = new Set<FastifyRequest>();
  app.addHook('onRequest', (request, _reply, done) => {
    if (inHand.size >= maxInFlight && !ALWAYS.has(request.routeOptions.url)) {
      done(
        new ProblemError(
          'overloaded',
          `${String(maxInFlight)} requests are in hand and no more are taken.`,
        ),
      );
      return;
    }
    inHand.add(request);
    // Once per request, however it ends; an aborted one has no onResponse before its handler ends.
    request.raw.once('close', () => inHand.delete(request));
    done();
  });
  app.addHook('onResponse', (request, _reply, done) => {
    inHand.delete(request);
    done();
  });
  await app.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    pressureHandler: (request, _reply, _type, delay) => {
      if (ALWAYS.has(request.routeOptions.url)) return undefined;
      // A rejection goes to the error handler; a throw would end the process.
      return Promise.reject(
        new ProblemError(
          'overloaded',
          `The event loop is ${String(Math.round(delay ?? 0))} ms late.`,
        ),
      );
    },
  });
  return {
    stepAside: (request) => void inHand.delete(request),
    inHand: () => inHand.size,
  };
}
