/**
 * Counts on tiny spaces against plain brute force with the oracle: every point of Ω, the definitions
 * alone. The networks are fixed, so that the directions below are known to tell linear from not.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enumerationOf } from '../../../src/engine/index.js';
import {
  ZERO,
  add,
  equal,
  integer,
  multiply,
  type Rational,
} from '../../../src/engine/num/rational.js';
import { somePoints } from '../../arbitraries-recipes.js';
import { oracleOf, type Oracle } from '../oracle.js';
import { build, type LayerRecipe, type NetworkRecipe } from '../recipe.js';

const TERNARY = { values: ['-1', '0', '1'] };

/** Every direction of {−1, 0, 1}ⁿ, and some that no small hyperplane contains. */
function directions(n: number): Rational[][] {
  const grid = Array.from({ length: 3 ** n }, (_, rank) =>
    Array.from({ length: n }, (__, k) => integer((Math.floor(rank / 3 ** k) % 3) - 1)),
  );
  const odd = Array.from({ length: 24 }, (_, i) =>
    Array.from({ length: n }, (__, k) => integer((((i + 2) * (k + 3) * 7919) % 101) - 50)),
  );
  return [...grid, ...odd];
}

function derivativeBy(oracle: Oracle, point: readonly Rational[]): Rational[][] | null {
  const axes = point.map((_, k) => k);
  const columns = axes.map((axis) =>
    oracle.along(
      point,
      axes.map((k) => integer(k === axis ? 1 : 0)),
    ),
  );
  const linear = directions(point.length).every((direction) =>
    oracle.along(point, direction).every((slope, output) => {
      const predicted = axes.reduce(
        (sum, k) => add(sum, multiply(columns[k]?.[output] ?? ZERO, direction[k] ?? ZERO)),
        ZERO,
      );
      return equal(slope, predicted);
    }),
  );
  if (!linear) return null;
  return oracle.value(point).map((_, output) => columns.map((column) => column[output] ?? ZERO));
}

function bruteForce(recipe: NetworkRecipe): bigint[] {
  const oracle = oracleOf(recipe);
  const counts = [0n, 0n, 0n, 0n] as [bigint, bigint, bigint, bigint];
  for (const point of somePoints(build(recipe), 1n << 20n)) {
    counts[0] += 1n;
    if (oracle.touched(point)) counts[1] += 1n;
    const derivative = derivativeBy(oracle, point);
    if (derivative === null) {
      counts[2] += 1n;
      continue;
    }
    const automatic = oracle.automatic(point);
    const same = derivative.every((row, i) =>
      row.every((entry, j) => equal(entry, automatic[i]?.[j] ?? ZERO)),
    );
    if (!same) counts[3] += 1n;
  }
  return counts;
}

function counted(recipe: NetworkRecipe): bigint[][] {
  const { network, proxies } = build(recipe);
  return [{}, { kernel: false }, { kernel: false, keepInert: true }, { fastPath: false }].map(
    (options) => {
      const { space, tallyOf } = enumerationOf(network, proxies, options);
      const tally = tallyOf(0n, space.visits, () => undefined);
      assert.equal(tally.undecided, 0n);
      return [tally.done, tally.touched, tally.nonDifferentiable, tally.incorrect].map(
        (count) => count * space.multiplicity,
      );
    },
  );
}

function layer(units: number, bias: LayerRecipe['bias'], type: string, proxy = '0'): LayerRecipe {
  return { units, weight: null, bias, activation: { type }, proxies: [proxy, proxy] };
}

const p = (param: string, scale = '1'): { param: string; scale: string } => ({ param, scale });

const NETWORKS: readonly (readonly [
  string,
  Partial<NetworkRecipe> & Pick<NetworkRecipe, 'layers'>,
])[] = [
  ['1-1-1, biases', { layers: [layer(1, true, 'relu'), layer(1, true, 'identity')] }],
  [
    '1-1-1-1, no bias, ReLU′(0) = 1',
    {
      layers: [
        layer(1, false, 'relu', '1'),
        layer(1, false, 'relu', '1'),
        layer(1, false, 'identity'),
      ],
    },
  ],
  [
    'a ReLU and its mirror share a weight',
    {
      layers: [
        { ...layer(2, false, 'relu'), weight: [[p('w')], [p('w', '-1')]] },
        { ...layer(1, false, 'identity'), weight: [['1', '-1']] },
      ],
    },
  ],
  [
    'a mirror behind a free outgoing weight',
    {
      layers: [
        { ...layer(2, false, 'relu', '1/2'), weight: [[p('w')], [p('w', '-1')]] },
        { ...layer(1, false, 'identity'), weight: [[p('v'), p('v', '-1')]] },
      ],
    },
  ],
  ['abs, no bias', { layers: [layer(2, false, 'abs'), layer(1, false, 'relu')] }],
  [
    'a batch of two on a clipped shift',
    {
      inputs: [['0'], ['1']],
      layers: [
        { ...layer(1, [p('b')], 'hardtanh'), weight: [[p('w')]] },
        layer(1, false, 'abs', '-1'),
      ],
    },
  ],
  [
    'one parameter in two layers',
    {
      inputs: [['1', '-1']],
      layers: [
        {
          ...layer(2, [p('a'), '0'], 'relu'),
          weight: [
            [p('a'), p('b')],
            [p('b'), '1'],
          ],
        },
        { ...layer(1, true, 'relu'), weight: [[p('a'), p('b', '-1')]] },
      ],
    },
  ],
  [
    'a curved activation without kinks in front of one with',
    {
      layers: [
        {
          ...layer(1, true, 'piecewise'),
          activation: {
            type: 'piecewise',
            breakpoints: ['0'],
            pieces: [
              ['0', '1'],
              ['0', '1', '-1'],
            ],
          },
        },
        layer(1, false, 'abs'),
      ],
    },
  ],
  [
    'breakpoints between the points of the grid',
    { layers: [layer(1, false, 'softshrink'), layer(1, false, 'abs', '1')] },
  ],
  [
    'an asymmetric set without 0',
    {
      weights: { type: 'integer', bits: 2, signed: false },
      biases: { values: ['-2', '-1', '1'] },
      layers: [layer(1, true, 'hardswish', '3'), layer(1, true, 'relu', '2')],
    },
  ],
];

for (const [name, { layers, ...rest }] of NETWORKS) {
  test(`brute force from the definitions: ${name}`, () => {
    const recipe: NetworkRecipe = {
      inputs: [['1']],
      weights: TERNARY,
      biases: TERNARY,
      ...rest,
      layers,
    };
    const expected = bruteForce(recipe);
    for (const counts of counted(recipe)) assert.deepEqual(counts, expected);
  });
}
