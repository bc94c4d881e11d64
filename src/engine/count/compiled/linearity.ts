/**
 * Whether a sum of maxima and minima of linear forms is linear, and what AD takes is its gradient: the
 * criteria that the header of `first-order.ts` proves. Integers in doubles, below 2^53 by its bound.
 */

/** One term ρ·h of the derivative in a direction, without its weight ρ. */
export interface Term {
  readonly convex: boolean;
  /** Distinct. */
  readonly forms: readonly (readonly number[])[];
  /** What AD takes, times the scale of the shares. */
  readonly ad: readonly number[];
}

interface Weighted extends Term {
  readonly weight: number;
}

/** *Exact.* Whether Σ weight·h is linear, no weight 0; null where no criterion of the header tells. */
export function isLinear(terms: readonly Term[], weights: readonly number[]): boolean | null {
  let bent = 0;
  let up = 0;
  for (let k = 0; k < terms.length; k += 1) {
    const { forms, convex } = terms[k] as Term;
    if (forms.length === 1) continue;
    bent += 1;
    if ((weights[k] as number) > 0 === convex) up += 1;
  }
  if (bent === 0) return true;
  // Where all bend the same way, so do those of each component.
  if (up === 0 || up === bent) return false;
  const weighted = terms.map((term, k) => ({ ...term, weight: weights[k] as number }));
  return doComponentsCancel(componentsOf(weighted.filter(({ forms }) => forms.length > 1)));
}

function doComponentsCancel(components: readonly (readonly Weighted[])[]): boolean | null {
  let unknown = false;
  for (const component of components) {
    const up = component.filter(({ weight, convex }) => weight > 0 === convex).length;
    if (up === 0 || up === component.length) return false;
    if (component.some(({ forms }) => forms.length > 2)) unknown = true;
    else if (!segmentsCancel(component)) return false;
  }
  return unknown ? null : true;
}

/** Terms that are joined by the parameters on which their forms differ. */
function componentsOf(terms: readonly Weighted[]): Weighted[][] {
  const components: { terms: Weighted[]; support: Set<number> }[] = [];
  for (const term of terms) {
    const support = new Set<number>();
    const [base] = term.forms;
    for (const form of term.forms) {
      form.forEach((x, j) => {
        if (x !== base?.[j]) support.add(j);
      });
    }
    const joined = components.filter((other) => [...support].some((j) => other.support.has(j)));
    const merged = { terms: [term], support };
    for (const other of joined) {
      merged.terms.push(...other.terms);
      for (const j of other.support) support.add(j);
      components.splice(components.indexOf(other), 1);
    }
    components.push(merged);
  }
  return components.map(({ terms: own }) => own);
}

/** Whether, line by line, the signed lengths of the differences cancel. */
function segmentsCancel(terms: readonly Weighted[]): boolean {
  const lines: { direction: readonly number[]; pivot: number; sum: number }[] = [];
  for (const { weight, convex, forms } of terms) {
    const [a, b] = forms as [readonly number[], readonly number[]];
    const difference = a.map((x, j) => x - (b[j] as number));
    const pivot = difference.findIndex((x) => x !== 0);
    const length = Math.abs(difference[pivot] as number) * (convex ? weight : -weight);
    const line = lines.find(
      (other) =>
        other.pivot === pivot &&
        difference.every(
          (x, j) =>
            x * (other.direction[pivot] as number) ===
            (other.direction[j] as number) * (difference[pivot] as number),
        ),
    );
    if (line === undefined) lines.push({ direction: difference, pivot, sum: length });
    else line.sum += length;
  }
  return lines.every(({ sum }) => sum === 0);
}

/** *Exact.* Whether Σ weight·(what AD takes − the mean of the forms) is 0; every term has one form, or two. */
export function isRight(
  terms: readonly Term[],
  weights: readonly number[],
  scale: number,
): boolean {
  const width = terms[0]?.ad.length ?? 0;
  for (let j = 0; j < width; j += 1) {
    let sum = 0;
    for (let k = 0; k < terms.length; k += 1) {
      const { forms, ad } = terms[k] as Term;
      const first = forms[0]?.[j] as number;
      const last = forms[forms.length - 1]?.[j] as number;
      sum += (weights[k] as number) * (2 * (ad[j] as number) - scale * (first + last));
    }
    if (sum !== 0) return false;
  }
  return true;
}
