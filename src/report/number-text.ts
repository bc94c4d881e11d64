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

/** *Correctly rounded* (half away from zero) to six significant digits; zero is `0`. `r` need not be reduced. */
export function round(r: Rational): Rounded {
  const { text, side } = roundScaled(r.n, r.d, 0);
  return { text, exact: side === 0 };
}

/**
 * *Correctly rounded*, as `round`, the number of a text `n` or `p/q`, reduced or not. A text of a
 * hundred thousand digits is not read whole: its leading digits bracket the number, and where both
 * ends round alike, and lie on one side of what they round to, so does the number between them.
 */
export function roundText(text: string): Rounded {
  const [top, bottom] = partsOf(text);
  if (top.length <= LEAD && bottom.length <= LEAD) return round(readRational(text));
  const n = bracket(top.replace('-', ''));
  const d = bracket(bottom);
  const scale = n.scale - d.scale;
  const least = roundScaled(n.least, d.most, scale);
  const most = roundScaled(n.most, d.least, scale);
  if (least.text !== most.text || least.side !== most.side || least.side === 0) {
    return round(readRational(text));
  }
  return { text: `${top.startsWith('-') ? '−' : ''}${least.text}`, exact: false };
}

/** Leading digits that bracket a long number. */
const LEAD = 40;

/** A positive integer between least·10^scale and most·10^scale. */
function bracket(digits: string): { least: bigint; most: bigint; scale: number } {
  const scale = Math.max(0, digits.length - LEAD);
  const least = BigInt(digits.slice(0, LEAD));
  return { least, most: scale === 0 ? least : least + 1n, scale };
}

function partsOf(text: string): readonly [string, string] {
  const slash = text.indexOf('/');
  return slash === -1 ? [text, '1'] : [text.slice(0, slash), text.slice(slash + 1)];
}

/** n/d·10^scale rounded, and the sign of what it rounds to less itself. */
function roundScaled(n: bigint, d: bigint, scale: number): { text: string; side: -1 | 0 | 1 } {
  if (n === 0n) return { text: '0', side: 0 };
  const negative = n < 0n;
  const size = negative ? -n : n;
  let exponent = size.toString().length - d.toString().length;
  if (compareScaled(size, d, exponent) < 0) exponent -= 1;
  // 10^exponent <= size/d < 10^(exponent + 1); keep DIGITS digits of it.
  const shift = DIGITS - 1 - exponent;
  const top = shift >= 0 ? size * 10n ** BigInt(shift) : size;
  const bottom = shift >= 0 ? d : d * 10n ** BigInt(-shift);
  let mantissa = (2n * top + bottom) / (2n * bottom);
  const error = mantissa * bottom - top;
  if (mantissa === 10n ** BigInt(DIGITS)) {
    mantissa /= 10n;
    exponent += 1;
  }
  return {
    text: `${negative ? '−' : ''}${positional(mantissa.toString(), exponent + scale)}`,
    side: error === 0n ? 0 : error > 0n ? 1 : -1,
  };
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

/** *Estimate; for drawing only.* log10 of the positive number of a text, right to about 1e-12. */
export function log10Text(text: string): number {
  const [top, bottom] = partsOf(text);
  if (!/^0*[1-9]/.test(top))
    throw new RangeError(`log10Text: ${text.slice(0, 80)} is not positive`);
  return log10OfDigits(top) - log10OfDigits(bottom);
}

function log10OfDigits(digits: string): number {
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
