/**
 * The whole road as a user takes it: `dist/src/server.js` as a child process, its own Redis, its
 * own worker process. Every example's answer over HTTP; a killed worker changes no digit.
 */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import supertest from 'supertest';
import { brokenClaims } from '../examples/claims.js';
import { runLocally } from '../src/plan/local.js';
import { planOf } from '../src/plan/make.js';
import { parseRequest } from '../src/plan/parse.js';
import type { Job } from '../src/schemas/job.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const ENTRY = join(ROOT, 'dist/src/server.js');
/** A cold machine fetches its Redis first. */
const READY_WITHIN_MS = 120_000;

let child: ChildProcess;
let directory: string;
let api: ReturnType<typeof supertest>;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gradcert-service-'));
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name !== 'REDIS_URL'),
  );
  child = spawn(process.execPath, [ENTRY], {
    env: {
      ...env,
      HOST: '127.0.0.1',
      PORT: String(port),
      GRADCERT_DATA_DIR: directory,
      GRADCERT_LOG_LEVEL: 'silent',
      // A dead worker's shards are taken over in seconds, not in a minute.
      GRADCERT_LOCK_DURATION_MS: '3000',
      GRADCERT_STALLED_INTERVAL_MS: '1000',
    },
    stdio: 'ignore',
  });
  api = supertest(`http://127.0.0.1:${String(port)}`);
  await until(async () => {
    assert.equal(child.exitCode, null, 'the service ended before it was ready');
    return (await api.get('/readyz').catch(() => null))?.status === 200;
  }, READY_WITHIN_MS);
});

after(async () => {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

async function until(condition: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, 'the condition did not come true in time');
    await pause(50);
  }
}

async function job(id: string): Promise<Job> {
  return (await api.get(`/jobs/${id}`).expect(200)).body as Job;
}

async function succeeded(id: string): Promise<void> {
  await until(async () => {
    const { state, error } = await job(id);
    assert.ok(state !== 'failed' && state !== 'cancelled', JSON.stringify(error));
    return state === 'succeeded';
  });
}

async function example(name: string): Promise<object> {
  return JSON.parse(await readFile(join(ROOT, 'examples', name), 'utf8')) as object;
}

function localText(body: object): string {
  const parsed = parseRequest(body);
  assert.ok(parsed.ok);
  const planned = planOf(parsed.question, {
    maxVisits: 1n << 32n,
    maxOperations: 1e12,
    maxShards: 256,
  });
  assert.ok(planned.ok);
  return runLocally(planned.plan);
}

/**
 * A second or more of work in many shards: below a loss nothing shortens the visits, and points are
 * judged one by one.
 */
const LONG = {
  network: {
    inputs: [[1], [2]],
    layers: [
      { type: 'dense', units: 2, activation: 'relu' },
      { type: 'dense', units: 1 },
    ],
    loss: { type: 'mse', targets: [[0], [1]] },
  },
  format: { values: ['-2', '-1', '0', '1', '2'] },
  mode: 'exhaustive',
};

test('every example has its answer over HTTP, byte for byte what one process computes', async () => {
  const files = (await readdir(join(ROOT, 'examples'))).filter((name) =>
    name.endsWith('.request.json'),
  );
  const names = [...files.map((name) => name.replace('.request.json', '.')), 'iris/'];
  assert.ok(names.length > 10);
  for (const name of names) {
    const body = await example(`${name}request.json`);
    const posted = await api.post('/analyze').send(body);
    assert.ok([200, 202].includes(posted.status), JSON.stringify(posted.body));
    const { id } = posted.body as Job;
    assert.equal(posted.headers['location'], `/jobs/${id}`);
    await succeeded(id);
    const result = await api.get(`/jobs/${id}/result`).expect(200);
    assert.deepEqual(brokenClaims(await example(`${name}answer.json`), result.body), [], name);
    assert.equal(result.text, localText(body), name);
    const again = await api.post('/analyze').send(body).expect(200);
    assert.equal((again.body as Job).id, id);
    const page = await api.get(`/jobs/${id}/report`).set('accept', 'text/html').expect(200);
    assert.match(page.text, /<svg|<table/);
    await api.get(`/jobs/${id}/report`).set('accept', 'text/markdown').expect(200);
  }
});

test('killing the worker process in the middle of an exhaustive job changes no digit', async () => {
  const { id } = (await api.post('/analyze').send(LONG).expect(202)).body as Job;
  await until(async () => (await job(id)).state === 'running');
  const worker = await workerPid();
  process.kill(worker, 'SIGKILL');
  await until(async () => (await workerPid().catch(() => worker)) !== worker);
  await until(async () => (await job(id)).state === 'succeeded', 180_000);
  const result = await api.get(`/jobs/${id}/result`).expect(200);
  assert.equal(result.text, localText(LONG));
});

/** The service's child that runs the worker's entry. */
async function workerPid(): Promise<number> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (parent === String(child.pid) && command.includes('workers/main.js')) return Number(name);
  }
  throw new Error('the service has no worker process');
}

test('a running job is cancelled, and asked again it is a new job', async () => {
  const endless = { ...LONG, network: { ...LONG.network, inputs: [[1], [3]] } };
  const first = (await api.post('/analyze').send(endless).expect(202)).body as Job;
  await api.delete(`/jobs/${first.id}`).expect(200);
  assert.equal((await job(first.id)).state, 'cancelled');
  await api.get(`/jobs/${first.id}/result`).expect(409);
  const second = (await api.post('/analyze').send(endless).expect(202)).body as Job;
  assert.notEqual(second.id, first.id);
  await api.delete(`/jobs/${second.id}`).expect(200);
});

test('what is out of reach is refused', async () => {
  const wide = {
    format: 'e2m1fn',
    mode: 'exhaustive',
    network: {
      inputs: [[1]],
      layers: [
        { type: 'dense', units: 40, activation: 'relu' },
        { type: 'dense', units: 40, activation: 'relu' },
        { type: 'dense', units: 10 },
      ],
    },
  };
  const refused = await api.post('/analyze').send(wide).expect(422);
  assert.equal(refused.type, 'application/problem+json');
  const problem = refused.body as { code: string; space: { size: string }; largestMode: string };
  assert.equal(problem.code, 'space-too-large');
  assert.equal(problem.space.size, String(15n ** 2130n));
  assert.equal(problem.largestMode, 'sampled');
  const samples = { mode: 'sampled', sampling: { samples: 10 ** 15 } };
  const many = await api
    .post('/analyze')
    .send({ ...LONG, ...samples })
    .expect(422);
  assert.equal((many.body as { code: string }).code, 'too-many-samples');
  await api.post('/bounds').send({ network: wide.network, format: 'bf16' }).expect(200);
});

test('an uploaded network asks the same question, and a key gets the same answer', async () => {
  const body = (await example('e2m1-1-1-1.request.json')) as { network: object };
  const text = JSON.stringify(body.network);
  const digest = createHash('sha256').update(text).digest('hex');
  const put = (): supertest.Test =>
    api.put(`/networks/${digest}`).type('application/json').send(text);
  await put().expect(201);
  await put().expect(200);
  const asked = { ...body, network: { ref: `sha256:${digest}` } };
  const key = { 'idempotency-key': '"a key"', prefer: 'wait=30' };
  const first = await api.post('/analyze').set(key).send(asked).expect(200);
  assert.equal((first.body as Job).state, 'succeeded');
  const inline = await api.post('/analyze').send(body).expect(200);
  assert.equal((inline.body as Job).id, (first.body as Job).id);
  const again = await api.post('/analyze').set(key).send(asked).expect(200);
  assert.equal(again.text, first.text);
  assert.equal(again.headers['idempotent-replayed'], 'true');
  await api.post('/analyze').set(key).send(body).expect(422);
});

test('SIGTERM ends it cleanly, with nothing left behind', async () => {
  const worker = await workerPid();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
  assert.throws(() => process.kill(worker, 0), /ESRCH/);
});
