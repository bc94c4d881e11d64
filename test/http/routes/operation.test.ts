/** Health, metrics, documents, header fields, and every refusal that belongs to no route. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import test, { describe } from 'node:test';
import { SETTINGS, STORED, conforms, isProblem, newJob, service } from '../harness.js';

describe('health', () => {
  test('the process is well whatever the queue is', async (t) => {
    const { api, app, queue } = await service(t);
    queue.unreachable = true;
    const answer = await api.get('/healthz').expect(200);
    conforms(app, 'GET /healthz', answer);
    assert.equal(answer.headers['cache-control'], 'no-store');
  });

  test('ready when jobs can be taken, else 503 with every reason', async (t) => {
    const { api, app, queue } = await service(t);
    const ready = await api.get('/readyz').expect(200);
    conforms(app, 'GET /readyz', ready);
    const reasons = ['no worker is alive', 'Redis maxmemory-policy is allkeys-lru'];
    queue.ready = { ready: false, reasons, workers: 0 };
    const not = await api.get('/readyz').expect(503);
    conforms(app, 'GET /readyz', not);
    isProblem(not, 'service-not-ready');
    assert.deepEqual((not.body as { reasons: string[] }).reasons, reasons);
  });
});

describe('GET /metrics', () => {
  test('counts requests by route template, and has the queue in it', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture);
    await fixture.api.get(`/jobs/${id}`).expect(200);
    await fixture.api.get('/made/up').expect(404);
    const answer = await fixture.api.get('/metrics').expect(200);
    conforms(fixture.app, 'GET /metrics', answer);
    assert.match(answer.text, /http_request_duration_seconds_count\{[^}]*route="\/jobs\/:id"/);
    assert.ok(!answer.text.includes(id));
    assert.ok(!answer.text.includes('made/up'));
    assert.match(answer.text, /^fake_jobs 3$/m);
    assert.match(answer.text, /^gradcert_queue_up 1$/m);
  });

  test('still has the process where the queue is away', async (t) => {
    const { api, queue } = await service(t);
    queue.unreachable = true;
    const answer = await api.get('/metrics').expect(200);
    assert.match(answer.text, /^gradcert_queue_up 0$/m);
    assert.match(answer.text, /^process_cpu_seconds_total/m);
  });
});

describe('documents', () => {
  test('GET /openapi.json is the document', async (t) => {
    const { api, app } = await service(t);
    const answer = await api.get('/openapi.json').expect(200);
    conforms(app, 'GET /openapi.json', answer);
    assert.equal((answer.body as { openapi: string }).openapi, '3.1.0');
  });

  test('GET /docs is a page whose policy lets it load its own files', async (t) => {
    const { api } = await service(t);
    const page = await api.get('/docs').expect(200);
    assert.equal(page.type, 'text/html');
    const policy = page.headers['content-security-policy'] ?? '';
    assert.match(policy, /script-src 'self'/);
    assert.ok(!policy.includes("script-src 'self' 'unsafe-inline'"));
    const [, script = ''] = /src="([^"]+swagger-ui-bundle\.js)"/.exec(page.text) ?? [];
    await api.get(script).expect(200);
    const shown = await api.get('/docs/json').expect(200);
    assert.deepEqual(shown.body, (await api.get('/openapi.json')).body);
  });

  test('no other page may load anything', async (t) => {
    const { api } = await service(t);
    for (const path of ['/healthz', '/jobs', '/nowhere', '/jobs/%zz', `/jobs/${'x'.repeat(500)}`]) {
      const { headers } = await api.get(path);
      assert.match(headers['content-security-policy'] ?? '', /^default-src 'none'/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
    }
  });
});

describe('refusals that belong to no route', () => {
  test('a path that is none', async (t) => {
    const { api } = await service(t);
    for (const path of ['/', '/analyse', '/jobs/x/y', '/docs/static/none.js']) {
      isProblem(await api.get(path).expect(404), 'not-found');
    }
  });

  test('a method that is none, with those that are', async (t) => {
    const { api } = await service(t);
    const analyze = await api.get('/analyze').expect(405);
    isProblem(analyze, 'method-not-allowed');
    assert.equal(analyze.headers['allow'], 'POST');
    const job = await api.put('/jobs/an_1').expect(405);
    assert.equal(job.headers['allow'], 'GET, HEAD, DELETE');
  });

  test('a path that cannot be decoded', async (t) => {
    const { api } = await service(t);
    isProblem(await api.get('/jobs/%zz').expect(400), 'invalid-request');
  });

  for (const [name, sent, status, code] of [
    ['bytes that are not HTTP', 'nonsense\r\n\r\n', 400, 'malformed-http'],
    [
      'header fields beyond measure',
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'headers-too-large',
    ],
  ] as const) {
    test(name, async (t) => {
      const { app } = await service(t);
      await app.listen({ host: '127.0.0.1', port: 0 });
      const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
      socket.setEncoding('utf8').write(sent);
      let text = '';
      socket.on('data', (chunk: string) => (text += chunk));
      await once(socket, 'close');
      const [head = '', body = ''] = text.split('\r\n\r\n');
      assert.ok(head.startsWith(`HTTP/1.1 ${String(status)} `), head);
      assert.match(head, /Content-Type: application\/problem\+json/);
      isProblem(
        { status, type: 'application/problem+json', body: JSON.parse(body), headers: {} },
        code,
      );
    });
  }
});

describe('close()', () => {
  test('answers what is in flight and then lets the connection go', async (t) => {
    const begun = new EventEmitter();
    const fixture = await service(t, {
      reports: {
        markdown: () => '',
        html: async () => {
          begun.emit('html');
          await once(begun, 'release');
          return '<p>late</p>';
        },
        junit: () => '',
        sarif: () => '{}',
        htmlPolicy: "default-src 'none'",
      },
    });
    const { app, queue } = fixture;
    const id = await newJob(fixture);
    queue.move(id, { state: 'succeeded' }, STORED);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const agent = new Agent({ keepAlive: true });
    t.after(() => {
      agent.destroy();
    });
    const headers = { accept: 'text/html' };
    const request = get({ host: '127.0.0.1', port, path: `/jobs/${id}/report`, agent, headers });
    await once(begun, 'html');
    const closed = app.close();
    while (app.server.listening) await new Promise(setImmediate);
    begun.emit('release');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers.connection, 'close');
    assert.equal((await response.setEncoding('utf8').toArray()).join(''), '<p>late</p>');
    await closed;
  });

  test('refuses what arrives while it closes, as a problem', async (t) => {
    const { app } = await service(t);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    // A whole request and the beginning of the next: the connection is busy when close() comes.
    const head = 'GET /healthz HTTP/1.1\r\nHost: x\r\n';
    socket.write(`${head}\r\n${head}`);
    while (!text.includes('"ok"')) await once(socket, 'data');
    text = '';
    const closed = app.close();
    while (app.server.listening) await new Promise(setImmediate);
    socket.write('\r\n');
    await once(socket, 'close');
    assert.match(text, /^HTTP\/1\.1 503 /);
    assert.match(text, /connection: close/i);
    assert.match(text, /"code":"shutting-down"/);
    await closed;
  });

  for (const [name, begun] of [
    ['a connection that never says anything', ''],
    ['half a request head', 'GET /healthz HTTP/1.1\r\nHost:'],
    [
      'half an upload',
      'POST /networks HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    ],
    [
      'half a body',
      'POST /analyze HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    ],
  ] as const) {
    test(`F1: ${name} does not hold it up`, async (t) => {
      const { app } = await service(t, { config: { ...SETTINGS, shutdownGraceMs: 50 } });
      await app.listen({ host: '127.0.0.1', port: 0 });
      const { port } = app.server.address() as AddressInfo;
      const accepted = once(app.server, 'connection');
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await accepted;
      if (begun !== '') {
        const sent = new Promise((resolve) => socket.write(begun, resolve));
        await sent;
      }
      // A connection that is cut off is reset where something was still to be read.
      const closed = new Promise((resolve) => socket.resume().once('close', resolve));
      await Promise.all([app.close(), closed]);
    });
  }
});
