/**
 * One Redis server as a child of this process, over a folder of its own and a private socket.
 *
 * Invariants: at most one server at a time has a folder: a kernel lock (flock) on `lock` in it,
 * held by the server process itself, so that it ends exactly when the server does, however that
 * dies. The server ends with this process, even on SIGKILL (parent-death signal), and it has its own
 * process group, so that Ctrl-C reaches us first and jobs are put back before it stops.
 * Promises: append-only file synced every second: the death of the server loses nothing that was
 * acknowledged, the loss of power about the last second. A server that dies is started again on
 * the same file and the same socket, at most RESTARTS times in RESTART_WINDOW_MS.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { RedisBinary } from './redis-binary.js';

const RESTARTS = 10;
const RESTART_WINDOW_MS = 60_000;
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
/** What flock exits with where another holds the lock; Redis itself never exits with it. */
const LOCKED = 75;
/** The kernel's limit for the path of a socket is 108 bytes on Linux, 104 elsewhere. */
const SOCKET_PATH_MAX = 100;
const LAST_LINES = 12;

/** The part of a pino logger that is used here. */
export interface RedisLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RedisProcess {
  readonly socket: string;
  /** Process id of the server that runs now; null between a death and the next start. */
  pid(): number | null;
  stop(): Promise<void>;
}

interface Running {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown>;
  readonly lines: readonly string[];
}

function serverArguments(directory: string, socket: string): string[] {
  return [
    ['--port', '0'],
    ['--unixsocket', socket],
    ['--unixsocketperm', '700'],
    ['--dir', directory],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'everysec'],
    ['--save', ''],
    ['--maxmemory-policy', 'noeviction'],
    ['--daemonize', 'no'],
    ['--loglevel', 'notice'],
  ].flat();
}

function launch(binary: RedisBinary, directory: string, socket: string, log: RedisLog): Running {
  // setpriv, flock and env each replace themselves by the next program: one process in the end.
  const [program = '', ...args] = [
    ...['setpriv', '--pdeathsig', 'TERM'],
    ...['flock', '--nonblock', '--no-fork', '--conflict-exit-code', String(LOCKED)],
    join(directory, 'lock'),
    ...binary.command,
    ...serverArguments(directory, socket),
  ];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
        log.debug({ redis: line }, 'redis');
        lines.push(line);
        if (lines.length > LAST_LINES) lines.shift();
      }
    });
  }
  // `close`, not `exit`: the last words have been read by then. Spawn errors end it as well.
  const exit = once(child, 'close').catch((error: unknown) => {
    lines.push(error instanceof Error ? error.message : String(error));
    lines.push('An embedded server needs setpriv and flock (util-linux); else set REDIS_URL.');
  });
  return { child, exit, lines };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

async function answersPing(socket: string): Promise<boolean> {
  const client = new Redis(socket, {
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Refused connections are the answer `false`; ioredis also emits them.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.ping();
    return true;
  } catch {
    return false;
  } finally {
    client.disconnect();
  }
}

/** Waits until the server answers; false where the folder is another server's. Throws otherwise. */
async function ready(running: Running, socket: string): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (hasEnded(running.child)) {
      await running.exit;
      if (running.child.exitCode === LOCKED) return false;
      throw new Error(`the Redis server did not start:\n${running.lines.join('\n')}`);
    }
    if (await answersPing(socket)) return true;
    await delay(10);
  }
  await end(running);
  throw new Error(`the Redis server did not answer in ${String(START_TIMEOUT_MS)} ms`);
}

async function end(running: Running): Promise<void> {
  if (hasEnded(running.child)) return;
  const abort = new AbortController();
  running.child.kill('SIGTERM');
  const late = delay(STOP_TIMEOUT_MS, undefined, { signal: abort.signal }).then(
    () => running.child.kill('SIGKILL'),
    () => false,
  );
  await running.exit;
  abort.abort();
  await late;
}

async function socketDirectory(): Promise<string> {
  const wanted = join(tmpdir(), 'gradcert-');
  const fits = Buffer.byteLength(join(`${wanted}XXXXXX`, 'redis.sock')) <= SOCKET_PATH_MAX;
  return mkdtemp(fits ? wanted : '/tmp/gradcert-');
}

/**
 * A server over `directory` that answers PING; null where another server has the folder. Throws
 * with the server's last words where it does not start.
 */
export async function runRedis(
  binary: RedisBinary,
  directory: string,
  log: RedisLog,
): Promise<RedisProcess | null> {
  const home = await socketDirectory();
  const socket = join(home, 'redis.sock');
  const leave = (): Promise<void> => rm(home, { recursive: true, force: true });
  let running = launch(binary, directory, socket, log);
  try {
    if (!(await ready(running, socket))) {
      await leave();
      return null;
    }
  } catch (error) {
    await leave();
    throw error;
  }

  const stopping = new AbortController();
  const isStopping = (): boolean => stopping.signal.aborted;
  const keepAlive = async (): Promise<void> => {
    const deaths: number[] = [];
    for (;;) {
      await running.exit;
      if (isStopping()) return;
      const { exitCode, signalCode } = running.child;
      const now = Date.now();
      deaths.push(now);
      const recent = deaths.filter((time) => time > now - RESTART_WINDOW_MS).length;
      const fields = { exitCode, signalCode, recent, said: running.lines };
      if (recent > RESTARTS) {
        log.error(fields, 'the Redis server keeps dying; it is not started again');
        return;
      }
      log.warn(fields, 'the Redis server died; starting it again');
      const pause = Math.min(50 * 2 ** (recent - 1), 5000);
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (isStopping()) return;
      running = launch(binary, directory, socket, log);
    }
  };
  const kept = keepAlive();

  return {
    socket,
    pid: () => (hasEnded(running.child) ? null : (running.child.pid ?? null)),
    stop: async () => {
      stopping.abort();
      await end(running);
      await kept;
      await leave();
    },
  };
}
