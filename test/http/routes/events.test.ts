/** A job's events over a real socket: replay, going on, ending, silence, and shutdown. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { describe, type TestContext } from 'node:test';
import { eventStream } from '../../../src/http/event-stream.js';
import type { Job } from '../../../src/schemas/job.js';
import { conforms, isProblem, newJob, service, type Service } from '../harness.js';

interface Received {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

function parse(text: string): Received[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':') && !block.startsWith('retry:'))
    .map((block): Received => {
      const fields = block.split('\n').map((line): [string, string] => {
        const [name = '', value = ''] = line.split(/: (.*)/s, 2);
        return [name, value];
      });
      return Object.fromEntries(fields);
    });
}

const states = (events: readonly Received[]): string[] =>
  events.map(({ event, data }) => `${event ?? ''} ${(JSON.parse(data ?? '{}') as Job).state}`);

/** A stream that a client reads; `until` waits for a text to have come. */
interface Client {
  readonly response: IncomingMessage;
  text(): string;
  until(expected: string): Promise<void>;
  readonly ended: Promise<unknown>;
}

async function open(
  { app }: Service,
  path: string,
  headers: Record<string, string> = {},
): Promise<Client> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const request = get({ host: '127.0.0.1', port, path, headers });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return {
    response,
    text: () => text,
    ended: once(response, 'end'),
    async until(expected) {
      while (!text.includes(expected)) await once(response, 'data');
    },
  };
}

async function running(context: TestContext): Promise<Service & { id: string }> {
  const fixture = await service(context);
  const id = await newJob(fixture);
  fixture.queue.move(id, { state: 'running' });
  return { ...fixture, id };
}

describe('GET /jobs/{id}/events', () => {
  test('replays, goes on and ends after the final state', async (t) => {
    const fixture = await running(t);
    const { id, queue } = fixture;
    const client = await open(fixture, `/jobs/${id}/events`);
    assert.equal(client.response.headers['content-type'], 'text/event-stream');
    assert.equal(client.response.headers['cache-control'], 'no-cache, no-transform');
    await client.until('"running"');
    queue.move(id, { done: '40' });
    await client.until('"40"');
    queue.move(id, { state: 'succeeded', done: '81' }, '{}');
    await client.ended;
    const events = parse(client.text());
    assert.deepEqual(states(events), [
      'state queued',
      'state running',
      'progress running',
      'state succeeded',
    ]);
    assert.deepEqual(
      events.map(({ id: eventId }) => eventId),
      ['1-0', '2-0', '3-0', '4-0'],
    );
    assert.match(client.text(), /^retry: [0-9]+\n\n/);
    assert.equal(queue.subscriptions(), 0);
  });

  test('goes on after Last-Event-ID', async (t) => {
    const fixture = await running(t);
    const { id, queue } = fixture;
    const client = await open(fixture, `/jobs/${id}/events`, { 'last-event-id': '1-0' });
    await client.until('"running"');
    queue.move(id, { state: 'failed', error: { code: 'shard-failed', detail: 'broke' } });
    await client.ended;
    assert.deepEqual(states(parse(client.text())), ['state running', 'state failed']);
  });

  test('replays a job that is final; 204 for whoever has seen it all', async (t) => {
    const { api, app, id, queue } = await running(t);
    queue.move(id, { state: 'succeeded' }, '{}');
    const all = await api.get(`/jobs/${id}/events`).expect(200);
    conforms(app, 'GET /jobs/{id}/events', all);
    assert.equal(all.type, 'text/event-stream');
    assert.deepEqual(states(parse(all.text)), ['state queued', 'state running', 'state succeeded']);
    const rest = await api.get(`/jobs/${id}/events`).set('last-event-id', '2-0').expect(200);
    assert.deepEqual(states(parse(rest.text)), ['state succeeded']);
    const none = await api.get(`/jobs/${id}/events`).set('last-event-id', '3-0').expect(204);
    conforms(app, 'GET /jobs/{id}/events', none);
    assert.equal(none.text, '');
  });

  test('frees the subscription of a client that goes away', async (t) => {
    const fixture = await running(t);
    const client = await open(fixture, `/jobs/${fixture.id}/events`);
    await client.until('"running"');
    assert.equal(fixture.queue.subscriptions(), 1);
    client.response.destroy();
    while (fixture.queue.subscriptions() > 0) await new Promise(setImmediate);
  });

  test('shutdown ends an open stream with an event, and close() with it', async (t) => {
    const fixture = await running(t);
    const client = await open(fixture, `/jobs/${fixture.id}/events`);
    await client.until('"running"');
    await Promise.all([fixture.app.close(), client.ended]);
    assert.deepEqual(parse(client.text()).at(-1), { event: 'shutdown', data: '{}' });
    assert.equal(fixture.queue.subscriptions(), 0);
  });

  test('a HEAD has the header fields and opens no subscription', async (t) => {
    const { api, id, queue } = await running(t);
    const answer = await api.head(`/jobs/${id}/events`).expect(200);
    assert.match(answer.headers['content-type'] ?? '', /^text\/event-stream/);
    assert.equal(queue.subscriptions(), 0);
  });

  test('refuses unknown jobs, other media types and ids that no event has', async (t) => {
    const { api, app, id } = await running(t);
    const unknown = await api.get('/jobs/an_none/events').expect(404);
    conforms(app, 'GET /jobs/{id}/events', unknown);
    isProblem(unknown, 'not-found');
    const other = await api.get(`/jobs/${id}/events`).set('accept', 'application/json').expect(406);
    conforms(app, 'GET /jobs/{id}/events', other);
    isProblem(other, 'not-acceptable');
    const made = await api.get(`/jobs/${id}/events`).set('last-event-id', 'latest').expect(400);
    conforms(app, 'GET /jobs/{id}/events', made);
    isProblem(made, 'invalid-request');
    assert.deepEqual(
      (made.body as { errors: { pointer: string; in: string }[] }).errors.map((fault) => [
        fault.pointer,
        fault.in,
      ]),
      [['/last-event-id', 'headers']],
    );
  });
});

test('a silence is filled with a comment', async () => {
  const controller = new AbortController();
  async function* silent(): AsyncGenerator<never> {
    await once(controller.signal, 'abort');
  }
  const options = { controller, shutdown: new AbortController().signal, heartbeat: 1 };
  const chunks: string[] = [];
  for await (const chunk of eventStream(silent(), options)) {
    chunks.push(String(chunk));
    if (chunks.length === 3) controller.abort();
  }
  assert.deepEqual(chunks.slice(1, 3), [': still here\n\n', ': still here\n\n']);
});
