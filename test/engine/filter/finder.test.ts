/**
 * The finder beside the judge's exact evaluation: the same ties and the same pieces, on networks and
 * points chosen to make doubles err.
 */
import test from 'node:test';
import fc from 'fast-check';
import { tieFinderOf } from '../../../src/engine/filter/finder.js';
import { resolveFormat, type FormatSpec } from '../../../src/engine/format/resolve.js';
import { activation } from '../../../src/engine/net/activation.js';
import { ACTIVATIONS } from '../../../src/engine/net/activations.js';
import { buildNetwork, type LayerDescription } from '../../../src/engine/net/build.js';
import type { Network } from '../../../src/engine/net/ir.js';
import { dyadic, toRational } from '../../../src/engine/num/dyadic.js';
import { fromDouble } from '../../../src/engine/num/float64.js';
import { integer, rational, type Rational } from '../../../src/engine/num/rational.js';
import { finiteDouble, runs } from '../../arbitraries.js';
import { anyRecipe, somePoints } from '../../arbitraries-recipes.js';
import { build } from '../recipe.js';
import { agrees, encloses, findersOf } from './held-to-judge.js';

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
