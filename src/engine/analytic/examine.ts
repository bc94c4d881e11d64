/**
 * Everything that is decided of one point of a network whose values need not be rational: the verdict,
 * Clarke membership of what AD returns, and what each theorem says.
 *
 * Membership is certified where f is continuously differentiable near w and AD right, or by a theorem
 * whose hypotheses hold on the whole network; it is never refuted here. Conditions of theorems on
 * single points are not checked.
 */
import type { Proxies } from '../ad/rules.js';
import type { AnalyticNetwork } from '../net/ir.js';
import type { Rational } from '../num/rational.js';
import { reportTheoremsUnchecked } from '../theorem/report.js';
import type { TheoremReport } from '../theorem/theorem.js';
import type { Clarke } from '../truth/clarke.js';
import { analyticJudgeOf, type AnalyticVerdict } from './verdict.js';

export interface AnalyticExamination {
  readonly verdict: AnalyticVerdict;
  readonly clarke: Clarke;
  readonly theorems: readonly TheoremReport[];
}

/** *Exact.* The examination of w; undecided where something is not proved. */
export function examineAnalytic(
  network: AnalyticNetwork,
  proxies: Proxies,
  point: readonly Rational[],
): AnalyticExamination {
  const verdict = analyticJudgeOf(network, proxies)(point);
  const theorems = reportTheoremsUnchecked(network, proxies);
  const theorem = theorems.find(({ on, applies }) => on === 'clarke' && applies);
  return { verdict, clarke: clarkeOf(verdict, theorem), theorems };
}

function clarkeOf(verdict: AnalyticVerdict, theorem: TheoremReport | undefined): Clarke {
  if (verdict.decidedBy === 'untouched') {
    return {
      membership: 'certified',
      why: 'no pre-activation is on a kink, so f is continuously differentiable near w and AD returns its derivative',
    };
  }
  if (verdict.adCorrect === true) {
    return {
      membership: 'certified',
      why: 'AD returns the derivative, and a derivative is always in the Clarke subdifferential',
    };
  }
  if (theorem !== undefined) {
    return { membership: 'certified', why: `by ${theorem.id} (${theorem.why})` };
  }
  return {
    membership: 'undecided',
    why: 'hulls of derivatives that are not rational are not compared',
  };
}
