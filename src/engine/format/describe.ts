/**
 * Formats for people: a name for facts that have none, and the JSON-safe record of everything that
 * is declared and derived. Counts and exact numbers are text; a rounded `value` stands beside.
 */
import { fromRational, isDyadic, toText as dyadicText } from '../num/dyadic.js';
import { toDouble } from '../num/float64.js';
import type { Rational } from '../num/rational.js';
import { toText } from '../num/text.js';
import type { Facts, Format } from './facts.js';
import { derive, hasSubnormals, specialCodesOf, widthOf } from './format.js';

/** Longest list of values that is spelt out in a name. */
const SPELT_VALUES = 9;
const SPELT_LENGTH = 60;

/** A short name that tells the facts. */
export function nameOf(facts: Facts): string {
  switch (facts.kind) {
    case 'float': {
      const bits = `${facts.signed ? 's1' : ''}e${String(facts.exponentBits)}m${String(facts.mantissaBits)}`;
      const flags = [
        `bias ${String(facts.bias)}`,
        `NaN ${facts.nan}`,
        facts.infinities ? 'infinities' : 'no infinities',
        ...(hasSubnormals(facts) || facts.mantissaBits === 0 ? [] : ['subnormals flushed']),
      ];
      return `minifloat ${bits} (${flags.join(', ')})`;
    }
    case 'posit':
      return `posit<${String(facts.bits)},${String(facts.exponentBits)}>`;
    case 'integer': {
      const word = `${facts.signed ? '' : 'u'}int${String(facts.bits)}${facts.narrow ? ' narrow' : ''}`;
      const zeroPoint = facts.zeroPoint === 0n ? '' : `, zero point ${String(facts.zeroPoint)}`;
      const scale = toText(facts.scale);
      return scale === '1' && zeroPoint === '' ? word : `${word} (scale ${scale}${zeroPoint})`;
    }
    case 'fixed':
      return `${facts.signed ? 'Q' : 'UQ'}${String(facts.integerBits)}.${String(facts.fractionBits)}`;
    case 'values': {
      const texts = facts.values.slice(0, SPELT_VALUES).map(toText);
      const spelt = `{${texts.join(', ')}}`;
      return facts.values.length <= SPELT_VALUES && spelt.length <= SPELT_LENGTH
        ? spelt
        : `${String(facts.values.length)} listed values`;
    }
  }
}

/** An exact number for readers: its text, its dyadic text where it has one, its rounded double. */
export interface DescribedNumber {
  readonly exact: string;
  readonly dyadic: string | null;
  /** *Correctly rounded.* null beyond the range of doubles, which JSON has no number for. */
  readonly value: number | null;
}

/** A fact as JSON: counts and flags as they are, other numbers as text. */
export type DescribedFact = string | number | boolean | readonly string[];

export interface FormatDescription {
  /** Catalogue id; null where the format was declared by its facts. */
  readonly id: string | null;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly kind: Facts['kind'];
  /** Width of a code in bits; null for a list of values. */
  readonly bits: number | null;
  readonly facts: { readonly [fact: string]: DescribedFact };
  /** |M|, in decimal. */
  readonly cardinality: string;
  /** |M| where subnormals are flushed to zero, in decimal. */
  readonly cardinalityFlushed: string;
  readonly largest: DescribedNumber;
  readonly least: DescribedNumber;
  readonly smallestNormal: DescribedNumber | null;
  readonly smallestSubnormal: DescribedNumber | null;
  readonly hasZero: boolean;
  readonly closedUnderNegation: boolean;
  /** How many codes are infinities and NaN, in decimal, and whether −0 has a code of its own. */
  readonly specialCodes: {
    readonly infinities: string;
    readonly nans: string;
    readonly signedZero: boolean;
  };
  readonly sources: readonly string[];
  readonly note: string | null;
}

function described(number: Rational): DescribedNumber {
  const value = toDouble(number);
  return {
    exact: toText(number),
    dyadic: isDyadic(number) ? dyadicText(fromRational(number)) : null,
    value: Number.isFinite(value) ? value : null,
  };
}

function describedFacts(facts: Facts): { [fact: string]: DescribedFact } {
  switch (facts.kind) {
    case 'float': {
      const { exponentBits, mantissaBits, bias, signed, subnormals, infinities, nan, zero } = facts;
      return { exponentBits, mantissaBits, bias, signed, subnormals, infinities, nan, zero };
    }
    case 'posit':
      return { bits: facts.bits, exponentBits: facts.exponentBits };
    case 'integer': {
      const { bits, signed, narrow } = facts;
      const zeroPoint = facts.zeroPoint.toString();
      return { bits, signed, narrow, scale: toText(facts.scale), zeroPoint };
    }
    case 'fixed': {
      const { integerBits, fractionBits, signed } = facts;
      return { integerBits, fractionBits, signed };
    }
    case 'values':
      return { values: facts.values.map(toText) };
  }
}

/**
 * *Exact*, but for the rounded `value`s: everything that is known of a format. `nameNote` is what
 * `resolveFormat` had to tell of the name; it is put in front of the format's own note.
 */
export function describeFormat(format: Format, nameNote: string | null = null): FormatDescription {
  const derived = derive(format);
  const special = specialCodesOf(format.facts);
  const notes = [nameNote, format.note].filter((note) => note !== null);
  return {
    id: format.id,
    name: format.name,
    aliases: format.aliases,
    kind: format.facts.kind,
    bits: widthOf(format.facts),
    facts: describedFacts(format.facts),
    cardinality: derived.cardinality.toString(),
    cardinalityFlushed: derived.cardinalityFlushed.toString(),
    largest: described(derived.largest),
    least: described(derived.least),
    smallestNormal: derived.smallestNormal && described(derived.smallestNormal),
    smallestSubnormal: derived.smallestSubnormal && described(derived.smallestSubnormal),
    hasZero: derived.hasZero,
    closedUnderNegation: derived.closedUnderNegation,
    specialCodes: {
      infinities: special.infinities.toString(),
      nans: special.nans.toString(),
      signedZero: special.signedZero,
    },
    sources: format.sources,
    note: notes.length === 0 ? null : notes.join(' '),
  };
}
