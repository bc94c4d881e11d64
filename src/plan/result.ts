/**
 * From the shards' tallies to the result. Counts of visits become counts of points of Ω; densities
 * are exact; every bound is held against what was counted, and a contradiction fails the job.
 */
import {
  ENGINE_VERSION,
  ZERO,
  compare,
  emptyTally,
  decisionsOf,
  evenedTally,
  firstMoment,
  isPolynomial,
  mergeTallies as mergeCounts,
  neuronsOf,
  rational,
  reportTheorems,
  secondMomentLower,
  slackOf,
  spaceOf,
  spaceSize,
  toDouble,
  toText,
  type AnalyticNetwork,
  type Proxies,
  type Rational,
  type Tally,
  type TheoremReport,
} from '../engine/index.js';
import type { ExactWithValue } from '../schemas/exact.js';
import type { BoundsResult, ExhaustiveResult, Result } from '../schemas/result.js';
import { Contradiction, boundOf, refuseContradictions, type KnownDensity } from './bound-text.js';
import { compileQuestion } from './compile.js';
import type { Plan } from './plan.js';
import type { Question } from './question.js';
import { isSampleMethod, mergeSampleTallies } from './sample-tally.js';
import { sampledResult } from './sampled-result.js';
import { spaceText } from './space-text.js';
import { canonicalText, tallyFromText, tallyToText, type ShardTally } from './wire.js';

/** *Exact.* One tally of all shards' tallies, whatever their order. Throws where there is none. */
export function mergeTallies(plan: Plan, texts: readonly string[]): string {
  const tallies = texts.map(tallyFromText);
  const [first] = tallies;
  if (first === undefined) throw new Error('mergeTallies: a plan has at least one shard');
  if (first.kind === 'sample') return mergedSamples(plan, tallies);
  if (first.kind !== 'count') return tallyToText(first);
  let merged = emptyTally(first.tally.neurons.length);
  for (const shard of tallies) {
    if (shard.kind !== 'count') throw new Error('mergeTallies: tallies of different kinds');
    merged = mergeCounts(merged, shard.tally);
  }
  if (String(merged.done) !== plan.range) {
    throw new Error(`mergeTallies: ${String(merged.done)} of ${plan.range} parts were done`);
  }
  return tallyToText({ kind: 'count', tally: merged });
}

function mergedSamples(plan: Plan, tallies: readonly ShardTally[]): string {
  const merged = tallies
    .map((shard) => {
      if (shard.kind !== 'sample') throw new Error('mergeTallies: tallies of different kinds');
      return shard.tally;
    })
    .reduce(mergeSampleTallies);
  if (String(merged.covers) !== plan.range) {
    throw new Error(`mergeTallies: ${String(merged.covers)} of ${plan.range} parts were done`);
  }
  return tallyToText({ kind: 'sample', tally: merged });
}

/** *Exact.* The canonical text of the plan's result. Throws a Contradiction where a theorem is broken. */
export function resultText(plan: Plan, tallyText: string): string {
  return canonicalText(resultOf(plan, tallyText));
}

/** *Exact.* The plan's result. Throws a Contradiction where a theorem is broken. */
export function resultOf(plan: Plan, tallyText: string): Result {
  const shard = tallyFromText(tallyText);
  if (shard.kind === 'bounds') return boundsOf(plan.question);
  if (shard.kind === 'point') return shard.result;
  if (shard.kind === 'sample') return sampledResult(plan, shard.tally);
  return exhaustiveResult(plan, shard.tally);
}

/** *Exact.* Mode `bounds`: what the theorems say, without visiting a point. */
export function boundsOf(question: Question): BoundsResult {
  const { network, proxies } = compileQuestion(question);
  const size = spaceSize(network);
  return {
    mode: 'bounds',
    engine: ENGINE_VERSION,
    question: { ...question },
    space: spaceText(network.parameters.length, size),
    bounds: reportTheorems(network, proxies).map((report) => boundOf(report, null)),
  };
}

function withValue(exact: Rational): ExactWithValue {
  return { exact: toText(exact), value: toDouble(exact) };
}

function exhaustiveResult(plan: Plan, merged: Tally): ExhaustiveResult {
  const { network, proxies } = compileQuestion(plan.question);
  const tally =
    plan.method === 'enumeration' && isPolynomial(network)
      ? evenedTally(network, proxies, merged)
      : merged;
  const space = spaceOf(network);
  const size = spaceSize(network);
  // Neurons that are alike have counts that are alike, and long ones take long to write.
  const written = new Map<bigint, string>();
  const points = (visits: bigint): string => {
    const text = written.get(visits) ?? String(visits * space.multiplicity);
    written.set(visits, text);
    return text;
  };
  const density = (visits: bigint): Rational => rational(visits * space.multiplicity, size);
  const between = (decided: bigint): KnownDensity => ({
    least: density(decided),
    greatest: density(decided + tally.undecided),
  });
  const { nonDifferentiable, incorrect } = tally;
  const known = {
    nonDifferentiable: between(nonDifferentiable),
    incorrect: between(incorrect),
    nonDifferentiableOrIncorrect: between(nonDifferentiable + incorrect),
    clarke: null,
  };
  const reports = reportTheorems(network, proxies);
  const bounds = reports.map((report) => boundOf(report, known[report.on]));
  refuseContradictions(bounds);
  const neurons = neuronsOf(network);
  return {
    mode: 'exhaustive',
    method: countMethodOf(plan),
    engine: plan.engine,
    question: { ...plan.question },
    space: spaceText(plan.parameters, size),
    ...(plan.method === 'enumeration'
      ? { visited: String(tally.done) }
      : { states: String(tally.states) }),
    counts: {
      touched: points(tally.touched),
      nonDifferentiable: points(nonDifferentiable),
      incorrect: points(incorrect),
      undecided: points(tally.undecided),
      tiesUndecided: points(tally.tiesUndecided),
    },
    density: {
      touched: withValue(density(tally.touched)),
      nonDifferentiable: withValue(density(nonDifferentiable)),
      incorrect: withValue(density(incorrect)),
    },
    ...momentsOf(tally, space.visits, reports),
    bounds,
    neurons: neurons.map((neuron, k) => {
      const equation = network.equations[neuron.equation];
      const counted = tally.neurons[k];
      const ties = equation !== undefined && equation.op !== 'dense' && equation.op !== 'affine';
      if (!ties || counted === undefined) {
        throw new Error('exhaustiveResult: the tally is of another network');
      }
      return {
        layer: neuron.layer,
        unit: neuron.unit,
        // A maximum has ties but no kinks.
        activation: equation.op === 'max' ? equation.type : equation.activation.type,
        kinks:
          equation.op === 'max' ? [] : equation.activation.kinks.map((kink) => toText(kink.at)),
        touched: points(counted.touched),
        relevant: points(counted.relevant),
      };
    }),
    witnesses: witnessesOf(network, proxies, tally),
  };
}

/**
 * The moments of the number of relevant ties, held against the count. Throws a Contradiction where
 * they do not ascend: second moment, density, first moment, theorem.
 */
function momentsOf(
  tally: Tally,
  visits: bigint,
  reports: readonly TheoremReport[],
): Pick<ExhaustiveResult, 'firstMoment' | 'secondMoment' | 'slack'> {
  const ties = tally.neurons.reduce((sum, neuron) => sum + neuron.relevant, 0n);
  const moments = { ties, pairs: tally.pairs, points: visits };
  const first = firstMoment(moments);
  const applies = (id: TheoremReport['id']): TheoremReport | undefined =>
    reports.find((report) => report.id === id && report.applies);
  if (applies('L-iff') === undefined) {
    return { firstMoment: withValue(first), secondMoment: null, slack: null };
  }
  const second = secondMomentLower(moments);
  const density = rational(tally.nonDifferentiable, visits);
  // What is undecided may be in the density or not, so that what exceeds it is not known.
  const bound = tally.undecided === 0n ? (applies('L-ndf')?.exact ?? null) : null;
  const slack = bound === null ? null : slackOf(bound, density, tally.neurons, visits);
  const descends =
    compare(second, density) > 0 ||
    compare(density, first) > 0 ||
    Object.values(slack ?? {}).some((part: Rational) => compare(part, ZERO) < 0);
  if (descends) {
    throw new Contradiction(
      'the counts contradict the moments of the ties; this is a defect of gradcert, and no answer is given',
    );
  }
  return {
    firstMoment: withValue(first),
    secondMoment: withValue(second),
    slack:
      slack === null
        ? null
        : {
            format: withValue(slack.format),
            irrelevance: withValue(slack.irrelevance),
            overlap: withValue(slack.overlap),
          },
  };
}

function countMethodOf(plan: Plan): ExhaustiveResult['method'] {
  if (plan.method === 'point' || plan.method === 'bounds' || isSampleMethod(plan.method)) {
    throw new Error(`countMethodOf: a plan of method ${plan.method} counts nothing`);
  }
  return plan.method;
}

/** The first point of each set, judged once more before it is shown. */
function witnessesOf(
  network: AnalyticNetwork,
  proxies: Proxies,
  tally: Tally,
): ExhaustiveResult['witnesses'] {
  const judge = decisionsOf(network, proxies);
  const kinds = ['nonDifferentiable', 'incorrect', 'undecided'] as const;
  return kinds.flatMap((kind) => {
    const witness = tally.witnesses[kind];
    if (witness === null) return [];
    const { point } = witness;
    const verdict = judge(point);
    const confirmed = {
      nonDifferentiable: verdict.differentiable === false,
      incorrect: verdict.adCorrect === false,
      undecided: verdict.decidedBy === 'undecided',
    };
    if (!confirmed[kind]) {
      throw new Error(
        `witnessesOf: the judge does not confirm the ${kind} witness of order ${String(witness.order)}`,
      );
    }
    const relevant = verdict.ties.filter((tie) => tie.relevant);
    const shown = relevant.length > 0 ? relevant : verdict.ties;
    const units = new Map(
      shown.map(({ layer, unit }) => [`${String(layer)} ${String(unit)}`, { layer, unit }]),
    );
    return [{ kind, parameters: point.map(toText), neurons: [...units.values()] }];
  });
}
