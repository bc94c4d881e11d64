/**
 * The plan of mode `sampled`: which estimator, how many samples at most, in how many shards. Samples
 * that are asked for and cannot be afforded are refused with the number that can, unless a time limit
 * ends them anyway.
 */
import {
  isCompiled,
  operationsIn,
  sampleCost,
  sampleMethodFor,
  secondsOf,
  whyNotSampled,
  type AnalyticNetwork,
  type Proxies,
  type SampleMethod,
} from '../engine/index.js';
import type { Planning } from '../schemas/plan.js';
import { endsEarly, type Limits, type Plan, type Refusal } from './plan.js';
import type { Question } from './question.js';

/** Work of one shard: about a second. */
const SHARD_OPERATIONS = 3e8;
/** Every shard reads the tallies before it. */
const SHARDS_MAX = 128;
/** Work that is done where nobody says how much: about a minute of one core. */
const DEFAULT_OPERATIONS = operationsIn(60);
const DEFAULT_SAMPLES_MAX = 1e8;
/** Cores that may share a job with a time limit. */
const CORES = 64;
/** Fewer samples than this say little. */
const FEW_SAMPLES = 10_000;

/** What a plan of another mode has in common with this one. */
type Begun = Omit<Plan, 'method'>;

/** Plans the samples of a question within the limits of this installation. */
export function planSampled(
  begun: Begun,
  network: AnalyticNetwork,
  proxies: Proxies,
  limits: Limits,
): { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly refusal: Refusal } {
  const { question } = begun;
  const { sampling } = question;
  if (sampling === undefined) throw new Error('planSampled: the question says nothing of samples');
  const perSample = sampleCost(network, isCompiled(network, proxies));
  const most = Math.floor(limits.maxOperations / perSample);
  const samples = samplesOf(sampling, perSample);
  if (samples > most && sampling.seconds === null) {
    return { ok: false, refusal: tooMany(samples, most, perSample, limits) };
  }
  const method = sampling.method === 'auto' ? sampleMethodFor(network) : sampling.method;
  const plan: Plan = { ...begun, method, range: String(samples) };
  const wanted = Math.ceil((samples * perSample) / SHARD_OPERATIONS);
  const shards = Math.max(
    1,
    Math.min(wanted, endsEarly(plan) ? SHARDS_MAX : limits.maxShards, limits.maxShards, samples),
  );
  return { ok: true, plan: { ...plan, shards } };
}

/** Whether enough samples to say something are within the limits. */
export function isSampleable(network: AnalyticNetwork, compiled: boolean, limits: Limits): boolean {
  return FEW_SAMPLES * sampleCost(network, compiled) <= limits.maxOperations;
}

function samplesOf(
  { samples, seconds }: NonNullable<Question['sampling']>,
  perSample: number,
): number {
  if (samples !== null) return Number(samples);
  if (seconds !== null) {
    const drawn = Math.ceil(operationsIn(seconds * CORES) / perSample);
    return Math.min(Number.MAX_SAFE_INTEGER, drawn);
  }
  return Math.max(1, Math.min(DEFAULT_SAMPLES_MAX, Math.floor(DEFAULT_OPERATIONS / perSample)));
}

const WHAT: Readonly<Record<SampleMethod, string>> = {
  plain: 'draws points and decides them',
  conditional: 'draws the early layers and integrates the last ones exactly',
  union: 'ties each neuron in turn through one of its parameters',
};

/** *Estimate.* What each estimator would cost, for POST /plan. */
export function sampleMethods(
  question: Question,
  network: AnalyticNetwork,
  proxies: Proxies,
  limits: Limits,
): Planning['methods'] {
  const { sampling } = question;
  if (sampling === undefined) return [];
  const perSample = sampleCost(network, isCompiled(network, proxies));
  const samples = samplesOf(sampling, perSample);
  const operations = samples * perSample;
  return (['conditional', 'union', 'plain'] as const).map((method) => {
    const why = whyNotSampled(network, method);
    return {
      method,
      applies: why === null,
      affordable: why === null && (operations <= limits.maxOperations || sampling.seconds !== null),
      why: why ?? WHAT[method],
      samples: String(samples),
      estimate:
        why === null
          ? {
              states: 0,
              operations,
              log10Operations: Math.log10(operations),
              bytes: 0,
              seconds: secondsOf(operations),
            }
          : null,
    };
  });
}

function tooMany(samples: number, most: number, perSample: number, limits: Limits): Refusal {
  return {
    status: 422,
    code: 'too-many-samples',
    detail: `${String(samples)} samples of about ${perSample.toExponential(1)} operations each are more than the ${limits.maxOperations.toExponential(1)} operations that this service takes on. Ask for at most ${String(most)} samples, or set sampling.seconds.`,
    extensions: { samples: String(samples), maxSamples: String(most) },
  };
}
