/**
 * The service as a child process, on a free port, with a data folder of its own: the very entry
 * that `npm start` runs, with its API, its workers and its Redis.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface Service {
  readonly origin: string;
  /** Ends the service as a supervisor would, by SIGTERM; resolves when it has gone. */
  stop(): Promise<void>;
}

/** Where the build puts the service's entry, seen from `dist/examples/demo/`. */
const ENTRY = fileURLToPath(new URL('../../src/server.js', import.meta.url));
/** Generous: the first start on a fresh machine fetches a Redis. */
const READY_WITHIN_MS = 300_000;

/** Starts the service and waits until it takes jobs. Throws where it ends or is not ready in time. */
export async function startService(dataDirectory: string, logFile: string): Promise<Service> {
  const port = await freePort();
  const log = await open(logFile, 'w');
  const child = spawn(process.execPath, [ENTRY], {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      GRADCERT_ROLE: 'all',
      GRADCERT_DATA_DIR: dataDirectory,
    },
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  const origin = `http://127.0.0.1:${String(port)}`;
  // Whatever ends this process ends the service with it.
  const end = (): void => {
    child.kill('SIGTERM');
  };
  process.once('exit', end);
  const stop = async (): Promise<void> => {
    await stopped(child);
    process.off('exit', end);
  };
  try {
    await ready(child, origin, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin, stop };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

async function ready(child: ChildProcess, origin: string, logFile: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    if (hasEnded(child)) throw new Error(`the service ended before it was ready; see ${logFile}`);
    // Refused until the service listens, and 503 until Redis and the workers are there.
    const response = await fetch(`${origin}/readyz`).catch(() => null);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    await pause(200);
  }
  throw new Error(`the service was not ready in time; see ${logFile}`);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function stopped(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}
