/**
 * Expansions: the value of a unit near w as a polynomial in δ, at w + δ, on one pattern of the ties.
 * They say which patterns cannot occur: where a combination of tied quantities with the signs of
 * the pattern vanishes identically, those signs never meet (theory.md section 4).
 *
 * Sparse, over monomials written as sorted parameter indices. An expansion of more than TERMS_MAX
 * terms is given up: null, "unknown", from which nothing is concluded.
 */
import type { Polynomial } from '../net/polynomial.js';
import type { AffineEquation, DenseEquation } from '../net/ir.js';
import { ONE, ZERO, add, equal, isZero, multiply, negate, type Rational } from '../num/rational.js';
import { isNothing } from './evaluate.js';
import { canAllBePositive } from './cone.js';
import type { Row } from './linear.js';

/** From monomial to coefficient; no coefficient is 0. The empty monomial is the constant term. */
export type Expansion = ReadonlyMap<string, Rational>;

const TERMS_MAX = 400;

/** *Exact.* A constant. */
export function constantExpansion(value: Rational): Expansion {
  return isZero(value) ? new Map() : new Map([['', value]]);
}

/** *Exact.* a + c·b; null where unknown or too long. */
export function plus(
  a: Expansion | null,
  b: Expansion | null,
  c: Rational = ONE,
): Expansion | null {
  if (a === null || b === null) return null;
  const sum = new Map(a);
  for (const [monomial, coefficient] of b) {
    const entry = add(sum.get(monomial) ?? ZERO, multiply(c, coefficient));
    if (isZero(entry)) sum.delete(monomial);
    else sum.set(monomial, entry);
  }
  return sum.size > TERMS_MAX ? null : sum;
}

function times(a: Expansion | null, b: Expansion | null): Expansion | null {
  if (a === null || b === null || a.size * b.size > TERMS_MAX * 16) return null;
  const product = new Map<string, Rational>();
  for (const [left, c] of a) {
    for (const [right, d] of b) {
      const monomial = joined(left, right);
      const entry = add(product.get(monomial) ?? ZERO, multiply(c, d));
      if (isZero(entry)) product.delete(monomial);
      else product.set(monomial, entry);
    }
  }
  return product.size > TERMS_MAX ? null : product;
}

function joined(left: string, right: string): string {
  if (left === '' || right === '') return left + right;
  return [...left.split(' '), ...right.split(' ')].sort().join(' ');
}

/** *Exact.* p of an expansion. */
export function composed(p: Polynomial, x: Expansion | null): Expansion | null {
  if (p.length <= 1) return constantExpansion(p[0] ?? ZERO);
  let out: Expansion | null = new Map();
  for (const coefficient of [...p].reverse()) {
    out = plus(times(out, x), constantExpansion(coefficient));
  }
  return out;
}

/** *Exact.* What a dense equation assigns, on one sample. */
export function denseExpansions(
  equation: DenseEquation,
  inputs: readonly (Expansion | null)[],
  point: Row,
): (Expansion | null)[] {
  const entryExpansion = (entry: DenseEquation['bias'][number]): Expansion => {
    if (!('parameter' in entry)) return constantExpansion(entry.constant);
    const at = multiply(entry.scale, point[entry.parameter] as Rational);
    const moving: Expansion = isZero(entry.scale)
      ? new Map()
      : new Map([[String(entry.parameter), entry.scale]]);
    return plus(constantExpansion(at), moving) ?? new Map();
  };
  return equation.weight.map((row, unit) =>
    row.reduce<Expansion | null>(
      (sum, entry, j) => {
        if (sum === null || isNothing(entry)) return sum;
        return plus(sum, times(entryExpansion(entry), inputs[j] ?? null));
      },
      entryExpansion(equation.bias[unit] ?? { constant: ZERO }),
    ),
  );
}

/** *Exact.* What an affine equation assigns, on one sample. */
export function affineExpansions(
  equation: AffineEquation,
  of: (variable: number) => readonly (Expansion | null)[],
): (Expansion | null)[] {
  return equation.terms.map((row, unit) =>
    row.reduce<Expansion | null>(
      (sum, term) => plus(sum, of(term.variable)[term.unit] ?? null, term.coefficient),
      constantExpansion(equation.offset[unit] as Rational),
    ),
  );
}

/** *Exact.* −a. */
export function opposite(a: Expansion | null): Expansion | null {
  return a === null ? null : new Map([...a].map(([monomial, c]) => [monomial, negate(c)]));
}

/** *Exact.* Whether both are known and the same polynomial. */
export function sameExpansion(a: Expansion | null, b: Expansion | null): boolean {
  if (a === null || b === null || a.size !== b.size) return false;
  return [...a].every(([monomial, c]) => equal(c, b.get(monomial) ?? ZERO));
}

/**
 * *Exact.* False where no point near w can make all of them positive, because some combination of
 * them with non-negative weights vanishes identically; true says nothing.
 */
export function maySignsMeet(positive: readonly Expansion[]): boolean {
  const monomials = [...new Set(positive.flatMap((p) => [...p.keys()]))];
  return canAllBePositive(positive.map((p) => monomials.map((m) => p.get(m) ?? ZERO)));
}
