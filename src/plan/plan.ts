/**
 * The plan of an analysis: the question, the method that answers it, and how the work is cut.
 *
 * A plan is pure data, safe to print as JSON and to hash; `wire.ts` gives its canonical text. It
 * says everything a worker needs: the engine's objects are rebuilt from `question` where the work
 * is done. The answer does not depend on the cut (`test/pipeline.test.ts`).
 */
import type { CountMethod, SampleMethod } from '../engine/index.js';
import type { Mode } from '../schemas/request.js';
import type { Question } from './question.js';

export interface Plan {
  /** Version of the engine; part of the hash, so that a new engine answers anew. */
  readonly engine: string;
  readonly question: Question;
  readonly mode: Mode;
  readonly method: CountMethod | SampleMethod | 'point' | 'bounds';
  /** Number of free parameters. */
  readonly parameters: number;
  /** |Ω|, as text. */
  readonly size: string;
  /**
   * The range [0, range) that is cut into shards: in an enumeration the ranks of the points to visit
   * (|Ω| over the sizes of the inert parameters), in a layered count parts of the work, of samples
   * their indices, else 1.
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
  /** Most operations that a layered count may be estimated at; about 4·10⁸ take a second. */
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

/**
 * *Exact.* The range of the plan cut into `plan.shards` intervals of nearly equal length. Samples
 * that may end early begin with short ones, so that little is drawn beyond the end.
 */
export function shardsOf(plan: Plan): Shard[] {
  const range = BigInt(plan.range);
  const power = endsEarly(plan) ? 2n : 1n;
  const count = BigInt(plan.shards) ** power;
  const cut = (index: number): string => String((range * BigInt(index) ** power) / count);
  return Array.from({ length: plan.shards }, (_, index) => ({
    index,
    from: cut(index),
    to: cut(index + 1),
  }));
}

/** Whether a plan may be answered before its whole range is done. */
export function endsEarly({ question }: Plan): boolean {
  const sampling = question.sampling;
  return sampling !== undefined && (sampling.relativeError !== null || sampling.seconds !== null);
}

/** *Exact.* What progress counts up to: points of Ω, or samples. */
export function totalOf(plan: Plan): string {
  return plan.mode === 'sampled' ? plan.range : plan.size;
}
