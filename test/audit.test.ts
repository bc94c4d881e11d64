/**
 * The audit gate, against the registry where it answers, and against registries of our own that
 * answer everything it could: nothing known, something known, no endpoint.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const SCRIPT = fileURLToPath(new URL('../../scripts/audit.mjs', import.meta.url));

async function audit(
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [SCRIPT], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

async function registry(t: TestContext, answer: RequestListener): Promise<Record<string, string>> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { npm_config_registry: `http://127.0.0.1:${String(port)}/` };
}

test('no shipped package has a vulnerability that the registry knows', async (t) => {
  const { code, output } = await audit();
  if (code === 75) {
    t.skip(output.trim());
    return;
  }
  assert.equal(code, 0, output);
});

test('a registry that knows something makes it fail, and names it', async (t) => {
  let asked: Record<string, string[]> = {};
  const environment = await registry(t, (request, response) => {
    void buffer(request).then((body) => {
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      if (request.url?.endsWith('/advisories/bulk')) {
        asked = JSON.parse(text.toString()) as typeof asked;
        const advisory = {
          id: 1,
          url: 'https://example.org/advisory',
          title: 'Everything',
          severity: 'high',
          vulnerable_versions: '>=0.0.0',
        };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ fastify: [advisory] }));
      } else {
        // What fastify's own versions depend on; none is needed for the verdict.
        response.writeHead(404).end('{}');
      }
    });
  });
  const { code, output } = await audit(environment);
  assert.equal(code, 1, output);
  assert.match(output, /high: fastify .*Everything https:\/\/example\.org\/advisory/);
  // It asks about what is shipped and not about what only develops it.
  assert.ok(asked['fastify'] !== undefined && asked['bullmq'] !== undefined);
  assert.equal(asked['typescript'], undefined);
});

test('a registry that knows nothing makes it pass', async (t) => {
  const environment = await registry(t, (_request, response) => {
    response.setHeader('content-type', 'application/json').end('{}');
  });
  const { code, output } = await audit(environment);
  assert.equal(code, 0, output);
  assert.match(output, /no known vulnerability in [0-9]+ shipped packages/);
});

test('a registry without the endpoint, or none at all, is said to be so', async (t) => {
  const without = await registry(t, (_request, response) => {
    response.writeHead(405).end();
  });
  for (const environment of [without, { npm_config_registry: 'http://127.0.0.1:1/' }]) {
    const { code, output } = await audit(environment);
    assert.equal(code, 75, output);
    assert.match(output, /^audit: SKIPPED/);
  }
});
