/**
 * From the shards' tallies to the result. Counts of visits become counts of points of Ω; densities
 * are exact; every bound is held against what was counted, and a contradiction fails the job.
 */
import {
  emptyTally,
  decisionsOf,
  log10Estimate,
  mergeTallies as mergeCounts,
  neuronsOf,
  rational,
  reportTheorems,
  spaceOf,
  spaceSize,
  toDouble,
  toText,
  type AnalyticNetwork,
  type Proxies,
  type Rational,
  type Tally,
} from '../engine/index.js';
import type { ExactWithValue } from '../schemas/exact.js';
import type { BoundsResult, ExhaustiveResult, Result } from '../schemas/result.js';
import { boundOf, refuseContradictions, type KnownDensity } from './bound-text.js';
import { compileQuestion } from './compile.js';
import type { Plan } from './plan.js';
import type { Question } from './question.js';
import { canonicalText, tallyFromText, tallyToText } from './wire.js';
import { ENGINE_VERSION } from '../engine/index.js';

/** *Exact.* One tally of all shards' tallies, whatever their order. Throws where there is none. */
export function mergeTallies(plan: Plan, texts: readonly string[]): string {
  const tallies = texts.map(tallyFromText);
  const [first] = tallies;
  if (first === undefined) throw new Error('mergeTallies: a plan has at least one shard');
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

/** *Exact.* The canonical text of the plan's result. Throws a Contradiction where a theorem is broken. */
export function resultText(plan: Plan, tallyText: string): string {
  return canonicalText(resultOf(plan, tallyText));
}

/** *Exact.* The plan's result. Throws a Contradiction where a theorem is broken. */
export function resultOf(plan: Plan, tallyText: string): Result {
  const shard = tallyFromText(tallyText);
  if (shard.kind === 'bounds') return boundsOf(plan.question);
  if (shard.kind === 'point') return shard.result;
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
    space: {
      parameters: network.parameters.length,
      size: String(size),
      log10: log10Estimate(size),
    },
    bounds: reportTheorems(network, proxies).map((report) => boundOf(report, null)),
  };
}

function withValue(exact: Rational): ExactWithValue {
  return { exact: toText(exact), value: toDouble(exact) };
}

function exhaustiveResult(plan: Plan, tally: Tally): ExhaustiveResult {
  const { network, proxies } = compileQuestion(plan.question);
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
  const bounds = reportTheorems(network, proxies).map((report) =>
    boundOf(report, known[report.on]),
  );
  refuseContradictions(bounds);
  const neurons = neuronsOf(network);
  return {
    mode: 'exhaustive',
    method: countMethodOf(plan),
    engine: plan.engine,
    question: { ...plan.question },
    space: { parameters: plan.parameters, size: String(size), log10: log10Estimate(size) },
    ...(plan.method === 'enumeration'
      ? { visited: String(tally.done) }
      : { states: String(tally.states) }),
    counts: {
      touched: points(tally.touched),
      nonDifferentiable: points(nonDifferentiable),
      incorrect: points(incorrect),
      undecided: points(tally.undecided),
    },
    density: {
      touched: withValue(density(tally.touched)),
      nonDifferentiable: withValue(density(nonDifferentiable)),
      incorrect: withValue(density(incorrect)),
    },
    firstMoment: withValue(
      density(tally.neurons.reduce((sum, neuron) => sum + neuron.relevant, 0n)),
    ),
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

function countMethodOf(plan: Plan): ExhaustiveResult['method'] {
  if (plan.method === 'point' || plan.method === 'bounds') {
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
