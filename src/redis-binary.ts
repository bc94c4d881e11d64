/**
 * A Redis server to run: named, on PATH, or fetched once from Debian's packages.
 *
 * Order: REDIS_SERVER_BIN (and then nothing else is tried) -> `redis-server`, `valkey-server` on
 * PATH -> an earlier extract in the cache -> a new extract. Every candidate is run with --version
 * before it is believed. Valkey speaks the same protocol and keeps the same files' promises.
 */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Config } from './config.js';
import { provisionDebianPackages, provisionDirectory, ProvisionError } from './debian.js';

const run = promisify(execFile);

/**
 * In Debian and Ubuntu redis-server is a link into redis-tools; the rest is what the binary links.
 * All are named, not left to apt's resolver, for machines whose records of what is installed lie.
 */
export const REDIS_PACKAGES: readonly string[] = [
  'redis-server',
  'redis-tools',
  'liblzf1',
  'libjemalloc2',
  'libatomic1',
];
/** BullMQ's recommended minimum. */
const OLDEST = [6, 2] as const;

export interface RedisBinary {
  /** Program and leading arguments; the server's own arguments go after them. */
  readonly command: readonly string[];
  readonly version: string;
  /** Where it came from, for people. */
  readonly origin: string;
}

/** Thrown where no usable server can be had; the message lists what was tried and what to do. */
export class RedisUnavailable extends Error {
  override readonly name = 'RedisUnavailable';
}

/** The version that the program prints, or why it cannot be used. */
async function probe(command: readonly string[]): Promise<{ version: string } | { why: string }> {
  const [file = '', ...args] = command;
  const printed = await run(file, [...args, '--version'], { timeout: 10_000 }).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  if (printed instanceof Error) {
    const missing = 'code' in printed && printed.code === 'ENOENT';
    return { why: missing ? 'not found' : printed.message.trim() };
  }
  const found = /\bv=(\d+)\.(\d+)\.(\d+)/.exec(printed);
  if (found === null) return { why: `printed no version: ${printed.trim()}` };
  const [major, minor] = [Number(found[1]), Number(found[2])];
  const old = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  const version = found[0].slice(2);
  return old ? { why: `version ${version} is older than ${OLDEST.join('.')}` } : { version };
}

/**
 * A server unpacked from Debian's packages into the cache, fetched the first time. Throws
 * ProvisionError where the packages cannot be had or do not run.
 */
export async function provisionRedis(config: Config): Promise<RedisBinary> {
  const directory = await provisionDirectory(config, 'redis');
  const unpack = async (): Promise<readonly string[]> => {
    const tree = await provisionDebianPackages(REDIS_PACKAGES, directory);
    const server = join(tree.root, 'usr', 'bin', 'redis-server');
    return ['env', `LD_LIBRARY_PATH=${tree.libraryPath}`, server];
  };
  let command = await unpack();
  let probed = await probe(command);
  if ('why' in probed) {
    // An extract left from before an upgrade of the system may no longer run: once more, afresh.
    await rm(directory, { recursive: true, force: true });
    command = await unpack();
    probed = await probe(command);
  }
  if ('why' in probed) throw new ProvisionError(`the server unpacked does not run: ${probed.why}`);
  return { command, version: probed.version, origin: directory };
}

/** A server that answered --version. Throws RedisUnavailable, saying what was tried. */
export async function findRedisBinary(config: Config): Promise<RedisBinary> {
  const named = config.redisServerBinary;
  if (named !== null) {
    const probed = await probe([named]);
    if ('version' in probed) return { command: [named], version: probed.version, origin: named };
    throw new RedisUnavailable(`REDIS_SERVER_BIN="${named}" cannot be used: ${probed.why}`);
  }
  const tried: string[] = [];
  for (const program of ['redis-server', 'valkey-server']) {
    const probed = await probe([program]);
    if ('version' in probed) {
      return { command: [program], version: probed.version, origin: `${program} on PATH` };
    }
    tried.push(`${program} on PATH: ${probed.why}`);
  }
  try {
    return await provisionRedis(config);
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error;
    tried.push(`Debian packages: ${error.message}`);
    throw new RedisUnavailable(
      `No Redis server to run.\n${tried.map((line) => `  ${line}`).join('\n')}\n` +
        'Set REDIS_URL to a running Redis, or REDIS_SERVER_BIN to a redis-server, or install one ' +
        '(Debian: apt-get install redis-server; macOS: brew install redis).',
      { cause: error },
    );
  }
}
