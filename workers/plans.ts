/**
 * The plans this process works on, read once from Redis by content hash.
 *
 * Invariant: a plan's text has the hash it is asked for. The text also lies in memory that the
 * compute threads share, so that a plan of a megabyte is not copied for every shard.
 */
import type { Plan } from '../src/plan/plan.js';
import { planFromText } from '../src/plan/wire.js';
import type { Blobs } from '../src/queue/blobs.js';
import { planHashOf } from '../src/queue/names.js';
import type { SharedPlan } from './compute.js';

/** Thrown where a plan is not stored under its hash; trying again does not help. */
export class PlanMissing extends Error {
  override readonly name = 'PlanMissing';
}

export interface LoadedPlan {
  readonly plan: Plan;
  readonly shared: SharedPlan;
}

export interface Plans {
  /** Null where it is not read yet. */
  loaded(planHash: string): LoadedPlan | null;
  load(planHash: string): Promise<LoadedPlan>;
}

const KEPT = 32;

/** Keeps the few plans used last. */
export function openPlans(blobs: Blobs): Plans {
  // In the order in which they were last asked for.
  const kept = new Map<string, LoadedPlan>();
  let last: LoadedPlan | null = null;
  function loaded(planHash: string): LoadedPlan | null {
    if (last?.shared.hash === planHash) return last;
    const before = kept.get(planHash);
    if (before === undefined) return null;
    kept.delete(planHash);
    kept.set(planHash, before);
    last = before;
    return before;
  }
  return {
    loaded,
    async load(planHash) {
      const before = loaded(planHash);
      if (before !== null) return before;
      const text = await blobs.plan(planHash);
      if (text === null) throw new PlanMissing(`plan ${planHash} is not stored`);
      if (planHashOf(text) !== planHash)
        throw new PlanMissing(`plan ${planHash} has other content`);
      const encoded = new TextEncoder().encode(text);
      const bytes = new SharedArrayBuffer(encoded.length);
      new Uint8Array(bytes).set(encoded);
      const entry = { plan: planFromText(text), shared: { hash: planHash, bytes } };
      kept.set(planHash, entry);
      for (const oldest of [...kept.keys()].slice(0, -KEPT)) kept.delete(oldest);
      last = entry;
      return entry;
    },
  };
}
