/**
 * The finder beside the judge's exact evaluation: the same ties and the same pieces, on networks and
 * points chosen to make doubles err.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { chainOf } from '../../../src/engine/net/chain.js';
import fc from 'fast-check';
import { tieFinderOf, type Point, type TieFinder } from '../../../src/engine/filter/finder.js';
import { programOf } from '../../../src/engine/filter/program.js';
import { activation } from '../../../src/engine/net/activation.js';
import { ACTIVATIONS } from '../../../src/engine/net/activations.js';
import {
  buildNetwork,
  type EntryDescription,
  type LayerDescription,
} from '../../../src/engine/net/build.js';
import type { Network } from '../../../src/engine/net/ir.js';
import { dyadic, isDyadic, toRational } from '../../../src/engine/num/dyadic.js';
import { fromDouble, nextDown, nextUp, toDouble } from '../../../src/engine/num/float64.js';
import {
  absolute,
  compare,
  equal,
  integer,
  rational,
  subtract,
  type Rational,
} from '../../../src/engine/num/rational.js';
import { sides, valuesAt } from '../../../src/engine/truth/evaluate.js';
import { tiesAt } from '../../../src/engine/truth/walk.js';
import { resolveFormat, type FormatSpec } from '../../../src/engine/format/resolve.js';
import { finiteDouble, runs } from '../../arbitraries.js';
import { anyRecipe, somePoints } from '../../arbitraries-recipes.js';
import { build } from '../recipe.js';

/** Every position by the judge's evaluation, as `positionsAt` gives them; empty where it does. */
function positionsByJudge(network: Network, point: readonly Rational[]): number[][] {
  const values = valuesAt(network, point);
  const last = network.equations.findLastIndex(
    (equation) => equation.op === 'activation' && equation.activation.breakpoints.length > 0,
  );
  return network.equations.map((equation, index) => {
    if (equation.op !== 'activation' || index > last) return [];
    return (values[equation.in] ?? []).flat().map((t) => {
      const { left, right } = sides(equation.activation, t);
      return left + right;
    });
  });
}

function isDouble(r: Rational): boolean {
  return isDyadic(r) && Number.isFinite(toDouble(r)) && equal(fromDouble(toDouble(r)), r);
}

interface Finders {
  readonly running: TieFinder;
  readonly norm: TieFinder;
  readonly lanes: TieFinder;
}

function findersOf(network: Network): Finders {
  return {
    running: tieFinderOf(network, { bound: 'running' }),
    norm: tieFinderOf(network, { bound: 'norm', lanes: false }),
    lanes: tieFinderOf(network, { bound: 'norm', lanes: true }),
  };
}

function agrees(network: Network, point: readonly Rational[], finders = findersOf(network)): void {
  const ties = tiesAt(network, valuesAt(network, point));
  const positions = positionsByJudge(network, point);
  const forms: Point[] = [point];
  if (point.every(isDouble)) forms.push(Float64Array.from(point, toDouble));
  for (const form of forms) {
    for (const finder of [finders.running, finders.norm, finders.lanes]) {
      assert.deepEqual(finder.at(form), ties);
      assert.deepEqual(
        finder.positionsAt(form).map((list) => [...list]),
        positions,
      );
    }
  }
}

/** Every value lies within its bound, and is told exactly where asked. */
function encloses(network: Network, point: readonly Rational[], finder: TieFinder): void {
  const values = valuesAt(network, point);
  const last = positionsByJudge(network, point).findLastIndex((list) => list.length > 0);
  const known = new Set([0, ...network.equations.slice(0, last + 1).map(({ out }) => out)]);
  let visits = 0;
  finder.eachSampleAt(point, ({ sample, value, error, exactly }) => {
    visits += 1;
    for (const variable of known) {
      (values[variable]?.[sample] ?? []).forEach((truth, unit) => {
        assert.deepEqual(exactly(variable, unit), truth);
        const [x = NaN, off = NaN] = [value[variable]?.[unit], error[variable]?.[unit]];
        if (!Number.isFinite(x) || !Number.isFinite(off)) return;
        const distance = absolute(subtract(fromDouble(x), truth));
        assert.ok(compare(distance, fromDouble(off)) <= 0, `variable ${variable}, unit ${unit}`);
      });
    }
  });
  assert.equal(visits, network.inputs.length);
}

test('is the exact evaluation on small networks of every kind', () => {
  fc.assert(
    fc.property(anyRecipe({ maxPoints: 100_000_000n, maxLayers: 4 }), (recipe) => {
      const built = build(recipe);
      const finders = findersOf(built.network);
      for (const point of somePoints(built, 12n)) {
        agrees(built.network, point, finders);
        encloses(built.network, point, finders.running);
      }
    }),
    runs(100),
  );
});

const FORMATS: readonly FormatSpec[] = [
  'float32',
  'bfloat16',
  'float16',
  'float8_e5m2',
  'float64',
  { type: 'minifloat', exponentBits: 15, mantissaBits: 4 },
];

const third = rational(1n, 3n);
const named = [...ACTIVATIONS.values()].map(({ settings, build: make }) => make(settings));
const KINDS = [
  ...named,
  ...named.filter(({ type }) => type === 'relu' || type === 'abs'),
  // A kink between two doubles, a smooth breakpoint, a curved piece.
  activation(
    'thirds',
    [third, integer(2)],
    [[], [rational(-1n, 9n), integer(0), integer(1)], [rational(-37n, 9n), integer(4)]],
  ),
  // A kink beyond every double, and one below them all.
  activation(
    'far',
    [toRational(dyadic(-3n, 1100)), toRational(dyadic(1n, -1100))],
    [[integer(1)], [integer(1)], [toRational(dyadic((1n << 1100n) - 1n, -1100)), integer(1)]],
  ),
];

interface Hostile {
  readonly network: Network;
  readonly point: Rational[];
}

/** A value of the set from 64 random bits: by rank, near 0, near an end, or near a small integer. */
function valueOf(network: Network, parameter: number, bits: bigint): Rational {
  const { values } = network.parameters[parameter]!;
  const offset = (bits >> 8n) % 5n;
  const clamp = (rank: bigint): Rational =>
    values.at(rank < 0n ? 0n : rank >= values.size ? values.size - 1n : rank);
  switch (Number(bits & 7n)) {
    case 0:
      return clamp(values.countBelow(integer(0)) + offset - 2n);
    case 1:
      return clamp(offset);
    case 2:
      return clamp(values.size - 1n - offset);
    case 3:
    case 4:
      return clamp(values.countBelow(integer(((bits >> 12n) % 7n) - 3n)) + (offset - 2n) / 2n);
    default:
      return values.at((bits >> 3n) % values.size);
  }
}

const input: fc.Arbitrary<Rational> = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.5, 3).map(fromDouble),
  finiteDouble().map(fromDouble),
  fc.constantFrom(
    third,
    rational(-1n, 10n),
    toRational(dyadic(1n, -1100)),
    toRational(dyadic(1n, 1100)),
  ),
);

/** Two neurons made alike and a neuron that subtracts one from the other: an exact zero that rounding misses. */
interface Planted {
  readonly layer: number;
  readonly unit: number;
  /** Added to the zero: the bias, as an index of a breakpoint or as a value near 0. */
  readonly bias: number;
}

function plant({ network, point }: Hostile, { layer, unit, bias }: Planted): void {
  const below = network.equations[2 * (layer - 1)];
  const here = network.equations[2 * layer];
  const above = network.equations[2 * layer + 1];
  if (below?.op !== 'dense' || here?.op !== 'dense' || above?.op !== 'activation') return;
  if (below.weight.length < 2) return;
  const set = (entry: (typeof here.bias)[number] | undefined, value: Rational): void => {
    if (entry === undefined || !('parameter' in entry)) return;
    if (network.parameters[entry.parameter]!.values.rankOf(value) === null) return;
    point[entry.parameter] = value;
  };
  const get = (entry: (typeof here.bias)[number] | undefined): Rational =>
    entry !== undefined && 'parameter' in entry ? point[entry.parameter]! : integer(0);
  below.weight[1]!.forEach((entry, j) => set(entry, get(below.weight[0]![j])));
  set(below.bias[1], get(below.bias[0]));
  const row = here.weight[unit % here.weight.length]!;
  const factor = get(row[0]);
  row.forEach((entry, j) => set(entry, j === 0 ? factor : integer(0)));
  set(row[1], rational(-factor.n, factor.d));
  const { breakpoints } = above.activation;
  const at =
    bias < 2
      ? breakpoints[bias]
      : fromDouble([0, Number.MIN_VALUE, -(2 ** -1000), 2 ** -149][bias - 2] ?? 0);
  set(here.bias[unit % here.weight.length], at ?? integer(0));
}

const hostile: fc.Arbitrary<Hostile> = fc
  .record({
    widths: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }),
    samples: fc.constantFrom(1, 1, 2, 4),
    format: fc.constantFrom(...FORMATS),
    kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 3, maxLength: 3 }),
    biases: fc.array(fc.constantFrom(true, true, true, false), { minLength: 3, maxLength: 3 }),
  })
  .chain(({ widths, samples, format, kinds, biases }) => {
    const { values } = resolveFormat(format);
    const [width = 1, ...units] = widths;
    const entries = fc.array(input, { minLength: width, maxLength: width });
    return fc
      .array(entries, { minLength: samples, maxLength: samples })
      .map((inputs) =>
        buildNetwork(
          {
            inputs,
            layers: units.map((count, k): LayerDescription => ({
              units: count,
              weight: null,
              bias: biases[k] ?? true,
              activation: kinds[k] ?? named[0]!,
            })),
          },
          { weights: values, biases: values, params: new Map() },
        ),
      )
      .chain((network) => {
        const length = network.parameters.length;
        return fc.record({
          network: fc.constant(network),
          bits: fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), {
            minLength: length,
            maxLength: length,
          }),
          plants: fc.array(
            fc.record({
              layer: fc.integer({ min: 1, max: 2 }),
              unit: fc.nat(3),
              bias: fc.integer({ min: 0, max: 5 }),
            }),
            { maxLength: 2 },
          ),
        });
      });
  })
  .map(({ network, bits, plants }) => {
    const point = bits.map((each, parameter) => valueOf(network, parameter, each));
    for (const each of plants) plant({ network, point }, each);
    return { network, point };
  });

test('is the exact evaluation on wide formats, over- and underflow and planted zeros', () => {
  fc.assert(
    fc.property(hostile, ({ network, point }) => {
      agrees(network, point);
      encloses(network, point, tieFinderOf(network));
      agrees(network, point);
    }),
    runs(80),
  );
});

const relu = ACTIVATIONS.get('relu')!.build({});
const identity = ACTIVATIONS.get('identity')!.build({});
const FLOAT64 = resolveFormat('float64').values;
const FLOAT32 = resolveFormat('float32').values;
const E2M1 = resolveFormat('float4_e2m1fn').values;

function fullyConnected(
  inputs: readonly (readonly number[])[],
  units: readonly number[],
  values = FLOAT64,
): Network {
  return buildNetwork(
    {
      inputs: inputs.map((row) => row.map(fromDouble)),
      layers: units.map((count, k) => ({
        units: count,
        weight: null,
        bias: true,
        activation: k === units.length - 1 && units.length > 1 ? identity : relu,
      })),
    },
    { weights: values, biases: values, params: new Map() },
  );
}

test('the neighbours of a sum that is zero, and the zero itself', () => {
  const network = fullyConnected([[1, 1, 1]], [1]);
  for (const [a, b, c] of [
    [0.1, 0.2, 0.3],
    [2 ** 1000, 1, 2 ** 1000],
    [2 ** -1000, 2 ** -1074, 2 ** -1000],
    [1 / 3, 2 ** -60, 1 / 3],
    [Number.MAX_VALUE, 2 ** 970, Number.MAX_VALUE],
  ] as const) {
    for (const bias of [
      0,
      Number.MIN_VALUE,
      -Number.MIN_VALUE,
      -b,
      nextUp(-b),
      nextDown(-b),
      c - a - b,
    ]) {
      agrees(network, [a, b, -c, bias].map(fromDouble));
    }
  }
});

test('products that vanish or overflow in doubles decide all the same', () => {
  const network = fullyConnected([[2 ** -600, 2 ** 1000, 2 ** 1000]], [1]);
  for (const point of [
    // 2^-1200, and nothing: the product is 0 in doubles.
    [2 ** -600, 0, 0, 0],
    [-(2 ** -600), 0, 0, 0],
    [0, 2 ** 1000, -(2 ** 1000), 0],
    [2 ** -600, 2 ** 1000, -(2 ** 1000), 0],
    [2 ** -474, 0, 0, -Number.MIN_VALUE],
  ]) {
    agrees(network, point.map(fromDouble));
  }
});

test('inputs that vanish when a bound multiplies them still bound their sum', () => {
  // In doubles -2^-84, in truth 2^-85 or 0: the bias is lost beside the first product.
  const network = fullyConnected([[2 ** -1030, 2 ** -1030, 2 ** -1030]], [1]);
  for (const bias of [1.5, 1]) {
    agrees(network, [2 ** 1000, -(2 ** 1000), -(2 ** 946), bias * 2 ** -84].map(fromDouble));
  }
});

test('what a layer may be wrong by goes into the bounds of the next', () => {
  // The hidden unit is 100·2^-54 in doubles and 101.5·2^-54 in truth; the next compares it with 101.
  const network = fullyConnected([[1, 1, 1]], [1, 1, 1]);
  const hidden = [1, -1, 100 * 2 ** -54, 1.5 * 2 ** -54];
  for (const bias of [-101, -101.5, -102]) {
    agrees(network, [...hidden, 1, bias * 2 ** -54, 1, 0].map(fromDouble));
  }
});

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

/** One unit with these weights, relu. */
function entries(weight: readonly EntryDescription[], inputs: readonly number[]): Network {
  return buildNetwork(
    {
      inputs: [inputs.map(fromDouble)],
      layers: [{ units: 1, weight: [weight], bias: true, activation: relu }],
    },
    { weights: FLOAT64, biases: FLOAT64, params: new Map() },
  );
}

test('scales: a product below the normal numbers is not trusted', () => {
  // Half the least double is 0 in doubles; times 2^1000 it outweighs the bias.
  const network = entries([{ param: 'a', scale: rational(1n, 2n) }], [2 ** 1000]);
  agrees(network, [Number.MIN_VALUE, -(2 ** -80)].map(fromDouble));
  agrees(network, [Number.MIN_VALUE, -(2 ** -75)].map(fromDouble));
});

test('entries that are no doubles: a zero in doubles is none', () => {
  const network = entries([third, { param: 'a', scale: integer(1) }], [1, 1]);
  for (const a of [-1 / 3, -nextUp(1 / 3)]) agrees(network, [a, 0].map(fromDouble));
  const scaled = entries([{ param: 'a', scale: third }, integer(1)], [1, -1 / 3]);
  agrees(scaled, [1, 0].map(fromDouble));
  // A point that is none of doubles.
  const plain = fullyConnected([[1, 1]], [1]);
  agrees(plain, [third, fromDouble(-1 / 3), integer(0)]);
  agrees(plain, [third, rational(-1n, 3n), integer(0)]);
});

test('entries are known within so many roundings', () => {
  for (const [entry, roundings] of [
    [integer(3), 0],
    [third, 1],
    [{ param: 'a', scale: integer(-1) }, 0],
    [{ param: 'a', scale: integer(0) }, 0],
    [{ param: 'a', scale: rational(1n, 2n) }, 1],
    [{ param: 'a', scale: third }, 2],
  ] as const) {
    const [step] = programOf(chainOf(entries([entry], [1]))).steps;
    assert.ok(step?.op === 'dense');
    assert.equal(step.roundings, roundings);
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
