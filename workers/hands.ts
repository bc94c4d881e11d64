/**
 * How many shards a worker process holds at a time: as many as it has threads and, where shards are
 * so short that fetching one takes as long as computing it, a few more that wait for a thread here.
 *
 * With long shards none may wait: another worker could have computed it.
 */
const QUICK_MS = 20;
const SPARE = 8;
/** Weight of the last shard in what is usual. */
const LAST = 0.1;

/** Exact. What a worker of so many threads holds, when a shard usually takes so long. */
export function handsFor(threads: number, usualMs: number): number {
  return usualMs < QUICK_MS ? threads + SPARE : threads;
}

export interface Hands {
  /** A shard was computed in this time. */
  took(milliseconds: number): void;
}

/** Tells `hold` whenever the number changes; at first shards count as long. */
export function openHands(threads: number, hold: (shards: number) => void): Hands {
  let usual = 10 * QUICK_MS;
  let held = handsFor(threads, usual);
  return {
    took(milliseconds) {
      usual += LAST * (Math.min(milliseconds, 10 * QUICK_MS) - usual);
      const next = handsFor(threads, usual);
      if (next === held) return;
      held = next;
      hold(next);
    },
  };
}
