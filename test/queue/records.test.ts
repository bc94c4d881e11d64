import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import { namesOf, type Names } from '../../src/queue/names.js';
import { NO_LIMITS, type JobLimits } from '../../src/queue/job-queue.js';
import { openRecords, pointsDone, type NewJob, type Records } from '../../src/queue/records.js';
import type { Plan } from '../../src/plan/plan.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { until } from '../until.js';
import { smallPlan } from './plans.js';

let server: PrivateRedis;
const clients: Redis[] = [];

before(async () => {
  server = await privateRedis();
});
after(async () => {
  for (const client of clients) client.disconnect();
  await server.stop();
});

function open(prefix: string): { redis: Redis; names: Names; records: Records } {
  const redis = new Redis(server.url);
  clients.push(redis);
  const names = namesOf(`{${prefix}}`);
  return { redis, names, records: openRecords(redis, names) };
}

const job = (baseId: string, plan: Plan = smallPlan(), limits: JobLimits = NO_LIMITS): NewJob => ({
  baseId,
  plan,
  planHash: `hash of ${baseId}`,
  planText: 'text',
  limits,
});

test('a storm of equal submissions over several connections makes one job', async () => {
  const several = Array.from({ length: 5 }, () => open('storm').records);
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, at) => several[at % several.length]!.create(job('an_storm'))),
  );
  assert.equal(answers.filter(({ created }) => created).length, 1);
  assert.deepEqual(new Set(answers.map(({ id }) => id)), new Set(['an_storm']));
  assert.equal((await several[0]!.list({ limit: 10 })).jobs.length, 1);
});

test('only a failed or cancelled job gives way to a new one, with a suffix', async () => {
  const { records } = open('suffix');
  await records.create(job('an_x'));
  await records.start('an_x');
  assert.deepEqual(await records.create(job('an_x')), { id: 'an_x', created: false });
  await records.fail('an_x', { code: 'shard-failed', detail: 'so', shard: 3 }, '1');
  assert.deepEqual(await records.create(job('an_x')), { id: 'an_x-2', created: true });
  await records.cancel('an_x-2');
  assert.deepEqual(await records.create(job('an_x')), { id: 'an_x-3', created: true });
  await records.succeed('an_x-3');
  assert.deepEqual(await records.create(job('an_x')), { id: 'an_x-3', created: false });
  const first = await records.get('an_x');
  assert.deepEqual(first?.error, { code: 'shard-failed', detail: 'so', shard: 3 });
  assert.equal((await records.get('an_x-2'))?.state, 'cancelled');
});

test('of a cancel, a failure and a finish that race, one wins, and stays', async () => {
  const { records } = open('race');
  for (let round = 0; round < 20; round++) {
    const id = `an_${String(round)}`;
    await records.create(job(id));
    await records.start(id);
    const { run = '' } = (await records.get(id)) ?? {};
    const moves = await Promise.all([
      records.cancel(id),
      records.succeed(id),
      records.fail(id, { code: 'c', detail: 'd' }, run),
    ]);
    assert.equal(moves.filter(({ moved }) => moved).length, 1);
    const state = await records.state(id);
    for (const move of moves) assert.equal(move.state, state);
    assert.deepEqual(await records.start(id), { moved: false, state, run });
  }
});

test('the events tell every change once, with the record as it then was', async () => {
  const { records } = open('events');
  const plan = smallPlan();
  await records.create(job('an_e', plan));
  await records.start('an_e');
  await records.start('an_e');
  await records.progress('an_e', plan, { index: 0, done: 1000n, spent: 0 });
  await records.succeed('an_e');
  await records.cancel('an_e');
  const events = await records.eventsAfter('an_e', '0', 100);
  assert.deepEqual(
    events.map(({ event, job: { state, done, version } }) => [event, state, done, version]),
    [
      ['state', 'queued', '0', 1],
      ['state', 'running', '0', 2],
      ['progress', 'running', pointsDone(plan, 1000n), 3],
      ['state', 'succeeded', plan.size, 4],
    ],
  );
  assert.deepEqual(events.at(-1)?.job, (await records.list({ limit: 1 })).jobs[0]);
  assert.deepEqual(await records.eventsAfter('an_e', events[2]!.id, 100), events.slice(3));
});

test('points done are exact beyond any double, never go back, and end at |Ω|', async () => {
  const { records } = open('progress');
  const range = 3n ** 60n;
  const size = range * 15n;
  const plan = { ...smallPlan(), range: String(range), size: String(size) };
  await records.create(job('an_p', plan));
  await records.start('an_p');
  const done = async (): Promise<string | undefined> => (await records.get('an_p'))?.done;
  const told = await records.progress('an_p', plan, { index: 0, done: range - 5n, spent: 0 });
  assert.deepEqual(told, { state: 'running', overBudget: false });
  assert.equal(await done(), String(size - 75n));
  await records.progress('an_p', plan, { index: 0, done: 7n, spent: 0 });
  assert.equal(await done(), String(size - 75n));
  await records.progress('an_p', plan, { index: 0, done: range - 5n, spent: 0 });
  await records.progress('an_p', plan, { index: 1, done: 5n, spent: 0 });
  assert.equal(await done(), String(size));
  await records.cancel('an_p');
  const last = { index: 2, done: 1n, spent: 0 };
  assert.equal((await records.progress('an_p', plan, last)).state, 'cancelled');
  assert.equal((await records.progress('an_unknown', plan, last)).state, null);
});

test('points done round down where a visit stands for a fraction of Ω', () => {
  const plan = { ...smallPlan(), range: '7', size: '100' };
  const all = Array.from({ length: 8 }, (_, visited) => pointsDone(plan, BigInt(visited)));
  assert.deepEqual(all, ['0', '14', '28', '42', '57', '71', '85', '100']);
});

test('the list goes newest first, page by page, and skips what has expired', async () => {
  const { records, redis, names } = open('list');
  const ids = Array.from({ length: 7 }, (_, at) => `an_${String(at)}`);
  for (const id of ids) await records.create(job(id));
  await redis.del(names.record('an_4'));
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await records.list(cursor === undefined ? { limit: 3 } : { limit: 3, cursor });
    pages.push(page.jobs.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
    // A newcomer must not move what comes after the cursor.
    await records.create(job(`an_later_${String(pages.length)}`));
  } while (cursor !== undefined);
  assert.deepEqual(pages, [
    ['an_6', 'an_5', 'an_3'],
    ['an_2', 'an_1', 'an_0'],
  ]);
  assert.equal(await redis.zscore(names.index('an_'), 'an_4'), null);
  for (const foreign of ['', 'x', 'YmVmb3JlLjA', 'YmVmb3JlLjE=']) {
    await assert.rejects(records.list({ limit: 1, cursor: foreign }), RangeError, foreign);
  }
});

test('a job is looked after by one caller at a time, only when due, never when final', async () => {
  const { records, redis, names } = open('claim');
  await records.create(job('an_c'));
  await records.create(job('an_d'));
  assert.equal(await records.claim(), null);
  assert.equal(await records.claim('an_c'), null);
  await redis.zadd(names.live, 1, 'an_c', 1, 'an_d');
  await records.cancel('an_d');
  const claims = await Promise.all(Array.from({ length: 20 }, () => records.claim('an_c')));
  assert.deepEqual(
    claims.filter((id) => id !== null),
    ['an_c'],
  );
  assert.equal(await records.claim(), null);
  const before = (await records.get('an_c'))?.run;
  const run = await records.rerun('an_c');
  assert.notEqual(run, before);
  assert.equal((await records.get('an_c'))?.run, run);
  assert.equal(await records.rerun('an_d'), null);
});

test('a final record expires, a live one does not', async () => {
  const { records, redis, names } = open('expiry');
  await records.create(job('an_t'));
  assert.equal(await redis.ttl(names.record('an_t')), -1);
  await records.cancel('an_t');
  for (const key of [names.record('an_t'), names.events('an_t'), names.request('an_t')]) {
    assert.ok((await redis.ttl(key)) > 24 * 3600, key);
  }
});

test('of several who ask for a live job, the widest limits hold', async () => {
  const { records } = open('widest');
  const ask = (deadlineSeconds: number | null, cpuSeconds: number | null) =>
    records.create(job('an_w', smallPlan(), { deadlineSeconds, cpuSeconds }));
  const limits = async (): Promise<[number | null, number | null]> => {
    const record = await records.get('an_w');
    const { createdAt, deadlineAt, cpuSecondsLimit } = record!;
    const seconds = (Date.parse(deadlineAt ?? '') - Date.parse(createdAt)) / 1000;
    return [deadlineAt === null ? null : Math.round(seconds), cpuSecondsLimit];
  };
  await ask(100, 10);
  assert.deepEqual(await limits(), [100, 10]);
  await ask(50, 5);
  assert.deepEqual(await limits(), [100, 10], 'a narrower one takes nothing from the first');
  await ask(200, 5);
  assert.deepEqual(await limits(), [200, 10]);
  await ask(null, 20);
  assert.deepEqual(await limits(), [null, 20]);
  await ask(1, null);
  assert.deepEqual(await limits(), [null, null], 'no limit is the widest');
  const { version } = (await records.get('an_w'))!;
  await ask(1, 1);
  assert.equal((await records.get('an_w'))?.version, version, 'nothing changed, nothing is told');
});

test('an id that expired or was erased is gone; what others need is kept', async () => {
  const { records, redis, names } = open('gone');
  const plan = smallPlan();
  await records.create(job('an_g', plan));
  assert.equal(await records.erase('an_g'), 'queued', 'a live one stays');
  await records.fail('an_g', { code: 'c', detail: 'd' }, 'another run');
  assert.equal(await records.state('an_g'), 'queued');
  await records.fail('an_g', { code: 'c', detail: 'd' }, '1');
  assert.deepEqual((await records.create(job('an_g', plan))).id, 'an_g-2');
  await redis.hset(names.tallies('hash of an_g'), '0:1', 'tally');
  assert.equal(await records.erase('an_g'), 'failed');
  assert.equal(await records.get('an_g'), null);
  assert.equal(await records.gone('an_g'), 'erased');
  assert.equal(await records.gone('an_g-2'), null);
  assert.equal(await redis.exists(names.plan('hash of an_g'), names.tallies('hash of an_g')), 2);
  await records.succeed('an_g-2');
  assert.equal(await records.erase('an_g-2'), 'succeeded');
  const left = (await redis.keys('{gone}:*')).toSorted();
  const known = [names.gone('an_g'), names.gone('an_g-2'), names.request('an_g'), names.sequence];
  assert.deepEqual(left, known.toSorted());
  assert.equal((await records.create(job('an_g', plan))).id, 'an_g-3', 'an id is never used twice');
  assert.equal(await records.erase('an_none'), null);
});

test('a final record expires at the time it says, and its id is gone then', async () => {
  const { redis, names } = open('retention');
  const records = openRecords(redis, names, 1);
  await records.create(job('an_r'));
  assert.equal((await records.get('an_r'))?.expiresAt, null);
  await records.succeed('an_r');
  const { finishedAt, expiresAt } = (await records.get('an_r'))!;
  assert.equal(Date.parse(expiresAt!) - Date.parse(finishedAt!), 1000);
  await until('it has expired', async () => (await records.get('an_r')) === null);
  assert.equal(await records.gone('an_r'), 'expired');
  assert.equal((await records.create(job('an_r'))).id, 'an_r-2');
});

test('only what failed or was cancelled is resumed, for one of several who ask', async () => {
  const { records } = open('resume');
  const plan = smallPlan();
  const from = { plan, doneShards: [], limits: NO_LIMITS };
  await records.create(job('an_q', plan));
  assert.deepEqual(await records.resume('an_q', from), { moved: false, state: 'queued', run: '1' });
  await records.cancel('an_q');
  const runBefore = (await records.get('an_q'))?.run;
  const answers = await Promise.all(Array.from({ length: 9 }, () => records.resume('an_q', from)));
  assert.equal(answers.filter(({ moved }) => moved).length, 1);
  const record = (await records.get('an_q'))!;
  assert.equal(record.state, 'queued');
  assert.notEqual(record.run, runBefore);
  assert.deepEqual(await records.create(job('an_q', plan)), { id: 'an_q', created: false });
  await records.succeed('an_q');
  const { moved, state } = await records.resume('an_q', from);
  assert.deepEqual([moved, state], [false, 'succeeded']);
  const none = await records.resume('an_none', from);
  assert.deepEqual(none, { moved: false, state: null, run: '' });
});
