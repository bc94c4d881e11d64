/**
 * From a question to a plan, or to a refusal before anything is enqueued: which method, at what
 * cost, in how many shards. Every method is estimated on the actual network; the cheapest that this
 * installation takes on is taken.
 */
import {
  ENGINE_VERSION,
  candidatesOf,
  log10Estimate,
  operationsIn,
  secondsOf,
  spaceSize,
  type AnalyticNetwork,
  type Candidate,
  type Proxies,
} from '../engine/index.js';
import type { Planning } from '../schemas/plan.js';
import type { SpaceText } from '../schemas/result-parts.js';
import { compileQuestion } from './compile.js';
import { isSampleable, planSampled, sampleMethods } from './make-sampled.js';
import { nearestFormat } from './nearest.js';
import type { Limits, Plan, Refusal } from './plan.js';
import type { Question } from './question.js';
import { STATE_BYTES_MAX } from './run.js';
import { spaceText } from './space-text.js';

export type Planned =
  { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly refusal: Refusal };

/** Work of one shard: about a second. */
const SHARD_OPERATIONS = operationsIn(1);
/** Short jobs are cut into so many, of a tenth of a second at least: several cores are busy to the end. */
const SHORT_SHARDS = 32;
const SHORT_SHARD_OPERATIONS = operationsIn(0.1);
/** Methods that take less than this are equally cheap: the most direct one is taken. */
const CHEAP_OPERATIONS = operationsIn(1);
/** Operations that estimating one question may take. */
const ESTIMATE_OPERATIONS = 3e7;
/** A shard may take this many times what the whole was estimated at, and so much more. */
const OUTGROWN = { factor: 10, operations: 1e10 } as const;
/** The reference enumerator is about this many times slower than the kernel. */
const INTERPRETED_COST = 1000n;
/** Most numbers (gradients of all units) that one point's derivative may hold. */
const POINT_NUMBERS_MAX = 50_000_000;

/** Plans a question within the limits of this installation. */
export function planOf(question: Question, limits: Limits): Planned {
  const { network, proxies } = compileQuestion(question);
  return planCompiled(
    question,
    network,
    proxies,
    spaceText(network.parameters.length, spaceSize(network)),
    limits,
  );
}

/** *Estimate.* What each method would cost, and what would be done; nothing is enqueued. */
export function planningOf(question: Question, limits: Limits): Planning {
  const { network, proxies } = compileQuestion(question);
  const space = spaceText(network.parameters.length, spaceSize(network));
  const candidates =
    question.mode === 'exhaustive' ? candidatesOf(network, proxies, ESTIMATE_OPERATIONS) : [];
  const planned = planCompiled(question, network, proxies, space, limits, candidates);
  return {
    engine: ENGINE_VERSION,
    mode: question.mode,
    space,
    accepted: planned.ok,
    method: planned.ok ? planned.plan.method : null,
    shards: planned.ok ? planned.plan.shards : null,
    methods:
      question.mode === 'sampled'
        ? sampleMethods(question, network, proxies, limits)
        : candidates.map((candidate) => methodText(candidate, limits)),
    refusal: planned.ok
      ? null
      : {
          code: planned.refusal.code,
          detail: planned.refusal.detail,
          nearest: nearestIn(planned.refusal),
        },
  };
}

function planCompiled(
  question: Question,
  network: AnalyticNetwork,
  proxies: Proxies,
  space: SpaceText,
  limits: Limits,
  known?: readonly Candidate[],
): Planned {
  const plan = {
    engine: ENGINE_VERSION,
    question,
    mode: question.mode,
    parameters: space.parameters,
    size: space.size,
    range: '1',
    shards: 1,
    maxOperations: OUTGROWN.operations,
  };
  if (question.mode === 'bounds') return { ok: true, plan: { ...plan, method: 'bounds' } };
  if (question.mode === 'point') {
    const refusal = pointRefusal(network);
    if (refusal !== null) return { ok: false, refusal };
    return { ok: true, plan: { ...plan, method: 'point' } };
  }
  if (question.mode === 'sampled') {
    return planSampled(plan, network, proxies, limits);
  }
  const candidates = known ?? candidatesOf(network, proxies, ESTIMATE_OPERATIONS);
  const best = cheapest(candidates, limits);
  if (best === null) {
    return { ok: false, refusal: tooLarge(question, network, space, candidates, limits) };
  }
  const { method, parts, estimate, isCut } = best;
  const most = isCut ? limits.maxShards : 1;
  const wanted = Math.min(shardsFor(estimate.operations), most);
  const shards = parts < BigInt(wanted) ? Number(parts) : Math.max(1, wanted);
  return {
    ok: true,
    plan: {
      ...plan,
      method,
      range: String(parts),
      shards,
      maxOperations: Math.ceil(OUTGROWN.factor * estimate.operations + OUTGROWN.operations),
    },
  };
}

/** How many shards so much work is cut into. */
function shardsFor(operations: number): number {
  const short = Math.min(SHORT_SHARDS, Math.ceil(operations / SHORT_SHARD_OPERATIONS));
  return Math.max(short, Math.ceil(operations / SHARD_OPERATIONS));
}

type Estimated = Candidate & { readonly estimate: NonNullable<Candidate['estimate']> };

function isAffordable(candidate: Candidate, limits: Limits): candidate is Estimated {
  const { estimate, method, visits, compiled } = candidate;
  if (estimate === null) return false;
  if (method === 'enumeration') {
    return visits <= (compiled ? limits.maxVisits : limits.maxVisits / INTERPRETED_COST);
  }
  return estimate.operations <= limits.maxOperations && estimate.bytes <= STATE_BYTES_MAX;
}

/** Candidates come with the most direct method first. */
function cheapest(candidates: readonly Candidate[], limits: Limits): Estimated | null {
  const cost = ({ estimate }: Estimated): number => Math.max(CHEAP_OPERATIONS, estimate.operations);
  return candidates
    .filter((candidate): candidate is Estimated => isAffordable(candidate, limits))
    .reduce<Estimated | null>(
      (best, candidate) => (best === null || cost(candidate) < cost(best) ? candidate : best),
      null,
    );
}

/** Whether some method of counting a network is within the limits. */
export function isCountable(
  network: AnalyticNetwork,
  proxies: Proxies,
  limits: Limits,
  operations: number,
): boolean {
  return cheapest(candidatesOf(network, proxies, operations), limits) !== null;
}

function methodText(candidate: Candidate, limits: Limits): Planning['methods'][number] {
  const { method, estimate, why } = candidate;
  return {
    method,
    applies: estimate !== null,
    affordable: isAffordable(candidate, limits),
    why,
    ...(method === 'enumeration' && candidate.visits < VISITS_IN_FULL
      ? { visits: String(candidate.visits) }
      : {}),
    estimate:
      estimate === null
        ? null
        : {
            states: finite(estimate.states),
            operations: finite(estimate.operations),
            log10Operations: estimate.log10Operations,
            bytes: finite(estimate.bytes),
            seconds: finite(secondsOf(estimate.operations)),
          },
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function tooLarge(
  question: Question,
  network: AnalyticNetwork,
  space: SpaceText,
  candidates: readonly Candidate[],
  limits: Limits,
): Refusal {
  const methods = candidates.map((candidate) => methodText(candidate, limits));
  // Samples are drawn on the grid of the layered count; generated code does not serve them.
  const compiled = candidates.some(
    (candidate) => candidate.method !== 'enumeration' && candidate.compiled,
  );
  const largestMode = isSampleable(network, compiled, limits)
    ? 'sampled'
    : pointRefusal(network) === null
      ? 'point'
      : 'bounds';
  const format = nearestFormat(question, network, (narrower, narrowerProxies, operations) =>
    isCountable(narrower, narrowerProxies, limits, operations),
  );
  const costs = candidates.map(costSentence).join(' ');
  const fits = format === null ? '' : ` Of the narrower formats, "${format}" can be counted.`;
  return {
    status: 422,
    code: 'space-too-large',
    detail: `Ω has ${sizeInWords(space)} points and no method can count it here. ${costs} This service takes on ${String(limits.maxVisits)} visits or ${exponential(limits.maxOperations)} operations and ${String(STATE_BYTES_MAX)} bytes of states. The largest mode that fits is "${largestMode}".${fits}`,
    extensions: {
      space,
      methods,
      limits: {
        maxVisits: String(limits.maxVisits),
        maxOperations: limits.maxOperations,
        maxStateBytes: STATE_BYTES_MAX,
      },
      largestMode,
      nearest: { mode: largestMode, format },
    },
  };
}

function nearestIn(refusal: Refusal): { mode: string; format: string | null } | null {
  const nearest = refusal.extensions['nearest'];
  return nearest === undefined ? null : (nearest as { mode: string; format: string | null });
}

function costSentence({ method, estimate, parts, why }: Candidate): string {
  if (estimate === null) return `Method "${method}" does not apply: ${why}.`;
  if (method === 'enumeration') return `Method "enumeration" would visit ${powerOf(parts)} points.`;
  return `Method "${method}" would take about ${exponential(estimate.operations)} operations and ${exponential(estimate.states)} states.`;
}

function exponential(value: number): string {
  return Number.isFinite(value) ? value.toExponential(1) : 'beyond 10^308';
}

/** Numbers up to here are written in full; beyond, as a power of ten. */
const DIGITS_IN_WORDS = 30;
/** Numbers of visits below are given in full; nobody visits more. */
const VISITS_IN_FULL = 10n ** 1000n;

function sizeInWords({ size, log10 }: SpaceText): string {
  return size.length <= DIGITS_IN_WORDS ? size : `about 10^${log10.toFixed(1)}`;
}

function powerOf(count: bigint): string {
  const log10 = count === 0n ? 0 : log10Estimate(count);
  return log10 < DIGITS_IN_WORDS ? String(count) : `about 10^${log10.toFixed(1)}`;
}

function pointRefusal(network: AnalyticNetwork): Refusal | null {
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
