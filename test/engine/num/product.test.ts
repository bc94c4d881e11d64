/** The balanced product is the plain one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { product } from '../../../src/engine/num/product.js';
import { anyInteger, runs } from '../../arbitraries.js';

test('the product of any integers, in any order, is that of multiplying one after the other', () => {
  assert.equal(product([]), 1n);
  assert.equal(product([7n]), 7n);
  fc.assert(
    fc.property(fc.array(fc.oneof(anyInteger(), fc.constantFrom(0n, -1n, 15n))), (factors) => {
      const plain = factors.reduce((all, factor) => all * factor, 1n);
      assert.equal(product(factors), plain);
      assert.equal(product([...factors].reverse()), plain);
    }),
    runs(200),
  );
});
