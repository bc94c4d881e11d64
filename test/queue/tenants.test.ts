/**
 * Tenants, policies and quotas on a real Redis with real workers: whose job is whose, what is counted
 * twice and what never, and when a queue that is not consumed is called so.
 */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { openBullQueue, type BullQueueOptions } from '../../src/queue/bull-queue.js';
import { isJobOf, TooManyJobs, type JobQueue } from '../../src/queue/job-queue.js';
import { SHARD_QUEUE, namesOf } from '../../src/queue/names.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { until } from '../until.js';
import { openRig } from '../workers/rig.js';
import { smallPlan } from './plans.js';

const POLICY = { incorrect: { maxDensity: '0' } };

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

async function open(
  t: TestContext,
  prefix: string,
  options: Partial<BullQueueOptions> = {},
): Promise<JobQueue> {
  const log = pino({ level: 'silent' });
  const queue = openBullQueue({ url: server.url, prefix: `{${prefix}}`, log, ...options });
  t.after(() => queue.close());
  await until('the queue is connected', async () =>
    (await queue.readiness()).reasons.every((reason) => !reason.startsWith('Redis')),
  );
  return queue;
}

/** The value of a metric without labels, or with exactly these. */
function sample(text: string, name: string): number {
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  assert.ok(line !== undefined, `${name} is not exported`);
  return Number(line.slice(name.length));
}

test('the same question of two tenants is two jobs in two lists', async (t) => {
  const queue = await open(t, 'lists');
  const jobs: Record<string, string> = {};
  for (const tenant of ['', 'a', 'b']) {
    const { job, created } = await queue.submit(smallPlan(), { tenant });
    assert.ok(created);
    assert.deepEqual(await queue.submit(smallPlan({ shards: 2 }), { tenant }), {
      job,
      created: false,
    });
    jobs[tenant] = job.id;
  }
  for (const [tenant, id] of Object.entries(jobs)) {
    const page = await queue.list({ limit: 10, tenant });
    assert.deepEqual(
      page.jobs.map((job) => job.id),
      [id],
    );
    for (const other of Object.keys(jobs)) assert.equal(isJobOf(other, id), other === tenant);
  }
});

test('another policy is another job over the same counts; another tenant counts for itself', async (t) => {
  const rig = await openRig(server, 'shared');
  t.after(() => rig.close());
  await rig.work();
  const shards = async (): Promise<readonly [number, number]> => {
    const text = await rig.queue.metrics();
    return [
      sample(text, 'gradcert_shards_total{outcome="computed"}'),
      sample(text, 'gradcert_shards_total{outcome="known"}'),
    ];
  };
  const done = async (options: Parameters<JobQueue['submit']>[1]): Promise<string> => {
    const { job } = await rig.queue.submit(smallPlan(), options);
    const record = await rig.final(job.id);
    assert.equal(record.state, 'succeeded');
    assert.deepEqual(record.policy, options?.policy ?? null);
    return job.id;
  };
  const settled = (computed: number, known: number): Promise<true> =>
    until(`${String(computed)} shards were computed and ${String(known)} known`, async () => {
      const counted = await shards();
      assert.ok(counted[0] <= computed, 'a shard was computed again');
      return counted[0] === computed && counted[1] === known;
    });
  const plain = await done({});
  await settled(4, 0);
  const judged = await done({ policy: POLICY });
  await settled(4, 4);
  assert.notEqual(judged, plain);
  assert.equal(await rig.queue.result(judged), await rig.queue.result(plain));
  const theirs = await done({ policy: POLICY, tenant: 'a' });
  await settled(8, 4);
  assert.equal(await rig.queue.result(theirs), await rig.queue.result(plain));
  const text = await rig.queue.metrics();
  // 3375 visits each, by two tenants.
  assert.equal(sample(text, 'gradcert_engine_parts_total{method="enumeration"}'), 6750);
  assert.ok(sample(text, 'gradcert_redis_used_memory_bytes') > 0);
  assert.equal(sample(text, 'gradcert_redis_append_only_ok'), 1);
  assert.equal(sample(text, 'gradcert_workers'), 1);
  assert.equal(sample(text, 'gradcert_jobs_live'), 0);
});

test('a tenant has so many live jobs and no more, whatever others have', async (t) => {
  const queue = await open(t, 'quota', { liveJobsMax: 2 });
  const submit = (input: string, tenant: string): ReturnType<JobQueue['submit']> =>
    queue.submit(smallPlan({ input }), { tenant });
  const first = await submit('1', 'a');
  await submit('2', 'a');
  await assert.rejects(submit('3', 'a'), new TooManyJobs(2));
  // What is asked again is no new job; another tenant has its own two.
  assert.equal((await submit('1', 'a')).created, false);
  await submit('1', 'b');
  await queue.cancel(first.job.id);
  await submit('3', 'a');
  await assert.rejects(submit('4', 'a'), TooManyJobs);
  await assert.rejects(queue.resume(first.job.id), new TooManyJobs(2));
  assert.equal((await queue.get(first.job.id))?.state, 'cancelled');
  const raced = await Promise.allSettled(
    Array.from({ length: 10 }, (_, at) => submit(String(at + 5), 'c')),
  );
  assert.equal(raced.filter(({ status }) => status === 'fulfilled').length, 2);
});

test('a living worker that takes nothing makes the queue not ready, until it does', async (t) => {
  const queue = await open(t, 'idle', { consumeWithinMs: 400 });
  const names = namesOf('{idle}');
  // The heartbeat of a worker, and no worker behind it.
  await redis.set(names.worker('w'), '1');
  await redis.sadd(names.workers, 'w');
  assert.deepEqual(await queue.readiness(), { ready: true, reasons: [], workers: 1 });
  await queue.submit(smallPlan());
  // A moment ago it was empty: nothing is suspected yet.
  assert.equal((await queue.readiness()).ready, true);
  const red = await until('it is called idle', async () => {
    const readiness = await queue.readiness();
    return readiness.ready ? null : readiness;
  });
  assert.match(red.reasons.join(), /not being consumed: 4 shards or merges wait/);
  assert.equal(sample(await queue.metrics(), 'gradcert_queue_consuming'), 0);
  // Something was taken: well again at once.
  await redis.set(names.taken, '1');
  assert.equal((await queue.readiness()).ready, true);
  await redis.del(names.taken);
  await until('it is idle again', async () => !(await queue.readiness()).ready);
});

test('a paused queue is not consumed either', async (t) => {
  const rig = await openRig(server, 'paused');
  t.after(() => rig.close());
  const queue = await open(t, 'paused', { consumeWithinMs: 400 });
  const shards = new Queue(SHARD_QUEUE, { connection: redis, prefix: '{paused}' });
  await shards.pause();
  await rig.work();
  const { job } = await queue.submit(smallPlan());
  await until('it is called idle', async () => !(await queue.readiness()).ready);
  await shards.resume();
  assert.equal((await rig.final(job.id)).state, 'succeeded');
  assert.equal((await queue.readiness()).ready, true);
  await shards.close();
});
