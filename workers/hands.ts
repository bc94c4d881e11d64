/**
 * How many shards a worker process holds at a time: as many as it has threads and, where shards are
 * so short that fetching one takes as long as computing it, more that wait for a thread here: with
 * them fetching, computing and storing go on side by side, and several at once.
 *
 * With long shards none may wait: another worker could have computed it. Nor may many together be long.
 */
const QUICK_MS = 20;
/** Those that wait take a thread no longer than so, and are never more. */
const SPARE_MS = 160;
const SPARE = 32;
/** Shards that one message brings to a thread take no longer together, when they take what is usual. */
const TOGETHER_MS = 10;
/** Weight of the last shard in what is usual. */
const LAST = 0.1;

/** Exact. What a worker of so many threads holds, when a shard usually takes so long. */
export function handsFor(threads: number, usualMs: number): number {
  return usualMs < QUICK_MS ? threads + Math.min(SPARE, Math.floor(SPARE_MS / usualMs)) : threads;
}

/** Exact. How many shards a thread may be given at once, when a shard usually takes so long. */
export function togetherFor(usualMs: number): number {
  return Math.max(1, Math.min(SPARE, Math.floor(TOGETHER_MS / usualMs)));
}

export interface Hands {
  /** A shard was computed in this time. */
  took(milliseconds: number): void;
  /** `togetherFor` what is usual now. */
  together(): number;
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
    together: () => togetherFor(usual),
  };
}
