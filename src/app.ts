/**
 * The Fastify instance: settings, refusals, headers, routes. It never listens; `server.ts` does.
 *
 * Promises: bodies are validated as they are (nothing coerced, removed or filled in); every answer
 * of status 400 or above is a problem document; while it closes, what is in flight is answered and
 * no connection is kept, so that close() ends as soon as the last answer is out.
 */
import { randomUUID } from 'node:crypto';
import helmet from '@fastify/helmet';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify } from 'fastify';
import type { App, Dependencies } from './http/dependencies.js';
import { collectRoutes } from './http/openapi.js';
import { ProblemError } from './http/problem.js';
import { answerClientError, answerError, answerWithProblems } from './http/problem-replies.js';
import { activationsRoute } from './http/routes/activations.js';
import { analyzeRoute } from './http/routes/analyze.js';
import { boundsRoute } from './http/routes/bounds.js';
import { cancelRoute } from './http/routes/cancel.js';
import { documentationRoutes } from './http/routes/documentation.js';
import { eventsRoute } from './http/routes/events.js';
import { formatRoutes } from './http/routes/formats.js';
import { healthRoutes } from './http/routes/health.js';
import { jobRoutes } from './http/routes/jobs.js';
import { collectMetrics, metricsRoute } from './http/routes/metrics.js';
import { planRoute } from './http/routes/plan.js';
import { problemRoutes } from './http/routes/problems.js';
import { reportRoute } from './http/routes/report.js';
import { resumeRoute } from './http/routes/resume.js';
import { resultRoute } from './http/routes/result.js';
import { validatorCompiler } from './http/validation.js';

const REQUEST_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 10_000;

/** The policy of everything that is not a page: load nothing, be framed nowhere. */
const API_POLICY = {
  useDefaults: false,
  directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
};

/** Answers what is in flight and lets no connection live on once close() has been called. */
function closeConnections(app: App): void {
  let closing = false;
  app.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  app.addHook('onRequest', (_request, _reply, done) => {
    if (!closing) {
      done();
      return;
    }
    done(new ProblemError('shutting-down', 'The service is shutting down; nothing was done.'));
  });
  // Without it close() waits for every kept-alive connection to time out (fastify#7044).
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
}

/** An instance with every route, ready to listen or to be injected into. */
export async function buildApp(dependencies: Dependencies): Promise<App> {
  const app = fastify({
    loggerInstance: dependencies.log,
    bodyLimit: dependencies.config.bodyLimitBytes,
    genReqId: () => randomUUID(),
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Refused by our own hook instead, as a problem document.
    return503OnClosing: false,
    frameworkErrors: answerError,
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  // Answers are printed as they are made: fast-json-stringify would drop, in silence, whatever a
  // response schema forgot. The tests hold every answer against its schema instead.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeContentTypeParser('text/plain');

  answerWithProblems(app);
  closeConnections(app);
  await app.register(helmet, {
    contentSecurityPolicy: API_POLICY,
    // The service speaks plain HTTP behind whatever terminates TLS; that one sets HSTS.
    strictTransportSecurity: false,
  });
  await collectRoutes(app);
  const registry = await collectMetrics(app);

  analyzeRoute(app, dependencies);
  planRoute(app, dependencies);
  boundsRoute(app, dependencies);
  jobRoutes(app, dependencies);
  cancelRoute(app, dependencies);
  resumeRoute(app, dependencies);
  resultRoute(app, dependencies);
  reportRoute(app, dependencies);
  eventsRoute(app, dependencies);
  formatRoutes(app, dependencies);
  activationsRoute(app, dependencies);
  healthRoutes(app, dependencies);
  metricsRoute(app, dependencies, registry);
  problemRoutes(app);
  await documentationRoutes(app);
  await app.ready();
  return app;
}
