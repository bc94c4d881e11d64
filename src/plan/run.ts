/**
 * One shard of a plan, computed: the only caller of the engine's heavy entry points. Synchronous
 * and a function of its arguments alone; the same shard gives the same text wherever it runs.
 */
import {
  countingOf,
  examine,
  examineAnalytic,
  isPolynomial,
  type CountLimits,
  type Counting,
  type Sampling,
} from '../engine/index.js';
import { compileQuestion, type Compiled } from './compile.js';
import { endsEarly, type Plan, type Shard } from './plan.js';
import { analyticPointResult, pointResult } from './point-result.js';
import {
  isSampleMethod,
  samplingOfPlan,
  settles,
  stopRuleOf,
  type SampleTally,
} from './sample-tally.js';
import { isSettledText, tallyFromText, tallyToText } from './wire.js';

export { Outgrown } from '../engine/index.js';

interface Prepared {
  readonly compiled: Compiled;
  readonly counting: Counting | null;
  readonly sampling: Sampling | null;
}

/** What was built for a plan, as long as somebody holds the plan. */
const prepared = new WeakMap<Plan, Prepared>();

/** Bytes of states that a compute thread may hold. */
export const STATE_BYTES_MAX = 2 ** 30;
/** Most points behind one prefix with bound ties. */
const WALKS_MAX = 200_000;

function limitsOf(plan: Plan): CountLimits {
  return {
    maxOperations: plan.maxOperations,
    maxBytes: STATE_BYTES_MAX,
    maxWalks: WALKS_MAX,
  };
}

function prepare(plan: Plan): Prepared {
  const known = prepared.get(plan);
  if (known !== undefined) return known;
  const compiled = compileQuestion(plan.question);
  const { network, proxies } = compiled;
  const { method } = plan;
  const counting =
    method === 'point' || method === 'bounds' || isSampleMethod(method)
      ? null
      : countingOf(network, proxies, method, limitsOf(plan));
  const sampling = isSampleMethod(method) ? samplingOfPlan(plan, compiled) : null;
  const made = { compiled, counting, sampling };
  prepared.set(plan, made);
  return made;
}

/** What may end samples early, besides their own range. */
export interface Ending {
  /** Texts of the tallies of shards before this one, as many as are known. */
  readonly before: readonly string[];
  /** Whether the time is over. */
  readonly isOver: () => boolean;
}

/** Nothing is known of other shards, and there is all the time. */
const NO_ENDING: Ending = { before: [], isOver: () => false };

/**
 * *Exact.* The text of the shard's tally. `onProgress` hears now and then how much of the shard's
 * range is done. Throws Outgrown where the count meets a limit.
 */
export function runShard(
  plan: Plan,
  shard: Shard,
  onProgress: (done: bigint) => void,
  ending: Ending = NO_ENDING,
): string {
  const { compiled, counting, sampling } = prepare(plan);
  if (sampling !== null) {
    const tally = sampleShard(plan, shard, sampling, onProgress, ending);
    return tallyToText({ kind: 'sample', tally });
  }
  if (counting !== null) {
    const tally = counting.tallyOf(BigInt(shard.from), BigInt(shard.to), onProgress);
    return tallyToText({ kind: 'count', tally });
  }
  if (plan.method === 'bounds') return tallyToText({ kind: 'bounds' });
  const { network, proxies, point } = compiled;
  if (point === null) throw new Error('runShard: a point plan has no point');
  return tallyToText({
    kind: 'point',
    result: isPolynomial(network)
      ? pointResult(plan, network, proxies, examine(network, proxies, point))
      : analyticPointResult(plan, network, proxies, examineAnalytic(network, proxies, point)),
  });
}

function sampleShard(
  plan: Plan,
  shard: Shard,
  sampling: Sampling,
  onProgress: (done: bigint) => void,
  { before, isOver }: Ending,
): SampleTally {
  const covers = BigInt(shard.to) - BigInt(shard.from);
  const needless = { covers, done: 0n, ended: 'settled', sums: new Map() } as const;
  if (before.some(isSettledText)) return needless;
  const known = before
    .map(tallyFromText)
    .flatMap((one) => (one.kind === 'sample' ? [one.tally] : []));
  const drawn = known.map(({ sums }) => sums);
  const rule = stopRuleOf(plan);
  if (endsEarly(plan) && settles(rule, sampling, drawn)) return needless;
  if (isOver()) return { covers, done: 0n, ended: 'time', sums: new Map() };
  // Samples are numbered below 2^53.
  const range = { from: Number(shard.from), to: Number(shard.to), samples: Number(plan.range) };
  // Where all samples before this shard are known, what its own add is looked at as they come.
  const isPrefix =
    endsEarly(plan) && known.reduce((sum, { done }) => sum + done, 0n) === BigInt(shard.from);
  let settled = false;
  const { done, sums } = sampling.sumsOf(
    range,
    (part) => {
      onProgress(BigInt(part));
      return !isOver();
    },
    (own) => {
      settled = isPrefix && settles(rule, sampling, [...drawn, own]);
      return !settled;
    },
  );
  const ended = BigInt(done) === covers ? 'whole' : settled ? 'settled' : 'time';
  return { covers, done: BigInt(done), ended, sums };
}
