/**
 * Canonical text of what crosses a process: plans, shards' tallies, results. Canonical JSON is
 * RFC 8785, so equal values have equal text, and a plan's text is what is hashed.
 */
import canonicalize from 'canonicalize';
import type { Tally } from '../engine/index.js';
import type { PointResult } from '../schemas/result.js';
import type { Plan } from './plan.js';

/** *Exact.* The canonical text of a JSON-safe value. Throws a TypeError where it is none. */
export function canonicalText(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('canonicalText: the value has no JSON form');
  return text;
}

/** *Exact.* The canonical text of a plan; `planFromText` reads it back. */
export function planToText(plan: Plan): string {
  return canonicalText(plan);
}

/** *Exact.* The plan of a text that `planToText` made. */
export function planFromText(text: string): Plan {
  return JSON.parse(text) as Plan;
}

/** What one shard found: a stretch of an enumeration, or the whole answer of a point. */
export type ShardTally =
  | { readonly kind: 'enumeration'; readonly tally: Tally }
  | { readonly kind: 'point'; readonly result: PointResult }
  | { readonly kind: 'bounds' };

/** Everything below the kind as text; BigInt has no JSON form. */
interface TallyText {
  readonly visited: string;
  readonly touched: string;
  readonly nonDifferentiable: string;
  readonly incorrect: string;
  readonly undecided: string;
  readonly neurons: readonly { readonly touched: string; readonly relevant: string }[];
  readonly witnesses: {
    readonly nonDifferentiable: string | null;
    readonly incorrect: string | null;
    readonly undecided: string | null;
  };
}

function rankText(rank: bigint | null): string | null {
  return rank === null ? null : String(rank);
}

function rankOf(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}

/** *Exact.* The canonical text of a shard's tally; `tallyFromText` reads it back. */
export function tallyToText(shard: ShardTally): string {
  if (shard.kind !== 'enumeration') return canonicalText(shard);
  const { tally } = shard;
  const text: TallyText = {
    visited: String(tally.visited),
    touched: String(tally.touched),
    nonDifferentiable: String(tally.nonDifferentiable),
    incorrect: String(tally.incorrect),
    undecided: String(tally.undecided),
    neurons: tally.neurons.map(({ touched, relevant }) => ({
      touched: String(touched),
      relevant: String(relevant),
    })),
    witnesses: {
      nonDifferentiable: rankText(tally.witnesses.nonDifferentiable),
      incorrect: rankText(tally.witnesses.incorrect),
      undecided: rankText(tally.witnesses.undecided),
    },
  };
  return canonicalText({ kind: 'enumeration', tally: text });
}

/** *Exact.* The tally of a text that `tallyToText` made. */
export function tallyFromText(text: string): ShardTally {
  const read = JSON.parse(text) as
    | { readonly kind: 'enumeration'; readonly tally: TallyText }
    | Exclude<ShardTally, { kind: 'enumeration' }>;
  if (read.kind !== 'enumeration') return read;
  const { tally } = read;
  return {
    kind: 'enumeration',
    tally: {
      visited: BigInt(tally.visited),
      touched: BigInt(tally.touched),
      nonDifferentiable: BigInt(tally.nonDifferentiable),
      incorrect: BigInt(tally.incorrect),
      undecided: BigInt(tally.undecided),
      neurons: tally.neurons.map(({ touched, relevant }) => ({
        touched: BigInt(touched),
        relevant: BigInt(relevant),
      })),
      witnesses: {
        nonDifferentiable: rankOf(tally.witnesses.nonDifferentiable),
        incorrect: rankOf(tally.witnesses.incorrect),
        undecided: rankOf(tally.witnesses.undecided),
      },
    },
  };
}
