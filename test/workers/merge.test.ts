/** The merge: never of what is incomplete, once is enough, twice does no harm. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { shardsOf } from '../../src/plan/plan.js';
import {
  MERGE_QUEUE,
  namesOf,
  planBlobOf,
  SHARD_QUEUE,
  tallyField,
} from '../../src/queue/names.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { smallPlan } from '../queue/plans.js';
import { localResult } from './local-result.js';
import { until } from '../until.js';
import { openRig } from './rig.js';

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

test('a merge that throws fails the job, and says nothing of the machine', async (t) => {
  const rig = await openRig(server, 'throws');
  t.after(() => rig.close());
  await rig.work('unmerging');
  const { job } = await rig.queue.submit(smallPlan());
  const record = await rig.final(job.id);
  assert.deepEqual([record.state, record.error?.code], ['failed', 'merge-failed']);
  assert.doesNotMatch(JSON.stringify(record), /secret|\.js|\/etc/);
});

test('a merge delivered twice changes nothing', async (t) => {
  const rig = await openRig(server, 'twice');
  t.after(() => rig.close());
  await rig.work();
  const plan = smallPlan();
  const { job } = await rig.queue.submit(plan);
  const record = await rig.final(job.id);
  const bull = { connection: redis, prefix: '{twice}' };
  const merges = new Queue(MERGE_QUEUE, bull);
  const data = { job: job.id, run: '1', plan: planBlobOf(plan).hash };
  await merges.add('merge', data, { jobId: 'again' });
  await until(
    'the second is done',
    async () => (await merges.getJobState('again')) === 'completed',
  );
  assert.deepEqual(await rig.queue.get(job.id), record);
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  await merges.close();
});

test('a missing tally fails the job instead of being left out', async (t) => {
  const rig = await openRig(server, 'missing');
  t.after(() => rig.close());
  const plan = smallPlan({ shards: 2 });
  const { job } = await rig.queue.submit(plan);
  const names = namesOf('{missing}');
  const { hash } = planBlobOf(plan);
  // Shards that the queue believes done, of which one left no tally.
  const bull = { connection: redis, prefix: '{missing}' };
  const [merges, shards] = [new Queue(MERGE_QUEUE, bull), new Queue(SHARD_QUEUE, bull)];
  const [parent] = await merges.getJobs(['waiting-children']);
  await parent!.removeUnprocessedChildren();
  await redis.hset(names.tallies(hash), tallyField(shardsOf(plan)[0]!), '{}');
  await rig.work();
  const record = await rig.final(job.id);
  assert.deepEqual([record.state, record.error?.code], ['failed', 'merge-failed']);
  assert.equal(await rig.queue.result(job.id), null);
  await Promise.all([merges.close(), shards.close()]);
});

test('a queue job with foreign data fails alone; the worker goes on', async (t) => {
  const rig = await openRig(server, 'poison');
  t.after(() => rig.close());
  await rig.work();
  const bull = { connection: redis, prefix: '{poison}' };
  const shards = new Queue(SHARD_QUEUE, bull);
  const payloads = [
    null,
    7,
    { job: 'x' },
    { job: 'x', run: '1', plan: 'y', index: -1, from: '0', to: 'z' },
  ];
  for (const [at, data] of payloads.entries()) {
    await shards.add('shard', data, { jobId: `poison-${String(at)}`, attempts: 3 });
    await until(
      'it failed',
      async () => (await shards.getJobState(`poison-${String(at)}`)) === 'failed',
    );
  }
  const plan = smallPlan({ shards: 3 });
  const { job } = await rig.queue.submit(plan);
  await rig.final(job.id);
  assert.equal(await rig.queue.result(job.id), localResult(plan));
  await shards.close();
});

test('a run that ended in the queue without telling ends the job, when it is looked after', async (t) => {
  const rig = await openRig(server, 'untold');
  t.after(() => rig.close());
  const workers = await rig.work('unmerging');
  const plan = smallPlan();
  const { job } = await rig.queue.submit(plan);
  await rig.final(job.id);
  const names = namesOf('{untold}');
  const merges = new Queue(MERGE_QUEUE, { connection: redis, prefix: '{untold}' });
  await until('the parent failed', async () => (await merges.getFailedCount()) === 1);
  // As if the worker had died before it could tell; alive, its sweep might look first.
  await workers.stop();
  await redis.hset(names.record(job.id), 'state', 'running', 'finishedAt', '', 'error', '');
  await redis.zadd(names.live, 1, job.id);
  const { job: found } = await rig.queue.submit(plan);
  assert.deepEqual([found.state, found.error?.code], ['failed', 'run-failed']);
  await merges.close();
});
