/**
 * The shards of a plan in Redis: what is done of them, under (plan hash, range).
 *
 * Invariant: a tally never changes, since all of it follows from plan and range (or, of samples
 * that were ended early, since the first answer stays). So a retry, a
 * resumed job or a shard delivered twice finds what was computed before, and writing twice is
 * harmless. Tallies live exactly as long as their plan: for ever while a job that asks for it is
 * live, so that no clock can make them expire under it.
 */
import type { Redis } from 'ioredis';
import type { Shard } from '../plan/plan.js';
import { isDetermined } from '../plan/wire.js';
import type { JobState } from '../schemas/job.js';
import { NotDeterministic } from './blobs.js';
import { PROGRESS_SECONDS, tallyField, type Names } from './names.js';
import { BEGIN_SHARD, FINISH_SHARDS, runScript } from './scripts.js';

/** How many tallies are read at once; bounds the answer of one command. */
const READ_AT_ONCE = 100;

export interface Begun {
  /** Of the job, which is `running` from now on if it was queued; null where it is unknown. */
  readonly state: JobState | null;
  /** The job has spent its budget: nothing more is to be computed for it. */
  readonly overBudget: boolean;
  /** The job has a budget, spent or not. */
  readonly limited: boolean;
  /** The tally is there already. */
  readonly known: boolean;
}

export interface Shards {
  begin(jobId: string, planHash: string, shard: Shard): Promise<Begun>;
  /**
   * Idempotent. Stores the tally and counts the microseconds it took. Throws NotDeterministic where
   * another tally is there already, unless one of the two was ended early. What is finished in one
   * moment is stored in one go.
   */
  finish(
    jobId: string,
    planHash: string,
    shard: Shard,
    done: { readonly tally: string; readonly spent: number },
  ): Promise<void>;
  /** Those whose tally is there, in their order. */
  finished(planHash: string, shards: readonly Shard[]): Promise<Shard[]>;
  /** In the order of the shards, null where one is missing. */
  tallies(planHash: string, shards: readonly Shard[]): Promise<(string | null)[]>;
}

/** One call of `all` for those that ask in one moment; each gets its own answer, or what `all` throws. */
function together(
  all: (each: readonly (readonly string[])[]) => Promise<string[]>,
): (args: readonly string[]) => Promise<string> {
  let gathering: (readonly string[])[] = [];
  let answers: Promise<string[]> = Promise.resolve([]);
  return async (args) => {
    if (gathering.length === 0) {
      answers = new Promise((resolve, reject) => {
        // By then all have asked that were waiting for the same message.
        process.nextTick(() => {
          const each = gathering;
          gathering = [];
          all(each).then(resolve, reject);
        });
      });
    }
    const at = gathering.push(args) - 1;
    const answer = (await answers)[at];
    if (answer === undefined) throw new TypeError('finish: fewer answers than questions');
    return answer;
  };
}

/** The shards under `names`, through a connection that stays the caller's. */
export function openShards(redis: Redis, names: Names): Shards {
  const store = together(async (each) => {
    const args = [String(PROGRESS_SECONDS), ...each.flat()];
    return (await runScript(redis, names, FINISH_SHARDS, args)) as string[];
  });
  return {
    async begin(jobId, planHash, shard) {
      const args = [jobId, planHash, tallyField(shard)];
      const answer = await runScript(redis, names, BEGIN_SHARD, args);
      const [state, over, known, limited] = answer as [JobState | '', number, number, number];
      return {
        state: state === '' ? null : state,
        overBudget: over === 1,
        limited: limited === 1,
        known: known === 1,
      };
    },
    async finish(jobId, planHash, shard, { tally, spent }) {
      const length = BigInt(shard.to) - BigInt(shard.from);
      const other = await store([
        ...[jobId, planHash, tallyField(shard), tally, String(shard.index), String(length)],
        String(Math.round(spent)),
      ]);
      // What was ended early depends on when: the first answer stays, whatever comes later.
      if (other !== '' && isDetermined(other) && isDetermined(tally)) {
        throw new NotDeterministic(`shard ${tallyField(shard)} of ${planHash} has another tally`);
      }
    },
    async finished(planHash, shards) {
      const fields = new Set(await redis.hkeys(names.tallies(planHash)));
      return shards.filter((shard) => fields.has(tallyField(shard)));
    },
    async tallies(planHash, shards) {
      const read = (from: number): Promise<(string | null)[]> => {
        const fields = shards.slice(from, from + READ_AT_ONCE).map(tallyField);
        return fields.length === 0
          ? Promise.resolve([])
          : redis.hmget(names.tallies(planHash), ...fields);
      };
      const texts: (string | null)[] = [];
      for (let from = 0; from < shards.length; from += 2 * READ_AT_ONCE) {
        // Two are on their way at a time.
        for (const some of await Promise.all([read(from), read(from + READ_AT_ONCE)])) {
          texts.push(...some);
        }
      }
      return texts;
    },
  };
}
