/**
 * The catalogue: every format that has a name, one frozen record of declared facts each, with its
 * aliases and its source. To add one, add a record to the file of its family in `catalogue/`, and
 * its published numbers to the test vectors; every suite over the catalogue picks it up.
 */
import { FIXED } from './catalogue/fixed.js';
import { FLOATS } from './catalogue/floats.js';
import { INTEGERS } from './catalogue/integers.js';
import { P3109 } from './catalogue/p3109.js';
import { POSITS } from './catalogue/posits.js';
import type { Format } from './facts.js';

function frozen(format: Format): Format {
  Object.freeze(format.facts);
  Object.freeze(format.aliases);
  Object.freeze(format.sources);
  return Object.freeze(format);
}

export const CATALOGUE: readonly Format[] = Object.freeze(
  [...FLOATS, ...P3109, ...POSITS, ...INTEGERS, ...FIXED].map(frozen),
);
