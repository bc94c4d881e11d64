/**
 * Counting over networks with transcendental activations. Where no activation has a kink and no maximum
 * is taken, f is continuously differentiable on all of R^W and the chain rule is exact: ndf and inc are
 * empty whatever the size of Ω, and nothing is visited. Elsewhere every point goes to the judge over
 * exact real numbers.
 */
import { canTie, decisionsOf } from '../analytic/verdict.js';
import type { Proxies } from '../ad/rules.js';
import type { AnalyticNetwork } from '../net/ir.js';
import { approximate, log10Estimate } from '../num/float64.js';
import { emptyTally } from '../tally.js';
import { interpretRange } from './interpret.js';
import type { Candidate, CountMethod, Counting } from './method.js';
import { spaceOf } from './space.js';

/** *Estimate.* Operations of one visit by the judge over exact real numbers, per parameter. */
const REAL_JUDGE_PARAMETER = 60_000;

/** *Estimate.* What every method would cost, the one without states last. */
export function analyticCandidatesOf(network: AnalyticNetwork): Candidate[] {
  if (!canTie(network)) {
    return [
      {
        method: 'closed-form',
        estimate: { states: 0, operations: 1, log10Operations: 0, bytes: 0 },
        parts: 1n,
        visits: 0n,
        isCut: true,
        compiled: false,
        why: 'no activation has a kink and no maximum is taken: f is continuously differentiable everywhere, and AD is the chain rule',
      },
    ];
  }
  const { visits } = spaceOf(network);
  const perVisit = visitCost(network);
  return [
    {
      method: 'layered',
      estimate: null,
      parts: 0n,
      visits: 0n,
      isCut: true,
      compiled: false,
      why: 'needs values on a grid; an activation of this network has exponentials',
    },
    {
      method: 'enumeration',
      estimate: {
        states: 0,
        operations: approximate(visits) * perVisit,
        log10Operations: log10Estimate(visits) + Math.log10(perVisit),
        bytes: 0,
      },
      parts: visits,
      visits,
      isCut: true,
      compiled: false,
      why: 'visits every point, with the judge over exact real numbers: an activation of this network has exponentials',
    },
  ];
}

function visitCost(network: AnalyticNetwork): number {
  return REAL_JUDGE_PARAMETER * Math.max(1, network.parameters.length);
}

/** *Exact.* The count by the given method. Throws an Error where it does not apply. */
export function analyticCountingOf(
  network: AnalyticNetwork,
  proxies: Proxies,
  method: CountMethod,
): Counting {
  const space = spaceOf(network);
  if (method === 'closed-form' && !canTie(network)) {
    return {
      method,
      space,
      parts: 1n,
      tallyOf: (from, to) => ({ ...emptyTally(0), done: to - from }),
      work: () => ({ operations: 1, states: 0 }),
    };
  }
  if (method !== 'enumeration') {
    throw new Error(`countingOf: the method ${method} does not apply to this network`);
  }
  const judge = decisionsOf(network, proxies);
  let visited = 0n;
  return {
    method,
    space,
    parts: space.visits,
    tallyOf: (from, to, onProgress) => {
      const tally = interpretRange(network, space, judge, from, to, onProgress);
      visited += to - from;
      return tally;
    },
    work: () => ({ operations: approximate(visited) * visitCost(network), states: 0 }),
  };
}
