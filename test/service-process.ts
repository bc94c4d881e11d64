/** The service as its users start it: the entry as a child process on a port of its own choice. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

const ENTRY = fileURLToPath(new URL('../src/server.js', import.meta.url));

export interface ServiceProcess {
  /** With 127.0.0.1 as its host, whatever it listens on. */
  readonly origin: string;
  /** Everything it and its worker have written so far. */
  log(): string;
  /** By SIGTERM; gives the exit code. */
  stop(): Promise<number | null>;
}

export interface Ended {
  readonly code: number | null;
  readonly log: string;
}

function start(environment: Readonly<Record<string, string>>): {
  child: ChildProcess;
  log: () => string;
} {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(REDIS_URL|HOST|PORT|OTEL_.*)$/.test(name)),
  );
  const child = spawn(process.execPath, [ENTRY], {
    env: { ...inherited, HOST: '127.0.0.1', PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  }
  return { child, log: () => text };
}

/** Runs it to its end, which must come by itself. */
export async function runServiceProcess(
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const { child, log } = start(environment);
  await once(child, 'close');
  return { code: child.exitCode, log: log() };
}

/** Resolves when it listens, or with `ready` when jobs can be taken. */
export async function startServiceProcess(
  environment: Readonly<Record<string, string>>,
  { ready = true } = {},
): Promise<ServiceProcess> {
  const { child, log } = start(environment);
  const closed = once(child, 'close');
  try {
    const port = await until('the service listens', () => {
      if (child.exitCode !== null) throw new Error(`the service ended: ${log()}`);
      return /"url":"http:\/\/[^"]*:(\d+)"/.exec(log())?.[1] ?? null;
    });
    const origin = `http://127.0.0.1:${port}`;
    if (ready) {
      await until('the service is ready', async () => (await fetch(`${origin}/readyz`)).ok);
    }
    return {
      origin,
      log,
      async stop() {
        child.kill('SIGTERM');
        await closed;
        return child.exitCode;
      },
    };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
