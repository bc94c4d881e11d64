/**
 * From a question to a plan, or to a refusal before anything is enqueued: which method, how many
 * points, how many shards.
 */
import {
  ENGINE_VERSION,
  enumerationOf,
  log10Estimate,
  spaceOf,
  spaceSize,
  type Network,
} from '../engine/index.js';
import { compileQuestion } from './compile.js';
import type { Limits, Plan, Refusal } from './plan.js';
import type { Question } from './question.js';

export type Planned =
  { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly refusal: Refusal };

/** Points of one shard, by enumerator: seconds of work either way. */
const SHARD_VISITS = { compiled: 1n << 22n, interpreted: 1n << 14n } as const;
/** The reference enumerator is about this many times slower than the kernel. */
const INTERPRETED_COST = 1000n;
/** Most numbers (gradients of all units) that one point's derivative may hold. */
const POINT_NUMBERS_MAX = 50_000_000;

/** Plans a question within the limits of this installation. */
export function planOf(question: Question, limits: Limits): Planned {
  const { network, proxies } = compileQuestion(question);
  const size = spaceSize(network);
  const plan = {
    engine: ENGINE_VERSION,
    question,
    mode: question.mode,
    parameters: network.parameters.length,
    size: String(size),
  };
  if (question.mode === 'bounds') {
    return { ok: true, plan: { ...plan, method: 'bounds', visits: '1', shards: 1 } };
  }
  if (question.mode === 'point') {
    const refusal = pointRefusal(network);
    if (refusal !== null) return { ok: false, refusal };
    return { ok: true, plan: { ...plan, method: 'point', visits: '1', shards: 1 } };
  }
  if (question.mode === 'sampled') {
    return {
      ok: false,
      refusal: {
        status: 422,
        code: 'not-yet',
        detail: 'Mode "sampled" is not available yet.',
        extensions: {},
      },
    };
  }
  const { visits } = spaceOf(network);
  if (visits > limits.maxVisits) {
    return { ok: false, refusal: tooLarge(network, size, visits, limits.maxVisits, null) };
  }
  const { compiled } = enumerationOf(network, proxies);
  const most = compiled ? limits.maxVisits : limits.maxVisits / INTERPRETED_COST;
  if (visits > most) {
    const why = 'the numbers of this network are too wide for the fast enumerator';
    return { ok: false, refusal: tooLarge(network, size, visits, most, why) };
  }
  const perShard = compiled ? SHARD_VISITS.compiled : SHARD_VISITS.interpreted;
  const wanted = (visits + perShard - 1n) / perShard;
  const maxShards = BigInt(limits.maxShards);
  const shards = Number(wanted < maxShards ? wanted : maxShards);
  return {
    ok: true,
    plan: { ...plan, method: 'enumeration', visits: String(visits), shards },
  };
}

function tooLarge(
  network: Network,
  size: bigint,
  visits: bigint,
  most: bigint,
  why: string | null,
): Refusal {
  const space = { parameters: network.parameters.length, size: String(size) };
  const power = `10^${log10Estimate(size).toFixed(1)}`;
  const largestMode = pointRefusal(network) === null ? 'point' : 'bounds';
  const shown = space.size.length <= 60 ? space.size : `about ${power}`;
  return {
    status: 422,
    code: 'space-too-large',
    detail: `An exhaustive analysis would visit ${visits === size ? 'all' : 'a quotient of'} ${shown} points of Ω; this service visits at most ${String(most)}${why === null ? '' : ` (${why})`}. The largest mode that fits is "${largestMode}".`,
    extensions: {
      space,
      visits: String(visits),
      maxVisits: String(most),
      largestMode,
    },
  };
}

function pointRefusal(network: Network): Refusal | null {
  const units = network.widths.reduce((sum, width) => sum + width, 0);
  const numbers = network.inputs.length * units * Math.max(1, network.parameters.length);
  if (numbers <= POINT_NUMBERS_MAX) return null;
  return {
    status: 422,
    code: 'point-too-large',
    detail: `The exact derivative of this network has up to ${String(numbers)} numbers (samples × units × parameters); this service takes at most ${String(POINT_NUMBERS_MAX)}. Ask with fewer samples, or in mode "bounds".`,
    extensions: {
      numbers: String(numbers),
      maxNumbers: String(POINT_NUMBERS_MAX),
      largestMode: 'bounds',
    },
  };
}
