/** What the finder does for its answers: where it needs exact arithmetic and where it does not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { tieFinderOf } from '../../../src/engine/filter/finder.js';
import { fromDouble, toDouble } from '../../../src/engine/num/float64.js';
import { valuesAt } from '../../../src/engine/truth/evaluate.js';
import { tiesAt } from '../../../src/engine/truth/walk.js';
import { E2M1, FLOAT32, agrees, fullyConnected } from './held-to-judge.js';

test('ties behind sums that did not round need no exact arithmetic; behind those that did, they do', () => {
  const network = fullyConnected([[1, 3]], [2, 1, 1]);
  // Two units alike, subtracted from each other: 3/4 is held exactly, 0.1 + 3·0.2 is not.
  for (const [weights, fallbacks] of [
    [[0.5, 0.25, -0.5], 0],
    [[0.1, 0.2, 0], 1],
  ] as const) {
    const [a, b, bias] = weights;
    const finder = tieFinderOf(network);
    const point = [a, b, a, b, bias, bias, 0.5, -0.5, 0, 1, 1];
    const ties = finder.at(Float64Array.from(point));
    assert.deepEqual(
      ties.map(({ layer, unit }) => [layer, unit]),
      [[1, 0]],
    );
    assert.equal(finder.work().fallbacks, fallbacks);
    assert.equal(finder.work().exactSums, 1 - fallbacks);
    agrees(network, point.map(fromDouble));
  }
});

test('a row whose every term is zero is decided without exact arithmetic', () => {
  // The first layer is dead: both units are below 0, so the second is its bias.
  const network = fullyConnected(
    [
      [1, 0.1],
      [1, 0.1],
      [1, 0.1],
      [1, 0.1],
    ],
    [2, 2, 1],
  );
  const finder = tieFinderOf(network, { bound: 'running' });
  const point = Float64Array.from([
    -1, 0.1, -2, 0.3, -0.1, -0.7, 0.3, 0.7, 1.1, 1.3, 0, 0.5, 1, 1, 1,
  ]);
  const ties = finder.at(point);
  assert.deepEqual(
    ties.map(({ layer, sample, unit }) => [layer, sample, unit]),
    [
      [1, 0, 0],
      [1, 1, 0],
      [1, 2, 0],
      [1, 3, 0],
    ],
  );
  assert.deepEqual(finder.work(), {
    samples: 4,
    byNorm: 0,
    exactSums: 4,
    fallbacks: 0,
  });
});

test('where 53 bits hold every sum, ties are found without exact arithmetic', () => {
  const network = fullyConnected([[1, -0.5]], [2, 2, 1], E2M1);
  const finder = tieFinderOf(network);
  let found = 0;
  for (let k = 0; k < 500; k += 1) {
    const point = network.parameters.map((_, p) =>
      E2M1.at(BigInt(Math.floor((((k + 1) * (p + 2) * 0.6180339887) % 1) * 15))),
    );
    const ties = tiesAt(network, valuesAt(network, point));
    assert.deepEqual(finder.at(Float64Array.from(point, toDouble)), ties);
    found += ties.length;
  }
  assert.ok(found > 50);
  const { exactSums, fallbacks } = finder.work();
  assert.equal(exactSums, found);
  assert.equal(fallbacks, 0);
});

/** Deterministic, roughly normal doubles, rounded to float32. */
function ordinary(count: number, scale: number, seed: number): number[] {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, () =>
    Math.fround(scale * (uniform() + uniform() + uniform() + uniform() - 2)),
  );
}

test('ordinary weights and inputs need no exact arithmetic, nor the running bound where norms serve', () => {
  const inputs = Array.from({ length: 20 }, (_, sample) => ordinary(32, 2, sample + 1));
  const network = fullyConnected(inputs, [32, 32, 1], FLOAT32);
  for (const [bound, lanes] of [
    ['running', false],
    ['norm', false],
    ['norm', true],
  ] as const) {
    const finder = tieFinderOf(network, { bound, lanes });
    for (let seed = 100; seed < 110; seed += 1) {
      const point = Float64Array.from(ordinary(network.parameters.length, 0.4, seed));
      assert.deepEqual(finder.at(point), []);
    }
    const work = { samples: 200, byNorm: bound === 'norm' ? 200 : 0 };
    assert.deepEqual(finder.work(), { ...work, exactSums: 0, fallbacks: 0 });
  }
});

test('many samples, some of them tied: in the order of the judge', () => {
  const inputs = Array.from({ length: 12 }, (_, k) => [k % 3 === 0 ? 1 : 1.5, 0.1]);
  const network = fullyConnected(inputs, [2, 2, 1], FLOAT32);
  const point = [1, 0, -0.5, 2, -1, 0.25, 1, 2, -3, 1, 0, 0.5, 1, 1, 1].map(fromDouble);
  assert.ok(tiesAt(network, valuesAt(network, point)).length > 0);
  agrees(network, point);
});

test('refuses a point of another length, and numbers that are none', () => {
  const finder = tieFinderOf(fullyConnected([[1, 1]], [1]));
  assert.throws(() => finder.at(new Float64Array(2)), /the point has 2 parameters, the network 3/);
  assert.throws(() => finder.at(Float64Array.from([NaN, 1, 1])), RangeError);
  assert.throws(() => finder.at(Float64Array.from([1, Infinity, 1])), RangeError);
});
