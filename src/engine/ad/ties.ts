/**
 * What AD does where a maximum is attained more than once: which share of the derivative each tied
 * entry gets. A rule is four numbers (first, last, all, even): of k tied entries, in the order of
 * the window, the r-th gets first·[r = 1] + last·[r = k] + all + even/k; where nothing is tied the one
 * largest entry gets 1.
 *
 * The shares are a derivative in the Clarke subdifferential of max exactly if they are not negative
 * and sum to 1, so `all` is outside it. Sources of the frameworks' rules: `proxies.ts`.
 */
import type { AnalyticNetwork } from '../net/ir.js';
import {
  ONE,
  ZERO,
  add,
  compare,
  divide,
  equal,
  integer,
  isZero,
  sign,
  type Rational,
} from '../num/rational.js';

/** The rules that have a name, as requests write them. */
export type TieRuleName = 'first' | 'last' | 'all' | 'even';

export const TIE_RULES: Readonly<Record<TieRuleName, readonly Rational[]>> = {
  first: [ONE, ZERO, ZERO, ZERO],
  last: [ZERO, ONE, ZERO, ZERO],
  all: [ZERO, ZERO, ONE, ZERO],
  even: [ZERO, ZERO, ZERO, ONE],
};

/** Whether a text names a rule. */
export function isTieRule(name: string): name is TieRuleName {
  return Object.hasOwn(TIE_RULES, name);
}

/** *Exact.* The name of a rule; null where it has none. */
export function tieRuleNameOf(rule: readonly Rational[]): TieRuleName | null {
  const names = Object.keys(TIE_RULES) as TieRuleName[];
  return (
    names.find((name) => TIE_RULES[name].every((part, k) => equal(part, rule[k] ?? ZERO))) ?? null
  );
}

/** *Exact.* The share of each of `tied` entries. */
export function sharesOf(rule: readonly Rational[], tied: number): Rational[] {
  if (tied === 1) return [ONE];
  const [first = ZERO, last = ZERO, all = ZERO, even = ZERO] = rule;
  const each = add(all, divide(even, integer(tied)));
  return Array.from({ length: tied }, (_, r) => {
    const share = r === 0 ? add(each, first) : each;
    return r === tied - 1 ? add(share, last) : share;
  });
}

/** *Exact.* Whether the shares are in the Clarke subdifferential of max, however many are tied. */
export function isInsideMax(rule: readonly Rational[]): boolean {
  const [first = ZERO, last = ZERO, all = ZERO, even = ZERO] = rule;
  const whole = isZero(all) && equal(add(add(first, last), even), ONE);
  return whole && [first, last, even].every((part) => sign(part) >= 0);
}

/** *Exact.* The layers at which AD uses a derivative outside the Clarke subdifferential of σ or max. */
export function layersOutsideClarke(
  network: AnalyticNetwork,
  proxies: readonly (readonly Rational[])[],
): number[] {
  const layers = network.equations.flatMap((equation, index) => {
    const own = proxies[index] ?? [];
    if (equation.op === 'max') return isInsideMax(own) ? [] : [equation.layer];
    if (equation.op === 'dense' || equation.op === 'affine') return [];
    const inside = equation.activation.kinks.every((kink, k) => isBetween(own[k] ?? ZERO, kink));
    return inside ? [] : [equation.layer];
  });
  return [...new Set(layers)];
}

function isBetween(
  proxy: Rational,
  { left, right }: { readonly left: Rational; readonly right: Rational },
): boolean {
  return compare(proxy, left) * compare(proxy, right) <= 0;
}
