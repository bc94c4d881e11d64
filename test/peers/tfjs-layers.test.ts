/**
 * TF.js as a peer for convolution, pooling, residual connections, maxima and the squared loss.
 *
 * As in `tfjs.test.ts` all numbers are small multiples of 1/4, so that TF.js is exact in binary32 and
 * the comparison is equality, at kinks and ties too. TF.js resolves a tied pool to the first entry,
 * and gives a tied maximum's whole derivative to every entry, which is outside the Clarke
 * subdifferential. It has no gradient of dilated convolutions, and no groups.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { loadTfjs } from '../../examples/tfjs.js';
import { fromDouble, rational, reverseMode, toText } from '../../src/engine/index.js';
import { valuesAt } from '../../src/engine/truth/evaluate.js';
import { tiesAt } from '../../src/engine/truth/tie.js';
import { runs } from '../arbitraries.js';
import { caseOf, type Case } from '../arbitraries-networks.js';

const TF = await loadTfjs();

interface Drawn {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly pool: 'maxPool2d' | 'avgPool2d';
  readonly poolPadding: number;
  readonly samples: number;
  readonly loss: boolean;
  readonly pixels: readonly number[];
  readonly quarters: readonly number[];
}

const NUMBERS = 240;

function quartersOf(...numbers: readonly number[]): fc.Arbitrary<number[]> {
  return fc.array(fc.constantFrom(...numbers), { minLength: NUMBERS, maxLength: NUMBERS });
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  channels: fc.integer({ min: 1, max: 2 }),
  height: fc.integer({ min: 2, max: 3 }),
  width: fc.integer({ min: 2, max: 3 }),
  filters: fc.integer({ min: 1, max: 2 }),
  kernel: fc.integer({ min: 1, max: 2 }),
  stride: fc.integer({ min: 1, max: 2 }),
  padding: fc.integer({ min: 0, max: 1 }),
  pool: fc.constantFrom('maxPool2d', 'avgPool2d'),
  poolPadding: fc.constantFrom(0, 1),
  samples: fc.integer({ min: 1, max: 2 }),
  loss: fc.boolean(),
  pixels: fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 36, maxLength: 36 }),
  quarters: fc.oneof(
    { weight: 4, arbitrary: quartersOf(0, 4, -4, 4, 2, -2, 8) },
    // Where most are 0, most maxima are tied.
    { weight: 1, arbitrary: quartersOf(0, 0, 0, 0, 0, 4, -4, 2) },
  ),
});

const UNITS = 2;
const TARGETS = [1, -1];
const SHIFT = [0, 0, 0, 1];

/** The gradient of a padded average is no derivative in TF.js: see the last test. */
function poolPaddingOf({ pool, poolPadding }: Drawn): number {
  return pool === 'avgPool2d' ? 0 : poolPadding;
}

function engineCase(d: Drawn): Case | null {
  const size = d.channels * d.height * d.width;
  return caseOf({
    network: {
      inputs: Array.from({ length: d.samples }, (_, s) => d.pixels.slice(s * size, (s + 1) * size)),
      inputShape: [d.channels, d.height, d.width],
      layers: [
        {
          type: 'conv2d',
          filters: d.filters,
          kernelSize: d.kernel,
          stride: d.stride,
          padding: d.padding,
          activation: 'relu',
        },
        {
          type: d.pool,
          kernelSize: 2,
          stride: 1,
          padding: poolPaddingOf(d),
          ...(d.pool === 'avgPool2d' ? { countIncludePad: false } : {}),
        },
        { type: 'flatten' },
        { type: 'dense', units: UNITS, activation: 'relu', name: 'stem' },
        { type: 'dense', units: UNITS, name: 'branch' },
        { type: 'add', from: ['stem', 'branch'], name: 'sum' },
        { type: 'concat', from: ['sum', 'stem'] },
        { type: 'scale', scale: [1, 1, 2, -1], shift: SHIFT },
        { type: 'max', of: [[0, 1, 2], [3]] },
      ],
      ...(d.loss ? { loss: { type: 'mse', targets: Array(d.samples).fill(TARGETS) } } : {}),
    },
    format: 'float32',
    proxies: { relu: [0], maxPool2d: 'first', max: 'all' },
    mode: 'bounds',
  });
}

/** TF.js's value and Jacobian, each row flattened in the contract's order. */
function byTfjs(d: Drawn, each: Case): { value: number[]; rows: number[][] } {
  const shape = each.question.network.layers[2]?.shape ?? [];
  const flat = shape[0] ?? 0;
  let next = 0;
  const take = (sizes: number[]): tf.Tensor => {
    const count = sizes.reduce((a, b) => a * b, 1);
    const values = d.quarters.slice(next, (next += count)).map((q) => q / 4);
    return TF.tensor(values, sizes);
  };
  const parameters = [
    take([d.filters, d.channels, d.kernel, d.kernel]),
    take([d.filters]),
    take([UNITS, flat]),
    take([UNITS]),
    take([UNITS, UNITS]),
    take([UNITS]),
  ];
  const size = d.channels * d.height * d.width;
  const output = (sample: number, [w, b, w1, b1, w2, b2]: readonly tf.Tensor[]): tf.Tensor => {
    const pixels = d.pixels.slice(sample * size, (sample + 1) * size);
    const image = TF.tensor(pixels, [d.channels, d.height, d.width]);
    const x = TF.transpose(image, [1, 2, 0]);
    const filter = TF.transpose(w as tf.Tensor4D, [2, 3, 1, 0]);
    const y = TF.conv2d(x as tf.Tensor3D, filter, d.stride, d.padding, 'NHWC', 1, 'floor');
    const z = TF.relu(TF.add(y, b as tf.Tensor));
    const pooling = d.pool === 'maxPool2d' ? TF.maxPool : TF.avgPool;
    const pooled: tf.Tensor = pooling(z as tf.Tensor3D, 2, 1, poolPaddingOf(d), 'floor');
    const row = TF.reshape(TF.transpose(pooled, [2, 0, 1]), [flat, 1]);
    const affine = (m: tf.Tensor, v: tf.Tensor, c: tf.Tensor): tf.Tensor =>
      TF.add(TF.matMul(m as tf.Tensor2D, v as tf.Tensor2D), TF.reshape(c, [-1, 1]));
    const stem = TF.relu(affine(w1 as tf.Tensor, row, b1 as tf.Tensor));
    const branch = affine(w2 as tf.Tensor, stem, b2 as tf.Tensor);
    const both = TF.reshape(TF.concat([TF.add(stem, branch), stem], 0), [-1]);
    const scaled = TF.add(TF.mul(both, TF.tensor1d([1, 1, 2, -1])), TF.tensor1d(SHIFT));
    const largest = TF.max(TF.slice(scaled, [0], [3]));
    return TF.concat([TF.reshape(largest, [1]), TF.slice(scaled, [3], [1])], 0);
  };
  const samples = Array.from({ length: d.samples }, (_, s) => s);
  const lossOf = (tensors: readonly tf.Tensor[]): tf.Tensor => {
    const errors = samples.map((s) => TF.sub(output(s, tensors), TF.tensor1d(TARGETS)));
    return TF.mean(TF.square(TF.concat(errors, 0)));
  };
  const functions: ((tensors: readonly tf.Tensor[]) => tf.Tensor)[] = d.loss
    ? [lossOf]
    : samples.flatMap((s) =>
        [0, 1].map(
          (unit) =>
            (tensors: readonly tf.Tensor[]): tf.Tensor =>
              TF.sum(TF.slice(output(s, tensors), [unit], [1])),
        ),
      );
  return {
    value: functions.map((f) => f(parameters).dataSync()[0] ?? NaN),
    rows: functions.map((f) =>
      TF.grads((...tensors: tf.Tensor[]) => f(tensors))(parameters).flatMap((g) => [
        ...g.dataSync(),
      ]),
    ),
  };
}

test('TF.js and the engine return the same numbers through every layer, at kinks and ties too', () => {
  const seen = { kinks: 0, pools: 0, maxima: 0 };
  fc.assert(
    fc.property(drawn, (d) => {
      const each = engineCase(d);
      fc.pre(each !== null);
      const { network, proxies } = each;
      assert.ok(network.parameters.length <= NUMBERS);
      const point = network.parameters.map((_, i) => rational(BigInt(d.quarters[i] ?? 0), 4n));
      for (const tie of tiesAt(network, valuesAt(network, point))) {
        if (!('tied' in tie)) seen.kinks += 1;
        else if (network.equations[tie.equation]?.layer === 1) seen.pools += 1;
        else seen.maxima += 1;
      }
      const own = reverseMode(network, proxies, point);
      TF.tidy(() => {
        const theirs = byTfjs(d, each);
        const text = (x: number): string => toText(fromDouble(x));
        assert.deepEqual(theirs.value.map(text), own.value.map(toText));
        assert.deepEqual(
          theirs.rows.map((row) => row.map(text)),
          own.jacobian.map((row) => row.map(toText)),
        );
      });
    }),
    runs(80),
  );
  assert.ok(seen.kinks > 0 && seen.pools > 0 && seen.maxima > 0, JSON.stringify(seen));
});

test('TF.js too says 2 for max(b, −b) − max(−b, b) = 0 by max pooling', () => {
  const f = (b: tf.Tensor): tf.Tensor => {
    const image = TF.reshape(TF.mul(b, TF.tensor1d([1, -1, 1])), [1, 3, 1]);
    const pooled = TF.reshape(TF.maxPool(image as tf.Tensor3D, [1, 2], 1, 'valid'), [2]);
    return TF.sum(TF.mul(pooled, TF.tensor1d([1, -1])));
  };
  assert.equal(TF.grad(f)(TF.tensor1d([0])).dataSync()[0], 2);
});

test('TF.js divides a padded average by the real units, but its gradient by the whole window', () => {
  // One unit of a 2×2 window is real: the value is the unit itself, so the derivative is 1.
  const f = (x: tf.Tensor): tf.Tensor =>
    TF.avgPool(TF.reshape<tf.Rank.R3>(x, [1, 1, 1]), 2, 2, 1, 'floor');
  assert.deepEqual([...f(TF.tensor1d([4])).dataSync()], [4]);
  const slope = TF.grad((x) => TF.sum(f(x)))(TF.tensor1d([4])).dataSync()[0];
  assert.equal(slope, 0.25);
});
