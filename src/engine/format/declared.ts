/**
 * Formats that a caller declares by their facts: reading and checking them, and writing them back
 * in canonical form. The door is fail-closed: every fact is checked here, whatever a schema in
 * front has done, and a fault is a `FormatError` whose path leads to it.
 *
 * Defaults of `{ type: 'minifloat', exponentBits: e, mantissaBits: m }`: bias 2^(e−1) − 1, signed,
 * with subnormals, `nan: 'ieee'` with infinities. So (4, 3) alone is IEEE-like, with maximum 240.
 * `infinities: false` alone means `nan: 'all-ones'` (OCP "fn": 448); `nan` other than 'ieee' alone
 * means no infinities; with both, infinities take the highest magnitude that is not NaN (P3109).
 * `subnormals: false` makes every code with exponent field 0 a zero.
 */
import { toSafeNumber } from '../num/bits.js';
import { fromDouble } from '../num/float64.js';
import { integer, isZero, ONE, type Rational } from '../num/rational.js';
import { parseExact, toText } from '../num/text.js';
import { FormatError } from './error.js';
import type { Facts, FixedFacts, FloatFacts, IntegerFacts, NanEncoding } from './facts.js';
import { lastCode } from './float.js';
import { distinct } from './rank.js';

/** Facts as a caller writes them: `{ values }` or `{ type: 'minifloat' | 'integer' | 'fixed', … }`. */
export type DeclaredFormat = { readonly [fact: string]: unknown };

/** Facts in JSON-safe form; reading them again gives the same facts. */
export type CanonicalFacts = {
  readonly [fact: string]: string | number | boolean | readonly string[];
};

function refuseUnknownFacts(spec: DeclaredFormat, known: readonly string[]): void {
  for (const key of Object.keys(spec)) {
    if (known.includes(key)) continue;
    const kind = known.includes('values') ? 'a list of values' : `type "${String(spec['type'])}"`;
    throw new FormatError(
      'unknown-fact',
      [key],
      `a format by ${kind} has no "${key}"; it has ${known.join(', ')}`,
    );
  }
}

/** A value of a caller, short enough for a message. */
export function shown(value: unknown): string {
  // Undefined has no JSON text, which the type of stringify does not say.
  const json =
    typeof value === 'bigint' ? undefined : (JSON.stringify(value) as string | undefined);
  const text = json ?? String(value);
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}

function count(
  spec: DeclaredFormat,
  key: string,
  least: number,
  greatest: number,
  preset?: number,
): number {
  const value = spec[key] ?? preset;
  if (value === undefined) throw new FormatError('missing-fact', [key], `"${key}" is missing`);
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new FormatError('wrong-type', [key], `"${key}" must be an integer, not ${shown(value)}`);
  }
  if (value < least || value > greatest) {
    const range = `${String(least)} to ${String(greatest)}`;
    throw new FormatError('out-of-range', [key], `"${key}" must be ${range}, not ${shown(value)}`);
  }
  // JSON has a −0.
  return value + 0;
}

function flag(spec: DeclaredFormat, key: string, preset: boolean): boolean {
  const value = spec[key] ?? preset;
  if (typeof value === 'boolean') return value;
  throw new FormatError('wrong-type', [key], `"${key}" must be true or false, not ${shown(value)}`);
}

/** *Exact.* A number as text, or a JSON number that means its double. */
function exact(value: unknown, path: readonly (string | number)[]): Rational {
  try {
    if (typeof value === 'string') return parseExact(value);
    if (typeof value === 'number') return fromDouble(value);
    if (typeof value === 'bigint') return integer(value);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw new FormatError('not-exact', path, error.message);
  }
  throw new FormatError('wrong-type', path, `${shown(value)} is not a number or its text`);
}

const NAN_ENCODINGS: readonly NanEncoding[] = ['ieee', 'all-ones', 'negative-zero', 'none'];

function nanEncoding(spec: DeclaredFormat, preset: NanEncoding): NanEncoding {
  const value = spec['nan'] ?? preset;
  const encoding = NAN_ENCODINGS.find((candidate) => candidate === value);
  if (encoding) return encoding;
  const known = NAN_ENCODINGS.join(', ');
  throw new FormatError(
    'wrong-type',
    ['nan'],
    `"nan" must be one of ${known}, not ${shown(value)}`,
  );
}

function minifloat(spec: DeclaredFormat): FloatFacts {
  refuseUnknownFacts(spec, [
    'type',
    'exponentBits',
    'mantissaBits',
    'bias',
    'signed',
    'subnormals',
    'infinities',
    'nan',
  ]);
  if (spec['exponentBits'] === 0) {
    const message = 'a minifloat with "exponentBits" 0 is a fixed-point number: use type "fixed"';
    throw new FormatError('out-of-range', ['exponentBits'], message);
  }
  const exponentBits = count(spec, 'exponentBits', 1, 15);
  const mantissaBits = count(spec, 'mantissaBits', 0, 112);
  const nan = nanEncoding(spec, spec['infinities'] === false ? 'all-ones' : 'ieee');
  const facts: FloatFacts = {
    kind: 'float',
    exponentBits,
    mantissaBits,
    bias: count(spec, 'bias', -65536, 65536, 2 ** (exponentBits - 1) - 1),
    signed: flag(spec, 'signed', true),
    // Without mantissa bits no code is subnormal, so that the fact says nothing.
    subnormals: flag(spec, 'subnormals', true) && mantissaBits > 0,
    infinities: flag(spec, 'infinities', nan === 'ieee'),
    nan,
    zero: true,
  };
  if (nan === 'ieee' && !facts.infinities) {
    const message =
      '"nan": "ieee" reserves the top binade for infinities and NaN, so "infinities": false ' +
      'leaves open what its code with mantissa 0 is: use "all-ones" or "none"';
    throw new FormatError('contradiction', ['infinities'], message);
  }
  if (nan === 'negative-zero' && !facts.signed) {
    const message = '"nan": "negative-zero" needs a sign, and "signed" is false';
    throw new FormatError('contradiction', ['nan'], message);
  }
  if (lastCode(facts) < 0n) {
    throw new FormatError('no-values', [], 'NaN and infinity take every code of this minifloat');
  }
  return facts;
}

function integerWord(spec: DeclaredFormat): IntegerFacts {
  refuseUnknownFacts(spec, ['type', 'bits', 'signed', 'narrow', 'scale', 'zeroPoint']);
  const scale = exact(spec['scale'] ?? toText(ONE), ['scale']);
  if (isZero(scale)) {
    throw new FormatError('zero-scale', ['scale'], 'a "scale" of 0 leaves only the value 0');
  }
  const zeroPoint = exact(spec['zeroPoint'] ?? '0', ['zeroPoint']);
  if (zeroPoint.d !== 1n) {
    const message = `"zeroPoint" must be an integer, not ${shown(spec['zeroPoint'])}`;
    throw new FormatError('wrong-type', ['zeroPoint'], message);
  }
  return {
    kind: 'integer',
    bits: count(spec, 'bits', 1, 64),
    signed: flag(spec, 'signed', true),
    narrow: flag(spec, 'narrow', false),
    scale,
    zeroPoint: zeroPoint.n,
  };
}

function fixedPoint(spec: DeclaredFormat): FixedFacts {
  refuseUnknownFacts(spec, ['type', 'integerBits', 'fractionBits', 'signed']);
  const facts: FixedFacts = {
    kind: 'fixed',
    integerBits: count(spec, 'integerBits', 0, 64),
    fractionBits: count(spec, 'fractionBits', 0, 64),
    signed: flag(spec, 'signed', true),
  };
  if (!facts.signed && facts.integerBits + facts.fractionBits === 0) {
    const message = 'an unsigned fixed-point number with 0 integer and 0 fraction bits has no bits';
    throw new FormatError('no-values', ['integerBits'], message);
  }
  return facts;
}

/**
 * Most digits that a list of values may have, written out in full. A short text can stand for
 * 10^9999, so that neither the number of values nor the size of a request limits them: 65536 such
 * texts would take 270 MB and seconds. 65536 values of 120 digits fit.
 */
const LISTED_DIGITS_MAX = 8_000_000;

function refuseTooManyDigits(list: readonly unknown[]): void {
  let digits = 0;
  for (const entry of list) {
    const text = typeof entry === 'string' || typeof entry === 'number' ? String(entry) : '';
    const exponent = /e([+-]?[0-9]{1,4})$/i.exec(text)?.[1] ?? '0';
    digits += text.length + Math.abs(parseInt(exponent, 10));
  }
  if (digits <= LISTED_DIGITS_MAX) return;
  const message = `"values" has ${String(digits)} digits, more than ${String(LISTED_DIGITS_MAX)}`;
  throw new FormatError('out-of-range', ['values'], message);
}

/** *Exact.* The facts that `spec` declares. Throws a FormatError where it declares none. */
export function factsOf(spec: DeclaredFormat): Facts {
  if ('values' in spec) {
    refuseUnknownFacts(spec, ['values']);
    const list: unknown = spec['values'];
    if (!Array.isArray(list)) {
      throw new FormatError(
        'wrong-type',
        ['values'],
        `"values" must be a list, not ${shown(list)}`,
      );
    }
    if (list.length === 0) {
      throw new FormatError('no-values', ['values'], '"values" must list at least one value');
    }
    refuseTooManyDigits(list);
    return { kind: 'values', values: distinct(list.map((text, i) => exact(text, ['values', i]))) };
  }
  switch (spec['type']) {
    case 'minifloat':
      return minifloat(spec);
    case 'integer':
      return integerWord(spec);
    case 'fixed':
      return fixedPoint(spec);
    case undefined:
      throw new FormatError('unknown-kind', [], 'a format is a name, or has "values" or a "type"');
    default:
      throw new FormatError(
        'unknown-kind',
        ['type'],
        `"type" must be minifloat, integer or fixed, not ${shown(spec['type'])}`,
      );
  }
}

/**
 * The facts as a specification again, every default filled in and every number canonical: equal
 * declarations have equal texts. Throws for posits, which cannot be declared.
 */
export function canonicalOf(facts: Facts): CanonicalFacts {
  switch (facts.kind) {
    case 'float': {
      const { exponentBits, mantissaBits, bias, signed, subnormals, infinities, nan } = facts;
      return {
        type: 'minifloat',
        exponentBits,
        mantissaBits,
        bias,
        signed,
        subnormals,
        infinities,
        nan,
      };
    }
    case 'integer': {
      const { bits, signed, narrow, zeroPoint } = facts;
      const small = -(2n ** 53n) < zeroPoint && zeroPoint < 2n ** 53n;
      return {
        type: 'integer',
        bits,
        signed,
        narrow,
        scale: toText(facts.scale),
        // The request schema wants an integer; only where that would round, text.
        zeroPoint: small ? toSafeNumber(zeroPoint) : zeroPoint.toString(),
      };
    }
    case 'fixed': {
      const { integerBits, fractionBits, signed } = facts;
      return { type: 'fixed', integerBits, fractionBits, signed };
    }
    case 'values':
      return { values: facts.values.map(toText) };
    case 'posit':
      throw new Error('posits are resolved by name only');
  }
}
