/**
 * What samples say, and when to stop: a function of the exact sums of the stretches between looks,
 * so of the seed and the question alone. Only a prefix of the samples in their order is ever used.
 *
 * An interval for a set runs from the lower end with undecided points outside it to the upper end
 * with undecided points inside. Plain sampling has Clopper and Pearson's interval at each look, the
 * error probability shared out over the looks where more than one may be the last; the others have
 * a confidence sequence. Either way all looks hold at once.
 */
import { doubleOf, quotientNear } from '../num/exact-double.js';
import { toDouble, nextDown, nextUp } from '../num/float64.js';
import { ONE, ZERO, compare, rational, subtract, type Rational } from '../num/rational.js';
import { clopperPearson } from './clopper-pearson.js';
import { confidenceSequence, relativeStandardError, type Interval } from './confidence-sequence.js';
import type { Estimator } from './estimator.js';
import { looksOf } from './looks.js';
import { MEASURES, NO_SUM, addSums, type Measure, type SampleSums, type Sum } from './sums.js';

export interface StopRule {
  /** Most samples, in [1, 2^53). */
  readonly samples: number;
  /** In (0, 1). */
  readonly confidence: Rational;
  /** Positive; null where no relative error ends it. */
  readonly relativeError: Rational | null;
  /** Whether time may end it. */
  readonly isTimed: boolean;
}

/** What an estimator tells of its values, once its samples are drawn. */
export type Scale = Pick<Estimator, 'method' | 'unit' | 'range' | 'neuronRanges'>;

export interface SetEstimate extends Interval {
  /** *Exact.* The mean of the samples, undecided points outside the set; null without a sample. */
  readonly estimate: Rational | null;
  readonly relativeStandardError: number | null;
}

export type Stopped = 'relativeError' | 'samples' | 'time';

export interface Assessment {
  readonly samples: number;
  readonly stoppedBy: Stopped;
  readonly looks: number;
  /** *Exact.* The mean weight of undecided points; null without a sample. */
  readonly undecided: Rational | null;
  readonly sets: Readonly<Record<SampledSet, SetEstimate>>;
  readonly neurons: readonly { readonly touched: SetEstimate; readonly relevant: SetEstimate }[];
}

export const SAMPLED_SETS = ['touched', 'nonDifferentiable', 'incorrect', 'either'] as const;
export type SampledSet = (typeof SAMPLED_SETS)[number];

/** A measure; or what is touched with what may be, which no point is both. */
type End = Measure | 'touchedMost';

/** *Exact.* Sums of an end over a stretch. */
function sumAt(sums: SampleSums, stretch: number, end: End): Sum {
  const of = (measure: Measure): Sum =>
    sums.get(stretch)?.measures[MEASURES.indexOf(measure)] ?? NO_SUM;
  return end === 'touchedMost' ? addSums(of('touched'), of('tiesUndecided')) : of(end);
}

/** The measures that bound a set from below and from above. */
const ENDS: Readonly<Record<SampledSet, readonly [End, End]>> = {
  touched: ['touched', 'touchedMost'],
  nonDifferentiable: ['nonDifferentiableLeast', 'nonDifferentiableMost'],
  incorrect: ['incorrectLeast', 'incorrectMost'],
  either: ['eitherLeast', 'eitherMost'],
};

interface Context {
  readonly scale: Scale;
  readonly rule: StopRule;
  readonly alpha: number;
  /** Samples at each look whose stretch, and all before it, are complete. */
  readonly reached: readonly number[];
  /** Looks of the whole rule. */
  readonly planned: number;
  /** Intervals after each look, by measure; those of equal sums are one list. */
  readonly measures: Map<End, readonly MeanInterval[]>;
}

/**
 * *Lower bound.* Whether the samples so far end the sampling by their relative error, or are all; false
 * also where there are so few that it is not worth finding out.
 */
export function isSettled(sums: SampleSums, scale: Scale, rule: StopRule): boolean {
  if (isTooSoon(sums, scale, rule)) return false;
  const context = contextOf(sums, scale, rule, alphaOf(rule));
  if (context.reached[context.planned - 1] === rule.samples) return true;
  return errorLook(sums, context) !== null;
}

/**
 * *Estimate.* Whether the range of the values alone keeps the upper end away, however little they vary:
 * by about ln(2/α) times it over their number. Never where all samples are in.
 */
function isTooSoon(sums: SampleSums, { method, unit, range }: Scale, rule: StopRule): boolean {
  let [samples, units] = [0, 0n];
  for (const batch of sums.values()) {
    samples += batch.samples;
    units += batch.measures[LEAST_KINK]?.first ?? 0n;
  }
  if (rule.relativeError === null || method === 'plain' || samples >= rule.samples) return false;
  const mean = quotientNear(units, unit) / samples;
  if (!(mean > 0 && mean <= 1)) return false;
  const reach = toDouble(range) - mean;
  const logTerm = Math.log(2 / (1 - toDouble(rule.confidence)));
  return NEARLY * logTerm * reach > toDouble(rule.relativeError) * mean * samples;
}

const LEAST_KINK = MEASURES.indexOf('nonDifferentiableLeast');
/** What is nearly enough samples is gone into. */
const NEARLY = 0.9;

/**
 * *Exact coverage.* The answer of the samples: at the first look whose relative error is small enough,
 * else at the last one reached. `alpha` replaces the error probability of the intervals (not of the
 * stop), for checks that must not fail by chance.
 */
export function assess(
  sums: SampleSums,
  scale: Scale,
  rule: StopRule,
  alpha: number = alphaOf(rule),
): Assessment {
  const stopping = contextOf(sums, scale, rule, alphaOf(rule));
  const byError = errorLook(sums, stopping);
  const look = byError ?? stopping.reached.length - 1;
  const context = alpha === stopping.alpha ? stopping : { ...stopping, alpha, measures: new Map() };
  const samples = stopping.reached[look] ?? 0;
  const stoppedBy =
    byError !== null ? 'relativeError' : samples === rule.samples ? 'samples' : 'time';
  const setOf = (set: SampledSet): SetEstimate => {
    const [least, most] = ENDS[set];
    const of = (end: End): SetEstimate =>
      estimateAt(measureIntervals(sums, end, context), look, scale.range, context);
    const lower = of(least);
    return { ...lower, upper: of(most).upper };
  };
  return {
    samples,
    stoppedBy,
    looks: look + 1,
    undecided: samples === 0 ? null : undecidedOf(sums, look, scale.unit * BigInt(samples)),
    sets: {
      touched: setOf('touched'),
      nonDifferentiable: setOf('nonDifferentiable'),
      incorrect: setOf('incorrect'),
      either: setOf('either'),
    },
    neurons: scale.neuronRanges.map((range, neuron) => {
      const of = (kind: 'touched' | 'relevant'): SetEstimate => {
        const known = context.reached.map(
          (_, k) => sums.get(k)?.neurons.get(neuron)?.[kind] ?? NO_SUM,
        );
        const estimate = (own: readonly Sum[]): SetEstimate =>
          estimateAt(intervalsOf(own, range, context), look, range, context);
        const lower = estimate(known);
        const open = context.reached.map((_, k) => sumAt(sums, k, 'tiesUndecided'));
        if (open.every(({ first }) => first === 0n)) return lower;
        // Where ties are not decided this neuron may be tied, and relevant; no known tie is there.
        const { upper } = estimate(known.map((sum, k) => addSums(sum, open[k] ?? NO_SUM)));
        return { ...lower, upper };
      };
      return { touched: of('touched'), relevant: of('relevant') };
    }),
  };
}

function undecidedOf(sums: SampleSums, look: number, whole: bigint): Rational {
  let units = 0n;
  for (let k = 0; k <= look; k += 1) {
    const [least, most] = ENDS.nonDifferentiable;
    units += sumAt(sums, k, most).first - sumAt(sums, k, least).first;
  }
  return rational(units, whole);
}

function alphaOf({ confidence }: StopRule): number {
  // Down: a smaller error probability makes longer intervals.
  return nextDown(toDouble(subtract(ONE, confidence)));
}

function contextOf(sums: SampleSums, scale: Scale, rule: StopRule, alpha: number): Context {
  const looks = looksOf(rule.samples);
  const reached: number[] = [];
  for (const [k, at] of looks.entries()) {
    if (sums.get(k)?.samples !== at - (looks[k - 1] ?? 0)) break;
    reached.push(at);
  }
  return { scale, rule, alpha, reached, planned: looks.length, measures: new Map() };
}

/** The first look at which the relative error is small enough; null where there is none. */
function errorLook(sums: SampleSums, context: Context): number | null {
  const { relativeError } = context.rule;
  if (relativeError === null) return null;
  const wanted = toDouble(relativeError);
  const sequence = (end: End): readonly MeanInterval[] => measureIntervals(sums, end, context);
  const settled = (set: SampledSet, look: number): boolean | null => {
    const [least, most] = ENDS[set].map(sequence);
    const found = least?.[look];
    const upper = most?.[look]?.upper;
    if (found === undefined || upper === undefined || found.mean === 0) return null;
    return Math.max(upper - found.mean, found.mean - found.lower) <= wanted * found.mean;
  };
  for (let look = 0; look < context.reached.length; look += 1) {
    // A density that shows no event has no relative error; then the other one rules.
    if ((settled('nonDifferentiable', look) ?? settled('incorrect', look)) === true) return look;
  }
  return null;
}

interface MeanInterval extends Interval {
  readonly mean: number;
  readonly sum: Sum;
}

/** The same of a measure; of measures whose sums are equal it is found once. */
function measureIntervals(sums: SampleSums, end: End, context: Context): readonly MeanInterval[] {
  const known = context.measures.get(end);
  if (known !== undefined) return known;
  const sumsOf = (of: End): readonly Sum[] => context.reached.map((_, k) => sumAt(sums, k, of));
  const own = sumsOf(end);
  const equal = [...context.measures].find(([other]) =>
    sumsOf(other).every(
      ({ first, second }, k) => first === own[k]?.first && second === own[k].second,
    ),
  );
  const found = equal?.[1] ?? intervalsOf(own, context.scale.range, context);
  context.measures.set(end, found);
  return found;
}

/** Intervals, and means, after each look; on the scale of densities. */
function intervalsOf(
  sums: readonly Sum[],
  range: Rational,
  { scale, rule, alpha, reached, planned }: Context,
): MeanInterval[] {
  let total = NO_SUM;
  const totals = sums.map((sum) => (total = addSums(total, sum)));
  const meanOf = (look: number): number =>
    toDouble({ n: totals[look]?.first ?? 0n, d: scale.unit * BigInt(reached[look] ?? 1) });
  const made = (look: number, { lower, upper }: Interval): MeanInterval => ({
    lower,
    upper,
    mean: meanOf(look),
    sum: totals[look] ?? NO_SUM,
  });
  if (scale.method === 'plain') {
    const isAtEndOnly = rule.relativeError === null && !rule.isTimed;
    const share = isAtEndOnly ? alpha : alpha / planned;
    return reached.map((samples, look) =>
      made(
        look,
        isAtEndOnly && look < planned - 1
          ? { lower: 0, upper: 1 }
          : clopperPearson(doubleOf(totals[look]?.first ?? 0n), samples, share),
      ),
    );
  }
  const units = (range.n * scale.unit) / range.d;
  const aim = {
    alpha,
    samples: rule.samples,
    relativeError: rule.relativeError === null ? null : toDouble(rule.relativeError),
    isTimed: rule.isTimed,
  };
  const stretches = sums.map((sum, look) => ({
    samples: (reached[look] ?? 0) - (reached[look - 1] ?? 0),
    sum,
  }));
  const most = toDouble(range);
  return confidenceSequence(stretches, units, aim).map(({ lower, upper }, look) =>
    made(look, {
      lower: Math.max(0, nextDown(lower * most)),
      upper: Math.min(1, nextUp(upper * nextUp(most))),
    }),
  );
}

function estimateAt(
  intervals: readonly MeanInterval[],
  look: number,
  range: Rational,
  context: Context,
): SetEstimate {
  const samples = context.reached[look];
  const found = intervals[look];
  if (samples === undefined || found === undefined) {
    const most = compare(range, ONE) < 0 ? range : ONE;
    return {
      estimate: null,
      lower: 0,
      upper: compare(most, ZERO) === 0 ? 0 : Math.min(1, nextUp(toDouble(most))),
      relativeStandardError: null,
    };
  }
  return {
    estimate: rational(found.sum.first, context.scale.unit * BigInt(samples)),
    // The mean of the samples may lie outside a sequence that weighs them unequally.
    lower: Math.max(0, Math.min(1, found.lower, nextDown(found.mean))),
    upper: Math.min(1, Math.max(found.upper, nextUp(found.mean))),
    relativeStandardError: relativeStandardError(samples, found.sum),
  };
}
