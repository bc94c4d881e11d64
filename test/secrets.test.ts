/**
 * A service that others can reach: it does not start without a key, and whatever happens to it, no
 * password and no key is ever written to its log.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { openLog } from '../src/log.js';
import { privateRedis, type PrivateRedis } from './redis-fixture.js';
import { runServiceProcess, startServiceProcess } from './service-process.js';
import { until } from './until.js';

const PASSWORD = 'correct-horse-battery-staple';
const KEYS = fileURLToPath(new URL('../src/keys.js', import.meta.url));
const BODY = JSON.stringify({
  network: {
    inputs: [[1]],
    layers: [
      { type: 'dense', units: 1, activation: 'relu' },
      { type: 'dense', units: 1 },
    ],
  },
  format: { values: ['-1', '0', '1'] },
  mode: 'exhaustive',
});

let server: PrivateRedis;
let environment: Record<string, string>;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

before(async () => {
  server = await privateRedis();
  const port = await freePort();
  const redis = new Redis(server.url);
  await redis.config('SET', 'port', String(port));
  await redis.config('SET', 'requirepass', PASSWORD);
  redis.disconnect();
  environment = {
    ...server.environment('secrets'),
    REDIS_URL: `redis://:${PASSWORD}@127.0.0.1:${String(port)}`,
    HOST: '0.0.0.0',
    GRADCERT_LOG_LEVEL: 'trace',
  };
});
after(() => server.stop());

async function keysCommand(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [KEYS, ...args], {
    env: { ...process.env, ...environment },
  });
  return stdout.trim();
}

test('it refuses to listen for others while no key can let them in', async () => {
  const ended = await runServiceProcess(environment);
  assert.equal(ended.code, 1);
  assert.match(ended.log, /HOST="0\.0\.0\.0": others could reach the service.*npm run keys/s);
  const made = await keysCommand('create', '--tenant', 't', '--scope', 'read');
  await keysCommand('revoke', /key ([0-9a-f]{16})/.exec(made)?.[1] ?? '');
  assert.equal((await runServiceProcess(environment)).code, 1);
});

test('the log of a service in use has no password and no key in it', async () => {
  const key = (await keysCommand('create', '--tenant', 't', '--scope', 'admin'))
    .split('\n')
    .at(-1)!;
  assert.match(key, /^gck_[0-9a-f]{16}_/);
  const secret = key.slice('gck_0123456789abcdef_'.length);
  const foreign = `gck_${'a'.repeat(16)}_${'S'.repeat(43)}`;
  const service = await startServiceProcess(environment);
  const ask = (path: string, token: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${service.origin}${path}`, {
      ...init,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    });
  assert.equal((await fetch(`${service.origin}/jobs`)).status, 401);
  assert.equal((await ask('/jobs', foreign)).status, 401);
  assert.equal((await ask(`/jobs?key=${key}`, key)).status, 400);
  const posted = await ask('/analyze', key, { method: 'POST', body: BODY });
  assert.equal(posted.status, 202);
  const { id } = (await posted.json()) as { id: string };
  await until('the job is done', async () => (await ask(`/jobs/${id}/result`, key)).ok);
  assert.equal((await ask('/metrics', key)).status, 200);
  assert.equal(await service.stop(), 0);
  const log = service.log();
  for (const word of [PASSWORD, secret, 'S'.repeat(43)]) assert.ok(!log.includes(word), word);
  // The test reads a log that is there, of the API and of the worker; keys are known by their ids.
  assert.match(log, /worker takes jobs/);
  assert.match(log, /gck_[0-9a-f]{16}_\*\*\*/);
  const lines = log.split('\n').filter((line) => line.startsWith('{'));
  const submitted = lines.find((line) => line.includes('"job submitted"')) ?? '';
  assert.match(submitted, /"reqId":"[0-9a-f-]{36}"/);
  assert.ok(submitted.includes(`"job":"${id}"`));
});

test('a password that Redis refuses is not logged either', async () => {
  const wrong = 'tr0ub4dor-and-3';
  const url = environment['REDIS_URL']!.replace(PASSWORD, wrong);
  const service = await startServiceProcess(
    { ...environment, HOST: '127.0.0.1', REDIS_URL: url },
    { ready: false },
  );
  await until('Redis has refused it', () => service.log().includes('WRONGPASS'));
  await service.stop();
  assert.ok(!service.log().includes(wrong));
});

test('an error is logged by its words, and of the command that failed only the name', () => {
  let line = '';
  const log = openLog('info', { write: (text) => (line = text) });
  const error = Object.assign(new Error('WRONGPASS for redis://u:hunter2@host:1'), {
    code: 'E',
    command: { name: 'auth', args: ['hunter2'] },
    lastNodeError: { password: 'hunter2' },
  });
  log.warn({ err: error }, 'refused');
  assert.ok(!line.includes('hunter2'), line);
  const { err } = JSON.parse(line) as { err: Record<string, string> };
  assert.equal(err['command'], 'auth');
  assert.equal(err['message'], 'WRONGPASS for redis://***@host:1');
});
