/** Real processes of the service against one Redis: APIs and workers, to be killed and restarted. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WORKER_OPTIONS } from '../../src/worker-process.js';
import { MAIN } from '../workers/fixtures/forked.js';

const START_WITHIN_MS = 120_000;
const SERVER = fileURLToPath(new URL('../../src/server.js', import.meta.url));

export interface Process {
  /** Whether it runs. */
  alive(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal; resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export interface ApiProcess extends Process {
  readonly url: string;
}

function processOf(child: ChildProcess): Process {
  const alive = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    alive,
    signal(signal) {
      child.kill(signal);
    },
    async end(signal) {
      if (!alive()) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      // One that was stopped cannot hear anything but SIGKILL.
      if (signal !== 'SIGKILL') child.kill('SIGCONT');
      await ended;
    },
  };
}

/** Settings of a process under test: locks short enough to see them run out. */
export function environmentOf(redisUrl: string, prefix: string): Record<string, string> {
  return {
    REDIS_URL: redisUrl,
    GRADCERT_KEY_PREFIX: `{${prefix}}`,
    GRADCERT_THREADS: '1',
    GRADCERT_LOCK_DURATION_MS: '2000',
    GRADCERT_STALLED_INTERVAL_MS: '500',
    GRADCERT_LOG_LEVEL: 'silent',
  };
}

const started = new Set<ChildProcess>();

/** Kills what a failed test left behind. */
export function killProcesses(): void {
  for (const child of started) child.kill('SIGKILL');
}

function keepTrack(child: ChildProcess): void {
  started.add(child);
  child.once('exit', () => started.delete(child));
}

/** A worker; it takes jobs as soon as it reaches Redis. By default the real entry. */
export function startWorker(
  environment: Record<string, string>,
  entry: string = MAIN,
  args: readonly string[] = [],
): Process {
  const child = fork(entry, args, {
    env: { ...process.env, ...environment },
    execArgv: [...process.execArgv, ...WORKER_OPTIONS],
  });
  keepTrack(child);
  return processOf(child);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  const closed = once(probe, 'close');
  probe.close();
  await closed;
  return port;
}

/** An API without workers, listening; on the port named where it comes back. */
export async function startApi(
  environment: Record<string, string>,
  port?: number,
): Promise<ApiProcess> {
  const listens = port ?? (await freePort());
  const url = `http://127.0.0.1:${String(listens)}`;
  const child = spawn(process.execPath, [SERVER], {
    env: { ...process.env, ...environment, GRADCERT_ROLE: 'api', PORT: String(listens) },
    stdio: 'ignore',
  });
  keepTrack(child);
  // Longer than tests wait elsewhere: a busy machine takes its time to load all of it.
  const deadline = Date.now() + START_WITHIN_MS;
  while ((await fetch(`${url}/healthz`).catch(() => null))?.status !== 200) {
    if (child.exitCode !== null) throw new Error('startApi: the process ended');
    if (Date.now() > deadline) throw new Error('startApi: the API does not listen');
    await delay(50);
  }
  return { ...processOf(child), url };
}
