/** `npm run keys` beside the service that runs, in one data directory, with its embedded Redis. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startServiceProcess } from './service-process.js';
import { until } from './until.js';

const KEYS = fileURLToPath(new URL('../src/keys.js', import.meta.url));

test('a key made beside the running service closes it, and outlives it', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'gradcert-keys-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const environment = { GRADCERT_DATA_DIR: directory, GRADCERT_LOG_LEVEL: 'info' };
  const keys = async (...args: string[]): Promise<string> => {
    const own = Object.entries(process.env).filter(([name]) => name !== 'REDIS_URL');
    const env = { ...Object.fromEntries(own), ...environment };
    const { stdout } = await promisify(execFile)(process.execPath, [KEYS, ...args], { env });
    return stdout.trim();
  };
  const ask = async (origin: string, key?: string): Promise<number> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    return (await fetch(`${origin}/jobs`, { headers })).status;
  };

  const service = await startServiceProcess(environment);
  assert.equal(await ask(service.origin), 200);
  const key = (await keys('create', '--tenant', 't', '--scope', 'read')).split('\n').at(-1) ?? '';
  await until('the door is closed', async () => (await ask(service.origin)) === 401);
  assert.equal(await ask(service.origin, key), 200);
  assert.equal(await service.stop(), 0);
  // Now the command runs the Redis itself, on the same store.
  assert.match(await keys('list'), /^[0-9a-f]{16} {2}t {2}read .*valid$/);
  assert.deepEqual(
    (await readdir(directory)).filter((name) => name.startsWith('redis')),
    ['redis'],
  );
  // With a key it may listen for others.
  const again = await startServiceProcess({ ...environment, HOST: '0.0.0.0' });
  assert.equal(await ask(again.origin), 401);
  assert.equal(await ask(again.origin, key), 200);
  assert.equal(await again.stop(), 0);
});
