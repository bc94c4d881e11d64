/**
 * A service under attack: Redis on its own file, a network of its own to the API side and to the
 * workers, real worker processes, and a queue client as an API has it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { openBullQueue } from '../../src/queue/bull-queue.js';
import { QueueUnavailable, type JobQueue, type JobRecord } from '../../src/queue/job-queue.js';
import { isFinal } from '../../src/queue/records.js';
import { environmentOf, startWorker, type Process } from './processes.js';
import { openStore, type Store, type StoreOptions } from './store.js';
import { openWire, type Wire } from './wire.js';

const FINAL_WITHIN_MS = 180_000;

export interface Scene {
  readonly store: Store;
  readonly apiWire: Wire;
  readonly workerWire: Wire;
  readonly queue: JobQueue;
  /** Settings of another process on the side of the API, or of the workers. */
  environment(wire: Wire): Record<string, string>;
  /** One more worker process, ended with the scene. */
  work(entry?: string, args?: readonly string[], settings?: Record<string, string>): Process;
  /** What the queue says, once it can be reached. */
  ask<T>(question: (queue: JobQueue) => Promise<T>): Promise<T>;
  /** The record once it is final. */
  final(id: string): Promise<JobRecord>;
  end(): Promise<void>;
}

/** Null where the store that is wanted cannot be had on this machine. */
export async function openScene(prefix: string, options: StoreOptions = {}): Promise<Scene | null> {
  const store = await openStore(options);
  if (store === null) return null;
  const [apiWire, workerWire] = [
    await openWire(() => store.socket()),
    await openWire(() => store.socket()),
  ];
  const log = pino({ level: 'silent' });
  const queue = openBullQueue({ url: apiWire.url, prefix: `{${prefix}}`, log });
  const workers = new Set<Process>();

  async function ask<T>(question: (queue: JobQueue) => Promise<T>): Promise<T> {
    const deadline = Date.now() + FINAL_WITHIN_MS;
    for (;;) {
      try {
        return await question(queue);
      } catch (error) {
        if (!(error instanceof QueueUnavailable) || Date.now() > deadline) throw error;
      }
      await delay(50);
    }
  }

  const environment = (wire: Wire): Record<string, string> => ({
    ...environmentOf(wire.url, prefix),
    ...store.clockEnvironment,
  });
  return {
    store,
    apiWire,
    workerWire,
    queue,
    environment,
    work(entry, args, settings = {}) {
      const worker = startWorker({ ...environment(workerWire), ...settings }, entry, args);
      workers.add(worker);
      return worker;
    },
    ask,
    async final(id) {
      const deadline = Date.now() + FINAL_WITHIN_MS;
      for (;;) {
        const record = await ask((one) => one.get(id));
        if (record !== null && isFinal(record.state)) return record;
        if (Date.now() > deadline)
          throw new Error(`job ${id} is not final: ${String(record?.state)}`);
        await delay(20);
      }
    },
    async end() {
      await Promise.all([...workers].map((worker) => worker.end('SIGKILL')));
      await queue.close();
      await Promise.all([apiWire.close(), workerWire.close()]);
      await store.remove();
    },
  };
}
