/** Answers under a key and uploaded networks, on a real Redis. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { QueueUnavailable } from '../../src/queue/job-queue.js';
import { connectProducer } from '../../src/queue/availability.js';
import { openNetworkStore } from '../../src/store/networks.js';
import { openReplyStore, REPLY_SECONDS } from '../../src/store/replies.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';

const PREFIX = '{stores}';
let server: PrivateRedis;
let redis: Redis;

before(async () => {
  server = await privateRedis();
  redis = new Redis(server.url);
  await redis.ping();
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

test('of equal requests at once, one is new; the others learn of it', async () => {
  const replies = openReplyStore(redis, PREFIX);
  const begun = await Promise.all(Array.from({ length: 20 }, () => replies.begin('storm', 'f')));
  assert.equal(begun.filter(({ is }) => is === 'new').length, 1);
  assert.equal(begun.filter(({ is }) => is === 'in-progress').length, 19);
  assert.deepEqual(await replies.begin('storm', 'other'), { is: 'other-request' });
});

test('an answer is kept for a day, and only by who holds the key', async () => {
  const replies = openReplyStore(redis, PREFIX);
  const first = await replies.begin('kept', 'f');
  assert.ok(first.is === 'new');
  const reply = { status: 202, headers: { location: '/jobs/an_1' }, body: '{"ü":1}' };
  await replies.finish('kept', 'a token of another', 'f', { ...reply, status: 500 });
  assert.deepEqual(await replies.begin('kept', 'f'), { is: 'in-progress' });
  await replies.finish('kept', first.token, 'f', reply);
  assert.deepEqual(await replies.begin('kept', 'f'), { is: 'done', reply });
  const ttl = await redis.ttl(`${PREFIX}:reply:kept`);
  assert.ok(ttl > REPLY_SECONDS - 60 && ttl <= REPLY_SECONDS, String(ttl));
  // Nobody holds a key that is answered.
  await replies.release('kept', first.token);
  assert.equal((await replies.begin('kept', 'f')).is, 'done');
});

test('a key is free again after a failure, and a hold runs out by itself', async () => {
  const replies = openReplyStore(redis, PREFIX);
  const first = await replies.begin('freed', 'f');
  assert.ok(first.is === 'new');
  assert.ok((await redis.ttl(`${PREFIX}:reply:freed`)) > 0);
  await replies.release('freed', first.token);
  assert.equal((await replies.begin('freed', 'another')).is, 'new');
});

async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve();
    yield bytes.subarray(at, at + size);
  }
}

test('an upload in pieces is kept byte for byte, per tenant', async () => {
  const networks = openNetworkStore(redis, PREFIX);
  const text = `{"ü":"${'x'.repeat(700_000)}"}`;
  const digest = createHash('sha256').update(text).digest('hex');
  const upload = await networks.receive(pieces(text, 9_999));
  assert.deepEqual([upload.digest, upload.bytes], [digest, Buffer.byteLength(text)]);
  assert.equal((await upload.content()).toString('utf8'), text);
  assert.equal(await networks.find('a', digest), null);
  const { network, created } = await upload.keep('a', { samples: 2, layers: 3 });
  assert.equal(created, true);
  assert.deepEqual(await networks.find('a', digest), network);
  assert.equal((await networks.content('a', digest))?.toString('utf8'), text);
  const again = await (
    await networks.receive(pieces(text, 500_000))
  ).keep('a', { samples: 2, layers: 3 });
  assert.deepEqual(again, { network, created: false });
  assert.equal(await networks.find('b', digest), null);
  assert.equal(await networks.content('b', digest), null);
  assert.deepEqual(await redis.keys(`${PREFIX}:upload:*`), []);
  assert.ok((await redis.ttl(`${PREFIX}:network:a:${digest}`)) > 0);
  assert.ok((await redis.ttl(`${PREFIX}:network-facts:a:${digest}`)) > 0);
});

test('an upload that fails in the middle, or is discarded, leaves nothing', async () => {
  const networks = openNetworkStore(redis, PREFIX);
  async function* broken(): AsyncGenerator<Buffer> {
    yield* pieces('x'.repeat(600_000), 100_000);
    throw new Error('the client went away');
  }
  await assert.rejects(networks.receive(broken()), /went away/);
  await (await networks.receive(pieces('[]', 1))).discard();
  assert.deepEqual(await redis.keys(`${PREFIX}:upload:*`), []);
});

test('Redis away is QueueUnavailable, at once', async () => {
  const gone = connectProducer('redis://127.0.0.1:1');
  gone.on('error', () => undefined);
  await assert.rejects(openReplyStore(gone, PREFIX).begin('k', 'f'), QueueUnavailable);
  await assert.rejects(openNetworkStore(gone, PREFIX).find('a', 'b'), QueueUnavailable);
  gone.disconnect();
});
