/**
 * The worker process of an all-in-one service: forked, watched, and forked again when it dies, so
 * that a crash of the computing side never ends the answering side. What the dead one had in hand
 * is run again by its successor (workers/README.md).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../workers/main.js', import.meta.url));
/**
 * Node's options for a worker process. Its compute threads keep the cores busy; collecting the garbage of
 * one on the core of another only has them wait for each other.
 */
export const WORKER_OPTIONS: readonly string[] = ['--single-threaded-gc'];
const FIRST_DELAY_MS = 100;
const LAST_DELAY_MS = 10_000;
/** A process that lived this long did not die of its start: the delay begins anew. */
const HEALTHY_MS = 30_000;
/** How long a worker may take to put back what it has in hand. */
const STOP_WITHIN_MS = 8_000;

export interface WorkerProcess {
  /** Process id of the worker that runs now; null between two of them. */
  readonly pid: number | null;
  /** Ends the worker: SIGTERM first, SIGKILL where it does not listen. Resolves when it is gone. */
  stop(): Promise<void>;
}

interface WorkerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Forks a worker against the Redis at `redisUrl`. Returns at once; the queue's readiness tells when it works. */
export function startWorkerProcess(redisUrl: string, log: WorkerLog): WorkerProcess {
  let child: ChildProcess | null = null;
  let delay = FIRST_DELAY_MS;
  let timer: NodeJS.Timeout | null = null;
  let stopping = false;

  const start = (): void => {
    timer = null;
    const startedAt = Date.now();
    const started = fork(ENTRY, [], {
      env: { ...process.env, REDIS_URL: redisUrl },
      execArgv: [...process.execArgv, ...WORKER_OPTIONS],
    });
    child = started;
    log.info({ pid: started.pid }, 'worker process started');
    let over = false;
    const died = (how: object): void => {
      if (over) return;
      over = true;
      child = null;
      if (stopping) return;
      if (Date.now() - startedAt > HEALTHY_MS) delay = FIRST_DELAY_MS;
      log.warn({ pid: started.pid, ...how, again: delay }, 'worker process died');
      timer = setTimeout(start, delay);
      delay = Math.min(2 * delay, LAST_DELAY_MS);
    };
    started.once('exit', (code, signal) => {
      died({ code, signal });
    });
    // A machine that is out of processes or memory: nothing was started, so nothing will exit.
    started.on('error', (err) => {
      if (started.pid === undefined) died({ err });
      else log.warn({ pid: started.pid, err }, 'worker process');
    });
  };
  start();

  return {
    get pid() {
      return child?.pid ?? null;
    },
    async stop() {
      stopping = true;
      if (timer !== null) clearTimeout(timer);
      const last = child;
      if (last === null) return;
      const gone = new Promise<void>((resolve) => {
        last.once('exit', () => {
          resolve();
        });
      });
      last.kill('SIGTERM');
      const killer = setTimeout(() => {
        last.kill('SIGKILL');
      }, STOP_WITHIN_MS);
      await gone;
      clearTimeout(killer);
    },
  };
}
