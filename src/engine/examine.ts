/**
 * Everything that is decided of one point: the verdict, Clarke membership of what AD returns, and
 * what each theorem says there.
 *
 * Where too many pieces meet for the hulls to be walked, a theorem whose hypotheses were checked
 * may still certify membership; then no explicit certificate is given, and `why` names the theorem.
 */
import { pushForward } from './ad/forward.js';
import { reverseMode } from './ad/reverse.js';
import type { Matrix, Proxies } from './ad/rules.js';
import type { Network } from './net/ir.js';
import { isZero, type Rational } from './num/rational.js';
import { reportTheoremsAt } from './theorem/report.js';
import type { TheoremReport } from './theorem/theorem.js';
import { clarkeMembership, type Clarke } from './truth/clarke.js';
import { canAllBePositive } from './truth/cone.js';
import { valuesAt } from './truth/evaluate.js';
import { constantUnits } from './truth/freedom.js';
import { judgeOf, type Verdict } from './verdict.js';

export interface Examination {
  readonly verdict: Verdict;
  readonly clarke: Clarke;
  readonly theorems: readonly TheoremReport[];
}

/** Most leaves that the hulls of one point may take. */
const HULL_LEAVES = 1024;
/** Most numbers that the tangents of all units may hold: forward mode has a price. */
const TANGENT_NUMBERS = 500_000;
/** Most numbers that all leaves together may hold; bounds the memory of the hulls. */
const HULL_NUMBERS = 4_000_000;

/** *Exact.* The examination of w; `undecided` where a bound on the work was met. */
export function examine(
  network: Network,
  proxies: Proxies,
  point: readonly Rational[],
): Examination {
  const verdict = judgeOf(network, proxies)(point);
  const { cotangents } = reverseMode(network, proxies, point);
  const relevant = network.widths.map((width, variable) =>
    network.inputs.map((_, sample) =>
      Array.from({ length: width }, (__, unit) =>
        (cotangents[sample]?.[variable] ?? []).some((row) => !isZero(row[unit] as Rational)),
      ),
    ),
  );
  const values = valuesAt(network, point);
  const theorems = reportTheoremsAt(network, proxies, {
    values,
    relevant,
    constant: constantUnits(network, values),
    tangents: () => tangentsAt(network, proxies, point),
    canAllBePositive,
  });
  const numbers = verdict.ad.length * network.parameters.length;
  const leaves = Math.max(
    2,
    Math.min(HULL_LEAVES, Math.floor(HULL_NUMBERS / Math.max(1, numbers))),
  );
  const hull = clarkeMembership(network, point, verdict.ad, leaves);
  const theorem = theorems.find(({ on, applies }) => on === 'clarke' && applies);
  const clarke: Clarke =
    hull.membership === 'undecided' && theorem !== undefined
      ? { membership: 'certified', why: `by ${theorem.id} (${theorem.why}); ${hull.why}` }
      : hull;
  return { verdict, clarke, theorems };
}

/** Tangents of all units by AD, `[sample][variable][parameter][unit]`; null where they are too many. */
function tangentsAt(
  network: Network,
  proxies: Proxies,
  point: readonly Rational[],
): (readonly Matrix[])[] | null {
  const units = network.widths.reduce((sum, width) => sum + width, 0);
  if (network.inputs.length * units * network.parameters.length > TANGENT_NUMBERS) return null;
  return network.inputs.map((input) => pushForward(network, proxies, point, input).tangents);
}
