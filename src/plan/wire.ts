/**
 * Canonical text of what crosses a process: plans, shards' tallies, results. Canonical JSON is
 * RFC 8785, so equal values have equal text, and a plan's text is what is hashed.
 */
import canonicalize from 'canonicalize';
import { parseExact, toText, type Tally, type Witness } from '../engine/index.js';
import type { PointResult } from '../schemas/result.js';
import type { Plan } from './plan.js';
import {
  sampleTallyOf,
  sampleTallyText,
  type SampleTally,
  type SampleTallyText,
} from './sample-tally.js';

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

/** What one shard found: a part of a count, or the whole answer of a point. */
export type ShardTally =
  | { readonly kind: 'count'; readonly tally: Tally }
  | { readonly kind: 'sample'; readonly tally: SampleTally }
  | { readonly kind: 'point'; readonly result: PointResult }
  | { readonly kind: 'bounds' };

/** Everything below the kind as text; BigInt has no JSON form. */
interface TallyText {
  readonly done: string;
  readonly states: string;
  readonly touched: string;
  readonly nonDifferentiable: string;
  readonly incorrect: string;
  readonly undecided: string;
  readonly tiesUndecided: string;
  readonly pairs: string;
  readonly neurons: readonly { readonly touched: string; readonly relevant: string }[];
  readonly witnesses: {
    readonly nonDifferentiable: WitnessText | null;
    readonly incorrect: WitnessText | null;
    readonly undecided: WitnessText | null;
  };
}

interface WitnessText {
  readonly order: string;
  readonly point: readonly string[];
}

function witnessText(witness: Witness | null): WitnessText | null {
  return witness === null
    ? null
    : { order: String(witness.order), point: witness.point.map(toText) };
}

function witnessOf(text: WitnessText | null): Witness | null {
  return text === null ? null : { order: BigInt(text.order), point: text.point.map(parseExact) };
}

/** *Exact.* The canonical text of a shard's tally; `tallyFromText` reads it back. */
export function tallyToText(shard: ShardTally): string {
  if (shard.kind === 'sample') {
    return canonicalText({ kind: 'sample', tally: sampleTallyText(shard.tally) });
  }
  if (shard.kind !== 'count') return canonicalText(shard);
  const { tally } = shard;
  const text: TallyText = {
    done: String(tally.done),
    states: String(tally.states),
    touched: String(tally.touched),
    nonDifferentiable: String(tally.nonDifferentiable),
    incorrect: String(tally.incorrect),
    undecided: String(tally.undecided),
    tiesUndecided: String(tally.tiesUndecided),
    pairs: String(tally.pairs),
    neurons: tally.neurons.map(({ touched, relevant }) => ({
      touched: String(touched),
      relevant: String(relevant),
    })),
    witnesses: {
      nonDifferentiable: witnessText(tally.witnesses.nonDifferentiable),
      incorrect: witnessText(tally.witnesses.incorrect),
      undecided: witnessText(tally.witnesses.undecided),
    },
  };
  return canonicalText({ kind: 'count', tally: text });
}

/** Whether plan and range alone determine the tally: not where samples were left out. */
export function isDetermined(tallyText: string): boolean {
  // Canonical text has one way to say it, and no other member or string of a tally is like it.
  return !/"ended":"(?:settled|time)"/.test(tallyText);
}

/** Whether it is of samples that were left out because those before them settle the answer. */
export function isSettledText(tallyText: string): boolean {
  // Its members are in order of their names, so this one is at the head of a long text.
  return tallyText.startsWith('"ended":"settled"', tallyText.indexOf('"ended":'));
}

/** *Exact.* The tally of a text that `tallyToText` made. */
export function tallyFromText(text: string): ShardTally {
  const read = JSON.parse(text) as
    | { readonly kind: 'count'; readonly tally: TallyText }
    | { readonly kind: 'sample'; readonly tally: SampleTallyText }
    | Exclude<ShardTally, { kind: 'count' | 'sample' }>;
  if (read.kind === 'sample') return { kind: 'sample', tally: sampleTallyOf(read.tally) };
  if (read.kind !== 'count') return read;
  const { tally } = read;
  return {
    kind: 'count',
    tally: {
      done: BigInt(tally.done),
      states: BigInt(tally.states),
      touched: BigInt(tally.touched),
      nonDifferentiable: BigInt(tally.nonDifferentiable),
      incorrect: BigInt(tally.incorrect),
      undecided: BigInt(tally.undecided),
      tiesUndecided: BigInt(tally.tiesUndecided),
      pairs: BigInt(tally.pairs),
      neurons: tally.neurons.map(({ touched, relevant }) => ({
        touched: BigInt(touched),
        relevant: BigInt(relevant),
      })),
      witnesses: {
        nonDifferentiable: witnessOf(tally.witnesses.nonDifferentiable),
        incorrect: witnessOf(tally.witnesses.incorrect),
        undecided: witnessOf(tally.witnesses.undecided),
      },
    },
  };
}
