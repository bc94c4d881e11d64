/**
 * Exact numbers for reading: the exact text first, a rounded one beside it, and a short form where
 * the exact text is too long for a line. Works on the wire form (`n` or `p/q`), on BigInt
 * throughout, so that nothing overflows or underflows: 1/10^4000 rounds to 1e-4000, not to 0.
 */
import type { Rational } from '../engine/num/rational.js';

/** Texts up to this many characters are printed in full where they stand. */
export const LONGEST_INLINE = 36;
/** Significant digits of a rounded number. */
const DIGITS = 6;

/** *Exact.* The number of a canonical text `n` or `p/q`. Throws a SyntaxError on another text. */
export function readRational(text: string): Rational {
  const parts = /^(-?[0-9]+)(?:\/([0-9]+))?$/.exec(text);
  if (parts === null) throw new SyntaxError(`"${text.slice(0, 80)}" is not a canonical rational`);
  // Canonical text is reduced already: a gcd of numbers of a million digits would take minutes.
  return { n: BigInt(parts[1] as string), d: BigInt(parts[2] ?? '1') };
}

/** *Exact.* The canonical text of r. */
export function rationalText(r: Rational): string {
  return r.d === 1n ? String(r.n) : `${String(r.n)}/${String(r.d)}`;
}

/** A rounded number: `exact` says that nothing was lost, so that it may stand after "=". */
export interface Rounded {
  readonly text: string;
  readonly exact: boolean;
}

/** *Correctly rounded* (half away from zero) to six significant digits; zero is `0`. */
export function round(r: Rational): Rounded {
  if (r.n === 0n) return { text: '0', exact: true };
  const negative = r.n < 0n;
  const n = negative ? -r.n : r.n;
  let exponent = n.toString().length - r.d.toString().length;
  if (compareScaled(n, r.d, exponent) < 0) exponent -= 1;
  // 10^exponent <= |r| < 10^(exponent + 1); keep DIGITS digits of it.
  const shift = DIGITS - 1 - exponent;
  const top = shift >= 0 ? n * 10n ** BigInt(shift) : n;
  const bottom = shift >= 0 ? r.d : r.d * 10n ** BigInt(-shift);
  let mantissa = (2n * top + bottom) / (2n * bottom);
  const exact = mantissa * bottom === top;
  if (mantissa === 10n ** BigInt(DIGITS)) {
    mantissa /= 10n;
    exponent += 1;
  }
  return { text: `${negative ? '−' : ''}${positional(mantissa.toString(), exponent)}`, exact };
}

/** The sign of n/d − 10^exponent. */
function compareScaled(n: bigint, d: bigint, exponent: number): number {
  const left = exponent >= 0 ? n : n * 10n ** BigInt(-exponent);
  const right = exponent >= 0 ? d * 10n ** BigInt(exponent) : d;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `digits[0].digits[1..] * 10^exponent`, written out where that is short. */
function positional(digits: string, exponent: number): string {
  const kept = digits.replace(/0+$/, '');
  if (exponent >= -4 && exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${kept}`;
  if (exponent >= 0 && exponent < 7) {
    const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
    const part = kept.slice(exponent + 1);
    return part === '' ? whole : `${whole}.${part}`;
  }
  const part = kept.slice(1);
  return `${kept.slice(0, 1)}${part === '' ? '' : `.${part}`}e${String(exponent).replace('-', '−')}`;
}

/** *Estimate; for drawing only.* log10 of a positive rational, right to about 1e-12. */
export function log10Estimate(r: Rational): number {
  if (r.n <= 0n) throw new RangeError(`log10Estimate: ${rationalText(r)} is not positive`);
  return log10OfInteger(r.n) - log10OfInteger(r.d);
}

function log10OfInteger(n: bigint): number {
  const digits = n.toString();
  const lead = digits.slice(0, 17);
  return Math.log10(Number(lead)) + (digits.length - lead.length);
}

/** A text of any length in at most about 30 characters: its ends, and how much lies between. */
export function shorten(text: string): string {
  if (text.length <= LONGEST_INLINE) return text;
  const slash = text.indexOf('/');
  const digits = (part: string): string => `${String(part.replace('-', '').length)} digits`;
  if (slash < 0) return `${text.slice(0, 8)}…${text.slice(-6)} (${digits(text)})`;
  const [above, below] = [text.slice(0, slash), text.slice(slash + 1)];
  const side = (part: string): string =>
    part.length <= 16 ? part : `${part.slice(0, 6)}…${part.slice(-4)}`;
  const lengths = [above, below].filter((part) => part.length > 16).map(digits);
  return `${side(above)}/${side(below)} (${lengths.join(' over ')})`;
}
