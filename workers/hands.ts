/**
 * How many shards a worker process holds at a time: as many as it has threads and, where shards are
 * so short that fetching one takes as long as computing it, more that wait for a thread here: with
 * them fetching, computing and storing go on side by side, and several at once.
 *
 * Whoever comes new waits for those that are held, and another worker could have computed them: so
 * they are no more than take a blink together, and with long shards there are none.
 */
const SPARE_MS = 20;
const SPARE_MAX = 128;
/** A shard that takes longer than this counts as long; so does one of which nothing is known. */
const LONG_MS = 100;
/** Waking a thread takes about so long: shards that take less together are not shared out. */
const WAKING_MS = 0.1;
/** Shards that one message brings to a thread take no longer together, when they take what is usual. */
const TOGETHER_MS = 10;
/** Weight of the last shard in what is usual. */
const LAST = 0.1;

/** Exact. What a worker of so many threads holds, when a shard usually takes so long. */
export function handsFor(threads: number, usualMs: number): number {
  return threads + Math.min(SPARE_MAX, Math.floor(SPARE_MS / usualMs));
}

/** How many of the shards that wait one message brings to a thread. */
export interface Together {
  /** So many go to one thread even if another is free. */
  readonly least: number;
  readonly most: number;
}

/** Exact. How many shards go to a thread at once, when a shard usually takes so long. */
export function togetherFor(usualMs: number): Together {
  const within = (milliseconds: number): number =>
    Math.max(1, Math.min(SPARE_MAX, Math.floor(milliseconds / usualMs)));
  return { least: within(WAKING_MS), most: within(TOGETHER_MS) };
}

export interface Hands {
  /** A shard was computed in this time. */
  took(milliseconds: number): void;
  /** `togetherFor` what is usual now. */
  together(): Together;
}

/** Tells `hold` whenever the number changes; at first shards count as long. */
export function openHands(threads: number, hold: (shards: number) => void): Hands {
  let usual = LONG_MS;
  let held = handsFor(threads, usual);
  return {
    took(milliseconds) {
      usual += LAST * (Math.min(milliseconds, LONG_MS) - usual);
      const next = handsFor(threads, usual);
      if (next === held) return;
      held = next;
      hold(next);
    },
    together: () => togetherFor(usual),
  };
}
