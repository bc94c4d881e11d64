/**
 * One heavy job by one worker process and by two, one thread each, in turns. The clock runs from the
 * moment that the workers are ready until the job is final.
 */
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import type { Plan } from '../../src/plan/plan.js';
import { environmentOf } from '../../test/faults/processes.js';
import type { PrivateRedis } from '../../test/redis-fixture.js';
import { until } from '../../test/until.js';
import { forkWorker, MAIN } from '../../test/workers/fixtures/forked.js';
import { openRig } from '../../test/workers/rig.js';
import { leastRatio } from '../machine.js';

/** Some seconds of work for one thread, beside which what a job takes anyhow is little. */
const VALUES = 81;
/** Enough of the same work for its code to be compiled. */
const WARM_VALUES = 20;

export interface Scaling {
  readonly shards: number;
  /** Seconds, one per round. */
  readonly one: readonly number[];
  readonly two: readonly number[];
}

/** How many times faster two are, by the least times. */
export function speedupOf({ one, two }: Scaling): number {
  return leastRatio(one, two);
}

/** `values`³ points under a loss, which are judged one by one: about 10⁴ a second. */
function heavyPlan(values: number, shards: number): Plan {
  const parsed = parseRequest({
    network: {
      inputs: [[1], [2]],
      layers: [
        { type: 'dense', units: 1, activation: 'relu' },
        { type: 'dense', units: 1, bias: false },
      ],
      loss: { type: 'sum' },
    },
    format: { values: Array.from({ length: values }, (_, at) => String(at - 2)) },
    mode: 'exhaustive',
  });
  if (!parsed.ok) throw new Error(parsed.detail);
  const limits = { maxVisits: 1n << 32n, maxOperations: 1e12, maxShards: 1000 };
  const planned = planOf(parsed.question, limits);
  if (!planned.ok) throw new Error(planned.refusal.detail);
  return { ...planned.plan, shards };
}

export async function measureScaling(server: PrivateRedis, rounds: number): Promise<Scaling> {
  const shards = 64;
  const plan = heavyPlan(VALUES, shards);
  const rig = await openRig(server, 'scaling');
  const environment = environmentOf(server.url, 'scaling');

  async function seconds(workers: number): Promise<number> {
    const forked = [];
    for (let at = 0; at < workers; at++) forked.push(await forkWorker(MAIN, [], environment));
    // Threads start, and compile, with the first question; that is not what is measured.
    const warm = heavyPlan(WARM_VALUES, 8 * workers);
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
