/**
 * The processor of a parent: all tallies in, the result into Redis, the record succeeds.
 *
 * At least once, idempotent: merging is a function of the tallies, the result is stored under the
 * plan's hash before the record says that it is there, and only one of a finish and a cancel wins
 * the record. Never merges what is not complete.
 */
import type { Job } from 'bullmq';
import { shardsOf } from '../src/plan/plan.js';
import { MergeJobSchema } from '../src/queue/flow.js';
import { isFinal } from '../src/queue/records.js';
import { processorOf, whenAble, type Work } from './work.js';

/** The processor of the merge queue. */
export function mergeProcessor(work: Work): (job: Job, token?: string) => Promise<string> {
  return processorOf(work, 'merge', MergeJobSchema, async (data, task) => {
    const state = await work.records.state(data.job);
    if (state === null || isFinal(state)) return state ?? 'unknown';
    const { plan, shared } = await work.plans.load(data.plan);
    if ((await work.blobs.result(data.plan)) === null) {
      const tallies: string[] = [];
      for (const tally of await work.shards.tallies(data.plan, shardsOf(plan))) {
        if (tally === null) throw new Error(`merge: a tally of plan ${data.plan} is missing`);
        tallies.push(tally);
      }
      const result = await work.pool.merge({ plan: shared, tallies }, task);
      await whenAble(task, () => work.blobs.putResult(data.plan, result));
    }
    const { state: after } = await whenAble(task, () => work.records.succeed(data.job));
    return after ?? 'unknown';
  });
}
