/**
 * From the sums of samples to the result of mode `sampled`: estimates with their intervals, beside
 * the theorems. Every bound is held against the intervals: one that lies wholly on the wrong side is
 * reported as disagreeing, and where intervals of error probability 10^-9 still contradict it the
 * job fails, since then chance is no explanation and one of the two is wrong.
 */
import {
  add,
  assess,
  neuronsOf,
  parseExact,
  reportTheorems,
  fromDouble,
  spaceSize,
  toDouble,
  toText,
  ZERO,
  type Assessment,
  type AnalyticNetwork,
  type Rational,
  type SampledSet,
  type SetEstimate,
  type TheoremReport,
} from '../engine/index.js';
import type { Bound } from '../schemas/result.js';
import type { SampledDensity, SampledInterval, SampledResult } from '../schemas/sampled-result.js';
import { boundOf, refuseContradictions, type KnownDensity } from './bound-text.js';
import { compileQuestion } from './compile.js';
import type { Plan } from './plan.js';
import { samplingOfPlan, settingsOf, stopRuleOf, type SampleTally } from './sample-tally.js';
import { spaceText } from './space-text.js';

/** Error probability of the intervals that may fail a job. */
const BEYOND_CHANCE = 1e-9;

/** *Exact.* The result. Throws a Contradiction where a theorem is broken beyond chance. */
export function sampledResult(plan: Plan, tally: SampleTally): SampledResult {
  const compiled = compileQuestion(plan.question);
  const { network, proxies } = compiled;
  const { scale, method } = samplingOfPlan(plan, compiled);
  const rule = stopRuleOf(plan);
  const found = assess(tally.sums, scale, rule);
  if (found.stoppedBy === 'time' && (!rule.isTimed || tally.ended === 'whole')) {
    throw new Error('sampledResult: samples are missing, and no time limit was set');
  }
  const reports = reportTheorems(network, proxies);
  const sure = assess(tally.sums, { ...scale, neuronRanges: [] }, rule, BEYOND_CHANCE);
  refuseContradictions(reports.map((report) => boundOf(report, knownOf(sure, report.on))));
  const size = spaceSize(network);
  const { seed, confidence, seconds } = settingsOf(plan);
  const level = toDouble(parseExact(confidence));
  const density = (set: SampledSet): SampledDensity => ({
    ...intervalOf(found.sets[set]),
    confidence: level,
    method,
    samples: String(found.samples),
    relativeStandardError: found.sets[set].relativeStandardError,
  });
  return {
    mode: 'sampled',
    method,
    engine: plan.engine,
    question: { ...plan.question },
    space: spaceText(plan.parameters, size),
    seed,
    samples: String(found.samples),
    stoppedBy: found.stoppedBy,
    ...(found.stoppedBy === 'time' && seconds !== null ? { seconds } : {}),
    density: {
      touched: density('touched'),
      nonDifferentiable: density('nonDifferentiable'),
      incorrect: density('incorrect'),
      nonDifferentiableOrIncorrect: density('either'),
    },
    undecided: found.undecided === null ? null : toText(found.undecided),
    firstMoment: firstMomentOf(found),
    bounds: reports.map((report) => sampledBoundOf(report, found)),
    neurons: neuronTexts(network, found),
  };
}

function intervalOf({ estimate, lower, upper }: SetEstimate): SampledInterval {
  return {
    estimate: estimate === null ? null : toDouble(estimate),
    exact: estimate === null ? null : toText(estimate),
    lower,
    upper,
  };
}

/** What the intervals leave open of the set that a theorem is about. */
function knownOf(found: Assessment, on: TheoremReport['on']): KnownDensity | null {
  const sets: Readonly<Record<Exclude<TheoremReport['on'], 'clarke'>, SampledSet>> = {
    nonDifferentiable: 'nonDifferentiable',
    incorrect: 'incorrect',
    nonDifferentiableOrIncorrect: 'either',
  };
  if (on === 'clarke') return null;
  const { lower, upper } = found.sets[sets[on]];
  return { least: fromDouble(lower), greatest: fromDouble(upper) };
}

/** The bound; `holds` is whether interval and theorem have some density in common. */
function sampledBoundOf(report: TheoremReport, found: Assessment): Bound {
  const bound = boundOf(report, knownOf(found, report.on));
  // Open is not against: the interval reaches to where the theorem holds.
  const holds = bound.exact === null || report.on === 'clarke' ? null : (bound.holds ?? true);
  return { ...bound, holds };
}

/** *Exact.* The mean number of neurons that are tied and relevant; null without a sample. */
function firstMomentOf({ neurons, samples }: Assessment): SampledResult['firstMoment'] {
  if (samples === 0) return null;
  const sum = neurons.reduce<Rational>(
    (all, { relevant }) => (relevant.estimate === null ? all : add(all, relevant.estimate)),
    ZERO,
  );
  return { exact: toText(sum), value: toDouble(sum) };
}

function neuronTexts(network: AnalyticNetwork, found: Assessment): SampledResult['neurons'] {
  return neuronsOf(network).map(({ equation, layer, unit }, k) => {
    const tying = network.equations[equation];
    const estimates = found.neurons[k];
    const ties = tying !== undefined && tying.op !== 'dense' && tying.op !== 'affine';
    if (!ties || estimates === undefined) {
      throw new Error('neuronTexts: the samples are of another network');
    }
    return {
      layer,
      unit,
      // A maximum has ties but no kinks.
      activation: tying.op === 'max' ? tying.type : tying.activation.type,
      kinks: tying.op === 'max' ? [] : tying.activation.kinks.map(({ at }) => toText(at)),
      touched: intervalOf(estimates.touched),
      relevant: intervalOf(estimates.relevant),
    };
  });
}
