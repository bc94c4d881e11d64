/** Webhooks from the job's own events to a receiver, on a real Redis and a real queue. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { NO_LIMITS } from '../../src/queue/job-queue.js';
import { namesOf, planBlobOf, baseIdOf } from '../../src/queue/names.js';
import { openRecords, type Records } from '../../src/queue/records.js';
import { openWebhooks, type Webhooks } from '../../src/webhooks/webhooks.js';
import { smallPlan } from '../queue/plans.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { until } from '../until.js';

const SECRET = `whsec_${Buffer.from('a secret of twenty-four b').toString('base64')}`;

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let server: PrivateRedis;
let redis: Redis;
let receiver: Server;
let base: string;
let received: Received[] = [];
/** Answers to give, the last one for ever. */
let answers: number[] = [200];
const lines: string[] = [];

before(async () => {
  server = await privateRedis();
  redis = new Redis(server.url);
  receiver = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      const status = answers.length > 1 ? answers.shift() : answers[0];
      response.writeHead(status ?? 200).end('ok');
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  base = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}`;
});
beforeEach(() => {
  received = [];
  answers = [200];
});
after(async () => {
  receiver.closeAllConnections();
  receiver.close();
  redis.disconnect();
  await server.stop();
});

async function open(prefix: string, delaysSeconds = [0.01, 0.02]): Promise<Webhooks> {
  const webhooks = openWebhooks({
    url: server.url,
    prefix: `{${prefix}}`,
    settings: { webhookAllow: ['127.0.0.0/8'], webhookHttp: true, webhookSecret: null },
    log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    delaysSeconds,
  });
  // Connected once it answers.
  await until('webhooks are connected', () =>
    webhooks.deliveries('x').then(
      () => true,
      () => null,
    ),
  );
  return webhooks;
}

async function newJob(prefix: string): Promise<{ id: string; records: Records }> {
  const records = openRecords(redis, namesOf(`{${prefix}}`));
  const plan = smallPlan();
  const { hash: planHash, text: planText } = planBlobOf(plan);
  const { id } = await records.create({ baseId: baseIdOf(plan), plan, planHash, planText });
  return { id, records };
}

test('a job is told of, signed, with a body that says whom to ask', async () => {
  const webhooks = await open('told');
  const { id, records } = await newJob('told');
  const events = ['job.running', 'job.succeeded'] as const;
  assert.ok(
    await webhooks.attach(id, { url: `${base}/all?token=t`, secret: SECRET, events: [...events] }),
  );
  assert.ok(await webhooks.attach(id, { url: `${base}/unsigned` }));
  await records.start(id);
  await records.succeed(id);
  await until('three deliveries', () => received.length === 3);
  const all = received.filter(({ path }) => path === '/all?token=t');
  assert.deepEqual(all.map(({ body }) => (JSON.parse(body) as { type: string }).type).sort(), [
    ...events,
  ]);
  for (const { headers, body } of all) {
    const verified = new Webhook(SECRET).verify(body, headers as Record<string, string>);
    const { data } = verified as { data: { id: string } };
    assert.equal(data.id, id);
    assert.ok(body.length < 20_000);
  }
  const unsigned = received.find(({ path }) => path === '/unsigned');
  assert.equal(unsigned?.headers['webhook-signature'], undefined);
  assert.match(String(unsigned?.headers['webhook-id']), /^msg_/);
  const log = await until('all are logged', async () => {
    const deliveries = await webhooks.deliveries(id);
    return deliveries.length === 3 && deliveries.every(({ state }) => state === 'delivered')
      ? deliveries
      : null;
  });
  assert.ok(
    log.every(({ url }) => !url.includes('token')),
    'a query is in the log',
  );
  assert.deepEqual(
    log.map(({ attempts }) => attempts.map(({ status }) => status)),
    [[200], [200], [200]],
  );
  await webhooks.close();
});

test('a failure is tried again with the same id and body, then given up and sent by hand', async () => {
  answers = [500, 503, 500, 200];
  const webhooks = await open('again');
  const { id, records } = await newJob('again');
  await webhooks.attach(id, { url: `${base}/again`, secret: SECRET });
  await records.fail(id, { code: 'shard-failed', detail: 'it broke' }, '');
  const [failed] = await until('it is given up', async () => {
    const deliveries = await webhooks.deliveries(id);
    return deliveries[0]?.state === 'failed' ? deliveries : null;
  });
  assert.deepEqual(
    failed?.attempts.map(({ status }) => status),
    [500, 503, 500],
  );
  assert.equal(received.length, 3);
  const again = await webhooks.redeliver(id, failed.id);
  assert.equal(again?.state, 'pending');
  await until(
    'it has arrived',
    async () => (await webhooks.deliveries(id))[0]?.state === 'delivered',
  );
  assert.equal(new Set(received.map(({ headers }) => headers['webhook-id'])).size, 1);
  assert.equal(new Set(received.map(({ body }) => body)).size, 1);
  assert.equal(await webhooks.redeliver(id, 'msg_none'), null);
  await webhooks.close();
});

test('410 ends it at once', async () => {
  answers = [410];
  const webhooks = await open('gone');
  const { id, records } = await newJob('gone');
  await webhooks.attach(id, { url: `${base}/gone`, events: ['job.running'] });
  await records.start(id);
  await until('it is given up', async () => (await webhooks.deliveries(id))[0]?.state === 'failed');
  assert.equal(received.length, 1);
  await webhooks.close();
});

test('what happened while nobody looked is told later, once, by any number of processes', async () => {
  const { id, records } = await newJob('later');
  const early = await open('later');
  await early.attach(id, { url: `${base}/later` });
  await early.close();
  await records.cancel(id);
  const late = await Promise.all([open('later'), open('later'), open('later')]);
  await until('it is told', async () => (await late[0].deliveries(id))[0]?.state === 'delivered');
  // Attaching it again makes all of them look again.
  for (const webhooks of late) await webhooks.attach(id, { url: `${base}/later` });
  await Promise.all(late.map((webhooks) => webhooks.close()));
  assert.equal(received.length, 1);
});

test('a job that is resumed is told of again; one that is erased leaves nothing behind', async () => {
  const webhooks = await open('resumed');
  const { id, records } = await newJob('resumed');
  const names = namesOf('{resumed}');
  const types = (): string[] =>
    received.map(({ body }) => (JSON.parse(body) as { type: string }).type);
  await webhooks.attach(id, { url: `${base}/resumed`, secret: SECRET });
  await records.cancel(id);
  await until('the cancel is told', () => received.length === 1);
  await until('nobody looks any more', async () => (await redis.zscore(names.hooked, id)) === null);
  assert.ok((await redis.ttl(names.hooks(id))) > 0);
  await records.resume(id, { plan: smallPlan(), doneShards: [], limits: NO_LIMITS });
  assert.equal(await redis.ttl(names.hooks(id)), -1);
  await records.start(id);
  await records.succeed(id);
  await until('the end is told', () => received.length === 2);
  assert.deepEqual(types(), ['job.cancelled', 'job.succeeded']);
  await until('all is logged', async () =>
    (await webhooks.deliveries(id)).every(({ state }) => state === 'delivered'),
  );
  assert.equal(await records.erase(id), 'succeeded');
  assert.deepEqual(await webhooks.deliveries(id), []);
  assert.ok(await webhooks.attach(id, { url: `${base}/resumed`, secret: SECRET }));
  assert.equal(await redis.exists(names.hooks(id), names.deliveries(id)), 0);
  await webhooks.close();
});

test('a job has a bounded number of webhooks; schemes and users are refused', async () => {
  const webhooks = await open('many');
  const { id } = await newJob('many');
  const attached: boolean[] = [];
  for (let n = 0; n < 18; n += 1)
    attached.push(await webhooks.attach(id, { url: `${base}/${String(n)}` }));
  assert.deepEqual(attached.slice(15), [true, false, false]);
  for (const url of [
    'ftp://x.example/',
    'file:///etc/passwd',
    'hook',
    'https://u:p@x.example/',
    '//x',
  ]) {
    assert.notEqual(webhooks.refusal({ url }), null, url);
  }
  assert.equal(webhooks.refusal({ url: 'https://x.example/hook' }), null);
  await webhooks.close();
  assert.ok(!lines.some((line) => line.includes(SECRET.slice(6, 30))), 'a secret was logged');
});
