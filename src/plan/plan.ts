/**
 * The plan of an analysis: the question, the method that answers it, and how the work is cut.
 *
 * A plan is pure data, safe to print as JSON and to hash; `wire.ts` gives its canonical text. It
 * says everything a worker needs: the engine's objects are rebuilt from `question` where the work
 * is done. The answer does not depend on the cut (`test/pipeline.test.ts`).
 */
import type { CountMethod } from '../engine/index.js';
import type { Mode } from '../schemas/request.js';
import type { Question } from './question.js';

export interface Plan {
  /** Version of the engine; part of the hash, so that a new engine answers anew. */
  readonly engine: string;
  readonly question: Question;
  readonly mode: Mode;
  readonly method: CountMethod | 'point' | 'bounds';
  /** Number of free parameters. */
  readonly parameters: number;
  /** |Ω|, as text. */
  readonly size: string;
  /**
   * The range [0, range) that is cut into shards: in an enumeration the ranks of the points to visit
   * (|Ω| over the sizes of the inert parameters), in a layered count parts of the work, else 1.
   */
  readonly range: string;
  readonly shards: number;
  /** Operations at which a shard gives up: its estimate was wrong by far. */
  readonly maxOperations: number;
  /**
   * Whose plan it is, where the service has tenants. Part of the hash and of nothing else: what one
   * tenant has counted is never found by another, who could tell from it what was asked.
   */
  readonly tenant?: string;
}

/** One idempotent piece of a plan: [from, to) of its range, as text. */
export interface Shard {
  readonly index: number;
  readonly from: string;
  readonly to: string;
}

/** What this installation is willing to do; refused beyond, before anything is enqueued. */
export interface Limits {
  /** Most points that an enumeration may visit. */
  readonly maxVisits: bigint;
  /** Most operations that a layered count may be estimated at; about 3·10⁸ take a second. */
  readonly maxOperations: number;
  /** Most shards of one job; 1 to 1000. */
  readonly maxShards: number;
}

/** Why a question that is well formed cannot be taken. */
export interface Refusal {
  readonly status: 422;
  readonly code: string;
  readonly detail: string;
  /** Further members of the problem body, e.g. the exact size and the nearest mode that fits. */
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** *Exact.* The range of the plan cut into `plan.shards` intervals of nearly equal length. */
export function shardsOf(plan: Plan): Shard[] {
  const range = BigInt(plan.range);
  const count = BigInt(plan.shards);
  return Array.from({ length: plan.shards }, (_, index) => ({
    index,
    from: String((range * BigInt(index)) / count),
    to: String((range * BigInt(index + 1)) / count),
  }));
}
