/** One Redis per test file; per test a queue and workers under a prefix of their own. */
import { pino } from 'pino';
import type { JobQueue, JobRecord } from '../../src/queue/job-queue.js';
import { openBullQueue } from '../../src/queue/bull-queue.js';
import { isFinal } from '../../src/queue/records.js';
import { startWorkers, type StartOptions, type Workers } from '../../workers/main.js';
import type { PrivateRedis } from '../redis-fixture.js';
import { until } from '../until.js';
import { fixture } from './fixtures/forked.js';

export const SILENT = pino({ level: 'silent' });

export interface Rig {
  readonly queue: JobQueue;
  readonly prefix: string;
  /** Starts workers in this process; `compute` names a thread entry in fixtures/. */
  work(compute?: string, options?: StartOptions & { readonly threads?: number }): Promise<Workers>;
  /** The record once it is final. */
  final(id: string): Promise<JobRecord>;
  close(): Promise<void>;
}

/** A queue that is connected, and no worker yet. */
export async function openRig(redis: PrivateRedis, prefix: string): Promise<Rig> {
  const braced = `{${prefix}}`;
  const queue = openBullQueue({ url: redis.url, prefix: braced, log: SILENT });
  const started: Workers[] = [];
  await until('the queue is connected', async () => {
    const { reasons } = await queue.readiness();
    return reasons.every((reason) => !reason.startsWith('Redis'));
  });
  return {
    queue,
    prefix: braced,
    async work(compute, { threads = 2, ...options } = {}) {
      const computePath = compute === undefined ? {} : { computePath: fixture(compute) };
      const config = { ...redis.config(prefix), threads };
      const workers = await startWorkers(config, SILENT, { ...computePath, ...options });
      started.push(workers);
      return workers;
    },
    final: (id) =>
      until(`job ${id} is final`, async () => {
        const record = await queue.get(id);
        return record !== null && isFinal(record.state) ? record : null;
      }),
    async close() {
      await Promise.all(started.map((workers) => workers.stop()));
      await queue.close();
    },
  };
}
