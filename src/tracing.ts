/**
 * OpenTelemetry traces from the HTTP request through the queue to the shard, which may run on another
 * machine: the context travels in the options of the queue job.
 *
 * Off unless OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT) is set; then nothing of it is even
 * loaded. The exporter reads the standard OTEL_* variables itself. Spans have names, ids, sizes and
 * outcomes, never a body or a header field. What a worker does between jobs makes no trace.
 */
import type { Context } from '@opentelemetry/api';
import type { Telemetry } from 'bullmq';
import type { FastifyPluginCallback } from 'fastify';
import type { FastifyOtelOptions } from '@fastify/otel/types/types.js';

export interface Tracing {
  /** For queues, producers and workers of BullMQ. */
  readonly queue: Telemetry<Context>;
  /** For the Fastify instance; register it before any route. */
  readonly plugin: FastifyPluginCallback<FastifyOtelOptions>;
  /** Sends what is left and ends; a collector that is away is told to `onError` and waited for in vain. */
  stop(): Promise<void>;
}

/** Longest wait for the collector at the end. */
const STOP_WITHIN_MS = 3_000;

/** Registers the process' tracer; once per process. `service` names it, unless OTEL_SERVICE_NAME does. */
export async function openTracing(
  service: string,
  onError: (error: unknown) => void,
): Promise<Tracing> {
  const [api, sdk, exporter, resources, { BullMQOtel }, { FastifyOtelInstrumentation }] =
    await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
      import('bullmq-otel'),
      import('@fastify/otel'),
    ]);
  const { SpanKind } = api;
  const provider = new sdk.NodeTracerProvider({
    resource: resources.defaultResource().merge(
      resources
        .resourceFromAttributes({ 'service.name': service })
        // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
        .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    ),
    sampler: new sdk.ParentBasedSampler({
      root: {
        shouldSample: (_context, _traceId, _name, kind) => ({
          // Looking for a job, every few seconds, for ever, is no story worth a trace of its own.
          decision:
            kind === SpanKind.INTERNAL
              ? sdk.SamplingDecision.NOT_RECORD
              : sdk.SamplingDecision.RECORD_AND_SAMPLED,
        }),
        toString: () => 'RootsOfRequests',
      },
    }),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
  });
  provider.register();
  const instrumentation = new FastifyOtelInstrumentation({
    registerOnInitialization: false,
    ignorePaths: ({ url }) => ['/healthz', '/readyz', '/metrics'].includes(url),
    requestHook: (span, request) => {
      span.setAttribute('gradcert.request.id', request.id);
    },
  });
  instrumentation.setTracerProvider(provider);
  return {
    queue: new BullMQOtel({ tracerName: 'gradcert-queue' }),
    plugin: instrumentation.plugin(),
    async stop() {
      const late = new Promise<void>((resolve) => {
        setTimeout(resolve, STOP_WITHIN_MS).unref();
      });
      await Promise.race([provider.shutdown().catch(onError), late]);
    },
  };
}
