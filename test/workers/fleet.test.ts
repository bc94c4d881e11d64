/** Several APIs and several workers over one Redis, also where that is a node of a cluster. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Redis } from 'ioredis';
import { loadConfig } from '../../src/config.js';
import { findRedisBinary } from '../../src/redis-binary.js';
import type { Job } from '../../src/schemas/job.js';
import { until } from '../until.js';
import { environmentOf, killProcesses, startApi, startWorker } from '../faults/processes.js';
import { planOfQuestion, questionBody, undisturbed } from '../faults/questions.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { smallPlan } from '../queue/plans.js';
import { localResult } from './local-result.js';
import { openRig } from './rig.js';

after(killProcesses);

test('any API answers for any other, any worker works for all', async (t) => {
  const server = await privateRedis();
  t.after(() => server.stop());
  const environment = environmentOf(server.url, 'fleet');
  const workers = [1, 2, 3].map(() => startWorker(environment));
  const apis = await Promise.all([1, 2].map(() => startApi(environment)));
  t.after(() => Promise.all([...workers, ...apis].map((each) => each.end('SIGKILL'))));
  const urlOf = (at: number): string => apis[at % apis.length]!.url;
  const post = async (at: number, number: number): Promise<{ status: number; job: Job }> => {
    const response = await fetch(`${urlOf(at)}/analyze`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(questionBody(number)),
    });
    return { status: response.status, job: (await response.json()) as Job };
  };
  const numbers = [2, 3, 4, 5, 6];
  // Every question to every API at once.
  const answers = await Promise.all(
    numbers.flatMap((number) => [0, 1].map((at) => post(at, number))),
  );
  assert.equal(answers.filter(({ status }) => status === 202).length, numbers.length);
  const ids = answers.map(({ job }) => job.id);
  assert.equal(new Set(ids).size, numbers.length);
  for (const [at, number] of numbers.entries()) {
    // Read from the one that may not have been first.
    const url = `${urlOf(at)}/jobs/${ids[2 * at]!}`;
    await until(`job ${String(number)} has succeeded`, async () => {
      const job = (await (await fetch(url)).json()) as Job;
      assert.ok(job.state !== 'failed', JSON.stringify(job.error));
      return job.state === 'succeeded';
    });
    const result = await (await fetch(`${url}/result`)).text();
    assert.equal(result, undisturbed(planOfQuestion(number, 1)));
  }
});

/** A node that has all slots of a cluster, and refuses what a cluster would refuse. */
async function clusterNode(directory: string): Promise<{ url: string; stop(): Promise<void> }> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  // The bus between nodes would take the port 10000 higher, which may not exist.
  const bus = port > 40_000 ? port - 10_000 : port + 10_000;
  const { command } = await findRedisBinary(loadConfig());
  const [program = '', ...args] = [
    ...command,
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', ''],
    ...['--cluster-enabled', 'yes', '--cluster-port', String(bus)],
  ];
  const child = spawn(program, args, { stdio: 'ignore' });
  const url = `redis://127.0.0.1:${String(port)}`;
  const redis = new Redis(url, { retryStrategy: () => 50 });
  redis.on('error', () => undefined);
  const slots = Array.from({ length: 16_384 }, (_, slot) => slot);
  await redis.cluster('ADDSLOTS', ...slots);
  await until('the cluster is well', async () =>
    (await redis.cluster('INFO')).includes('cluster_state:ok'),
  );
  redis.disconnect();
  return {
    url,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

test('all keys are in one slot: the service runs on a node of a Redis cluster', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'gradcert-cluster-'));
  const node = await clusterNode(directory);
  t.after(async () => {
    await node.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const redis = new Redis(node.url);
  await assert.rejects(redis.mget('a', 'b'), /CROSSSLOT/, 'it is one that minds slots');
  const environment = (prefix: string): Record<string, string> => environmentOf(node.url, prefix);
  const server: PrivateRedis = {
    url: node.url,
    environment,
    config: (prefix) => loadConfig(environment(prefix)),
    kill: () => node.stop(),
    stop: () => node.stop(),
  };
  const rig = await openRig(server, 'slot');
  try {
    const [plan, other] = [smallPlan({ shards: 5 }), smallPlan({ input: '2' })];
    const limits = { deadlineSeconds: 3600, cpuSeconds: 3600 };
    const { job } = await rig.queue.submit(plan, { limits, tenant: 'one' });
    await rig.queue.cancel(job.id);
    assert.equal((await rig.queue.resume(job.id))?.resumed, true);
    await rig.work();
    assert.equal((await rig.final(job.id)).state, 'succeeded');
    assert.equal(await rig.queue.result(job.id), localResult(plan));
    const { job: second } = await rig.queue.submit(other);
    await rig.final(second.id);
    assert.equal(await rig.queue.erase(second.id), true);
    assert.equal((await rig.queue.list({ limit: 10, tenant: 'one' })).jobs.length, 1);
    assert.equal((await rig.queue.readiness()).ready, true);
    const keys = await redis.keys('*');
    assert.ok(keys.length > 20);
    assert.deepEqual(
      keys.filter((key) => !key.startsWith('{slot}:')),
      [],
    );
    const slots = new Set(await Promise.all(keys.map((key) => redis.cluster('KEYSLOT', key))));
    assert.equal(slots.size, 1);
  } finally {
    await rig.close();
    redis.disconnect();
  }
});
