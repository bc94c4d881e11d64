/**
 * Plans, tallies and results in Redis under the hash of the plan's canonical text.
 *
 * Invariant: a key's text never changes, since all of it follows from the plan (or, of samples that
 * were ended early, since the first answer stays). So a retry, a
 * resubmission or a shard delivered twice finds what was computed before, and writing twice is
 * harmless. Every blob outlives every record that points to it.
 */
import type { Redis } from 'ioredis';
import type { Shard } from '../plan/plan.js';
import { isDetermined } from '../plan/wire.js';
import { BLOB_SECONDS, type Names } from './names.js';

/** How many tallies are read at once; bounds the answer of one command. */
const READ_AT_ONCE = 100;

/** Thrown where one piece of one plan gave two different answers: a fault of the engine. */
export class NotDeterministic extends Error {
  override readonly name = 'NotDeterministic';
}

export interface Blobs {
  putPlan(planHash: string, text: string): Promise<void>;
  plan(planHash: string): Promise<string | null>;
  /** Idempotent. Throws NotDeterministic where another tally is there already, unless one was ended early. */
  putTally(planHash: string, shard: Shard, text: string): Promise<void>;
  /** Whether it is there; keeps it for as long as a new one. */
  hasTally(planHash: string, shard: Shard): Promise<boolean>;
  /** In the order of the shards, null where one is missing. */
  tallies(planHash: string, shards: readonly Shard[]): Promise<(string | null)[]>;
  /** Idempotent. Throws NotDeterministic where another result is there already. */
  putResult(planHash: string, text: string): Promise<void>;
  result(planHash: string): Promise<string | null>;
}

/** The blobs under `names`, through a connection that stays the caller's. */
export function openBlobs(redis: Redis, names: Names): Blobs {
  async function putOnce(
    key: string,
    text: string,
    isDetermined: (text: string) => boolean = () => true,
  ): Promise<void> {
    const set = await redis.set(key, text, 'EX', BLOB_SECONDS, 'NX');
    if (set === 'OK') return;
    const before = await redis.get(key);
    if (before !== null && before !== text) {
      // What was ended early depends on when: the first answer stays, whatever comes later.
      if (!isDetermined(before) || !isDetermined(text)) return;
      throw new NotDeterministic(`${key} has other content`);
    }
    await redis.set(key, text, 'EX', BLOB_SECONDS);
  }

  return {
    async putPlan(planHash, text) {
      await redis.set(names.plan(planHash), text, 'EX', BLOB_SECONDS);
    },
    plan: (planHash) => redis.get(names.plan(planHash)),
    putTally: (planHash, shard, text) => putOnce(names.tally(planHash, shard), text, isDetermined),
    async hasTally(planHash, shard) {
      return (await redis.expire(names.tally(planHash, shard), BLOB_SECONDS)) === 1;
    },
    async tallies(planHash, shards) {
      const texts: (string | null)[] = [];
      for (let from = 0; from < shards.length; from += READ_AT_ONCE) {
        const keys = shards
          .slice(from, from + READ_AT_ONCE)
          .map((shard) => names.tally(planHash, shard));
        texts.push(...(await redis.mget(keys)));
      }
      return texts;
    },
    putResult: (planHash, text) => putOnce(names.result(planHash), text),
    result: (planHash) => redis.get(names.result(planHash)),
  };
}
