/**
 * A compute thread that answers at once, as the processor of the bare queue does: what is left is
 * the queue, and the way to a thread and back. Never a part of the service.
 */
import type { MergeTask, ShardTask } from '../../workers/compute.js';
import { eachOf } from '../../workers/together.js';

function shard({ shard: { index } }: ShardTask): string {
  return `{"shard":${String(index)}}`;
}

export const shards = eachOf(shard);

export function merge({ tallies }: MergeTask): string {
  return `{"shards":${String(tallies.length)}}`;
}
