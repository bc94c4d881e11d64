/**
 * The tally of a stretch of samples and its canonical text: exact sums, stretch by stretch between
 * the looks. Neurons that were never tied, and sums that are 0, are left out of the text.
 */
import {
  addSamples,
  isSettled,
  parseExact,
  samplingOf,
  type BatchSums,
  type SampleMethod,
  type SampleSums,
  type Sampling,
  type StopRule,
  type Sum,
} from '../engine/index.js';
import { compileQuestion, type Compiled } from './compile.js';
import type { Plan } from './plan.js';
import type { QuestionSampling } from './question.js';

export interface SampleTally {
  /** Samples of the range that the tally answers for. */
  readonly covers: bigint;
  /** Those of them that were drawn. */
  readonly done: bigint;
  /**
   * `whole`: all were drawn. `settled`: not all had to be, those drawn and the samples
   * before them settle the answer.
   * `time`: the time was over. Only the first is determined by plan and range alone.
   */
  readonly ended: 'whole' | 'settled' | 'time';
  readonly sums: SampleSums;
}

/** *Exact.* The tally of both stretches. */
export function mergeSampleTallies(a: SampleTally, b: SampleTally): SampleTally {
  const endings = [a.ended, b.ended];
  return {
    covers: a.covers + b.covers,
    done: a.done + b.done,
    ended: endings.find((ended) => ended !== 'whole') ?? 'whole',
    sums: addSamples(a.sums, b.sums),
  };
}

type SumText = readonly [first: string, second: string];

/** A tally in JSON-safe form. */
export interface SampleTallyText {
  readonly covers: string;
  readonly done: string;
  readonly ended: SampleTally['ended'];
  readonly stretches: readonly {
    readonly stretch: number;
    readonly samples: number;
    readonly measures: readonly SumText[];
    readonly neurons: readonly (readonly [neuron: number, touched: SumText, relevant: SumText])[];
  }[];
}

function sumText({ first, second }: Sum): SumText {
  return [String(first), String(second)];
}

function sumOf([first, second]: SumText): Sum {
  return { first: BigInt(first), second: BigInt(second) };
}

/** *Exact.* `sampleTallyOf` reads it back. */
export function sampleTallyText({ covers, done, ended, sums }: SampleTally): SampleTallyText {
  return {
    covers: String(covers),
    done: String(done),
    ended,
    stretches: [...sums]
      .sort(([a], [b]) => a - b)
      .map(([stretch, { samples, measures, neurons }]) => ({
        stretch,
        samples,
        measures: measures.map(sumText),
        neurons: [...neurons]
          .sort(([a], [b]) => a - b)
          .map(
            ([neuron, { touched, relevant }]) =>
              [neuron, sumText(touched), sumText(relevant)] as const,
          ),
      })),
  };
}

/** *Exact.* */
export function sampleTallyOf({ covers, done, ended, stretches }: SampleTallyText): SampleTally {
  return {
    covers: BigInt(covers),
    done: BigInt(done),
    ended,
    sums: new Map(
      stretches.map(({ stretch, samples, measures, neurons }): [number, BatchSums] => [
        stretch,
        {
          samples,
          measures: measures.map(sumOf),
          neurons: new Map(
            neurons.map(([neuron, touched, relevant]) => [
              neuron,
              { touched: sumOf(touched), relevant: sumOf(relevant) },
            ]),
          ),
        },
      ]),
    ),
  };
}

/** Whether a method of a plan samples. */
export function isSampleMethod(method: Plan['method']): method is SampleMethod {
  return method === 'plain' || method === 'conditional' || method === 'union';
}

/** How a plan's question samples. Throws an Error where it does not. */
export function settingsOf({ question }: Plan): QuestionSampling {
  if (question.sampling === undefined) throw new Error('settingsOf: the plan samples nothing');
  return question.sampling;
}

/** When the samples of a plan end. */
export function stopRuleOf(plan: Plan): StopRule {
  const { confidence, relativeError, seconds } = settingsOf(plan);
  return {
    // Planned below 2^53.
    samples: Number(plan.range),
    confidence: parseExact(confidence),
    relativeError: relativeError === null ? null : parseExact(relativeError),
    isTimed: seconds !== null,
  };
}

/** What was prepared for a plan, as long as somebody holds the plan. */
const prepared = new WeakMap<Plan, Sampling>();

/** Prepares the samples of a plan; once, for shards and result alike. */
export function samplingOfPlan(
  plan: Plan,
  { network, proxies }: Compiled = compileQuestion(plan.question),
): Sampling {
  const known = prepared.get(plan);
  if (known !== undefined) return known;
  if (!isSampleMethod(plan.method)) throw new Error('samplingOfPlan: the plan samples nothing');
  const seed = BigInt(settingsOf(plan).seed);
  const made = samplingOf(network, proxies, plan.method, { seed });
  prepared.set(plan, made);
  return made;
}

/** *Exact.* Whether these sums, of any samples of the plan, settle its answer already. */
export function settles(rule: StopRule, sampling: Sampling, known: readonly SampleSums[]): boolean {
  const sums = known.reduce<SampleSums>((all, one) => addSamples(all, one), new Map());
  return isSettled(sums, sampling.scale, rule);
}
