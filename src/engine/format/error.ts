/**
 * What can be wrong with a format that a caller asks for. The code is stable and for programs; the
 * message is for people and names the value; the path leads to it inside the specification, so
 * that a caller can make a JSON Pointer of it.
 */
export type FormatErrorCode =
  | 'unknown-format'
  | 'block-format'
  | 'unknown-kind'
  | 'unknown-fact'
  | 'missing-fact'
  | 'wrong-type'
  | 'out-of-range'
  | 'not-exact'
  | 'zero-scale'
  | 'no-values'
  | 'contradiction';

/** What each code means. */
export const FORMAT_ERROR_CODES: Readonly<Record<FormatErrorCode, string>> = Object.freeze({
  'unknown-format': 'no format of the catalogue has this name',
  'block-format': 'the format shares a scale between values, so it is no set per parameter',
  'unknown-kind': 'the specification is neither a name nor one of the declared kinds',
  'unknown-fact': 'this kind of format has no such fact',
  'missing-fact': 'a fact without a default is missing',
  'wrong-type': 'a fact is not of the type it must have',
  'out-of-range': 'a fact is outside the range that is supported',
  'not-exact': 'a number is not an exact number in text form',
  'zero-scale': 'a scale is 0',
  'no-values': 'the format has no value at all',
  contradiction: 'two facts exclude each other',
});

export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly code: FormatErrorCode;
  /** Keys from the specification down to the value, e.g. `['values', 3]`; empty for the whole. */
  readonly path: readonly (string | number)[];

  constructor(code: FormatErrorCode, path: readonly (string | number)[], message: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}
