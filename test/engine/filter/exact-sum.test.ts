/** Error-free transformations against exact arithmetic: never "exact" where something rounded. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { sums } from '../../../src/engine/filter/dense.js';
import { isProductExact, isRowExact, isSumExact } from '../../../src/engine/filter/exact-sum.js';
import { fromDouble } from '../../../src/engine/num/float64.js';
import { add, equal, multiply } from '../../../src/engine/num/rational.js';
import { finiteDouble, runs } from '../../arbitraries.js';

/** Whole numbers of so many bits at any scale, or any double. */
const number = fc.oneof(
  finiteDouble(),
  fc
    .tuple(fc.integer({ min: -(2 ** 27), max: 2 ** 27 }), fc.integer({ min: -560, max: 560 }))
    .map(([m, e]) => m * 2 ** e),
  fc.integer({ min: -(2 ** 30), max: 2 ** 30 }),
  fc.integer({ min: -9, max: 9 }),
);

const ordinary = (x: number): boolean =>
  x === 0 || (Math.abs(x) < 2 ** 400 && Math.abs(x) > 2 ** -400);

test('products and sums of two: exactly those that do not round, within the limits', () => {
  let exact = 0;
  fc.assert(
    fc.property(number, number, (a, b) => {
      const product = multiply(fromDouble(a), fromDouble(b));
      const held = Number.isFinite(a * b) && equal(fromDouble(a * b), product);
      if (isProductExact(a, b)) assert.ok(held);
      else if (ordinary(a) && ordinary(b)) assert.ok(!held);
      const sum = add(fromDouble(a), fromDouble(b));
      const sumHeld = Number.isFinite(a + b) && equal(fromDouble(a + b), sum);
      if (isSumExact(a, b)) assert.ok(sumHeld);
      else if (ordinary(a) && ordinary(b)) assert.ok(!sumHeld);
      if (held) exact += 1;
    }),
    runs(5000),
  );
  assert.ok(exact > 100);
});

test('a row is called exact only where its sum is', () => {
  let found = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 6 }),
      number,
      (terms, bias) => {
        const weight = Float64Array.from(terms, ([w]) => w);
        const z = Float64Array.from(terms, ([, x]) => x);
        if (!isRowExact(weight, 0, bias, z, terms.length)) return;
        found += 1;
        const y = new Float64Array(1);
        sums(weight, 0, Float64Array.of(bias), 0, z, terms.length, 1, y);
        const exact = terms.reduce(
          (sum, [w, x]) => add(sum, multiply(fromDouble(w), fromDouble(x))),
          fromDouble(bias),
        );
        assert.ok(equal(fromDouble(y[0] ?? NaN), exact));
      },
    ),
    runs(5000),
  );
  assert.ok(found > 100);
});

test('what is not finite is never exact', () => {
  const row = (weight: number, z: number, bias: number): boolean =>
    isRowExact(Float64Array.of(weight), 0, bias, Float64Array.of(z), 1);
  assert.equal(row(0, Infinity, 1), false);
  assert.equal(row(NaN, 0, 1), false);
  assert.equal(row(1, 1, NaN), false);
  assert.equal(row(2 ** 600, 2 ** 600, 1), false);
  assert.equal(row(2 ** -600, 2 ** -600, 1), false);
  assert.equal(row(0, 5, 0.1), true);
});
