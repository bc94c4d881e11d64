/** Every theorem on one network, in a fixed order; and, at one point, what they say there. */
import type { AnalyticNetwork } from '../net/ir.js';
import type { Rational } from '../num/rational.js';
import { P_1, P_4_6, P_5 } from './clarke-theorems.js';
import { L_NOBIAS, L_SUFF } from './no-bias.js';
import { L_CLARKE, L_IFF, L_INC, L_NDF } from './own-biases.js';
import { SEED_P } from './seed-p.js';
import { P_8 } from './strict-system.js';
import { structureOf } from './structure.js';
import type { Finding, PointFacts, Theorem, TheoremQuestion, TheoremReport } from './theorem.js';
import { L_TIGHT } from './tight.js';

/** The theorems of theory.md section 2. */
export const THEOREMS: readonly Theorem[] = Object.freeze([
  L_INC,
  L_NDF,
  L_TIGHT,
  L_IFF,
  L_CLARKE,
  L_NOBIAS,
  L_SUFF,
  SEED_P,
  P_1,
  P_4_6,
  P_5,
  P_8,
]);

function questionOf(
  network: AnalyticNetwork,
  proxies: readonly (readonly Rational[])[],
): TheoremQuestion {
  return { network, proxies, structure: structureOf(network) };
}

function reportOf(theorem: Theorem, finding: Finding): TheoremReport {
  const { id, on, statement, source } = theorem;
  return {
    id,
    on,
    statement,
    source,
    applies: finding.applies,
    why: finding.why,
    direction: finding.bound?.direction ?? null,
    exact: finding.bound?.exact ?? null,
  };
}

/** *Exact.* What every theorem says of a network with these proxies. */
export function reportTheorems(
  network: AnalyticNetwork,
  proxies: readonly (readonly Rational[])[],
): TheoremReport[] {
  const question = questionOf(network, proxies);
  return THEOREMS.map((theorem) => reportOf(theorem, theorem.check(question)));
}

/**
 * *Exact.* The same at one point whose values are not rational: a theorem on single points does not
 * apply, since its condition is not checked there.
 */
export function reportTheoremsUnchecked(
  network: AnalyticNetwork,
  proxies: readonly (readonly Rational[])[],
): TheoremReport[] {
  const question = questionOf(network, proxies);
  return THEOREMS.map((theorem) => {
    const found = theorem.check(question);
    if (theorem.checkAt === undefined || !found.applies) return reportOf(theorem, found);
    const why = 'its condition on single points is checked at rational values only';
    return reportOf(theorem, { applies: false, why });
  });
}

/** *Exact.* The same at one point: hypotheses on single points are checked there. */
export function reportTheoremsAt(
  network: AnalyticNetwork,
  proxies: readonly (readonly Rational[])[],
  facts: PointFacts,
): TheoremReport[] {
  const question = questionOf(network, proxies);
  return THEOREMS.map((theorem) =>
    reportOf(theorem, theorem.checkAt?.(question, facts) ?? theorem.check(question)),
  );
}
