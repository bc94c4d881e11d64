/**
 * One shard of a plan, computed: the only caller of the engine's heavy entry points. Synchronous
 * and a function of its arguments alone; the same shard gives the same text wherever it runs.
 */
import { enumerationOf, examine, type Enumeration } from '../engine/index.js';
import { compileQuestion, type Compiled } from './compile.js';
import type { Plan, Shard } from './plan.js';
import { pointResult } from './point-result.js';
import { tallyToText } from './wire.js';

interface Prepared {
  readonly compiled: Compiled;
  readonly enumeration: Enumeration | null;
}

/** What was built for a plan, as long as somebody holds the plan. */
const prepared = new WeakMap<Plan, Prepared>();

function prepare(plan: Plan): Prepared {
  const known = prepared.get(plan);
  if (known !== undefined) return known;
  const compiled = compileQuestion(plan.question);
  const made: Prepared = {
    compiled,
    enumeration:
      plan.method === 'enumeration' ? enumerationOf(compiled.network, compiled.proxies) : null,
  };
  prepared.set(plan, made);
  return made;
}

/**
 * *Exact.* The text of the shard's tally. `onProgress` hears now and then how many of the shard's
 * visits are done.
 */
export function runShard(
  plan: Plan,
  shard: Shard,
  onProgress: (visitsDone: bigint) => void,
): string {
  const { compiled, enumeration } = prepare(plan);
  if (enumeration !== null) {
    const tally = enumeration.tallyOf(BigInt(shard.from), BigInt(shard.to), onProgress);
    return tallyToText({ kind: 'enumeration', tally });
  }
  if (plan.method === 'bounds') return tallyToText({ kind: 'bounds' });
  const { network, proxies, point } = compiled;
  if (point === null) throw new Error('runShard: a point plan has no point');
  return tallyToText({
    kind: 'point',
    result: pointResult(plan, network, proxies, examine(network, proxies, point)),
  });
}
