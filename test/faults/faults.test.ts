/**
 * Faults, one at a time: whatever dies, is cut off or comes twice, the result is byte for byte the
 * undisturbed one. All of them at random: `chaos.ts`.
 */
import assert from 'node:assert/strict';
import { after, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { shardsOf } from '../../src/plan/plan.js';
import { QueueUnavailable } from '../../src/queue/job-queue.js';
import { namesOf, planBlobOf, SHARD_QUEUE, STALLS_ALLOWED } from '../../src/queue/names.js';
import type { Job } from '../../src/schemas/job.js';
import { until } from '../until.js';
import { smallPlan } from '../queue/plans.js';
import { localResult } from '../workers/local-result.js';
import { fixture, PROCESS } from '../workers/fixtures/forked.js';
import { begun, closeGate, makeGate, openGate } from '../workers/fixtures/gate.js';
import { killProcesses, startApi } from './processes.js';
import { planOfQuestion, questionBody, undisturbed } from './questions.js';
import { openScene, type Scene } from './scene.js';
import type { StoreOptions } from './store.js';

const removeGate = makeGate();
after(() => {
  killProcesses();
  removeGate();
});

async function sceneFor(t: TestContext, prefix: string, options?: StoreOptions): Promise<Scene> {
  const scene = await openScene(prefix, options);
  assert.ok(scene !== null);
  t.after(() => scene.end());
  return scene;
}

async function isTrue(scene: Scene, id: string, wanted: string): Promise<void> {
  const record = await scene.final(id);
  assert.equal(record.state, 'succeeded', JSON.stringify(record.error));
  assert.equal(await scene.ask((queue) => queue.result(id)), wanted);
}

test('workers killed at random moments, again and again, and all of them gone for a while', async (t) => {
  const scene = await sceneFor(t, 'kills');
  const plan = planOfQuestion(2, 24);
  const { job } = await scene.ask((queue) => queue.submit(plan));
  for (let round = 0; round < 5; round++) {
    const workers = [scene.work(), scene.work()];
    await delay(600 + 250 * round);
    await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
    await delay(100 * round);
  }
  scene.work();
  await isTrue(scene, job.id, undisturbed(plan));
});

test('Redis killed in the middle of a job, away for 2 s, and back on its file', async (t) => {
  const scene = await sceneFor(t, 'outage');
  const plan = planOfQuestion(3, 24);
  scene.work();
  const { job } = await scene.ask((queue) => queue.submit(plan));
  await until('it runs', async () => (await scene.queue.get(job.id))?.state === 'running');
  await scene.store.crash();
  await assert.rejects(scene.queue.get(job.id), QueueUnavailable);
  await delay(2_000);
  await assert.rejects(scene.queue.submit(plan), QueueUnavailable);
  await scene.store.start();
  assert.notEqual(
    await scene.ask((queue) => queue.get(job.id)),
    null,
    'nothing acknowledged is lost',
  );
  await isTrue(scene, job.id, undisturbed(plan));
});

test('the network between API and Redis is cut: refused at once, all there afterwards', async (t) => {
  const scene = await sceneFor(t, 'cut');
  const plan = planOfQuestion(4, 12);
  scene.work();
  const { job } = await scene.ask((queue) => queue.submit(plan));
  const events = scene.queue.events(job.id, { signal: new AbortController().signal });
  assert.equal((await events[Symbol.asyncIterator]().next()).done, false);
  scene.apiWire.cut();
  await until('it is noticed', () =>
    scene.queue.get(job.id).then(
      () => false,
      (error: unknown) => error instanceof QueueUnavailable,
    ),
  );
  const { ready, reasons } = await scene.queue.readiness();
  assert.deepEqual([ready, reasons.length], [false, 1]);
  await delay(500);
  scene.apiWire.mend();
  await isTrue(scene, job.id, undisturbed(plan));
});

test('the network between workers and Redis is cut, longer than their locks last', async (t) => {
  const scene = await sceneFor(t, 'far');
  const plan = planOfQuestion(5, 16);
  scene.work();
  const { job } = await scene.ask((queue) => queue.submit(plan));
  await until('it runs', async () => (await scene.queue.get(job.id))?.state === 'running');
  scene.workerWire.cut();
  await delay(3_000);
  scene.workerWire.mend();
  await isTrue(scene, job.id, undisturbed(plan));
});

test('an API killed and started again knows its jobs', async (t) => {
  const scene = await sceneFor(t, 'api');
  const environment = scene.environment(scene.apiWire);
  const first = await startApi(environment);
  const post = (url: string): Promise<Response> =>
    fetch(`${url}/analyze`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(questionBody(6)),
    });
  const { id } = (await (await post(first.url)).json()) as Job;
  await first.end('SIGKILL');
  scene.work();
  const second = await startApi(environment);
  t.after(() => second.end('SIGKILL'));
  assert.equal(((await (await post(second.url)).json()) as Job).id, id);
  await isTrue(scene, id, undisturbed(planOfQuestion(6, 1)));
  const answer = await fetch(`${second.url}/jobs/${id}/result`);
  assert.equal(await answer.text(), undisturbed(planOfQuestion(6, 1)));
});

test('every shard delivered three times, at the same time', async (t) => {
  const scene = await sceneFor(t, 'twice');
  const plan = planOfQuestion(7, 8);
  const { job } = await scene.ask((queue) => queue.submit(plan));
  const redis = new Redis(scene.store.socket() ?? '');
  const shards = new Queue(SHARD_QUEUE, { connection: redis, prefix: '{twice}' });
  const names = namesOf('{twice}');
  const { hash } = planBlobOf(plan);
  const run = (await redis.hget(names.record(job.id), 'run')) ?? '';
  for (const copy of ['a', 'b']) {
    const data = shardsOf(plan).map((shard) => ({ job: job.id, run, plan: hash, ...shard }));
    await shards.addBulk(
      data.map((each) => ({
        name: 'shard',
        data: each,
        opts: { jobId: `copy-${copy}-${String(each.index)}`, priority: each.index + 1 },
      })),
    );
  }
  scene.work();
  scene.work();
  await isTrue(scene, job.id, undisturbed(plan));
  assert.equal(await redis.hlen(names.tallies(hash)), 8);
  await shards.close();
  redis.disconnect();
});

test('a shard that kills whoever takes it fails its own job, and no other', async (t) => {
  openGate();
  const scene = await sceneFor(t, 'poison');
  const [poison, other] = [smallPlan({ input: '2' }), smallPlan({ shards: 12, input: '3' })];
  const settings = {
    GRADCERT_TEST_POISON: planBlobOf(poison).hash,
    GRADCERT_THREADS: '2',
    GRADCERT_LOCK_DURATION_MS: '1500',
    GRADCERT_STALLED_INTERVAL_MS: '200',
  };
  const [{ job }, { job: innocent }] = await scene.ask(async (queue) => [
    await queue.submit(poison),
    await queue.submit(other),
  ]);
  const entry = [PROCESS, [fixture('poisoned')], settings] as const;
  let worker = scene.work(...entry);
  let deaths = 0;
  const watch = setInterval(() => {
    if (worker.alive()) return;
    deaths++;
    worker = scene.work(...entry);
  }, 20);
  t.after(() => {
    clearInterval(watch);
  });
  const { error } = await scene.final(job.id);
  assert.deepEqual([error?.code, error?.shard], ['shard-stalled', 1]);
  await isTrue(scene, innocent.id, localResult(other));
  assert.ok(deaths > STALLS_ALLOWED, String(deaths));
  const tries = begun(planBlobOf(poison).hash).filter((index) => index === 1).length;
  assert.equal(tries, deaths, 'every death is of the poisoned shard');
});

test('the wall clock is set by days, ahead and back: no live job is lost or expires', async (t) => {
  const scene = await openScene('clock', { settableClock: true });
  if (scene === null) {
    t.skip('the wall clock cannot be set without a C compiler (cc)');
    return;
  }
  t.after(() => scene.end());
  closeGate();
  const plan = smallPlan({ shards: 6, input: '4' });
  const limits = { deadlineSeconds: 3600, cpuSeconds: null };
  const { job } = await scene.ask((queue) => queue.submit(plan, { limits }));
  scene.work(PROCESS, [fixture('gated')]);
  const { hash } = planBlobOf(plan);
  await until('a shard has begun', () => begun(hash).length > 0);
  // While nobody has looked at the clock yet, wall time counts: let every process look once.
  await delay(1_200);
  const day = 24 * 3600;
  for (const days of [400, -400, 3]) {
    await scene.store.setClock(days * day);
    // Twice the time in which every process has looked at the clock.
    await delay(1_200);
    assert.equal((await scene.ask((queue) => queue.get(job.id)))?.state, 'running', String(days));
  }
  openGate();
  await isTrue(scene, job.id, localResult(plan));
});
