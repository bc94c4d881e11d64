/**
 * Every layer type against the oracle that knows only the definitions: values, AD in both modes, ties,
 * and what the walk says of directional derivatives.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { forwardMode, integer, judgeOf, reverseMode } from '../../src/engine/index.js';
import { valuesAt } from '../../src/engine/truth/evaluate.js';
import { tiesAt } from '../../src/engine/truth/tie.js';
import { walk } from '../../src/engine/truth/walk.js';
import { runs } from '../arbitraries.js';
import { anyLayeredCase } from '../arbitraries-layers.js';
import { pointsOf } from '../arbitraries-networks.js';
import { applied, layerOracleOf, sameRow } from './layer-oracle.js';

const SMALL = { maxPoints: 81n };

test('the generator draws every layer type, loss and way of joining', () => {
  const seen = new Set<string>();
  for (const { question } of fc.sample(anyLayeredCase(SMALL), { numRuns: 400, seed: 1 })) {
    for (const layer of question.network.layers) {
      seen.add(layer.type);
      if (layer.from !== undefined && !Array.isArray(layer.from)) seen.add('skip');
    }
    seen.add(question.network.loss?.type ?? 'stack');
  }
  for (const wanted of [
    ...['dense', 'conv2d', 'conv1d', 'maxPool2d', 'avgPool2d', 'flatten'],
    ...['add', 'concat', 'scale', 'max', 'skip', 'sum', 'mse', 'stack'],
  ]) {
    assert.ok(seen.has(wanted), wanted);
  }
});

test('values, AD in both modes and ties are what the definitions say', () => {
  fc.assert(
    fc.property(anyLayeredCase(SMALL), ({ question, network, proxies }) => {
      const oracle = layerOracleOf(question.network, question.proxies.layers);
      assert.equal(oracle.parameters, network.parameters.length);
      for (const point of pointsOf(network)) {
        const reverse = reverseMode(network, proxies, point);
        const forward = forwardMode(network, proxies, point);
        assert.deepEqual(reverse.value, oracle.value(point));
        assert.deepEqual(forward.value, reverse.value);
        assert.deepEqual(reverse.jacobian, oracle.automatic(point));
        assert.deepEqual(forward.jacobian, reverse.jacobian);
        const ties = tiesAt(network, valuesAt(network, point));
        assert.equal(ties.length > 0, oracle.touched(point));
      }
    }),
    runs(150),
  );
});

test('each leaf of the walk is the directional derivative on its cone', () => {
  let leaves = 0;
  fc.assert(
    fc.property(
      anyLayeredCase({ maxPoints: 27n }),
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 40, maxLength: 40 }),
      ({ question, network }, noise) => {
        const oracle = layerOracleOf(question.network, question.proxies.layers);
        const any = network.parameters.map((_, k) => integer(noise[k % noise.length] ?? 1));
        for (const point of pointsOf(network)) {
          const truth = walk(network, point, { maxLeaves: 4096 });
          assert.deepEqual(truth.value, oracle.value(point));
          for (const { direction, gradient } of truth.leaves.slice(0, 8)) {
            leaves += 1;
            assert.ok(sameRow(applied(gradient, direction), oracle.along(point, direction)));
          }
          if (truth.derivative === null) continue;
          assert.ok(sameRow(applied(truth.derivative, any), oracle.along(point, any)));
        }
      },
    ),
    runs(60),
  );
  assert.ok(leaves > 0);
});

test('L-iff and the walk agree wherever the fast path answers', () => {
  let fast = 0;
  fc.assert(
    fc.property(anyLayeredCase(SMALL), ({ network, proxies }) => {
      const quick = judgeOf(network, proxies);
      const slow = judgeOf(network, proxies, { fastPath: false });
      for (const point of pointsOf(network)) {
        const [a, b] = [quick(point), slow(point)];
        if (a.decidedBy === 'L-iff') fast += 1;
        assert.equal(a.differentiable, b.differentiable);
        assert.equal(a.adCorrect, b.adCorrect);
        assert.deepEqual(a.derivative, b.derivative);
      }
    }),
    runs(100),
  );
  assert.ok(fast > 0);
});
