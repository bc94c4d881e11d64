/**
 * Real numbers for reading, where some need not be rational: those are told by their closed form, if it
 * is short, and by the digits on which their lower and their upper bound agree.
 */
import type { RealText } from '../schemas/exact.js';
import { code, number, type Inline } from './document.js';

const FORM_SHOWN = 60;

/** A number in a table or a sentence; a rational one exact, with a rounded one beside it. */
export function realNumber(x: RealText, rational: (exact: string) => Inline = number): Inline {
  return typeof x === 'string' ? rational(x) : code(enclosureText(x));
}

/** *Lower and upper bound.* The enclosure in one line. */
export function enclosureText({ lower, upper, form }: Exclude<RealText, string>): string {
  const digits = lower === null || upper === null ? '' : sharedDigits(lower, upper);
  const bounds = digits === '' ? `between ${lower ?? '−∞'} and ${upper ?? '∞'}` : `${digits}…`;
  return form !== null && form.length <= FORM_SHOWN ? `${form} = ${bounds}` : bounds;
}

/** The leading characters that both texts share, unless their exponents differ. */
function sharedDigits(lower: string, upper: string): string {
  if (lower.includes('e') || upper.includes('e')) return '';
  let length = 0;
  while (length < lower.length && lower[length] === upper[length]) length += 1;
  const shared = lower.slice(0, length);
  return /\.\d/.test(shared) ? shared : '';
}

/** *Exact.* The texts of a matrix all of whose entries are rational; throws where one is not. */
export function rationalRows(matrix: readonly (readonly RealText[])[]): readonly string[][] {
  return matrix.map((row) =>
    row.map((entry) => {
      if (typeof entry !== 'string') {
        throw new Error('rationalRows: a certificate stands beside rational matrices only');
      }
      return entry;
    }),
  );
}
