/**
 * What follows from the facts of a format: its value set, how many values it has, its extremes.
 * Derived, never tabulated; the tests compare it with published tables and with decoders of
 * their own. Infinities and NaN are no values; +0 and −0 are one.
 */
import { dyadic, toRational } from '../num/dyadic.js';
import { compare, equal, negate, ZERO, type Rational } from '../num/rational.js';
import type { ValueSet } from './domain.js';
import type { Facts, FixedFacts, FloatFacts, Format, IntegerFacts } from './facts.js';
import { floatMagnitudes, widthOfFloat } from './float.js';
import { positMagnitudes } from './posit.js';
import { grid, listed, mirrored, ranked, type Order } from './rank.js';

/** *Exact.* Width of a code in bits; null for a list of values, which has no codes. */
export function widthOf(facts: Facts): number | null {
  switch (facts.kind) {
    case 'float':
      return widthOfFloat(facts);
    case 'posit':
    case 'integer':
      return facts.bits;
    case 'fixed':
      return facts.integerBits + facts.fractionBits + (facts.signed ? 1 : 0);
    case 'values':
      return null;
  }
}

/** *Exact.* Least and greatest integer of a word. */
function wordRange(bits: number, signed: boolean): [bigint, bigint] {
  const half = 1n << BigInt(bits - 1);
  return signed ? [-half, half - 1n] : [0n, 2n * half - 1n];
}

function integerOrder(facts: IntegerFacts): Order {
  const [least, greatest] = wordRange(facts.bits, facts.signed);
  return grid(facts.narrow ? least + 1n : least, greatest, facts.scale, facts.zeroPoint);
}

function fixedOrder(facts: FixedFacts): Order {
  const bits = facts.integerBits + facts.fractionBits + (facts.signed ? 1 : 0);
  const [least, greatest] = wordRange(bits, facts.signed);
  return grid(least, greatest, toRational(dyadic(1n, -facts.fractionBits)));
}

function orderOf(facts: Facts): Order {
  switch (facts.kind) {
    case 'float':
      return mirrored(floatMagnitudes(facts), facts);
    case 'posit':
      return mirrored(positMagnitudes(facts), { signed: true, zero: true });
    case 'integer':
      return integerOrder(facts);
    case 'fixed':
      return fixedOrder(facts);
    case 'values':
      return listed(facts.values);
  }
}

/** *Exact.* The set of distinct finite real values of a format, ranked in increasing order. */
export function valueSetOf(format: Format): ValueSet {
  return ranked(format.id ?? format.name, orderOf(format.facts));
}

/** What a format's facts imply about its values. */
export interface Derived {
  /** |M|. */
  readonly cardinality: bigint;
  /** |M| where subnormals are flushed to zero; |M| itself where there are none. */
  readonly cardinalityFlushed: bigint;
  readonly largest: Rational;
  /** The most negative value, or the smallest one where none is negative. */
  readonly least: Rational;
  /** The smallest positive value that is not subnormal; null where there is none. */
  readonly smallestNormal: Rational | null;
  /** The smallest positive subnormal; null where there is none. */
  readonly smallestSubnormal: Rational | null;
  readonly hasZero: boolean;
  /** Whether −v is a value wherever v is. */
  readonly closedUnderNegation: boolean;
}

/** *Exact.* Whether the codes of a minifloat contain subnormal ones and keep their values. */
export function hasSubnormals(facts: FloatFacts): boolean {
  return facts.zero && facts.subnormals && facts.mantissaBits > 0;
}

function smallestPositive(values: ValueSet): Rational | null {
  const rank = values.countBelow(ZERO) + (values.rankOf(ZERO) === null ? 0n : 1n);
  return rank < values.size ? values.at(rank) : null;
}

function isSymmetric(facts: Facts, values: ValueSet): boolean {
  const { size } = values;
  // Values with equal spacing, and those of any float or posit, are symmetric as soon as the
  // extremes are; only a list has to be gone through.
  const pairs = facts.kind === 'values' ? size : 1n;
  for (let rank = 0n; rank < pairs; rank += 1n) {
    if (!equal(values.at(rank), negate(values.at(size - 1n - rank)))) return false;
  }
  return true;
}

/** *Exact.* The derived quantities of a format. */
export function derive(format: Format): Derived {
  const { facts } = format;
  const values = valueSetOf(format);
  const subnormal = facts.kind === 'float' && hasSubnormals(facts);
  const flushed = subnormal
    ? ranked(values.name, orderOf({ ...facts, subnormals: false }))
    : values;
  const smallest = smallestPositive(values);
  const smallestNormal = smallestPositive(flushed);
  const isSubnormal =
    smallest !== null && (smallestNormal === null || compare(smallest, smallestNormal) < 0);
  return {
    cardinality: values.size,
    cardinalityFlushed: flushed.size,
    largest: values.at(values.size - 1n),
    least: values.at(0n),
    smallestNormal,
    smallestSubnormal: isSubnormal ? smallest : null,
    hasZero: values.rankOf(ZERO) !== null,
    closedUnderNegation: isSymmetric(facts, values),
  };
}

/** How the codes of a float or posit that are no values are spent. */
export interface SpecialCodes {
  readonly infinities: bigint;
  readonly nans: bigint;
  readonly signedZero: boolean;
}

/** *Exact.* How many codes are infinities and NaN, and whether −0 has a code. */
export function specialCodesOf(facts: Facts): SpecialCodes {
  if (facts.kind === 'posit') return { infinities: 0n, nans: 1n, signedZero: false };
  if (facts.kind !== 'float') return { infinities: 0n, nans: 0n, signedZero: false };
  const signs = facts.signed ? 2n : 1n;
  const nans = {
    ieee: ((1n << BigInt(facts.mantissaBits)) - 1n) * signs,
    'all-ones': signs,
    'negative-zero': 1n,
    none: 0n,
  };
  return {
    infinities: facts.infinities ? signs : 0n,
    nans: nans[facts.nan],
    signedZero: facts.signed && facts.zero && facts.nan !== 'negative-zero',
  };
}
