/** The queue as the HTTP side sees it, on a real Redis, without any worker. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import { joinExpositions, openBullQueue } from '../../src/queue/bull-queue.js';
import { QueueUnavailable, type JobEvent, type JobQueue } from '../../src/queue/job-queue.js';
import { namesOf } from '../../src/queue/names.js';
import { openRecords } from '../../src/queue/records.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { until } from '../until.js';
import { smallPlan } from './plans.js';

const log = pino({ level: 'silent' });
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

async function open(prefix: string, url = server.url): Promise<JobQueue> {
  const queue = openBullQueue({ url, prefix: `{${prefix}}`, log });
  await until('the queue is connected', async () => (await connected(queue)) || null);
  return queue;
}

async function connected(queue: JobQueue): Promise<boolean> {
  return (await queue.readiness()).reasons.every((reason) => !reason.startsWith('Redis'));
}

async function collect(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const all: JobEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test('a job is queued, found, listed and cancelled', async () => {
  const queue = await open('basic');
  const { job, created } = await queue.submit(smallPlan());
  assert.equal(created, true);
  assert.equal(job.state, 'queued');
  assert.deepEqual(
    [job.done, job.total, job.mode, job.startedAt],
    ['0', '50625', 'exhaustive', null],
  );
  assert.match(job.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(await queue.get(job.id), job);
  assert.deepEqual(await queue.submit(smallPlan({ shards: 2 })), { job, created: false });
  assert.deepEqual(await queue.list({ limit: 10 }), { jobs: [job], nextCursor: null });
  assert.equal(await queue.result(job.id), null);
  const cancelled = await queue.cancel(job.id);
  assert.equal(cancelled?.state, 'cancelled');
  assert.notEqual(cancelled.finishedAt, null);
  await queue.close();
});

test('what is unknown is null, and a foreign cursor or event id is refused', async () => {
  const queue = await open('unknown');
  const id = 'an_00000000000000000000000000000000';
  assert.equal(await queue.get(id), null);
  assert.equal(await queue.result(id), null);
  assert.equal(await queue.cancel(id), null);
  const { signal } = new AbortController();
  assert.deepEqual(await collect(queue.events(id, { signal })), []);
  await assert.rejects(queue.list({ limit: 5, cursor: 'foreign' }), RangeError);
  await assert.rejects(collect(queue.events(id, { signal, lastEventId: '+' })), RangeError);
  await queue.close();
});

test('several processes that get the same request make one job', async () => {
  const queues = await Promise.all(Array.from({ length: 4 }, () => open('storm')));
  const answers = await Promise.all(
    Array.from({ length: 80 }, (_, at) => queues[at % 4]!.submit(smallPlan({ shards: 20 }))),
  );
  assert.equal(new Set(answers.map(({ job }) => job.id)).size, 1);
  assert.equal(answers.filter(({ created }) => created).length, 1);
  assert.match(
    await queues[0]!.metrics(),
    /bullmq_job_count\{queue="shards", state="prioritized"\} 20\n/,
  );
  await Promise.all(queues.map((queue) => queue.close()));
});

test('events come as they happen, go on where a follower left, and end with the job', async () => {
  const queue = await open('events');
  const records = openRecords(redis, namesOf('{events}'));
  const plan = smallPlan();
  const { job } = await queue.submit(plan);
  const { signal } = new AbortController();
  const followers = Array.from({ length: 5 }, () => collect(queue.events(job.id, { signal })));
  await records.start(job.id);
  for (let visits = 500n; visits <= 3000n; visits += 500n) {
    await records.progress(job.id, plan, { index: 0, done: visits, spent: 0 });
  }
  await records.succeed(job.id);
  const all = await followers[0]!;
  assert.equal(all.length, 9);
  assert.deepEqual(
    all.map(({ job: { version } }) => version),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  for (const other of followers) assert.deepEqual(await other, all);
  for (const at of [0, 4, 8]) {
    const rest = await collect(queue.events(job.id, { signal, lastEventId: all[at]!.id }));
    assert.deepEqual(rest, all.slice(at + 1));
  }
  await queue.close();
});

test('a follower that goes away ends its stream', async () => {
  const queue = await open('abort');
  const { job } = await queue.submit(smallPlan());
  const leaving = new AbortController();
  const seen: string[] = [];
  for await (const { job: record } of queue.events(job.id, { signal: leaving.signal })) {
    seen.push(record.state);
    setImmediate(() => {
      leaving.abort();
    });
  }
  assert.deepEqual(seen, ['queued']);
  await queue.close();
});

test('a record whose flow was never added is taken up by the next submission', async () => {
  const queue = await open('orphan');
  const names = namesOf('{orphan}');
  const { job } = await queue.submit(smallPlan({ shards: 3 }));
  const shards = /queue="shards", state="prioritized"\} (\d+)/;
  // As if the process had died between the record and the queue.
  const keys = [
    ...(await redis.keys('{orphan}:shards:*')),
    ...(await redis.keys('{orphan}:merges:*')),
  ];
  await redis.del(keys.filter((key) => !key.endsWith(':meta')));
  assert.equal(shards.exec(await queue.metrics())?.[1], '0');
  assert.equal((await queue.submit(smallPlan({ shards: 3 }))).created, false);
  assert.equal(shards.exec(await queue.metrics())?.[1], '0', 'not yet due');
  await redis.zadd(names.live, 1, job.id);
  const again = await queue.submit(smallPlan({ shards: 3 }));
  assert.deepEqual([again.created, again.job.id], [false, job.id]);
  assert.equal(shards.exec(await queue.metrics())?.[1], '3');
  await queue.close();
});

test('readiness wants noeviction and a worker that lives', async () => {
  const queue = await open('ready');
  const names = namesOf('{ready}');
  const noWorker = { ready: false, reasons: ['no worker is alive'], workers: 0 };
  assert.deepEqual(await queue.readiness(), noWorker);
  await redis.sadd(names.workers, 'w', 'dead');
  await redis.set(names.worker('w'), '1', 'PX', 60_000);
  assert.deepEqual(await queue.readiness(), { ready: true, reasons: [], workers: 1 });
  await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  const { ready, reasons } = await queue.readiness();
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  assert.equal(ready, false);
  assert.match(reasons[0] ?? '', /allkeys-lru/);
  await queue.close();
});

test('metrics are one exposition: each family once, both queues in it', async () => {
  const queue = await open('metrics');
  const text = await queue.metrics();
  const heads = text.split('\n').filter((line) => line.startsWith('#'));
  assert.equal(new Set(heads).size, heads.length);
  // Three metrics of BullMQ's, with a HELP and a TYPE each, beside our own.
  assert.equal(heads.filter((line) => / bullmq_/.test(line)).length, 6);
  assert.match(text, /^gradcert_queue_consuming 1$/m);
  for (const name of ['merges', 'shards']) assert.ok(text.includes(`queue="${name}"`));
  assert.equal(
    joinExpositions([
      '# TYPE a gauge\na{q="1"} 1\n# TYPE b gauge\nb 2',
      '# TYPE a gauge\na{q="2"} 3',
    ]),
    '# TYPE a gauge\na{q="1"} 1\na{q="2"} 3\n# TYPE b gauge\nb 2\n',
  );
  await queue.close();
});

test('a Redis that was never there: every call fails at once', async () => {
  const queue = openBullQueue({ url: '/nowhere/redis.sock', prefix: '{x}', log });
  const calls = [
    () => queue.submit(smallPlan()),
    () => queue.get('an_x'),
    () => queue.list({ limit: 1 }),
    () => queue.cancel('an_x'),
    () => queue.metrics(),
    () => collect(queue.events('an_x', { signal: new AbortController().signal })),
  ];
  for (const call of calls) await assert.rejects(call(), QueueUnavailable);
  assert.equal((await queue.readiness()).ready, false);
  await queue.close();
});

test('a Redis that is gone: calls fail at once, followers end', async () => {
  const own = await privateRedis();
  const queue = await open('gone', own.url);
  const { job } = await queue.submit(smallPlan());
  const following = collect(queue.events(job.id, { signal: new AbortController().signal }));
  // Heard of at once, however early it comes.
  const ended = assert.rejects(following, QueueUnavailable);
  await own.stop();
  await assert.rejects(queue.submit(smallPlan({ input: '2' })), QueueUnavailable);
  await ended;
  await queue.close();
});

test('a Redis that was killed comes back with all that it acknowledged', async () => {
  const own = await privateRedis();
  const queue = await open('killed', own.url);
  const { job } = await queue.submit(smallPlan());
  await own.kill();
  await until('Redis is back', () => connected(queue));
  assert.deepEqual(await queue.get(job.id), job, 'the acknowledged job is still there');
  assert.equal((await queue.submit(smallPlan({ input: '2' }))).created, true);
  await queue.close();
  await own.stop();
});
