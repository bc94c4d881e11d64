/**
 * The verdict of a policy over a result: each rule's figure beside its limit, compared in rationals.
 *
 * Promise: `pass` is only said of what is proved (or, of a sample, lies within the limit with all of
 * its confidence interval), `fail` only of what is refuted alike; everything in between, and whatever
 * the judge left undecided, is `inconclusive`. A pure function of (policy, result): no clock, no
 * state, so that the verdict of a job is the same whenever it is read.
 */
import {
  ONE,
  ZERO,
  compare,
  fromDouble,
  parseExact,
  toText,
  type Rational,
} from '../engine/index.js';
import type { JudgedRule, Verdict } from '../schemas/policy.js';
import type { Bound, Result } from '../schemas/result.js';
import type { Policy } from './policy.js';
import { canonicalText } from './wire.js';

export interface Judgement {
  readonly verdict: Verdict;
  readonly rules: readonly JudgedRule[];
}

/** What is known of a density: it lies in [lower, upper], of a sample with so much confidence. */
interface Interval {
  readonly lower: Rational;
  readonly upper: Rational;
  readonly confidence?: string;
  readonly why: string;
}

type Subject = 'nonDifferentiable' | 'incorrect' | 'touched';

/** Theorems that, where they apply, put AD's answer into the Clarke subdifferential at every point. */
const CLARKE_EVERYWHERE: ReadonlySet<string> = new Set(['L-clarke', 'P-1', 'P-4/P-6']);

/** *Exact.* The verdict of a policy with at least one rule. Throws where the result is of a mode that the policy was not made for. */
export function judge(policy: Policy, result: Result): Judgement {
  const rules: JudgedRule[] = [];
  for (const subject of ['nonDifferentiable', 'incorrect', 'touched'] as const) {
    const rule = policy[subject];
    if (rule === undefined) continue;
    rules.push(
      'maxDensity' in rule
        ? densityRule(subject, parseExact(rule.maxDensity), intervalOf(subject, result))
        : neuronsRule(rule.maxNeurons, result),
    );
  }
  if (policy.differentiable !== undefined) rules.push(differentiableRule(result));
  if (policy.adCorrect !== undefined) rules.push(adCorrectRule(result));
  if (policy.clarke !== undefined) rules.push(clarkeRule(result));
  if (rules.length === 0) throw new Error('judge: a policy has at least one rule');
  return { verdict: overall(rules), rules };
}

/**
 * *Exact.* The canonical text of a result with its verdict: the stored text where there is no
 * policy, so that those bytes never change.
 */
export function judgedText(policy: Policy | null, stored: string): string {
  if (policy === null) return stored;
  const result = JSON.parse(stored) as Result;
  return canonicalText({ ...result, ...judge(policy, result) });
}

function overall(rules: readonly JudgedRule[]): Verdict {
  const said = (verdict: Verdict): boolean => rules.some((rule) => rule.verdict === verdict);
  return said('fail') ? 'fail' : said('inconclusive') ? 'inconclusive' : 'pass';
}

function densityRule(subject: Subject, limit: Rational, known: Interval): JudgedRule {
  const { lower, upper, confidence, why } = known;
  const verdict =
    compare(upper, limit) <= 0 ? 'pass' : compare(lower, limit) > 0 ? 'fail' : 'inconclusive';
  return {
    rule: `${subject}.maxDensity`,
    verdict,
    limit: toText(limit),
    figure:
      compare(lower, upper) === 0 && confidence === undefined
        ? toText(lower)
        : {
            lower: toText(lower),
            upper: toText(upper),
            ...(confidence === undefined ? {} : { confidence }),
          },
    why,
  };
}

function intervalOf(subject: Subject, result: Result): Interval {
  switch (result.mode) {
    case 'exhaustive': {
      const lower = parseExact(result.density[subject].exact);
      // Whether a point is touched may be decided where nothing else is.
      const undecided =
        subject === 'touched' ? result.counts.tiesUndecided : result.counts.undecided;
      if (undecided === '0') return { lower, upper: lower, why: 'counted, every point decided' };
      // An undecided point may belong to the set.
      const upper = parseExact(
        `${String(BigInt(result.counts[subject]) + BigInt(undecided))}/${result.space.size}`,
      );
      return { lower, upper, why: `counted; ${undecided} points are undecided` };
    }
    case 'bounds':
      if (subject === 'touched') break;
      return boundedBy(result.bounds, subject);
    case 'point':
      break;
    default:
      return sampledInterval(subject, result);
  }
  throw new Error(`intervalOf: mode ${result.mode} has no density of ${subject}`);
}

/** What the theorems prove of a density, without a count. */
function boundedBy(bounds: readonly Bound[], subject: 'nonDifferentiable' | 'incorrect'): Interval {
  let [lower, upper] = [ZERO, ONE];
  const by = new Set<string>();
  for (const { applies, direction, exact, id, on } of bounds) {
    if (!applies || direction === null || exact === null) continue;
    const value = parseExact(exact);
    const own = on === subject;
    // A bound on the union from above bounds its parts; from below it says nothing of either.
    const union = on === 'nonDifferentiableOrIncorrect';
    if (own && direction !== 'upper' && compare(value, lower) > 0) {
      lower = value;
      by.add(id);
    }
    if ((own || union) && direction !== 'lower' && compare(value, upper) < 0) {
      upper = value;
      by.add(id);
    }
  }
  return { lower, upper, why: by.size === 0 ? 'no theorem bounds it' : `by ${[...by].join(', ')}` };
}

/** An end of an interval as a result writes it: exact text, beside a rounded value or alone. */
type End = string | number | { readonly exact: string };

function endOf(end: End): Rational {
  if (typeof end === 'number') return fromDouble(end);
  return parseExact(typeof end === 'string' ? end : end.exact);
}

/** A confidence is a setting, not a measurement: 0.95 is 19/20, whatever double stands for it. */
function confidenceText(confidence: End): string {
  return toText(
    typeof confidence === 'number' ? parseExact(String(confidence)) : endOf(confidence),
  );
}

function sampledInterval(subject: Subject, result: { readonly density?: unknown }): Interval {
  const densities = result.density as
    Record<Subject, { lower: End; upper: End; confidence: End } | undefined> | undefined;
  const density = densities?.[subject];
  if (density === undefined) return { lower: ZERO, upper: ONE, why: 'not estimated' };
  return {
    lower: endOf(density.lower),
    upper: endOf(density.upper),
    confidence: confidenceText(density.confidence),
    why: 'sampled; the interval of this set holds with this confidence',
  };
}

type PointResult = Extract<Result, { mode: 'point' }>;

function pointOf(result: Result, rule: string): PointResult {
  if (result.mode !== 'point') throw new Error(`pointOf: ${rule} in mode ${result.mode}`);
  return result;
}

function neuronsRule(limit: number, result: Result): JudgedRule {
  const { tiesDecided, touched } = pointOf(result, 'touched.maxNeurons');
  const neurons = new Set(touched.map(({ layer, unit }) => `${String(layer)} ${String(unit)}`))
    .size;
  return {
    rule: 'touched.maxNeurons',
    // What is proved to be tied may be too many already; what is open may be tied as well.
    verdict: neurons > limit ? 'fail' : tiesDecided ? 'pass' : 'inconclusive',
    limit: String(limit),
    figure: tiesDecided ? String(neurons) : 'undecided',
    why: 'neurons whose pre-activation sits on a kink for some sample',
  };
}

function decided(value: boolean | null): Verdict {
  return value === null ? 'inconclusive' : value ? 'pass' : 'fail';
}

const shown = (value: boolean | null): string => (value === null ? 'undecided' : String(value));

function differentiableRule(result: Result): JudgedRule {
  const { decidedBy, differentiable } = pointOf(result, 'differentiable');
  return {
    rule: 'differentiable',
    verdict: decided(differentiable),
    limit: 'true',
    figure: shown(differentiable),
    why: `decided by: ${decidedBy}`,
  };
}

function adCorrectRule(result: Result): JudgedRule {
  const { adCorrect, decidedBy, differentiable } = pointOf(result, 'adCorrect');
  // Where there is no derivative AD does not return it: that is decided, not open.
  const correct = differentiable === false ? false : adCorrect;
  return {
    rule: 'adCorrect',
    verdict: decided(correct),
    limit: 'true',
    figure: differentiable === false ? 'no derivative' : shown(adCorrect),
    why: `decided by: ${decidedBy}`,
  };
}

function clarkeRule(result: Result): JudgedRule {
  const rule = { rule: 'clarke', limit: 'certified' } as const;
  if (result.mode === 'point') {
    const { membership, why } = result.clarke;
    const verdict =
      membership === 'certified' ? 'pass' : membership === 'refuted' ? 'fail' : 'inconclusive';
    return { ...rule, verdict, figure: membership, why };
  }
  const theorem = result.bounds.find(
    ({ applies, id, on }) => applies && on === 'clarke' && CLARKE_EVERYWHERE.has(id),
  );
  if (theorem !== undefined) {
    return { ...rule, verdict: 'pass', figure: 'certified', why: `${theorem.id}: ${theorem.why}` };
  }
  if (result.mode === 'exhaustive') {
    const { incorrect, nonDifferentiable, undecided } = result.counts;
    // A derivative that exists lies in the Clarke subdifferential, and AD returns it everywhere.
    if ([incorrect, nonDifferentiable, undecided].every((count) => count === '0')) {
      const why = 'AD returns the derivative at every point';
      return { ...rule, verdict: 'pass', figure: 'certified', why };
    }
  }
  const why = 'no theorem certifies every point; mode "point" decides single ones';
  return { ...rule, verdict: 'inconclusive', figure: 'undecided', why };
}
