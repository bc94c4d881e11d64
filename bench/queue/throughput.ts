/**
 * Shards per second of the service beside a bare BullMQ flow of the same shape: same Redis, same
 * process, as many jobs in hand, one round of each after the other, from the submission to the end.
 *
 * The processors of the bare flow do nothing. So do, at first, the compute threads of the service
 * (`at-once.ts`); what it does beyond the bare flow is then its records, events and stored tallies,
 * and the way to a thread and back. Then the same with threads that count three or four points each,
 * which is work of another kind and is told for comparison.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FlowProducer, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { privateRedis, type PrivateRedis } from '../../test/redis-fixture.js';
import { smallPlan } from '../../test/queue/plans.js';
import { openRig, type Rig } from '../../test/workers/rig.js';
import { handsFor } from '../../workers/hands.js';
import { median } from '../machine.js';
import { answerAsked, askedOf } from '../worker-process.js';

export interface Throughput {
  readonly shards: number;
  /** Shards per second, one per round. */
  readonly bare: readonly number[];
  readonly atOnce: readonly number[];
  readonly counting: readonly number[];
}

/** Median over the rounds of ours by bare. */
export function ratioOf(ours: readonly number[], bare: readonly number[]): number {
  return median(ours.map((perSecond, round) => perSecond / (bare[round] ?? NaN)));
}

interface Asked {
  readonly shards: number;
  readonly rounds: number;
  readonly threads: number;
}

/** The figures, of a process that is started as a worker's is. */
export function askThroughput({ shards, rounds, threads }: Asked): Promise<Throughput> {
  return askedOf(import.meta.url, [shards, rounds, threads].map(String));
}

async function measureThroughput(
  server: PrivateRedis,
  { shards, rounds, threads }: Asked,
): Promise<Throughput> {
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  const bull = { connection: redis, prefix: '{bare}' };
  const flows = new FlowProducer(bull);
  const nothing = async (): Promise<string> => '';
  const workers = [
    new Worker('shards', nothing, { ...bull, concurrency: handsFor(threads, 0) }),
    new Worker('merges', nothing, bull),
  ];
  const merged = new QueueEvents('merges', bull);
  await Promise.all([merged, ...workers].map((each) => each.waitUntilReady()));
  const atOnceRig = await openRig(server, 'at-once');
  const computePath = fileURLToPath(new URL('at-once.js', import.meta.url));
  await atOnceRig.work(undefined, { threads, computePath });
  const countingRig = await openRig(server, 'counting');
  await countingRig.work(undefined, { threads });
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

  async function oursRound(rig: Rig): Promise<number> {
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
  const atOnce: number[] = [];
  const counting: number[] = [];
  // The first round of each warms up and does not count.
  for (let round = 0; round <= rounds; round++) {
    const one = await bareRound();
    const two = await oursRound(atOnceRig);
    const three = await oursRound(countingRig);
    if (round === 0) continue;
    bare.push(one);
    atOnce.push(two);
    counting.push(three);
  }
  await Promise.all([atOnceRig, countingRig].map((rig) => rig.close()));
  await Promise.all([...workers, flows, merged].map((each) => each.close()));
  redis.disconnect();
  return { shards, bare, atOnce, counting };
}

await answerAsked(import.meta.url, async (asked) => {
  const [shards = 0, rounds = 0, threads = 0] = asked.map(Number);
  const server = await privateRedis();
  try {
    return await measureThroughput(server, { shards, rounds, threads });
  } finally {
    await server.stop();
  }
});
