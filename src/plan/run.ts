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
} from '../engine/index.js';
import { compileQuestion, type Compiled } from './compile.js';
import type { Plan, Shard } from './plan.js';
import { analyticPointResult, pointResult } from './point-result.js';
import { tallyToText } from './wire.js';

export { Outgrown } from '../engine/index.js';

interface Prepared {
  readonly compiled: Compiled;
  readonly counting: Counting | null;
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
    method === 'point' || method === 'bounds'
      ? null
      : countingOf(network, proxies, method, limitsOf(plan));
  const made = { compiled, counting };
  prepared.set(plan, made);
  return made;
}

/**
 * *Exact.* The text of the shard's tally. `onProgress` hears now and then how much of the shard's
 * range is done. Throws Outgrown where the count meets a limit.
 */
export function runShard(plan: Plan, shard: Shard, onProgress: (done: bigint) => void): string {
  const { compiled, counting } = prepare(plan);
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
