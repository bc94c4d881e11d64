/**
 * Telling how far jobs are, at most once a second and job: shards that end in between are told
 * together. Nothing is told that is not true: what is told is read from what the shards noted.
 */
import type { Plan } from '../src/plan/plan.js';
import type { Records } from '../src/queue/records.js';
import { Bag } from './bag.js';

const TELL_EVERY_MS = 1_000;

export interface Telling {
  /** A shard of this job has noted progress. */
  note(jobId: string, plan: Plan): void;
  /**
   * Calls `tell` within a second from now, then every second, and never twice at a time; gives the
   * function that ends it. One timer serves all, and short shards are over before it comes to them.
   */
  everySecond(tell: () => Promise<void>): () => void;
  /** Forgets what is not told yet; resolves when nothing is being told. */
  stop(): Promise<void>;
}

interface Told {
  /** In the bag of all. */
  place: number;
  readonly tell: () => Promise<void>;
  /** Beats to let pass before the next call. */
  beats: number;
  telling: boolean;
}

const BEATS = 4;

/** `everySecond` of the above. */
function openBeat(onError: (error: unknown) => void): Telling['everySecond'] {
  const all = new Bag<Told>();
  let timer: NodeJS.Timeout | undefined;
  function call(told: Told): void {
    if (told.beats > 0) told.beats--;
    else if (!told.telling) {
      told.beats = BEATS - 1;
      told.telling = true;
      told
        .tell()
        .catch(onError)
        .finally(() => (told.telling = false));
    }
  }
  function beat(): void {
    for (const told of all.items()) call(told);
    if (all.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }
  return (tell) => {
    const told = { place: -1, tell, beats: BEATS - 1, telling: false };
    all.add(told);
    timer ??= setInterval(beat, TELL_EVERY_MS / BEATS);
    return () => all.remove(told);
  };
}

/** Nothing to tell yet. */
export function openTelling(records: Records, onError: (error: unknown) => void): Telling {
  const waiting = new Map<string, NodeJS.Timeout>();
  const under = new Set<Promise<void>>();
  let stopped = false;
  return {
    everySecond: openBeat(onError),
    note(jobId, plan) {
      if (stopped || waiting.has(jobId)) return;
      const timer = setTimeout(() => {
        waiting.delete(jobId);
        const told: Promise<void> = records
          .progress(jobId, plan)
          .then(() => undefined, onError)
          .finally(() => under.delete(told));
        under.add(told);
      }, TELL_EVERY_MS);
      waiting.set(jobId, timer);
    },
    async stop() {
      stopped = true;
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
      await Promise.all(under);
    },
  };
}
