/**
 * Posits: (1 + f)·2^(regime·2^es + exponent), the regime written in unary. As two's-complement
 * integers the codes of a posit are in the order of their values, and negation of the code is
 * negation of the value; so the positive codes 1 to 2^(n−1) − 1 say everything. The one code left,
 * 10…0, is NaR. Source: Posit Standard (2022), which fixes es = 2; legacy drafts had other es.
 */
import { bitLength, toSafeNumber } from '../num/bits.js';
import { dyadic, toRational } from '../num/dyadic.js';
import { compare, equal, floorLog2, type Rational } from '../num/rational.js';
import type { PositFacts } from './facts.js';
import type { Order } from './rank.js';

/** *Exact.* What a positive code in [1, 2^(n−1)) denotes. */
export function positOf(facts: PositFacts, code: bigint): Rational {
  const { bits, exponentBits: es } = facts;
  const length = bits - 1;
  const ones = code >> BigInt(length - 1) === 1n;
  const flipped = ones ? BigInt.asUintN(length, ~code) : code;
  const run = length - bitLength(flipped);
  const regime = ones ? run - 1 : -run;
  // Behind the run comes its terminating bit; a run may reach the end and need none.
  const restBits = Math.max(0, length - run - 1);
  const rest = BigInt.asUintN(restBits, code);
  const exponentHeld = Math.min(es, restBits);
  const fractionBits = restBits - exponentHeld;
  // Exponent bits that did not fit are 0, the lowest first.
  const exponent = toSafeNumber(rest >> BigInt(fractionBits)) * 2 ** (es - exponentHeld);
  const significand = (1n << BigInt(fractionBits)) + BigInt.asUintN(fractionBits, rest);
  return toRational(dyadic(significand, regime * 2 ** es + exponent - fractionBits));
}

/**
 * *Exact.* The greatest positive code whose value is at most `value`, for a positive value no
 * smaller than the least one. It is the endless code of the value, cut to length: codes are in the
 * order of their bit strings.
 */
function floorCode(facts: PositFacts, value: Rational): bigint {
  const { bits, exponentBits: es } = facts;
  const binade = floorLog2(value);
  const regime = Math.floor(binade / 2 ** es);
  // Regime ones and a 0, or zeros and a 1.
  const prefixBits = regime >= 0 ? regime + 2 : 1 - regime;
  const prefix = regime >= 0 ? (1n << BigInt(prefixBits)) - 2n : 1n;
  const rest = bits - 1 - prefixBits;
  // Cut inside the ones, this is the last code: values above it end there too.
  if (rest < 0) return prefix >> BigInt(-rest);
  const fractionBits = Math.max(0, rest - es);
  const place = binade - fractionBits;
  const significand =
    place >= 0 ? value.n / (value.d << BigInt(place)) : (value.n << BigInt(-place)) / value.d;
  const exponent = BigInt(binade - regime * 2 ** es);
  const tail = ((exponent - 1n) << BigInt(fractionBits)) + significand;
  return (prefix << BigInt(rest)) + (tail >> BigInt(Math.max(0, es - rest)));
}

/** *Exact.* The positive values of a posit format, in increasing order. */
export function positMagnitudes(facts: PositFacts): Order {
  const size = (1n << BigInt(facts.bits - 1)) - 1n;
  const least = positOf(facts, 1n);
  return {
    size,
    at: (rank) => positOf(facts, rank + 1n),
    countBelow(value) {
      if (compare(value, least) <= 0) return 0n;
      const code = floorCode(facts, value);
      return equal(positOf(facts, code), value) ? code - 1n : code;
    },
  };
}
