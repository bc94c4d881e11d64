/**
 * What every process does for all jobs, API and worker alike: fails those whose deadline has passed
 * and watches the clock; workers also run again what the queue has lost, and hold leases to their time.
 *
 * Any number of processes may do it at once: every step is atomic in Redis. One that meets an
 * outage tries again the next time.
 */
import { isUnavailability } from './availability.js';
import { openClock } from './clock.js';
import { endOverdue, sweep, type Caretaking } from './flow.js';
import { openLeases, type LeaseTimes } from './leases.js';
import { CARE_EVERY_MS } from './names.js';

export interface CareOptions {
  /** How often jobs that are due, and leases, are looked after; null: never, by this process. */
  readonly sweep: { readonly everyMs: number; readonly times: LeaseTimes } | null;
  readonly onError: (error: Error) => void;
}

/** Runs `work` every so often, never twice at a time; gives the function that ends it. */
function repeat(
  everyMs: number,
  work: () => Promise<void>,
  onError: (error: Error) => void,
): () => Promise<void> {
  let present: Promise<void> | null = null;
  const timer = setInterval(() => {
    present ??= work()
      .catch(onError)
      .finally(() => (present = null));
  }, everyMs);
  return async () => {
    clearInterval(timer);
    await present;
  };
}

/** Begins at once; `stop` resolves when nothing is under way any more. */
export function startCare(
  care: Caretaking,
  { sweep: sweeping, onError }: CareOptions,
): { stop(): Promise<void> } {
  const clock = openClock(care.redis, care.names);
  const watch = async (): Promise<void> => {
    // A connection that waits for Redis would hold this up, and all that waits for its end.
    if (care.redis.status !== 'ready') return;
    await clock.watch();
    await endOverdue(care, clock);
  };
  const quiet = (error: Error): void => {
    // An outage is told by the connection itself.
    if (!isUnavailability(error)) onError(error);
  };
  const ends = [repeat(CARE_EVERY_MS, watch, quiet)];
  if (sweeping !== null) {
    const { redis, names, shardQueue, mergeQueue } = care;
    const leases = openLeases(redis, names, [shardQueue, mergeQueue], sweeping.times);
    const look = async (): Promise<void> => {
      await sweep(care);
      await leases.look();
    };
    ends.push(repeat(sweeping.everyMs, look, quiet));
  }
  return {
    async stop() {
      await Promise.all(ends.map((end) => end()));
    },
  };
}
