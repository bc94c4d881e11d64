/**
 * Quotients of exponential polynomials, Σ c·e^q·atoms over Σ c·e^q·atoms, with rational c and q:
 * the exact form of real numbers that one layer of exponentials makes of rational ones.
 *
 * Invariant: no coefficient is 0, no two terms share q and atoms, and the denominator, as a real
 * number, is not 0 (it is built from sums of positive numbers only). By the theorem of Lindemann and
 * Weierstrass e^(q₁), …, e^(q_k) with distinct rational q are linearly independent over the algebraic
 * numbers (A. Baker, Transcendental Number Theory, 1975, theorem 1.4). So without atoms a form is 0
 * exactly if its numerator has no term. An atom is a real number of which nothing is assumed but its
 * name (an exponential of something irrational, a logarithm, a value of the error function): with
 * atoms an empty numerator still means 0, and a numerator with terms says nothing.
 */
import {
  ONE,
  ZERO,
  add,
  compare,
  divide,
  equal,
  isZero,
  multiply,
  negate,
  type Rational,
} from './rational.js';
import { toText } from './text.js';

interface Term {
  /** The exponent q of e^q. */
  readonly exponent: Rational;
  /** Names with powers (not 0), sorted by name. */
  readonly atoms: readonly (readonly [string, number])[];
  readonly coefficient: Rational;
}

type Sum = ReadonlyMap<string, Term>;

export interface Form {
  readonly numerator: Sum;
  readonly denominator: Sum;
}

/** Longer forms are given up: null, "unknown". */
const TERMS_MAX = 600;
/** Longest name of an atom, in characters. */
const NAME_MAX = 2000;

function keyOf(exponent: Rational, atoms: Term['atoms']): string {
  const factors = atoms.map(([name, power]) => `{${name}}^${String(power)}`);
  return [toText(exponent), ...factors].join('·');
}

function single(exponent: Rational, atoms: Term['atoms'], coefficient: Rational): Sum {
  if (isZero(coefficient)) return new Map();
  return new Map([[keyOf(exponent, atoms), { exponent, atoms, coefficient }]]);
}

const UNIT: Sum = single(ZERO, [], ONE);

/** *Exact.* The form of a rational number. */
export function constantForm(value: Rational): Form {
  return { numerator: single(ZERO, [], value), denominator: UNIT };
}

/** *Exact.* e^q. */
export function powerForm(q: Rational): Form {
  return { numerator: single(q, [], ONE), denominator: UNIT };
}

/** *Exact.* An atom to a power; null where its name is too long. */
export function atomForm(name: string, power: number): Form | null {
  if (name.length > NAME_MAX) return null;
  return { numerator: single(ZERO, [[name, power]], ONE), denominator: UNIT };
}

function sum(a: Sum, b: Sum): Sum {
  const out = new Map(a);
  for (const [key, term] of b) {
    const coefficient = add(out.get(key)?.coefficient ?? ZERO, term.coefficient);
    if (isZero(coefficient)) out.delete(key);
    else out.set(key, { ...term, coefficient });
  }
  return out;
}

function product(a: Sum, b: Sum): Sum | null {
  if (a.size * b.size > TERMS_MAX * 8) return null;
  let out: Sum = new Map();
  for (const s of a.values()) {
    const row = new Map<string, Term>();
    for (const t of b.values()) {
      const exponent = add(s.exponent, t.exponent);
      const atoms = joined(s.atoms, t.atoms);
      const coefficient = multiply(s.coefficient, t.coefficient);
      // Distinct terms times one term stay distinct.
      row.set(keyOf(exponent, atoms), { exponent, atoms, coefficient });
    }
    out = sum(out, row);
  }
  return out.size > TERMS_MAX ? null : out;
}

function joined(a: Term['atoms'], b: Term['atoms']): Term['atoms'] {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  const powers = new Map(a);
  for (const [name, power] of b) powers.set(name, (powers.get(name) ?? 0) + power);
  return [...powers]
    .filter(([, power]) => power !== 0)
    .sort(([s], [t]) => (s < t ? -1 : s > t ? 1 : 0));
}

function sameSum(a: Sum, b: Sum): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [key, { coefficient }] of a) {
    const other = b.get(key);
    if (other === undefined || !equal(other.coefficient, coefficient)) return false;
  }
  return true;
}

/** *Exact.* a + b; null where unknown or too long. */
export function addForms(a: Form | null, b: Form | null): Form | null {
  if (a === null || b === null) return null;
  if (sameSum(a.denominator, b.denominator)) {
    return { numerator: sum(a.numerator, b.numerator), denominator: a.denominator };
  }
  const left = product(a.numerator, b.denominator);
  const right = product(b.numerator, a.denominator);
  const denominator = product(a.denominator, b.denominator);
  if (left === null || right === null || denominator === null) return null;
  return { numerator: sum(left, right), denominator };
}

/** *Exact.* a · b; null where unknown or too long. */
export function multiplyForms(a: Form | null, b: Form | null): Form | null {
  if (a === null || b === null) return null;
  // A factor above that is the whole of what is below cancels: s·(1 + e^x)/(1 + e^x) is s.
  const crossed = sameSum(a.numerator, b.denominator);
  if (crossed || sameSum(b.numerator, a.denominator)) {
    return crossed
      ? { numerator: b.numerator, denominator: a.denominator }
      : { numerator: a.numerator, denominator: b.denominator };
  }
  const numerator = product(a.numerator, b.numerator);
  const denominator = product(a.denominator, b.denominator);
  return numerator === null || denominator === null ? null : { numerator, denominator };
}

/** *Exact.* −a. */
export function negateForm(a: Form | null): Form | null {
  if (a === null) return null;
  const numerator = new Map(
    [...a.numerator].map(([key, term]) => [
      key,
      { ...term, coefficient: negate(term.coefficient) },
    ]),
  );
  return { numerator, denominator: a.denominator };
}

/** *Exact.* 1/a; a must not be 0 as a real number. */
export function inverseForm(a: Form | null): Form | null {
  return a === null ? null : { numerator: a.denominator, denominator: a.numerator };
}

/** *Exact.* True only where the number is 0. */
export function isZeroForm(a: Form): boolean {
  return a.numerator.size === 0;
}

/** *Exact.* True only where the number is not 0: no atoms, and terms in the numerator. */
export function isNonZeroForm(a: Form): boolean {
  return a.numerator.size > 0 && [...a.numerator.values()].every(({ atoms }) => atoms.length === 0);
}

/** *Exact.* The rational number that the form is; null where it is not seen to be one. */
export function rationalOfForm({ numerator, denominator }: Form): Rational | null {
  if (numerator.size === 0) return ZERO;
  if (numerator.size !== denominator.size) return null;
  let ratio: Rational | null = null;
  for (const [key, { coefficient }] of numerator) {
    const below = denominator.get(key);
    if (below === undefined) return null;
    const quotient = divide(coefficient, below.coefficient);
    if (ratio !== null && !equal(ratio, quotient)) return null;
    ratio = quotient;
  }
  return ratio;
}

/** *Exact.* Whether the first term, in the order of the exponents and names, is negative. */
export function leadsNegative({ numerator }: Form): boolean {
  const [first] = ordered(numerator);
  return first !== undefined && first.coefficient.n < 0n;
}

function ordered(terms: Sum): Term[] {
  return [...terms.values()].sort((a, b) => {
    const order = compare(b.exponent, a.exponent);
    if (order !== 0) return order;
    const [s, t] = [keyOf(ZERO, a.atoms), keyOf(ZERO, b.atoms)];
    return s < t ? -1 : s > t ? 1 : 0;
  });
}

/** *Exact.* The form as text: equal texts are equal numbers (not the other way round). */
export function formText({ numerator, denominator }: Form): string {
  if (sameSum(denominator, UNIT)) return sumText(numerator);
  return `(${sumText(numerator)})/(${sumText(denominator)})`;
}

function sumText(terms: Sum): string {
  if (terms.size === 0) return '0';
  return ordered(terms)
    .map(({ coefficient, exponent, atoms }, k) => {
      const negative = coefficient.n < 0n;
      const size = negative ? negate(coefficient) : coefficient;
      const factors = [
        ...(isZero(exponent) ? [] : [`e^(${toText(exponent)})`]),
        ...atoms.map(([name, power]) => (power === 1 ? name : `${name}^(${String(power)})`)),
      ];
      if (!equal(size, ONE) || factors.length === 0) factors.unshift(toText(size));
      const text = factors.join('·');
      if (k === 0) return negative ? `-${text}` : text;
      return negative ? ` - ${text}` : ` + ${text}`;
    })
    .join('');
}
