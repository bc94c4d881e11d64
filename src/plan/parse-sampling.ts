/**
 * The sampling settings of a request: defaults filled in, numbers brought to canonical text, every
 * fault named with its field and value.
 */
import {
  ONE,
  SEED_MAX,
  compare,
  fromDouble,
  parseExact,
  rational,
  toText,
  whyNotSampled,
  type AnalyticNetwork,
  type Rational,
} from '../engine/index.js';
import type { ExactInput } from '../schemas/exact.js';
import type { SamplingInput } from '../schemas/sampling.js';
import type { Faults } from './reading.js';
import type { QuestionSampling } from './question.js';

const CONFIDENCE = rational(99n, 100n);
const CONFIDENCE_LEAST = rational(1n, 2n);
/** Beyond, the quantiles of the intervals would lie where doubles have no digits left. */
const CONFIDENCE_MOST = rational(999_999_999n, 1_000_000_000n);
const RELATIVE_ERROR = rational(1n, 20n);

/** *Exact.* The settings that a request asks for; where faults are added, harmless ones. */
export function readSampling(input: SamplingInput, faults: Faults): QuestionSampling {
  const within = (
    field: 'confidence' | 'relativeError',
    fallback: Rational,
    isIn: (value: Rational) => boolean,
    range: string,
  ): Rational => {
    const given = input[field];
    const value = given === undefined ? fallback : exactOrNull(given, field, faults);
    if (value === null) return fallback;
    if (isIn(value)) return value;
    faults.add(['sampling', field], 'out-of-range', `${toText(value)} is not ${range}`);
    return fallback;
  };
  const confidence = within(
    'confidence',
    CONFIDENCE,
    (value) => compare(value, CONFIDENCE_LEAST) >= 0 && compare(value, CONFIDENCE_MOST) <= 0,
    'from 1/2 to 1 − 10^-9',
  );
  const relativeError = within(
    'relativeError',
    RELATIVE_ERROR,
    (value) => value.n > 0n && compare(value, ONE) <= 0,
    'above 0 and at most 1',
  );
  const endsOtherwise = input.samples !== undefined || input.seconds !== undefined;
  const stopsByError = input.relativeError !== undefined || !endsOtherwise;
  return {
    method: input.method ?? 'auto',
    samples: input.samples === undefined ? null : String(input.samples),
    seed: readSeed(input.seed ?? 0, faults),
    confidence: toText(confidence),
    relativeError: stopsByError ? toText(relativeError) : null,
    seconds: input.seconds ?? null,
  };
}

/** Adds a fault where the network does not have what mode `sampled`, or a method of it, needs. */
export function checkSampled(
  method: QuestionSampling['method'],
  network: AnalyticNetwork,
  faults: Faults,
): void {
  const why = method === 'auto' ? null : whyNotSampled(network, method);
  if (why === null) return;
  faults.add(
    ['sampling', 'method'],
    'method-does-not-apply',
    `method "${method}" does not apply to this network: ${why}`,
  );
}

function readSeed(input: number | string, faults: Faults): string {
  const text = String(input);
  const isInteger =
    /^[0-9]+$/.test(text) && (typeof input === 'string' || Number.isSafeInteger(input));
  if (isInteger && BigInt(text) <= SEED_MAX) return String(BigInt(text));
  faults.add(
    ['sampling', 'seed'],
    'out-of-range',
    `${JSON.stringify(input)} is no integer from 0 to 2^64 − 1 (as a number: to 2^53 − 1)`,
  );
  return '0';
}

function exactOrNull(input: ExactInput, field: string, faults: Faults): Rational | null {
  try {
    return typeof input === 'number' ? fromDouble(input) : parseExact(input);
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error;
    faults.add(['sampling', field], 'invalid-number', error.message);
    return null;
  }
}
