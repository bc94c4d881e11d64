/**
 * Minifloats: from declared facts to the order of their positive values. Magnitude codes are
 * increasing in the value they denote, so ranks are codes but for an offset, and the code of a
 * number comes from its binade; no table anywhere. Formulas: header of `facts.ts`.
 */
import { toSafeNumber } from '../num/bits.js';
import { dyadic, toRational } from '../num/dyadic.js';
import { absolute, floorLog2, type Rational } from '../num/rational.js';
import type { FloatFacts } from './facts.js';
import type { Order } from './rank.js';

/** *Exact.* Width in bits. */
export function widthOfFloat(facts: FloatFacts): number {
  return (facts.signed ? 1 : 0) + facts.exponentBits + facts.mantissaBits;
}

/**
 * *Exact.* The greatest magnitude code with a finite value; below 0 where NaN and infinity leave
 * no code at all.
 */
export function lastCode(facts: FloatFacts): bigint {
  const m = BigInt(facts.mantissaBits);
  const binades = 1n << BigInt(facts.exponentBits);
  if (facts.nan === 'ieee') return ((binades - 1n) << m) - 1n;
  const nan = facts.nan === 'all-ones' ? 1n : 0n;
  return (binades << m) - 1n - nan - (facts.infinities ? 1n : 0n);
}

/** *Exact.* The magnitude code of the least positive value, were there no last code. */
function firstCode(facts: FloatFacts): bigint {
  if (!facts.zero) return 0n;
  return facts.subnormals ? 1n : 1n << BigInt(facts.mantissaBits);
}

/** *Exact.* What a magnitude code denotes, subnormals kept. */
export function magnitudeOf(facts: FloatFacts, code: bigint): Rational {
  const m = facts.mantissaBits;
  const field = toSafeNumber(code >> BigInt(m));
  const fraction = BigInt.asUintN(m, code);
  if (field === 0 && facts.zero) return toRational(dyadic(fraction, 1 - facts.bias - m));
  return toRational(dyadic((1n << BigInt(m)) + fraction, field - facts.bias - m));
}

/**
 * *Exact.* The least code whose magnitude is at least |value|, for value ≠ 0, were the binades to
 * go on above the last code for ever.
 */
function ceilingCode(facts: FloatFacts, value: Rational): bigint {
  const { mantissaBits: m, bias } = facts;
  const lowest = facts.zero ? 1 : 0;
  const field = floorLog2(value) + bias;
  if (field < lowest && !facts.zero) return 0n;
  // Units of the last place of the binade that holds the value; subnormals share those of field 1.
  const place = Math.max(field, lowest) - bias - m;
  const { n, d } = absolute(value);
  const top = place >= 0 ? n : n << BigInt(-place);
  const bottom = place >= 0 ? d << BigInt(place) : d;
  const significand = (top + bottom - 1n) / bottom;
  // A significand of 2^(m+1) is the next code but one binade up, so a carry needs no care.
  return (BigInt(Math.max(field, lowest) - lowest) << BigInt(m)) + significand - hidden(facts);
}

/** What code 0 lacks of its significand: nothing where field 0 is subnormal, else the implied bit. */
function hidden(facts: FloatFacts): bigint {
  return facts.zero ? 0n : 1n << BigInt(facts.mantissaBits);
}

/** *Exact.* The positive finite values of a minifloat, in increasing order. */
export function floatMagnitudes(facts: FloatFacts): Order {
  const first = firstCode(facts);
  const count = lastCode(facts) - first + 1n;
  const size = count > 0n ? count : 0n;
  return {
    size,
    at: (rank) => magnitudeOf(facts, first + rank),
    countBelow(value) {
      const below = ceilingCode(facts, value) - first;
      return below < 0n ? 0n : below > size ? size : below;
    },
  };
}
