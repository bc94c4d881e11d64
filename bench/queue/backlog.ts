/**
 * Ten thousand jobs wait, then all are worked off: what they weigh in Redis and in the processes,
 * whether the order was fair, and whether any was lost.
 */
import { Redis } from 'ioredis';
import type { Plan } from '../../src/plan/plan.js';
import { smallPlan } from '../../test/queue/plans.js';
import type { PrivateRedis } from '../../test/redis-fixture.js';
import { openRig } from '../../test/workers/rig.js';

export interface Backlog {
  readonly jobs: number;
  readonly submittedPerSecond: number;
  readonly donePerSecond: number;
  /** Bytes of Redis per waiting job, in the first and in the second half of the submissions. */
  readonly bytesPerJob: readonly [number, number];
  /** Resident memory of the process that submits and works, in MiB: after a tenth, and at the end. */
  readonly residentMb: readonly [number, number];
  /** Furthest that a job ended from where it was submitted, among all. */
  readonly furthest: number;
  readonly succeeded: number;
  readonly lost: number;
}

/** As small as a job can be; another question each. */
function tinyPlan(number: number): Plan {
  return { ...smallPlan({ shards: 1, input: String(number + 2) }), range: '15' };
}

const MB = 2 ** 20;

export async function measureBacklog(server: PrivateRedis, jobs: number): Promise<Backlog> {
  const redis = new Redis(server.url);
  const rig = await openRig(server, 'backlog');
  const used = async (): Promise<number> =>
    Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
  const resident = (): number => process.memoryUsage.rss() / MB;
  const before = await used();
  const ids: string[] = [];
  let half = 0;
  let began = performance.now();
  while (ids.length < jobs) {
    const batch = Array.from({ length: 50 }, (_, at) => tinyPlan(ids.length + at));
    const answers = await Promise.all(batch.map((plan) => rig.queue.submit(plan)));
    ids.push(...answers.map(({ job }) => job.id));
    if (ids.length === jobs / 2) half = await used();
  }
  const submittedPerSecond = jobs / ((performance.now() - began) / 1000);
  const full = await used();

  began = performance.now();
  await rig.work();
  let early = 0;
  let done = 0;
  const names = new Map(ids.map((id, at) => [id, at]));
  const finished: { at: number; time: string; state: string }[] = [];
  while (finished.length < jobs) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const { samples } = await progressOf(rig.queue, ids, done);
    for (const sample of samples) finished.push({ ...sample, at: names.get(sample.id) ?? -1 });
    done = finished.length;
    if (early === 0 && done >= jobs / 10) early = resident();
  }
  const donePerSecond = jobs / ((performance.now() - began) / 1000);
  const order = finished.toSorted((a, b) =>
    a.time < b.time ? -1 : a.time > b.time ? 1 : a.at - b.at,
  );
  const furthest = Math.max(...order.map(({ at }, place) => Math.abs(at - place)));
  const succeeded = finished.filter(({ state }) => state === 'succeeded').length;
  const backlog: Backlog = {
    jobs,
    submittedPerSecond,
    donePerSecond,
    bytesPerJob: [(half - before) / (jobs / 2), (full - half) / (jobs / 2)],
    residentMb: [early, resident()],
    furthest,
    succeeded,
    lost: jobs - succeeded,
  };
  await rig.close();
  redis.disconnect();
  return backlog;
}

interface Sample {
  readonly id: string;
  readonly time: string;
  readonly state: string;
}

/** Those that became final, from the `done`-th submission on, as far as they are without a gap. */
async function progressOf(
  queue: Awaited<ReturnType<typeof openRig>>['queue'],
  ids: readonly string[],
  done: number,
): Promise<{ samples: Sample[] }> {
  const samples: Sample[] = [];
  for (const id of ids.slice(done)) {
    const job = await queue.get(id);
    if (job === null) throw new Error(`job ${id} is unknown`);
    if (job.finishedAt === null) break;
    samples.push({ id, time: job.finishedAt, state: job.state });
  }
  return { samples };
}
