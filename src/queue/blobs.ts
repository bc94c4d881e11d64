/**
 * Plans and results in Redis under the hash of the plan's canonical text.
 *
 * Invariant: a key's text never changes, since all of it follows from the plan; writing twice is
 * harmless. The plan is stored with the job that asks for it (`records.ts`); it and its result
 * outlive every record that points to them.
 */
import type { Redis } from 'ioredis';
import type { Names } from './names.js';
import { PUT_RESULT, runScript } from './scripts.js';

/** Thrown where one piece of one plan gave two different answers: a fault of the engine. */
export class NotDeterministic extends Error {
  override readonly name = 'NotDeterministic';
}

export interface Blobs {
  plan(planHash: string): Promise<string | null>;
  /** Idempotent. Throws NotDeterministic where another result is there already. */
  putResult(planHash: string, text: string): Promise<void>;
  result(planHash: string): Promise<string | null>;
}

/** The blobs under `names`, through a connection that stays the caller's. */
export function openBlobs(redis: Redis, names: Names): Blobs {
  return {
    plan: (planHash) => redis.get(names.plan(planHash)),
    async putResult(planHash, text) {
      const stored = await runScript(redis, names, PUT_RESULT, [planHash, text]);
      if (stored !== 1) throw new NotDeterministic(`${planHash} has another result`);
    },
    result: (planHash) => redis.get(names.result(planHash)),
  };
}
