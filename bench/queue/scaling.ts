/**
 * One heavy job by one worker process and by two, one thread each, in turns. The clock runs from the
 * moment that the workers are ready until the job is final.
 */
import { planOfQuestion } from '../../test/faults/questions.js';
import { environmentOf } from '../../test/faults/processes.js';
import type { PrivateRedis } from '../../test/redis-fixture.js';
import { until } from '../../test/until.js';
import { forkWorker, MAIN } from '../../test/workers/fixtures/forked.js';
import { openRig } from '../../test/workers/rig.js';

export interface Scaling {
  readonly shards: number;
  /** Seconds, one per round. */
  readonly one: readonly number[];
  readonly two: readonly number[];
}

const median = (all: readonly number[]): number =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;

/** How many times faster two are, by the medians. */
export function speedupOf({ one, two }: Scaling): number {
  return median(one) / median(two);
}

export async function measureScaling(server: PrivateRedis, rounds: number): Promise<Scaling> {
  const shards = 32;
  const plan = planOfQuestion(2, shards, 11);
  const rig = await openRig(server, 'scaling');
  const environment = environmentOf(server.url, 'scaling');

  async function seconds(workers: number): Promise<number> {
    const forked = [];
    for (let at = 0; at < workers; at++) forked.push(await forkWorker(MAIN, [], environment));
    // Threads start, and compile, with the first question; that is not what is measured.
    const warm = planOfQuestion(3, 4 * workers, 7);
    const { job: first } = await rig.queue.submit(warm);
    await rig.final(first.id);
    await rig.queue.erase(first.id);
    const began = performance.now();
    const { job } = await rig.queue.submit(plan);
    for await (const event of rig.queue.events(job.id, { signal: new AbortController().signal })) {
      if (event.job.state === 'failed') throw new Error(JSON.stringify(event.job.error));
    }
    const took = (performance.now() - began) / 1000;
    await rig.queue.erase(job.id);
    for (const worker of forked) await worker.end('SIGTERM');
    await until('they have gone', async () => (await rig.queue.readiness()).workers === 0);
    return took;
  }

  const one: number[] = [];
  const two: number[] = [];
  for (let round = 0; round < rounds; round++) {
    one.push(await seconds(1));
    two.push(await seconds(2));
  }
  await rig.close();
  return { shards, one, two };
}
