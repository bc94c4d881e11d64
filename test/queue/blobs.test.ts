/** Plans, tallies and results: written once, in order, and for as long as somebody needs them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { shardsOf } from '../../src/plan/plan.js';
import { NotDeterministic, openBlobs, type Blobs } from '../../src/queue/blobs.js';
import { NO_LIMITS } from '../../src/queue/job-queue.js';
import { BLOB_EXTRA_SECONDS, namesOf, RECORD_SECONDS, type Names } from '../../src/queue/names.js';
import { openRecords, type Records } from '../../src/queue/records.js';
import { openShards, type Shards } from '../../src/queue/shards.js';
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

interface Opened {
  readonly names: Names;
  readonly records: Records;
  readonly blobs: Blobs;
  readonly shards: Shards;
}

/** One job, `an_x`, whose plan is `h`. */
async function open(prefix: string, shards = 4): Promise<Opened> {
  const names = namesOf(`{${prefix}}`);
  const records = openRecords(redis, names);
  const plan = smallPlan({ shards });
  const common = { planHash: 'h', planText: 'the plan', limits: NO_LIMITS, tenant: '' };
  await records.create({ baseId: 'an_x', plan, ...common });
  return { names, records, blobs: openBlobs(redis, names), shards: openShards(redis, names) };
}

const text = (tally: string): { tally: string; spent: number } => ({ tally, spent: 0 });

test('writing the same twice is harmless, writing something else is refused', async () => {
  const { blobs, shards } = await open('once');
  const [shard] = shardsOf(smallPlan());
  const put = (tally: string): Promise<void> => shards.finish('an_x', 'h', shard!, text(tally));
  await Promise.all(Array.from({ length: 10 }, () => put('tally')));
  await assert.rejects(put('other'), NotDeterministic);
  assert.deepEqual(await shards.tallies('h', [shard!]), ['tally']);
  await blobs.putResult('h', 'result');
  await blobs.putResult('h', 'result');
  await assert.rejects(blobs.putResult('h', 'other'), NotDeterministic);
  assert.equal(await blobs.result('h'), 'result');
});

test('tallies come in the order of the shards, with gaps where one is missing', async () => {
  const { shards } = await open('order', 250);
  const all = shardsOf(smallPlan({ shards: 250 }));
  const missing = new Set([0, 99, 100, 249]);
  for (const shard of all.toReversed()) {
    if (missing.has(shard.index)) continue;
    await shards.finish('an_x', 'h', shard, text(`tally ${shard.from}`));
  }
  assert.deepEqual(
    await shards.tallies('h', all),
    all.map(({ index, from }) => (missing.has(index) ? null : `tally ${from}`)),
  );
  const finished = await shards.finished('h', all);
  assert.deepEqual(
    finished.map(({ index }) => index),
    all.map(({ index }) => index).filter((index) => !missing.has(index)),
  );
});

test('what is finished in one moment is stored as if it came one by one', async () => {
  const { names, records, shards } = await open('together');
  const [first, second, third] = shardsOf(smallPlan({ shards: 3 }));
  await shards.finish('an_x', 'h', second!, { tally: 'second', spent: 5 });
  const ends = await Promise.allSettled([
    shards.finish('an_x', 'h', first!, { tally: 'first', spent: 10 }),
    shards.finish('an_x', 'h', second!, { tally: 'other', spent: 20 }),
    shards.finish('an_x', 'gone', third!, { tally: 'third', spent: 40 }),
    shards.finish('an_unknown', 'h', third!, { tally: 'third', spent: 80 }),
    shards.finish('an_x', 'h', first!, { tally: 'first', spent: 0 }),
  ]);
  assert.deepEqual(
    ends.map((end) => (end.status === 'fulfilled' ? 'stored' : (end.reason as Error).name)),
    ['stored', 'NotDeterministic', 'stored', 'stored', 'stored'],
  );
  assert.deepEqual(await shards.tallies('h', [first!, second!, third!]), [
    ...['first', 'second', 'third'],
  ]);
  assert.equal((await records.get('an_x'))?.cpuSeconds, 35 / 1_000_000);
  const lengths = await redis.hgetall(names.progress('an_x'));
  assert.deepEqual(Object.keys(lengths).sort(), [String(first!.index), String(second!.index)]);
  assert.equal(await redis.exists(names.progress('an_unknown'), names.tallies('gone')), 0);
});

test('what a live job needs never expires; then it outlives every record that points to it', async () => {
  const { names, records, blobs, shards } = await open('keep');
  const [shard, next] = shardsOf(smallPlan());
  await shards.finish('an_x', 'h', shard!, text('tally'));
  await blobs.putResult('h', 'result');
  const keys = [names.plan('h'), names.tallies('h'), names.result('h')];
  const lives = (): Promise<number[]> => Promise.all(keys.map((key) => redis.ttl(key)));
  assert.deepEqual(await lives(), [-1, -1, -1]);
  await records.cancel('an_x');
  // A shard that was on its way when the job ended.
  await shards.finish('an_x', 'h', next!, text('late'));
  for (const left of await lives()) {
    assert.ok(left > RECORD_SECONDS && left <= RECORD_SECONDS + BLOB_EXTRA_SECONDS, String(left));
  }
  const from = { plan: smallPlan(), doneShards: [shard!, next!], limits: NO_LIMITS };
  assert.equal((await records.resume('an_x', from)).moved, true);
  assert.deepEqual(await lives(), [-1, -1, -1], 'needed again');
});

test('of an erased plan nothing is written any more', async () => {
  const { names, records, blobs, shards } = await open('erased');
  const [shard] = shardsOf(smallPlan());
  await records.cancel('an_x');
  assert.equal(await records.erase('an_x'), 'cancelled');
  await shards.finish('an_x', 'h', shard!, text('late'));
  await blobs.putResult('h', 'late');
  assert.equal(
    await redis.exists(names.tallies('h'), names.result('h'), names.progress('an_x')),
    0,
  );
});
