/** One trace from the HTTP request through the queue to the shards, received by a real collector. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { json } from 'node:stream/consumers';
import { privateRedis } from './redis-fixture.js';
import { startServiceProcess } from './service-process.js';
import { until } from './until.js';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly service: string;
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly { key: string; value: { stringValue?: string } }[];
    };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, 'service'>[] }[];
  }[];
}

/** OTLP over HTTP with JSON, as every collector takes it. */
async function collector(): Promise<{ url: string; spans: Span[]; close: () => void }> {
  const spans: Span[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      assert.equal(request.url, '/v1/traces');
      for (const { resource, scopeSpans } of (body as Export).resourceSpans) {
        const name = resource.attributes.find(({ key }) => key === 'service.name');
        const service = name?.value.stringValue ?? '';
        for (const scope of scopeSpans) {
          spans.push(...scope.spans.map((span) => ({ ...span, service })));
        }
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    spans,
    close: () => server.close(),
  };
}

const BODY = JSON.stringify({
  // A batch of two is enumerated: 3^4 points in one shard.
  network: {
    inputs: [[1], [2]],
    layers: [
      { type: 'dense', units: 1, activation: 'relu' },
      { type: 'dense', units: 1 },
    ],
  },
  format: { values: ['-1', '0', '1'] },
  mode: 'exhaustive',
});

test('the trace of a client goes on in the API and in the worker', async (t) => {
  const server = await privateRedis();
  t.after(() => server.stop());
  const { url, spans, close } = await collector();
  t.after(close);
  const service = await startServiceProcess({
    ...server.environment('traced'),
    GRADCERT_LOG_LEVEL: 'info',
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_BSP_SCHEDULE_DELAY: '100',
  });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const posted = await fetch(`${service.origin}/analyze`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    },
    body: BODY,
  });
  assert.equal(posted.status, 202);
  const { id } = (await posted.json()) as { id: string };
  await until(
    'the job is done',
    async () => (await fetch(`${service.origin}/jobs/${id}/result`)).ok,
  );
  assert.equal(await service.stop(), 0);

  const trace = spans.filter((span) => span.traceId === traceId);
  const byId = new Map(trace.map((span) => [span.spanId, span]));
  /** Names from the root down to the span. */
  const path = (span: Span): string[] => {
    const parent = byId.get(span.parentSpanId ?? '');
    return [...(parent === undefined ? [] : path(parent)), `${span.service} ${span.name}`];
  };
  const paths = trace.map((span) => path(span).join(' > '));
  const shard = paths.find((one) => /gradcert-worker process shards/.test(one));
  assert.ok(shard !== undefined, paths.join('\n'));
  assert.match(
    shard,
    /^gradcert-api request.* > gradcert-api .*addFlow.* > gradcert-worker process shards/,
  );
  assert.ok(
    paths.some((one) => /gradcert-worker process merges/.test(one)),
    paths.join('\n'),
  );
  // Probes and the idle worker make no traces of their own.
  const names = spans.map(({ name }) => name).join('\n');
  assert.doesNotMatch(names, /readyz|getNextJob/);
});
