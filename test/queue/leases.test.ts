/** Leases taken before the clock was set back: held to their time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { openLeases } from '../../src/queue/leases.js';
import { namesOf } from '../../src/queue/names.js';
import { privateRedis } from '../redis-fixture.js';

test('no lease outlasts its time, and no attempt waits for a clock', async (t) => {
  const server = await privateRedis();
  const redis = new Redis(server.url);
  const names = namesOf('{leases}');
  const queue = new Queue('shards', { connection: redis, prefix: '{leases}' });
  t.after(async () => {
    await queue.close();
    redis.disconnect();
    await server.stop();
  });
  const times = { lockDurationMs: 60_000, stalledIntervalMs: 30_000 };
  const leases = openLeases(redis, names, [queue], times);
  const day = 24 * 3600 * 1000;
  await redis.rpush(queue.toKey('active'), 'one', 'two');
  await redis.set(`${queue.toKey('one')}:lock`, 'token', 'PX', day);
  await redis.set(`${queue.toKey('two')}:lock`, 'token', 'PX', 5_000);
  await redis.set(queue.toKey('stalled-check'), '1', 'PX', day);
  await redis.sadd(names.workers, 'dead');
  await redis.set(names.worker('dead'), '1', 'PX', day);
  await queue.add('shard', {}, { jobId: 'late', delay: day });
  await leases.look();
  const left = (key: string): Promise<number> => redis.pttl(key);
  assert.ok((await left(`${queue.toKey('one')}:lock`)) <= 60_000);
  assert.ok((await left(`${queue.toKey('two')}:lock`)) <= 5_000, 'never made longer');
  assert.ok((await left(queue.toKey('stalled-check'))) <= 30_000);
  assert.ok((await left(names.worker('dead'))) <= 15_000);
  assert.equal(await queue.getJobState('late'), 'delayed', 'it may have come just now');
  await leases.look();
  assert.notEqual(await queue.getJobState('late'), 'delayed');
});
