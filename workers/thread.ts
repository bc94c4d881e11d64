/**
 * What runs in a compute thread around the entry (`compute.ts`): one message may bring several
 * shards, so that short ones do not pay for one each.
 *
 * The shards of a message are answered together or not at all: where one throws, or ends the thread,
 * none is answered, and each has to be asked for alone (`pool.ts`).
 */
import { pathToFileURL } from 'node:url';
import { workerData } from 'node:worker_threads';
import type { MergeTask, OutgrownAnswer, ShardTask } from './compute.js';

/** What an entry exports. */
interface Entry {
  shard(task: ShardTask): string | OutgrownAnswer;
  merge(task: MergeTask): string;
}

const { computePath } = workerData as ThreadData;
const entry = (await import(pathToFileURL(computePath).href)) as Entry;

/** What a thread is started with: the absolute path of its entry. */
export interface ThreadData {
  readonly computePath: string;
}

/** One answer per task, in their order. */
export function shards(tasks: readonly ShardTask[]): (string | OutgrownAnswer)[] {
  return tasks.map((task) => entry.shard(task));
}

export function merge(task: MergeTask): string {
  return entry.merge(task);
}
