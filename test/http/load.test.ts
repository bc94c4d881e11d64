/** Turning requests away: too many in hand, an event loop that is late. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import test from 'node:test';
import { newJob, REQUEST, SETTINGS, conforms, isProblem, service } from './harness.js';

test('more requests than may be in hand are refused; those that only wait do not count', async (t) => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const config = { ...SETTINGS, maxInFlight: 1 };
  const fixture = await service(t, {
    config,
    reports: {
      markdown: () => '',
      html: async () => {
        await held;
        return '<p></p>';
      },
      junit: () => '',
      sarif: () => '',
      htmlPolicy: "default-src 'none'",
    },
  });
  const { api, app, queue } = fixture;
  const id = await newJob(fixture);
  const waiting = api
    .get(`/jobs/${id}`)
    .set('prefer', 'wait=50')
    .then((a) => a);
  while (queue.waiters() === 0) await new Promise(setImmediate);
  await api.get('/jobs').expect(200);
  queue.move(id, { state: 'succeeded' }, '{"mode":"bounds"}');
  assert.equal((await waiting).status, 200);

  const slow = api
    .get(`/jobs/${id}/report`)
    .set('accept', 'text/html')
    .then((a) => a);
  let refused = await api.post('/analyze').send(REQUEST);
  while (refused.status !== 503) refused = await api.post('/analyze').send(REQUEST);
  conforms(app, 'POST /analyze', refused);
  isProblem(refused, 'overloaded');
  assert.equal(refused.headers['retry-after'], '5');
  await api.get('/healthz').expect(200);
  await api.get('/metrics').expect(200);
  release();
  await slow;
  await api.get('/jobs').expect(200);
});

test('what was asked behind another over a connection that broke is not in hand for ever', async (t) => {
  const slow = new EventEmitter();
  const fixture = await service(t, {
    config: { ...SETTINGS, maxInFlight: 2 },
    reports: {
      markdown: () => '',
      html: async () => {
        slow.emit('asked');
        await once(slow, 'go');
        return '<p></p>';
      },
      junit: () => '',
      sarif: () => '',
      htmlPolicy: "default-src 'none'",
    },
  });
  const { app, api, queue } = fixture;
  const id = await newJob(fixture);
  queue.move(id, { state: 'succeeded' }, '{"mode":"bounds"}');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;

  const report = `GET /jobs/${id}/report HTTP/1.1\r\nhost: here\r\naccept: text/html\r\n\r\n`;
  const body = JSON.stringify({ ...REQUEST, mode: 'bounds' });
  const head = `content-type: application/json\r\ncontent-length: ${String(body.length)}`;
  const accepted = once(app.server, 'connection') as Promise<[Socket]>;
  const connection = connect(port, '127.0.0.1');
  connection.write(`${report}POST /analyze HTTP/1.1\r\nhost: here\r\n${head}\r\n\r\n${body}`);
  while (queue.enqueued() < 2) await new Promise(setImmediate);
  const [socket] = await accepted;
  connection.destroy();
  await once(socket, 'close');
  slow.emit('go');

  const again = once(slow, 'asked');
  const held = api
    .get(`/jobs/${id}/report`)
    .set('accept', 'text/html')
    .then((a) => a);
  await again;
  await api.get('/jobs').expect(200);
  slow.emit('go');
  assert.equal((await held).status, 200);
});

test('a late event loop turns requests away, but not who asks for its health', async (t) => {
  const { api } = await service(t, { config: { ...SETTINGS, maxEventLoopDelayMs: 1 } });
  // Blocks until the measurement, made once a second, has seen it.
  let answer = await api.get('/jobs');
  while (answer.status === 200) {
    const until = performance.now() + 150;
    while (performance.now() < until);
    answer = await api.get('/jobs');
  }
  assert.equal(answer.status, 503);
  isProblem(answer, 'overloaded');
  await api.get('/healthz').expect(200);
});
