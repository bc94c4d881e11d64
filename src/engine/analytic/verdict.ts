/**
 * The verdict on one point of a network whose values need not be rational: the truth beside AD, both
 * over exact real numbers.
 *
 * The same road as `../verdict.ts`: no tie, nothing to decide; free ties, L-iff; the walk for the rest.
 * Wherever an equality or a sign is neither proved nor refuted the verdict is undecided, with the
 * reason: the exact numbers decide equality for one layer of exponentials over rational arguments,
 * and inequality wherever 1024 bits show it.
 */
import { reverseModeOverReals, type RealDifferentiated } from '../ad/analytic-reverse.js';
import type { Proxies } from '../ad/rules.js';
import { isPolynomial, type AnalyticNetwork } from '../net/ir.js';
import type { Rational } from '../num/rational.js';
import { vanishes, type Real } from '../num/real.js';
import { Undecided } from '../num/undecided.js';
import { realFreedomOf } from '../truth/analytic/freedom.js';
import { realTiesAt, realValuesAt } from '../truth/analytic/values.js';
import { equalMatrices, realWalk } from '../truth/analytic/walk.js';
import { privateParameters } from '../truth/freedom.js';
import type { Tie } from '../truth/tie.js';
import {
  MAX_LEAVES,
  judgeOf,
  type Decision,
  type RelevantTie,
  type VerdictOptions,
} from '../verdict.js';

type RealRow = readonly Real[];
type RealMatrix = readonly RealRow[];

export interface AnalyticVerdict extends Decision {
  /**
   * f(w) and D^AD f(w), `[output, parameter]`; null where a tie is not decided, and where they were
   * not asked for.
   */
  readonly value: RealRow | null;
  readonly ad: RealMatrix | null;
  /** Df(w); null where it does not exist, or undecided. */
  readonly derivative: RealMatrix | null;
}

export interface AnalyticVerdictOptions extends VerdictOptions {
  /** Whether f(w) and its derivatives are wanted where no tie demands them; default true. */
  readonly numbers?: boolean;
}

/** *Exact.* The judge of all points of one network with given proxies. */
export function analyticJudgeOf(
  network: AnalyticNetwork,
  proxies: Proxies,
  options: AnalyticVerdictOptions = {},
): (point: readonly Rational[]) => AnalyticVerdict {
  const isPrivate = privateParameters(network);
  const maxLeaves = options.maxLeaves ?? MAX_LEAVES;
  const fastPath = options.fastPath !== false;
  const tying = canTie(network);
  return (point) => {
    if (!tying && options.numbers === false) return UNTOUCHED;
    let accused: RealDifferentiated | null = null;
    let ties: readonly RelevantTie[] | null = null;
    try {
      const values = realValuesAt(network, point);
      const found = realTiesAt(network, values);
      if (found.length === 0 && options.numbers === false) return UNTOUCHED;
      accused = reverseModeOverReals(network, proxies, point);
      const { value, jacobian: ad } = accused;
      ties = withRelevance(network, accused, found);
      const common = { ties, tiesDecided: true, value, ad, limit: null };
      const smooth = { ...common, differentiable: true, adCorrect: true, derivative: ad } as const;
      if (ties.length === 0) return { ...smooth, decidedBy: 'untouched' };
      const freedom = fastPath ? realFreedomOf(network, isPrivate, values, found) : [];
      const none = { ...common, differentiable: false, adCorrect: null, derivative: null } as const;
      if (fastPath && !freedom.includes('bound')) {
        const broken = ties.some((tie, k) => tie.relevant && freedom[k] === 'free');
        return { ...(broken ? none : smooth), decidedBy: 'L-iff' };
      }
      const { gradients } = realWalk(network, point, values, found, maxLeaves);
      const [derivative] = gradients;
      if (derivative === undefined || gradients.length > 1) return { ...none, decidedBy: 'walk' };
      const adCorrect = equalMatrices(derivative, ad);
      // Where they are equal they are one matrix, so that they are written alike.
      return { ...smooth, adCorrect, derivative: adCorrect ? ad : derivative, decidedBy: 'walk' };
    } catch (error) {
      if (!(error instanceof Undecided)) throw error;
      // A breakpoint that is no kink was not told from a value: it matters to the numbers alone.
      if (!tying) return UNTOUCHED;
      return {
        ties: ties ?? [],
        tiesDecided: ties !== null,
        value: accused?.value ?? null,
        ad: accused?.jacobian ?? null,
        differentiable: null,
        adCorrect: null,
        derivative: null,
        decidedBy: 'undecided',
        limit: error.message,
      };
    }
  };
}

/** *Exact.* Whether some activation has a kink, or some maximum is of several units. */
export function canTie(network: AnalyticNetwork): boolean {
  return network.equations.some((equation) => {
    if (equation.op === 'max') return equation.windows.some((window) => window.length > 1);
    if (equation.op === 'dense' || equation.op === 'affine') return false;
    return equation.activation.kinks.length > 0;
  });
}

/** Without a tie f is continuously differentiable near w, and AD is the chain rule. */
const UNTOUCHED: AnalyticVerdict = Object.freeze({
  ties: [],
  tiesDecided: true,
  value: null,
  ad: null,
  differentiable: true,
  adCorrect: true,
  derivative: null,
  decidedBy: 'untouched',
  limit: null,
});

/** Whether AD gives the output of each tied unit a non-zero cotangent. Throws Undecided. */
function withRelevance(
  network: AnalyticNetwork,
  { cotangents }: RealDifferentiated,
  ties: readonly Tie[],
): RelevantTie[] {
  return ties.map((tie) => {
    const variable = network.equations[tie.equation]?.out ?? 0;
    const column = (cotangents[tie.sample]?.[variable] ?? []).map((row) =>
      vanishes(row[tie.unit] as Real),
    );
    if (column.includes(false)) return { ...tie, relevant: true };
    if (column.includes(null)) {
      throw new Undecided(
        `whether the tied unit ${String(tie.unit)} of layer ${String(tie.layer)} is relevant to AD is not decided: its cotangent is neither told from 0 nor proved to be 0`,
      );
    }
    return { ...tie, relevant: false };
  });
}

/** *Exact.* What is decided of each point, in rational numbers where the network allows it. */
export function decisionsOf(
  network: AnalyticNetwork,
  proxies: Proxies,
  options: VerdictOptions = {},
): (point: readonly Rational[]) => Decision {
  return isPolynomial(network)
    ? judgeOf(network, proxies, options)
    : analyticJudgeOf(network, proxies, { ...options, numbers: false });
}
