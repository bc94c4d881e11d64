/** A fresh Redis for one test file: the real server, as the service itself finds and runs it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type Config } from '../src/config.js';
import { findRedisBinary } from '../src/redis-binary.js';
import { runRedis } from '../src/redis-process.js';

export interface PrivateRedis {
  readonly url: string;
  /** Settings of a process that shares this Redis, with locks short enough for a test. */
  environment(prefix: string): Record<string, string>;
  config(prefix: string): Config;
  /** SIGKILL; the server comes back on the same file and socket. Resolves when it is dead. */
  kill(): Promise<void>;
  /** For good. */
  stop(): Promise<void>;
}

const SILENT = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Starts it over an empty folder of its own. */
export async function privateRedis(): Promise<PrivateRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'gradcert-test-'));
  const server = await runRedis(await findRedisBinary(loadConfig()), directory, SILENT);
  if (server === null) throw new Error('privateRedis: somebody else has the fresh folder');
  const url = server.socket;
  const environment = (prefix: string): Record<string, string> => ({
    REDIS_URL: url,
    GRADCERT_KEY_PREFIX: `{${prefix}}`,
    GRADCERT_THREADS: '2',
    GRADCERT_LOCK_DURATION_MS: '1500',
    GRADCERT_STALLED_INTERVAL_MS: '500',
    GRADCERT_LOG_LEVEL: 'silent',
    GRADCERT_DATA_DIR: directory,
  });
  return {
    url,
    environment,
    config: (prefix) => loadConfig(environment(prefix)),
    async kill() {
      const pid = server.pid();
      if (pid === null) throw new Error('privateRedis: the server is not running');
      process.kill(pid, 'SIGKILL');
      while (server.pid() === pid) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
