/**
 * A watch over the clock of the Redis server, against that being set while jobs are live.
 *
 * Which clocks there are: times that clients read, and the time to live of what is final, are the
 * server's wall clock. Deadlines and looks follow wall clock minus offset. Every process compares
 * what passed on the wall clock with what passed on its own monotonic clock, twice a second; where
 * they disagree by seconds the wall clock was set, and whoever sees it first moves the offset by as
 * much. While no process watches, wall time counts. What a live job needs has no time to live.
 */
import type { Redis } from 'ioredis';
import type { Names } from './names.js';
import { CLOCK, runScript } from './scripts.js';

/** Less than this is drift, or a slow answer. */
export const STEP_MS = 2_000;

export interface Clock {
  /** Compares the clocks; gives the milliseconds that the wall clock was moved by, mostly 0. */
  watch(): Promise<number>;
  /** What `clock()` of the scripts must say now, by the monotonic clock; null before the first watch. */
  expected(): number | null;
}

/** `monotonic` gives milliseconds that never jump. */
export function openClock(
  redis: Redis,
  names: Names,
  monotonic: () => number = () => performance.now(),
): Clock {
  let seen: { readonly wall: number; readonly offset: string; readonly monotonic: number } | null =
    null;

  async function read(offset: string, move: number): Promise<NonNullable<typeof seen>> {
    const asked = monotonic();
    const answer = (await runScript(redis, names, CLOCK, [offset, String(move)])) as string[];
    // The server read its clock somewhere in between; a slow answer must not look like a step.
    return {
      wall: Number(answer[0]),
      offset: answer[1] ?? '0',
      monotonic: (asked + monotonic()) / 2,
    };
  }

  return {
    expected: () =>
      seen === null ? null : seen.wall - Number(seen.offset) + (monotonic() - seen.monotonic),
    async watch() {
      const asked = monotonic();
      const now = await read('0', 0);
      const slow = monotonic() - asked;
      const before = seen;
      seen = now;
      if (before === null) return 0;
      // Steps that others corrected meanwhile are in both offsets' difference.
      const corrected = Number(now.offset) - Number(before.offset);
      const passed = now.wall - before.wall - corrected;
      const step = Math.round(passed - (now.monotonic - before.monotonic));
      if (Math.abs(step) < STEP_MS + slow) return 0;
      seen = await read(now.offset, step);
      return step;
    },
  };
}
