/**
 * Shards per second of the service beside a bare BullMQ flow of the same shape whose processors do
 * nothing: same Redis, same process, same concurrency, one round of each after the other.
 */
import { once } from 'node:events';
import { FlowProducer, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { PrivateRedis } from '../../test/redis-fixture.js';
import { smallPlan } from '../../test/queue/plans.js';
import { openRig } from '../../test/workers/rig.js';

export interface Throughput {
  readonly shards: number;
  /** Shards per second, one per round. */
  readonly bare: readonly number[];
  readonly ours: readonly number[];
}

const median = (all: readonly number[]): number =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;

/** Median of ours over median of bare. */
export function ratioOf({ bare, ours }: Throughput): number {
  return median(ours) / median(bare);
}

export async function measureThroughput(
  server: PrivateRedis,
  { shards, rounds, threads }: { shards: number; rounds: number; threads: number },
): Promise<Throughput> {
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  const bull = { connection: redis, prefix: '{bare}' };
  const flows = new FlowProducer(bull);
  const nothing = async (): Promise<string> => '';
  const workers = [
    new Worker('shards', nothing, { ...bull, concurrency: threads }),
    new Worker('merges', nothing, bull),
  ];
  const merged = new QueueEvents('merges', bull);
  await Promise.all([merged, ...workers].map((each) => each.waitUntilReady()));
  const rig = await openRig(server, 'ours');
  await rig.work(undefined, { threads });
  const opts = { removeOnComplete: true, removeOnFail: true };

  async function bareRound(): Promise<number> {
    const began = performance.now();
    const done = once(merged, 'completed');
    await flows.add({
      name: 'merge',
      queueName: 'merges',
      opts,
      children: Array.from({ length: shards }, (_, at) => ({
        name: 'shard',
        queueName: 'shards',
        data: { index: at },
        opts: { ...opts, priority: at + 1 },
      })),
    });
    await done;
    return shards / ((performance.now() - began) / 1000);
  }

  // Erased after each round, so that every shard is computed anew; the threads keep it compiled.
  const plan = smallPlan({ shards });

  async function oursRound(): Promise<number> {
    const began = performance.now();
    const { job } = await rig.queue.submit(plan);
    const { signal } = new AbortController();
    for await (const { job: record } of rig.queue.events(job.id, { signal })) {
      if (record.state === 'failed') throw new Error(JSON.stringify(record.error));
    }
    const perSecond = shards / ((performance.now() - began) / 1000);
    await rig.queue.erase(job.id);
    return perSecond;
  }

  const bare: number[] = [];
  const ours: number[] = [];
  // The first round of each warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    const [one, other] = [await bareRound(), await oursRound()];
    if (round > 0) {
      bare.push(one);
      ours.push(other);
    }
  }
  await rig.close();
  await Promise.all([...workers, flows, merged].map((each) => each.close()));
  redis.disconnect();
  return { shards, bare, ours };
}
