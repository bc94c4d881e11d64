/** The sums in WebAssembly are those in JavaScript, bit for bit, with their extremes. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { sums } from '../../../src/engine/filter/dense.js';
import { lanesFor } from '../../../src/engine/filter/lanes.js';
import { finiteDouble, runs } from '../../arbitraries.js';

test('sums, extremes and floors of any shape, bit for bit', () => {
  const shape = fc.tuple(fc.integer({ min: 1, max: 37 }), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(
      shape.chain(([units, n]) =>
        fc.tuple(
          fc.constant(units),
          fc.constant(n),
          fc.array(fc.oneof(finiteDouble(), fc.double()), { minLength: 1, maxLength: 64 }),
        ),
      ),
      ([units, n, numbers]) => {
        const number = (k: number): number => numbers[k % numbers.length] ?? 0;
        const weight = Float64Array.from({ length: units * n + 5 }, (_, k) => number(k));
        const bias = Float64Array.from({ length: units + 3 }, (_, k) => number(7 * k));
        const lanes = lanesFor(
          [3, n, units, units],
          [
            [units, n],
            [units, n],
          ],
        );
        assert.ok(lanes !== null);
        lanes.vector(3);
        const [z, y, floored] = [lanes.vector(n), lanes.vector(units), lanes.vector(units)];
        z.forEach((_, k) => (z[k] = number(3 * k + 1)));
        const other = lanes.matrix(units, n);
        const matrix = lanes.matrix(units, n);
        matrix.fill(weight, 5, bias, 3);
        other.fill(weight, 0, bias, 0);
        const expected = new Float64Array(units);
        sums(weight, 5, bias, 3, z, n, units, expected);
        matrix.sums(z, floored, 0);
        matrix.sums(z, y, -Infinity);
        assert.deepEqual([...y], [...expected]);
        assert.deepEqual([...floored], [...expected.map((x) => Math.max(x, 0))]);
        const sizes = expected.map(Math.abs);
        assert.equal(lanes.least(), Math.min(...sizes));
        assert.equal(lanes.most(), Math.max(...sizes));
      },
    ),
    runs(300),
  );
});

test('the plain sums are the same; what is too large is declined', () => {
  const plain = lanesFor([2, 3], [[3, 2]], { extremes: false });
  assert.ok(plain !== null);
  const [z, y] = [plain.vector(2), plain.vector(3)];
  z.set([1, 10]);
  const matrix = plain.matrix(3, 2);
  matrix.fill(Float64Array.of(1, 2, -3, -4, 5, 6), 0, Float64Array.of(0.5, 0, 100), 0);
  matrix.sums(z, y, 0);
  assert.deepEqual([...y], [21.5, 0, 165]);
  assert.equal(lanesFor([1], [[100_000, 1_000]]), null);
});
