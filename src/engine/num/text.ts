/**
 * Exact numbers as text, the only wire form in which they lose nothing.
 *
 * Read: an integer `-3`, a rational `2/15`, a decimal `-0.375`, a decimal with an exponent of up to
 * four digits `1.5e-3`; an optional sign in front, no white space. Four digits keep 10^exponent
 * small enough that no text makes the machine work for long. The same language is a pattern in
 * `schemas/exact.ts`, which this file does not see; a test holds the two together.
 * Written: `n` or `p/q` in lowest terms with q ≥ 2. `parseExact(toText(r))` is r.
 */
import { rational, type Rational } from './rational.js';

const FRACTION = /^([+-]?[0-9]+)\/([0-9]+)$/;
const DECIMAL = /^([+-]?)(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?$/;

/** Text of a caller, cut so that a message stays readable. */
function quoted(text: string): string {
  return text.length <= 80 ? `"${text}"` : `"${text.slice(0, 80)}…" (${text.length} characters)`;
}

/**
 * *Exact.* The number that `text` denotes. Throws a SyntaxError where the text is not of the form
 * above and a RangeError where its denominator is 0; both messages contain the text.
 */
export function parseExact(text: string): Rational {
  const fraction = FRACTION.exec(text);
  if (fraction) {
    const d = BigInt(fraction[2] ?? '');
    if (d === 0n) throw new RangeError(`${quoted(text)} has the denominator 0`);
    return rational(BigInt(fraction[1] ?? ''), d);
  }
  const decimal = DECIMAL.exec(text);
  if (!decimal) {
    throw new SyntaxError(
      `${quoted(text)} is not an exact number: expected an integer, "p/q" or a decimal`,
    );
  }
  const [, sign = '', whole = '', part = '', exponent = '0'] = decimal;
  const digits = BigInt(whole + part);
  const scale = Number(exponent) - part.length;
  const n = sign === '-' ? -digits : digits;
  return scale >= 0 ? rational(n * 10n ** BigInt(scale)) : rational(n, 10n ** BigInt(-scale));
}

/** *Exact.* The canonical text of r: `n`, or `p/q` in lowest terms with q ≥ 2. */
export function toText(r: Rational): string {
  return r.d === 1n ? r.n.toString() : `${r.n.toString()}/${r.d.toString()}`;
}
