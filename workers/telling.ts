/**
 * Telling how far jobs are, at most once a second and job: shards that end in between are told
 * together. Nothing is told that is not true: what is told is read from what the shards noted.
 */
import type { Plan } from '../src/plan/plan.js';
import type { Records } from '../src/queue/records.js';

const TELL_EVERY_MS = 1_000;

export interface Telling {
  /** A shard of this job has noted progress. */
  note(jobId: string, plan: Plan): void;
  /** Forgets what is not told yet; resolves when nothing is being told. */
  stop(): Promise<void>;
}

/** Calls `tell` every second and never twice at a time; gives the function that ends it. */
export function everySecond(
  tell: () => Promise<void>,
  onError: (error: unknown) => void,
): () => void {
  let telling = false;
  const timer = setInterval(() => {
    if (telling) return;
    telling = true;
    tell()
      .catch(onError)
      .finally(() => (telling = false));
  }, TELL_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}

/** Nothing to tell yet. */
export function openTelling(records: Records, onError: (error: unknown) => void): Telling {
  const waiting = new Map<string, NodeJS.Timeout>();
  const under = new Set<Promise<void>>();
  let stopped = false;
  return {
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
