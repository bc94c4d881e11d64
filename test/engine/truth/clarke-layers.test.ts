/**
 * Clarke membership on networks of every layer type, held to the definition: a certified vertex is the
 * limit of derivatives along its ray, a separation separates from all derivatives nearby, and what is
 * between the hulls is not decided.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { examine, type Network, type Rational } from '../../../src/engine/index.js';
import {
  ONE,
  absolute,
  add,
  compare,
  integer,
  multiply,
  rational,
  subtract,
} from '../../../src/engine/num/rational.js';
import { clarkeMembership } from '../../../src/engine/truth/clarke.js';
import { dot } from '../../../src/engine/truth/linear.js';
import { verifyCertificate } from '../../../src/engine/truth/verify.js';
import { walk } from '../../../src/engine/truth/walk.js';
import { runs } from '../../arbitraries.js';
import { anyLayeredCase } from '../../arbitraries-layers.js';
import { caseOf, pointsOf, type Case } from '../../arbitraries-networks.js';

/** So small that no other piece of a small network is met. */
const EPSILON = rational(1n, 1n << 160n);
/** Far above EPSILON times any curvature here, far below any difference between pieces. */
const NEAR = rational(1n, 1n << 80n);

function moved(point: readonly Rational[], direction: readonly Rational[]): Rational[] {
  return point.map((w, k) => add(w, multiply(EPSILON, direction[k] ?? integer(0))));
}

function derivativeAt(network: Network, point: readonly Rational[]): Rational[] | null {
  return walk(network, point, { maxLeaves: 4096 }).derivative?.flat() ?? null;
}

function close(a: readonly Rational[], b: readonly Rational[]): boolean {
  return a.every((x, k) => compare(absolute(subtract(x, b[k] ?? integer(0))), NEAR) < 0);
}

test('certificates and separations are what they say, by the derivatives nearby', () => {
  const seen = { certified: 0, refuted: 0, undecided: 0 };
  fc.assert(
    fc.property(
      anyLayeredCase({ maxPoints: 27n, maxUnits: 24 }),
      fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 60, maxLength: 60 }),
      ({ network, proxies }, noise) => {
        let tied = 0;
        for (const point of pointsOf(network)) {
          const { verdict, clarke } = examine(network, proxies, point);
          if (verdict.ties.length === 0 || tied === 6) continue;
          tied += 1;
          seen[clarke.membership] += 1;
          if (verdict.adCorrect === true) assert.equal(clarke.membership, 'certified');
          for (const { direction, gradient } of clarke.vertices ?? []) {
            const near = derivativeAt(network, moved(point, direction));
            assert.ok(near !== null && close(near, gradient.flat()));
          }
          if (clarke.separation === undefined) continue;
          const normal = clarke.separation.normal.flat();
          assert.equal(compare(dot(normal, verdict.ad.flat()), clarke.separation.supremum), 1);
          for (let k = 0; k < 5; k += 1) {
            const direction = point.map((_, p) => integer(noise[(7 * k + p) % noise.length] ?? 1));
            const near = derivativeAt(network, moved(point, direction));
            if (near === null) continue;
            const excess = subtract(dot(normal, near), clarke.separation.supremum);
            assert.ok(compare(excess, NEAR) < 0);
          }
        }
      },
    ),
    runs(60),
  );
  assert.ok(seen.certified > 0 && seen.refuted > 0, JSON.stringify(seen));
});

function fixed(network: object, proxies: object | string = 'pytorch'): Case {
  const found = caseOf({
    network,
    format: { values: ['-1', '0', '1'] },
    proxies,
    mode: 'exhaustive',
  });
  assert.ok(found !== null);
  return found;
}

const w = (scale: string, name = 'w'): object => ({ param: name, scale });

test('a pattern that an exact dependence rules out leaves the outer hull, in curved networks too', () => {
  // u = w·v + w is not affine at 0; ReLU(u) − ReLU(−u) = u has slope 1 in w there, AD says 0.
  const last = { type: 'dense', units: 1, weight: [['1', '-1']], bias: false };
  const below = [
    { type: 'dense', units: 2, weight: [[w('1')], [w('1')]], bias: false },
    {
      type: 'dense',
      units: 2,
      weight: [
        [w('1', 'v'), '1'],
        [w('-1', 'v'), '-1'],
      ],
      bias: false,
    },
  ];
  const relu = fixed({
    inputs: [[1]],
    layers: [below[0], { ...below[1], activation: 'relu' }, last],
  });
  const zero = [integer(0), integer(0)];
  const kinked = examine(relu.network, relu.proxies, zero);
  assert.equal(kinked.verdict.adCorrect, false);
  assert.equal(kinked.clarke.membership, 'refuted');
  assert.match(kinked.clarke.why, /no exact dependence rules out/);
  // max(u, −u) − max(−u, u) = 0; with ties to the first AD says 2 in w.
  const max = {
    type: 'max',
    of: [
      [0, 1],
      [1, 0],
    ],
  };
  const tied = fixed({ inputs: [[1]], layers: [...below, max, last] }, { max: 'first' });
  const { verdict, clarke } = examine(tied.network, tied.proxies, zero);
  assert.deepEqual(verdict.ad, [[integer(2), integer(0)]]);
  assert.equal(verdict.differentiable, true);
  assert.equal(clarke.membership, 'refuted');
});

test('what second order alone can show stays undecided', () => {
  // y1 = w, y2 = w + v·u at 0: forms are equal, yet y1 > 0 > y2 occurs arbitrarily near.
  const { network } = fixed({
    inputs: [[1]],
    layers: [
      { type: 'dense', units: 2, weight: [[w('1')], [w('1', 'v')]], bias: false },
      {
        type: 'dense',
        units: 2,
        weight: [
          ['1', '0'],
          ['1', w('1', 'u')],
        ],
        bias: false,
        activation: 'relu',
      },
      { type: 'dense', units: 1, weight: [['1', '-1']], bias: false },
    ],
  });
  const zero = network.parameters.map(() => integer(0));
  const slope = (x: number): Rational[][] => [
    network.parameters.map((parameter) => integer(parameter.name === 'w' ? x : 0)),
  ];
  const membership = (x: number): string =>
    clarkeMembership(network, zero, slope(x), 64).membership;
  assert.deepEqual([0, 1, -1, 2].map(membership), [
    'certified',
    'undecided',
    'undecided',
    'refuted',
  ]);
});

test('units that are built alike may stay tied along a ray, others may not', () => {
  // Both patches are (1, 1): the two outputs of the filter are one function and always tie.
  const alike = fixed({
    inputs: [[1, 1, 1]],
    inputShape: [1, 1, 3],
    layers: [
      { type: 'conv2d', filters: 1, kernelSize: [1, 2], activation: 'relu' },
      { type: 'maxPool2d', kernelSize: [1, 2] },
      { type: 'flatten' },
    ],
  });
  const point = [integer(1), integer(1), integer(0)];
  const { verdict, clarke } = examine(alike.network, alike.proxies, point);
  assert.equal(verdict.ties.length, 1);
  assert.equal(verdict.differentiable, true);
  assert.equal(clarke.membership, 'certified');
  assert.equal(clarke.vertices?.length, 1);
  // max(w, v) at w = v: the ray that keeps them equal shows no derivative.
  const two = fixed({
    inputs: [[1]],
    layers: [
      { type: 'dense', units: 2, bias: false },
      { type: 'max', of: [[0, 1]] },
    ],
  });
  const claim = (direction: number[], gradient: number[]): boolean =>
    verifyCertificate(
      two.network,
      [ONE, ONE],
      [gradient.map(integer)],
      [{ weight: ONE, direction: direction.map(integer), gradient: [gradient.map(integer)] }],
    );
  assert.ok(claim([1, 0], [1, 0]));
  assert.ok(claim([0, 1], [0, 1]));
  assert.ok(!claim([1, 1], [1, 0]));
  assert.ok(!claim([1, 0], [0, 1]));
  assert.ok(!claim([-1, 0], [1, 0]));
});

test('a loss weighs the derivatives of the outputs', () => {
  // (ReLU(w) − 1)² at 0: left 0, right −2.
  const { network } = fixed({
    inputs: [[1]],
    layers: [{ type: 'dense', units: 1, bias: false, activation: 'relu' }],
    loss: { type: 'mse', targets: [[1]] },
  });
  const membership = (x: number): string =>
    clarkeMembership(network, [integer(0)], [[integer(x)]], 64).membership;
  assert.deepEqual([1, 0, -1, -2, -3].map(membership), [
    'refuted',
    'certified',
    'certified',
    'certified',
    'refuted',
  ]);
});

test('a walk that meets its bound says which', () => {
  const { network } = fixed({
    inputs: [[1]],
    layers: [{ type: 'dense', units: 3, bias: false, activation: 'relu' }],
    loss: { type: 'sum' },
  });
  const zero = network.parameters.map(() => integer(0));
  const { differentiable, limit } = walk(network, zero, { maxLeaves: 1 });
  assert.equal(differentiable, null);
  assert.equal(limit, 'more than 1 pieces meet at this point');
  assert.equal(walk(network, zero, { maxLeaves: 8 }).limit, null);
});
