/**
 * GET /metrics: Prometheus text of this process and of the queues.
 *
 * Routes are labelled by their template, and whatever has no route by one label, so that no client
 * can make labels. Where the queue cannot be reached its part is missing and `gradcert_queue_up` is
 * 0: the process' own metrics matter most then.
 */
import { collectDefaultMetrics, Gauge, Histogram, Registry, register as shared } from 'prom-client';
import { problems, text } from '../answers.js';
import type { App, Dependencies } from '../dependencies.js';

/** Label of requests whose path has no route. */
const NO_ROUTE = 'none';

/** What asks nothing of a route is not measured. */
const UNMEASURED: ReadonlySet<string> = new Set(['HEAD', 'OPTIONS', 'TRACE', 'CONNECT']);

/** Registers the collector; must come before the routes it measures. */
export function collectMetrics(app: App): Registry {
  // One registry per instance: several may live in one process.
  const registry = new Registry();
  registry.setContentType(shared.contentType);
  collectDefaultMetrics({ register: registry });
  const seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'request duration in seconds',
    labelNames: ['method', 'route', 'status_code'],
    registers: [registry],
  });
  app.addHook('onResponse', (request, reply, done) => {
    if (!UNMEASURED.has(request.method)) {
      const { route = request.routeOptions.url ?? NO_ROUTE } = request;
      const labels = { method: request.method, route, status_code: reply.statusCode };
      seconds.observe(labels, reply.elapsedTime / 1000);
    }
    done();
  });
  return registry;
}

export function metricsRoute(app: App, { queue }: Dependencies, registry: Registry): void {
  const up = new Gauge({
    name: 'gradcert_queue_up',
    help: 'Whether the job queue answered when it was last asked.',
    registers: [registry],
  });

  app.get(
    '/metrics',
    {
      logLevel: 'warn',
      schema: {
        operationId: 'metrics',
        tags: ['operation'],
        summary: 'Prometheus metrics of this process and of the queues',
        response: { 200: text('Prometheus text.', ['text/plain']), ...problems() },
      },
    },
    async (request, reply) => {
      const ofQueue = await queue.metrics().catch((error: unknown) => {
        request.log.warn({ err: error }, 'no metrics of the queue');
        return null;
      });
      up.set(ofQueue === null ? 0 : 1);
      const own = await registry.metrics();
      return reply.type(registry.contentType).send(ofQueue === null ? own : `${own}\n${ofQueue}`);
    },
  );
}
