/**
 * The laws of an ordered commutative ring, for every instance of `Arith`; of a field where there
 * is division. Equality is structural, never a tolerance. A failure prints its operands as text.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { Arith, Field } from '../../src/engine/num/arith.js';
import * as rational from '../../src/engine/num/rational.js';
import { runs } from '../arbitraries.js';

/** Declares the tests of one instance over the numbers of `numbers`. */
export function arithLaws<T>(arith: Arith<T>, numbers: fc.Arbitrary<T>): void {
  const { add, subtract, multiply, negate, zero, one, sign, compare, equal, toText } = arith;

  function law(name: string, sides: (a: T, b: T, c: T) => readonly [T, T]): void {
    test(`${arith.name}: ${name}`, () => {
      fc.assert(
        fc.property(numbers, numbers, numbers, (a, b, c) => {
          const [left, right] = sides(a, b, c);
          const operands = [a, b, c].map(toText).join(', ');
          assert.deepEqual(left, right, `${name} of ${operands}`);
          assert.ok(equal(left, right));
        }),
        runs(300),
      );
    });
  }

  law('a + b = b + a', (a, b) => [add(a, b), add(b, a)]);
  law('(a + b) + c = a + (b + c)', (a, b, c) => [add(add(a, b), c), add(a, add(b, c))]);
  law('a + 0 = a', (a) => [add(a, zero), a]);
  law('a + (−a) = 0', (a) => [add(a, negate(a)), zero]);
  law('a − b = a + (−b)', (a, b) => [subtract(a, b), add(a, negate(b))]);
  law('ab = ba', (a, b) => [multiply(a, b), multiply(b, a)]);
  law('(ab)c = a(bc)', (a, b, c) => [multiply(multiply(a, b), c), multiply(a, multiply(b, c))]);
  law('a·1 = a', (a) => [multiply(a, one), a]);
  law('a·0 = 0', (a) => [multiply(a, zero), zero]);
  law('a(b + c) = ab + ac', (a, b, c) => [
    multiply(a, add(b, c)),
    add(multiply(a, b), multiply(a, c)),
  ]);
  law('the way to a rational and back', (a) => [arith.fromRational(arith.toRational(a)), a]);

  test(`${arith.name}: the order is that of the reals and agrees with the operations`, () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, (a, b, c) => {
        assert.equal(compare(a, b), sign(subtract(a, b)));
        assert.equal(compare(a, b), -compare(b, a) + 0);
        assert.equal(compare(a, b), rational.compare(arith.toRational(a), arith.toRational(b)));
        assert.equal(compare(add(a, c), add(b, c)), compare(a, b));
        assert.equal(sign(multiply(a, b)), sign(a) * sign(b) + 0);
        assert.equal(equal(a, b), compare(a, b) === 0);
        assert.equal(toText(a) === toText(b), equal(a, b));
      }),
      runs(300),
    );
  });

  test(`${arith.name}: the operations are those of the rationals`, () => {
    const real = arith.toRational;
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        assert.deepEqual(real(add(a, b)), rational.add(real(a), real(b)));
        assert.deepEqual(real(multiply(a, b)), rational.multiply(real(a), real(b)));
        assert.deepEqual(real(negate(a)), rational.negate(real(a)));
      }),
      runs(300),
    );
  });
}

/** Declares the tests of division, for an instance that has it. */
export function fieldLaws<T>(field: Field<T>, numbers: fc.Arbitrary<T>): void {
  test(`${field.name}: (a / b)·b = a, and nothing is divided by 0`, () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        if (field.sign(b) === 0) assert.throws(() => field.divide(a, b), RangeError);
        else assert.deepEqual(field.multiply(field.divide(a, b), b), a);
      }),
      runs(300),
    );
  });
}
