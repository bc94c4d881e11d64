/**
 * Random networks of a given size: the structure is drawn first, then sets of values that keep Ω
 * within the budget, so no draw is thrown away. What the generators of the shared file leave out is
 * added here: three samples, curved pieces, wide sums, sets per name, several outputs, long tails.
 *
 * A case prints as the request it is; a failing property can be posted as it stands.
 */
import fc from 'fast-check';
import { caseOf, type Case } from '../../arbitraries-networks.js';

export interface Budget {
  /** Most points of Ω. */
  readonly maxPoints: number;
  /** Rows own their parameters, and there is one sample. */
  readonly own: boolean;
  readonly maxLayers?: number;
}

const scalar = fc.constantFrom('0', '1', '-1', '2', '-2', '1/2', '-3/2', '3', '1/3');
const nonZero = scalar.filter((text) => text !== '0');

/** Continuous, curved, kinked or not: relu², t² beside −t, a bump between two flats. */
const CURVED = [
  { type: 'piecewise', breakpoints: ['0'], pieces: [['0'], ['0', '0', '1']] },
  {
    type: 'piecewise',
    breakpoints: ['0'],
    pieces: [
      ['0', '-1'],
      ['0', '0', '1'],
    ],
  },
  {
    type: 'piecewise',
    breakpoints: ['-1', '1'],
    pieces: [['0'], ['1', '0', '-1'], ['0']],
  },
];

const smoothActivation = fc.constantFrom<unknown>('identity', 'identity', CURVED[0]);
const kinkedActivation = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>('relu', 'abs', 'hardtanh') },
  {
    weight: 3,
    arbitrary: fc.oneof(
      fc.constantFrom<unknown>('relu6', 'hardsigmoid', 'hardswish', ...CURVED.slice(1)),
      nonZero.map((slope) => ({ type: 'leaky_relu', slope })),
      fc.constantFrom('1/2', '1').map((lambda) => ({ type: 'softshrink', lambda })),
      fc
        .constantFrom(['-1', '0'], ['0', '2'], ['1/2', '1'])
        .map(([min, max]) => ({ type: 'hardtanh', min, max })),
    ),
  },
);

type Entry = string | { param: string; scale?: string };

/** Weights on most entries; otherwise constants, or parameters by name, own or shared. */
function entry(own: boolean, name: string): fc.Arbitrary<Entry> {
  const param = own ? fc.constant(name) : fc.constantFrom('p', 'q', 'r');
  const scale = own ? nonZero : scalar;
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant({ param: name }) },
    { weight: 1, arbitrary: fc.record({ param, scale }) },
    { weight: 1, arbitrary: param.map((p) => ({ param: p })) },
    { weight: 2, arbitrary: scalar },
  );
}

function layer(own: boolean, index: number, units: number, fanIn: number): fc.Arbitrary<object> {
  const named = (role: string, at: string): string => `${role}${String(index)}_${at}`;
  const matrix = fc.tuple(
    ...Array.from({ length: units }, (_, i) =>
      fc.tuple(
        ...Array.from({ length: fanIn }, (__, j) =>
          entry(own, named('w', `${String(i)}_${String(j)}`)),
        ),
      ),
    ),
  );
  const biases = fc.tuple(
    ...Array.from({ length: units }, (_, i) => entry(own, named('b', String(i)))),
  );
  return fc
    .record({
      weight: fc.option(matrix, { freq: 3 }),
      activation: fc.oneof(
        { weight: 3, arbitrary: kinkedActivation },
        { weight: 1, arbitrary: smoothActivation },
      ),
      bias: fc.oneof(
        { weight: own ? 8 : 3, arbitrary: fc.constant<unknown>(true) },
        { weight: own ? 1 : 3, arbitrary: fc.constant<unknown>(false) },
        { weight: 2, arbitrary: biases },
      ),
    })
    .map(({ weight, ...rest }) => ({
      type: 'dense',
      units,
      ...rest,
      ...(weight === null ? {} : { weight }),
    }));
}

const pool = ['0', '1', '-1', '2', '-2', '1/2', '-1/2', '3', '-3', '4', '3/2', '-3/4', '6', '1/3'];

function setOf(size: number): fc.Arbitrary<{ values: string[] }> {
  return fc
    .oneof(
      { weight: 2, arbitrary: fc.constant(pool.slice(0, size)) },
      {
        weight: 3,
        arbitrary: fc.uniqueArray(fc.constantFrom(...pool), { minLength: size, maxLength: size }),
      },
    )
    .map((values) => ({ values }));
}

const proxies = fc.oneof(
  fc.constantFrom<unknown>('left', 'right'),
  fc.record({
    relu: fc.tuple(scalar),
    abs: fc.tuple(scalar),
    leaky_relu: fc.tuple(scalar),
    relu6: fc.tuple(scalar, scalar),
    hardtanh: fc.tuple(scalar, scalar),
    softshrink: fc.tuple(scalar, scalar),
    piecewise: fc.constantFrom('left', 'right'),
  }),
);

/** How many parameters a body has per role: names given, and those that are default. */
function parametersOf(body: object): { weights: number; biases: number } {
  const parameters = caseOf({ ...body, format: { values: ['0'] }, proxies: 'left' })?.network
    .parameters;
  if (parameters === undefined) throw new Error(`no network: ${JSON.stringify(body)}`);
  const weights = parameters.filter(({ role }) => role === 'weight').length;
  return { weights, biases: parameters.length - weights };
}

/** Pairs of set sizes for weights and biases that keep Ω within the budget and waste little of it. */
function sizesWithin(
  { weights, biases }: { weights: number; biases: number },
  maxPoints: number,
): [number, number][] {
  const sizes: [number, number][] = [];
  for (let forWeights = 1; forWeights <= 5; forWeights += 1) {
    let forBiases = 1;
    const points = (size: number): number => forWeights ** weights * size ** biases;
    while (forBiases < 5 && points(forBiases + 1) <= maxPoints) forBiases += 1;
    if (points(forBiases) <= maxPoints) sizes.push([forWeights, forBiases]);
  }
  // Sets of one value everywhere say little; keep them where nothing else fits.
  const wider = sizes.filter(([a, b]) => a ** weights * b ** biases > 1);
  return wider.length > 0 ? wider : sizes;
}

/** A random case of at most `maxPoints` points, structure first. */
export function budgetedCase({
  maxPoints,
  own,
  maxLayers = own ? 4 : 3,
}: Budget): fc.Arbitrary<Case> {
  return fc
    .tuple(
      fc.array(fc.integer({ min: 1, max: own ? 3 : 2 }), {
        minLength: 2,
        maxLength: maxLayers + 1,
      }),
      own ? fc.constant(1) : fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
    )
    .chain(([widths, samples, tail]) => {
      const [inputs = 1, ...units] = widths;
      const input = fc.array(scalar, { minLength: inputs, maxLength: inputs });
      return fc.record({
        inputs: fc.array(input, { minLength: samples, maxLength: samples }),
        layers: fc
          .tuple(...units.map((count, k) => layer(own, k, count, widths[k] ?? 1)))
          .map((layers) =>
            // Half of the networks end as most do: behind an affine layer.
            tail
              ? layers.map((one, k) =>
                  k === layers.length - 1 ? { ...one, activation: 'identity' } : one,
                )
              : layers,
          ),
      });
    })
    .chain((network) => {
      const base = { network, mode: 'exhaustive' };
      const sizes = sizesWithin(parametersOf(base), maxPoints);
      return fc
        .constantFrom(...sizes)
        .chain(([forWeights, forBiases]) =>
          fc.record({
            format: fc.record({ weights: setOf(forWeights), biases: setOf(forBiases) }),
            proxies,
          }),
        )
        .map((rest) => caseOf({ ...base, ...rest }));
    })
    .filter((found): found is Case => found !== null && found.network.parameters.length > 0);
}
