/**
 * Turning requests away before they make matters worse: where the event loop is late (under-pressure
 * measures it), or more requests are in hand than may be. Both answer 503 with Retry-After. Health
 * and metrics are always answered: whoever asks for them needs to know most when it is busy.
 */
import underPressure from '@fastify/under-pressure';
import type { FastifyRequest } from 'fastify';
import type { App, HttpSettings } from './dependencies.js';
import { ProblemError } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether it counts among the requests in hand. */
    inHand: boolean;
  }
}

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
  // A number, and a mark on each request: the tables of a set outlive it, with all that was in them.
  let inHand = 0;
  app.decorateRequest('inHand', false);
  const release = (request: FastifyRequest): void => {
    if (!request.inHand) return;
    request.inHand = false;
    inHand -= 1;
  };
  app.addHook('onRequest', (request, reply, done) => {
    if (inHand >= maxInFlight && !ALWAYS.has(request.routeOptions.url)) {
      done(
        new ProblemError(
          'overloaded',
          `${String(maxInFlight)} requests are in hand and no more are taken.`,
        ),
      );
      return;
    }
    request.inHand = true;
    inHand += 1;
    // Once per response, however it ends: sent, or its connection gone.
    reply.raw.on('close', () => {
      release(request);
    });
    done();
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    // One that waits for those asked before it over its connection may never get that, nor be closed.
    if (reply.raw.socket === null) release(request);
    done(null, payload);
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
    stepAside: release,
    inHand: () => inHand,
  };
}
