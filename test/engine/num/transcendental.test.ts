/**
 * Enclosures of exponentials, logarithms and the normal distribution: against published digits, against
 * bounds from exact rational series that share nothing with MPFR, and against themselves at higher
 * precision.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import * as dyadic from '../../../src/engine/num/dyadic.js';
import * as interval from '../../../src/engine/num/interval.js';
import type { Interval } from '../../../src/engine/num/interval.js';
import { elementary, pi } from '../../../src/engine/num/mpfr.js';
import {
  ONE,
  ZERO,
  add,
  compare,
  divide,
  integer,
  multiply,
  negate,
  power,
  rational,
  sign,
  subtract,
  type Rational,
} from '../../../src/engine/num/rational.js';
import { realOf, type Real } from '../../../src/engine/num/real.js';
import { parseExact, toText } from '../../../src/engine/num/text.js';
import {
  expOf,
  normalDensityOf,
  normalDistributionOf,
  quotientOfExponentials,
  sigmoidOf,
  softplusOf,
} from '../../../src/engine/num/transcendental.js';

const exact = parseExact;

function ends(found: Interval | null): readonly [Rational, Rational] {
  assert.ok(found !== null);
  return [dyadic.toRational(found.lower), dyadic.toRational(found.upper)];
}

/** The interval lies in (or, for `meets`, meets) the one of the printed digits, one unit either way. */
function assertDigits(found: Interval | null, digits: string): void {
  const [lower, upper] = ends(found);
  const places = digits.split('.')[1]?.length ?? 0;
  const unit = divide(ONE, power(integer(10), places));
  const value = exact(digits);
  assert.ok(compare(lower, add(value, unit)) <= 0 && compare(upper, subtract(value, unit)) >= 0);
  // The digits say something: the interval is no wider than they are.
  assert.ok(compare(subtract(upper, lower), unit) <= 0, `${toText(lower)} ${toText(upper)}`);
}

const tanhOf = (x: Real): Real =>
  quotientOfExponentials(x, [integer(-1), ZERO, ONE], [ONE, ZERO, ONE]);

// e, log 2, π: OEIS A001113, A002162, A000796. The others: NIST Digital Library of Mathematical
// Functions and Abramowitz & Stegun tables 4.4, 4.15, 7.1, 26.1, to the digits printed here.
const PUBLISHED: readonly (readonly [string, Real, string])[] = [
  ['e', expOf(realOf(ONE)), '2.71828182845904523536028747135266249775724709369995'],
  ['log 2', softplusOf(realOf(ZERO)), '0.69314718055994530941723212145817656807550013436025'],
  [
    'e^(-10)',
    expOf(realOf(integer(-10))),
    '0.000045399929762484851535591515560550610237918088866565',
  ],
  ['1/(1+1/e)', sigmoidOf(realOf(ONE)), '0.731058578630004879251159241821836274366'],
  ['tanh 1', tanhOf(realOf(ONE)), '0.761594155955764888119458282604793590412'],
  ['Φ(1)', normalDistributionOf(realOf(ONE)), '0.841344746068542948585232545632'],
  ['Φ(-3)', normalDistributionOf(realOf(integer(-3))), '0.001349898031630094526651814767'],
  ['φ(0)', normalDensityOf(realOf(ZERO)), '0.398942280401432677939946059934'],
];

for (const [name, x, digits] of PUBLISHED) {
  test(`${name} to the published digits`, () => assertDigits(x.enclosure(256), digits));
}

test('π to the published digits', () => {
  const { down, up } = pi(200);
  assertDigits({ lower: down, upper: up }, '3.14159265358979323846264338327950288419716939937510');
});

/** Bounds of e^q by Taylor's series for |q| ≤ 1, the rest bounded by twice the next term. */
function expBounds(q: Rational): readonly [Rational, Rational] {
  let [sum, term] = [ZERO, ONE];
  for (let k = 1; k <= 40; k += 1) {
    sum = add(sum, term);
    term = divide(multiply(term, q), integer(k));
  }
  const rest = multiply(integer(2), sign(term) < 0 ? negate(term) : term);
  return [subtract(sum, rest), add(sum, rest)];
}

/** Bounds of ∫₀^q e^(−t²/2) dt, an alternating series with decreasing terms for |q| ≤ 1. */
function integralBounds(q: Rational): readonly [Rational, Rational] {
  let [sum, term, last] = [ZERO, q, ZERO];
  for (let n = 0; n < 30; n += 1) {
    last = divide(term, integer(2 * n + 1));
    sum = add(sum, last);
    term = divide(multiply(term, multiply(q, negate(q))), integer(2 * (n + 1)));
  }
  const before = subtract(sum, last);
  return compare(before, sum) < 0 ? [before, sum] : [sum, before];
}

const unitRational = fc
  .tuple(fc.bigInt({ min: -1000n, max: 1000n }), fc.bigInt({ min: 1000n, max: 5000n }))
  .map(([n, d]) => rational(n, d));
const anyRational = fc
  .tuple(fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }), fc.bigInt({ min: 1n, max: 10n ** 6n }))
  .map(([n, d]) => rational(n, d));

function meets(found: Interval | null, [low, high]: readonly [Rational, Rational]): boolean {
  const [lower, upper] = ends(found);
  return compare(lower, high) <= 0 && compare(upper, low) >= 0;
}

test('e^q meets the bounds of its Taylor series, and Φ(q) those of its own', () => {
  fc.assert(
    fc.property(unitRational, (q) => {
      assert.ok(meets(expOf(realOf(q)).enclosure(96), expBounds(q)));
      const scaled = interval.divide(
        interval.ofRational(integralBounds(q)[0], 160),
        interval.squareRootOfTwoPi(160),
        160,
      );
      const [low] = ends(interval.add(scaled, interval.ofRational(rational(1n, 2n), 160), 160));
      const wide = exact('1e-28');
      const bounds = [subtract(low, wide), add(low, wide)] as const;
      assert.ok(meets(normalDistributionOf(realOf(q)).enclosure(96), bounds));
    }),
    { numRuns: 60 },
  );
});

const FUNCTIONS: Readonly<Record<string, (x: Real) => Real>> = {
  exp: expOf,
  sigmoid: sigmoidOf,
  tanh: tanhOf,
  softplus: softplusOf,
  normalDistribution: normalDistributionOf,
  normalDensity: normalDensityOf,
};

for (const [name, f] of Object.entries(FUNCTIONS)) {
  test(`${name}: every enclosure meets every closer one, which is narrower`, () => {
    fc.assert(
      fc.property(anyRational, (q) => {
        // Widths are rational numbers here: e^(−x²/2) must not have millions of digits.
        fc.pre(compare(multiply(q, q), integer(10_000)) < 0);
        const x = f(realOf(q));
        const widths = [24, 64, 300].map((bits) => {
          const found = x.enclosure(bits);
          assert.ok(meets(found, ends(x.enclosure(600))), `${toText(q)} at ${String(bits)} bits`);
          const [lower, upper] = ends(found);
          return subtract(upper, lower);
        });
        assert.ok(compare(widths[1] as Rational, widths[0] as Rational) <= 0);
        assert.ok(compare(widths[2] as Rational, widths[1] as Rational) <= 0);
      }),
      { numRuns: 40 },
    );
  });
}

test('the two roundings are neighbours, and far operands are told with nothing', () => {
  const { down, up } = elementary('exp', dyadic.ofDouble(0.5), 53);
  assert.ok(down !== null && up !== null);
  assert.equal(dyadic.toText(dyadic.subtract(up, down)), '1*2^-52');
  assert.equal(elementary('exp', dyadic.dyadic(1n, 40), 53).up, null);
  assert.equal(elementary('exp', dyadic.dyadic(-1n, 40), 53).down?.m, 0n);
  assert.equal(expOf(realOf(integer(10n ** 12n))).enclosure(64), null);
});

const intervals = fc
  .tuple(anyRational, anyRational)
  .map(([a, b]) => (compare(a, b) <= 0 ? ([a, b] as const) : ([b, a] as const)));

test('sums, products and quotients of intervals hold those of their members', () => {
  fc.assert(
    fc.property(intervals, intervals, fc.constantFrom(8, 24, 64), (a, b, bits) => {
      const of = ([lower, upper]: readonly [Rational, Rational]): Interval => ({
        lower: interval.ofRational(lower, bits).lower,
        upper: interval.ofRational(upper, bits).upper,
      });
      const [s, t] = [of(a), of(b)];
      const holds = (found: Interval | null, x: Rational): void => {
        const [lower, upper] = ends(found);
        assert.ok(compare(lower, x) <= 0 && compare(x, upper) <= 0);
      };
      for (const x of a) {
        for (const y of b) {
          holds(interval.add(s, t, bits), add(x, y));
          holds(interval.multiply(s, t, bits), multiply(x, y));
          const quotient = interval.divide(s, t, bits);
          if (quotient !== null) holds(quotient, divide(x, y));
        }
      }
      holds(interval.negate(s), negate(a[0]));
    }),
    { numRuns: 200 },
  );
});

test('a sum with something far smaller stays an enclosure and is not shifted out', () => {
  const tiny = { lower: dyadic.dyadic(1n, -(10 ** 9)), upper: dyadic.dyadic(1n, -(10 ** 9)) };
  const one = interval.ofRational(ONE, 64);
  const sum = interval.add(one, tiny, 64);
  const difference = interval.add(one, interval.negate(tiny), 64);
  assert.deepEqual(sum?.lower, dyadic.ONE);
  assert.ok(sum !== null && dyadic.compare(sum.upper, dyadic.ONE) > 0);
  assert.deepEqual(difference?.upper, dyadic.ONE);
  assert.ok(difference !== null && dyadic.compare(difference.lower, dyadic.ONE) < 0);
});

test('worker threads compute the same bits, each with a library of its own', async () => {
  const url = new URL('../../../src/engine/num/mpfr.js', import.meta.url).href;
  const source = `
    import(${JSON.stringify(url)}).then(({ elementary }) => {
      const found = ['exp', 'log1p', 'erfc'].map((f) => elementary(f, { m: 3n, e: -2 }, 200));
      require('node:worker_threads').parentPort.postMessage(found);
    });`;
  const answers = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<unknown>((resolve, reject) => {
          const worker = new Worker(source, { eval: true });
          worker.once('message', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  const here = (['exp', 'log1p', 'erfc'] as const).map((f) => elementary(f, { m: 3n, e: -2 }, 200));
  for (const answer of answers) assert.deepEqual(answer, here);
});
