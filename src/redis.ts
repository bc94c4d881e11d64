/**
 * The Redis of this service: the one at REDIS_URL, or an embedded server.
 *
 * The embedded server keeps its data in `redis` under the data directory. A running server is
 * never taken over: where `redis` is in use by another service (a second `npm start` in the same
 * folder, say with another PORT), this one gets a store of its own in `redis-2`, `redis-3`, ... A
 * service that is started again finds the first free store, so alone it always finds its jobs.
 * Rejected: one server shared by two services, which would then die with whichever started it.
 */
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from './config.js';
import { findRedisBinary, type RedisBinary } from './redis-binary.js';
import { runRedis, type RedisLog, type RedisProcess } from './redis-process.js';

export interface RedisServer {
  /** What `new Redis(url)` takes; fit to be handed to child processes as REDIS_URL. */
  readonly url: string;
  readonly embedded: boolean;
  /** For people and logs; without passwords. */
  readonly describe: string;
  /** Ends an embedded server with everything on disk; does nothing to a shared one. */
  stop(): Promise<void>;
}

/** More services than this in one folder are a mistake, not a wish. */
const STORES = 64;
/** How long a server whose service has died may take to end. */
const ORPHAN_TIMEOUT_MS = 15_000;

const SILENT: RedisLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Who has a store: the process id of the service, and the socket of its server. */
interface Owner {
  readonly pid: number;
  readonly socket: string;
}

async function ownerOf(store: string): Promise<Owner | null> {
  const text = await readFile(join(store, 'owner'), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  const [pid = '', socket = ''] = text.split('\n');
  return /^[1-9][0-9]*$/.test(pid) ? { pid: Number(pid), socket } : null;
}

function lives(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A service that was killed left the folder of its socket behind; only an empty one is removed. */
async function removeSocketOf(owner: Owner): Promise<void> {
  await rm(owner.socket, { force: true });
  await rmdir(dirname(owner.socket)).catch(() => undefined);
}

/**
 * A server over this store, or null where a living service has it. A store whose owner is dead but
 * whose server still closes its files is waited for: its jobs are ours.
 */
async function takeStore(
  binary: RedisBinary,
  store: string,
  log: RedisLog,
): Promise<RedisProcess | null> {
  const deadline = Date.now() + ORPHAN_TIMEOUT_MS;
  for (;;) {
    const server = await runRedis(binary, store, log);
    const owner = await ownerOf(store);
    if (server !== null) {
      if (owner !== null && owner.socket !== '') await removeSocketOf(owner);
      await writeFile(join(store, 'owner'), `${String(process.pid)}\n${server.socket}\n`);
      return server;
    }
    if ((owner !== null && lives(owner)) || Date.now() > deadline) return null;
    await delay(50);
  }
}

/**
 * The Redis that the service of these settings has, for a command that runs beside it: the shared
 * one, that of the living service in this data directory, or else an embedded server for as long as
 * the command runs.
 */
export async function joinRedis(config: Config, log: RedisLog = SILENT): Promise<RedisServer> {
  const owner =
    config.redisUrl === null ? await ownerOf(join(config.dataDirectory, 'redis')) : null;
  if (owner === null || owner.socket === '' || !lives(owner)) return openRedis(config, log);
  return {
    url: owner.socket,
    embedded: false,
    describe: `the Redis of the service with process id ${String(owner.pid)}`,
    stop: async () => undefined,
  };
}

/**
 * A Redis that answers: the shared one as it is (not asked here whether it lives), or an embedded
 * server, started. Throws RedisUnavailable where there is none to start, and an Error with the
 * server's own last words where it does not start.
 */
export async function openRedis(config: Config, log: RedisLog = SILENT): Promise<RedisServer> {
  if (config.redisUrl !== null) {
    const shown = config.redisUrl.replace(/:\/\/[^@/]*@/, '://***@');
    return {
      url: config.redisUrl,
      embedded: false,
      describe: `shared Redis at ${shown}`,
      stop: async () => undefined,
    };
  }
  const binary = await findRedisBinary(config);
  for (let number = 1; number <= STORES; number++) {
    const store = join(config.dataDirectory, number === 1 ? 'redis' : `redis-${String(number)}`);
    await mkdir(store, { recursive: true, mode: 0o700 });
    const server = await takeStore(binary, store, log);
    if (server === null) {
      log.info({ store }, 'store in use by another service');
      continue;
    }
    return {
      url: server.socket,
      embedded: true,
      describe: `embedded Redis ${binary.version} (${binary.origin}), data in ${store}`,
      stop: () => server.stop(),
    };
  }
  throw new Error(`all ${String(STORES)} stores under ${config.dataDirectory} are in use`);
}
