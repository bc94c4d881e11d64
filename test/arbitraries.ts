/**
 * Generators for property tests, biased to corners: integers around powers of two, rationals with
 * awkward denominators, doubles that are subnormal, extreme, or neighbours of powers of two.
 *
 * `runs(n)` scales every iteration count by the environment variable GRADCERT_TEST_SCALE.
 */
import fc from 'fast-check';
import { dyadic, type Dyadic } from '../src/engine/num/dyadic.js';
import { bitsOfDouble, doubleOfBits } from '../src/engine/num/float64.js';
import { rational, type Rational } from '../src/engine/num/rational.js';

const scale = Number(process.env['GRADCERT_TEST_SCALE'] ?? '1');

/** Parameters of a property that runs n times, scaled; n is at least 1. */
export function runs(n: number): { numRuns: number } {
  return { numRuns: Math.max(1, Math.round(n * scale)) };
}

/** An integer near ±2^k, small, or uniform up to `bits` bits. */
export function anyInteger(bits: number = 80): fc.Arbitrary<bigint> {
  const nearPower = fc
    .tuple(fc.integer({ min: 0, max: bits }), fc.bigInt({ min: -2n, max: 2n }), fc.boolean())
    .map(([k, offset, negative]) => {
      const value = (1n << BigInt(k)) + offset;
      return negative ? -value : value;
    });
  const limit = 1n << BigInt(bits);
  return fc.oneof(
    fc.bigInt({ min: -8n, max: 8n }),
    nearPower,
    fc.bigInt({ min: -limit, max: limit }),
  );
}

/** A rational: integers, dyadics, thirds and tenths, near powers of two, arbitrary. */
export function anyRational(bits: number = 80): fc.Arbitrary<Rational> {
  const denominator = fc.oneof(
    fc.constantFrom(1n, 2n, 3n, 5n, 6n, 10n, 15n, 64n, 1000n),
    anyInteger(bits).map((d) => (d === 0n ? 1n : d < 0n ? -d : d)),
  );
  return fc.tuple(anyInteger(bits), denominator).map(([n, d]) => rational(n, d));
}

/** A dyadic: integers, tiny and huge powers of two, significands near powers of two. */
export function anyDyadic(bits: number = 80): fc.Arbitrary<Dyadic> {
  const exponent = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -1200, max: 1200 }));
  return fc.tuple(anyInteger(bits), exponent).map(([m, e]) => dyadic(m, e));
}

/** The bits of a finite non-negative double next to a power of two or an end of the range. */
function cornerBits(): fc.Arbitrary<bigint> {
  const infinity = bitsOfDouble(Infinity);
  return fc
    .tuple(fc.bigInt({ min: 0n, max: 2046n }), fc.bigInt({ min: -2n, max: 2n }))
    .map(([field, offset]) => (field << 52n) + offset)
    .map((bits) => (bits < 0n ? -bits : bits >= infinity ? infinity - 1n : bits));
}

/** A finite double: corners, subnormals, small decimals, and uniform over all bit patterns. */
export function finiteDouble(): fc.Arbitrary<number> {
  const signed = (magnitude: fc.Arbitrary<bigint>): fc.Arbitrary<number> =>
    fc
      .tuple(magnitude, fc.boolean())
      .map(([bits, negative]) => (negative ? -1 : 1) * doubleOfBits(bits));
  return fc.oneof(
    fc.constantFrom(0, -0, 1, -1, 0.1, 0.5, 1 / 3, Number.MIN_VALUE, Number.MAX_VALUE),
    signed(cornerBits()),
    signed(fc.bigInt({ min: 0n, max: (1n << 52n) + 1n })),
    signed(fc.bigInt({ min: 0n, max: bitsOfDouble(Infinity) - 1n })),
  );
}
