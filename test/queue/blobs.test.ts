import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { shardsOf } from '../../src/plan/plan.js';
import { NotDeterministic, openBlobs } from '../../src/queue/blobs.js';
import { BLOB_SECONDS, namesOf, RECORD_SECONDS } from '../../src/queue/names.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { smallPlan } from './plans.js';

let server: PrivateRedis;
let redis: Redis;

before(async () => {
  server = await privateRedis();
  redis = new Redis(server.url);
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

test('writing the same twice is harmless, writing something else is refused', async () => {
  const blobs = openBlobs(redis, namesOf('{once}'));
  const [shard] = shardsOf(smallPlan());
  await Promise.all(Array.from({ length: 10 }, () => blobs.putTally('h', shard!, 'tally')));
  await assert.rejects(blobs.putTally('h', shard!, 'other'), NotDeterministic);
  assert.deepEqual(await blobs.tallies('h', [shard!]), ['tally']);
  await blobs.putResult('h', 'result');
  await blobs.putResult('h', 'result');
  await assert.rejects(blobs.putResult('h', 'other'), NotDeterministic);
  assert.equal(await blobs.result('h'), 'result');
});

test('tallies come in the order of the shards, with gaps where one is missing', async () => {
  const blobs = openBlobs(redis, namesOf('{order}'));
  const shards = shardsOf(smallPlan({ shards: 250 }));
  const missing = new Set([0, 99, 100, 249]);
  for (const shard of shards.toReversed()) {
    if (!missing.has(shard.index)) await blobs.putTally('h', shard, `tally ${shard.from}`);
  }
  assert.deepEqual(
    await blobs.tallies('h', shards),
    shards.map(({ index, from }) => (missing.has(index) ? null : `tally ${from}`)),
  );
});

test('a tally that is used again is kept as long as a new one, and longer than any record', async () => {
  const names = namesOf('{keep}');
  const blobs = openBlobs(redis, names);
  const [shard] = shardsOf(smallPlan());
  assert.equal(await blobs.hasTally('h', shard!), false);
  await blobs.putTally('h', shard!, 'tally');
  await redis.expire(names.tally('h', shard!), 5);
  assert.equal(await blobs.hasTally('h', shard!), true);
  const left = await redis.ttl(names.tally('h', shard!));
  assert.ok(left > RECORD_SECONDS && left <= BLOB_SECONDS, String(left));
});
