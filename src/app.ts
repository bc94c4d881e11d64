/**
 * The Fastify instance: settings, refusals, headers, routes. It never listens; `server.ts` does.
 *
 * Promises: bodies are validated as they are (nothing coerced, removed or filled in); every answer
 * of status 400 or above is a problem document; while it closes, what is in flight is answered and
 * no connection is kept, so that close() ends as soon as the last answer is out.
 */
import { randomUUID } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify } from 'fastify';
import { closeConnections } from './http/closing.js';
import { guard } from './http/access.js';
import type { App, Dependencies } from './http/dependencies.js';
import { readJson } from './http/json-body.js';
import { rememberBodies } from './http/known-bodies.js';
import { shedLoad } from './http/load.js';
import { collectRoutes } from './http/openapi.js';
import { openWaiting } from './http/prefer.js';
import { answerClientError, answerError, answerWithProblems } from './http/problem-replies.js';
import { limitRates } from './http/rate-limits.js';
import { lateChild } from './http/request-log.js';
import { activationsRoute } from './http/routes/activations.js';
import { analyzeRoute } from './http/routes/analyze.js';
import { boundsRoute } from './http/routes/bounds.js';
import { cancelRoute } from './http/routes/cancel.js';
import { deliveryRoutes } from './http/routes/deliveries.js';
import { documentationRoutes } from './http/routes/documentation.js';
import { eventsRoute } from './http/routes/events.js';
import { formatRoutes } from './http/routes/formats.js';
import { gateRoute } from './http/routes/gate.js';
import { healthRoutes } from './http/routes/health.js';
import { jobRoutes } from './http/routes/jobs.js';
import { collectMetrics, metricsRoute } from './http/routes/metrics.js';
import { networkRoutes } from './http/routes/networks.js';
import { planRoute } from './http/routes/plan.js';
import { problemRoutes } from './http/routes/problems.js';
import { reportRoute } from './http/routes/report.js';
import { resumeRoute } from './http/routes/resume.js';
import { resultRoute } from './http/routes/result.js';
import { securityFields } from './http/security-fields.js';
import { validatorCompiler } from './http/validation.js';

const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 10_000;

const SECURITY = securityFields();

/** An instance with every route, ready to listen or to be injected into. */
export async function buildApp(dependencies: Dependencies): Promise<App> {
  const app = fastify({
    loggerInstance: dependencies.log,
    bodyLimit: dependencies.config.bodyLimitBytes,
    genReqId: () => randomUUID(),
    childLoggerFactory: lateChild,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Refused by our own hook instead, as a problem document.
    return503OnClosing: false,
    // No hook ever sees these: their path cannot be decoded.
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply.headers(SECURITY));
    },
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  // Answers are printed as they are made: fast-json-stringify would drop, in silence, whatever a
  // response schema forgot. The tests hold every answer against its schema instead.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeAllContentTypeParsers();
  const readBody = rememberBodies(readJson);
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    try {
      // Whoever asks for a path without a route need show no key: nothing of theirs is kept.
      done(null, request.is404 ? readJson(bytes as Buffer) : readBody(bytes as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });

  answerWithProblems(app);
  // What a client quotes is what the log and the problem documents call the request.
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(SECURITY).header('x-request-id', request.id);
    done();
  });
  closeConnections(app, dependencies.config.shutdownGraceMs);
  if (dependencies.tracing !== undefined) await app.register(dependencies.tracing);
  await collectRoutes(app);
  const registry = collectMetrics(app);
  // Before keys are looked up: that, too, is work.
  const admission = await shedLoad(app, dependencies.config);
  guard(app, dependencies.access);
  if (dependencies.rateLimits !== undefined) await limitRates(app, dependencies.rateLimits);
  const waiting = openWaiting(app, dependencies.queue, admission);

  analyzeRoute(app, dependencies, waiting);
  planRoute(app, dependencies);
  boundsRoute(app, dependencies);
  jobRoutes(app, dependencies, waiting);
  cancelRoute(app, dependencies);
  resumeRoute(app, dependencies);
  deliveryRoutes(app, dependencies);
  await networkRoutes(app, dependencies);
  resultRoute(app, dependencies);
  reportRoute(app, dependencies);
  gateRoute(app, dependencies, waiting);
  eventsRoute(app, dependencies, admission);
  formatRoutes(app, dependencies);
  activationsRoute(app, dependencies);
  healthRoutes(app, dependencies);
  metricsRoute(app, dependencies, registry);
  problemRoutes(app);
  await documentationRoutes(app);
  await app.ready();
  return app;
}
