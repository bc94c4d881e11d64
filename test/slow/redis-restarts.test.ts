import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { loadConfig } from '../../src/config.js';
import { findRedisBinary } from '../../src/redis-binary.js';
import { runRedis } from '../../src/redis-process.js';

const directory = await mkdtemp(join(tmpdir(), 'gradcert-test-'));
after(() => rm(directory, { recursive: true, force: true }));

test('a server that keeps dying is given up after ten restarts, and said so', async () => {
  const said: string[] = [];
  const note =
    (level: string) =>
    (_fields: object, message: string): void => {
      said.push(`${level}: ${message}`);
    };
  const log = {
    debug: () => undefined,
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
  };
  const server = await runRedis(await findRedisBinary(loadConfig({})), directory, log);
  assert.ok(server !== null);
  let kills = 0;
  try {
    while (!said.some((line) => line.startsWith('error'))) {
      const pid = server.pid();
      if (pid !== null) {
        process.kill(pid, 'SIGKILL');
        kills++;
      }
      while (server.pid() === pid && pid !== null) await delay(10);
      await delay(10);
    }
  } finally {
    await server.stop();
  }
  assert.equal(kills, 11);
  assert.equal(said.filter((line) => line.startsWith('warn')).length, 10);
  assert.equal(server.pid(), null);
});
