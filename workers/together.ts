/**
 * One message may bring a thread several shards, so that short ones do not pay for one each. They are
 * answered together or not at all: where one throws, or ends the thread, none is answered, and each has to
 * be asked for alone (`pool.ts`).
 */

/** What an entry exports as `shards`, of what it does with one: one answer per task, in their order. */
export function eachOf<Task, Answer>(
  shard: (task: Task) => Answer,
): (tasks: readonly Task[]) => Answer[] {
  return (tasks) => tasks.map((task) => shard(task));
}
