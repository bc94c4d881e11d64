/**
 * The runs of which this process has just seen that they go on, so that not every shard of a
 * thousand asks again. What is remembered is a second old at most, the age at which a shard that
 * runs asks anyway (`shard.ts`), and forgotten where the run is stopped.
 */
const GOOD_FOR_MS = 1_000;

export interface BegunRuns {
  /** Whether the run was seen to go on, a moment ago. */
  goesOn(runId: string): boolean;
  saw(runId: string): void;
  forget(runId: string): void;
}

/** Nothing seen yet. */
export function openBegunRuns(now: () => number = () => performance.now()): BegunRuns {
  const seen = new Map<string, number>();
  return {
    goesOn: (runId) => now() - (seen.get(runId) ?? -Infinity) < GOOD_FOR_MS,
    saw(runId) {
      const at = now();
      for (const [other, then] of seen) if (at - then >= GOOD_FOR_MS) seen.delete(other);
      seen.set(runId, at);
    },
    forget: (runId) => seen.delete(runId),
  };
}
