/**
 * Networks with symmetries, and networks that only look as if they had some: units that own their
 * parameters beside rows that share them, sets that differ by parameter, proxies that are not mirrored,
 * maxima whose order matters, readers of single units, frozen scales that differ, samples that repeat.
 */
import fc from 'fast-check';

const TERNARY = { values: ['-1', '0', '1'] };

/** Sets that are their own mirror images, and sets that are not. */
const format = fc.constantFrom<object>(
  TERNARY,
  TERNARY,
  { values: ['-1', '1'] },
  { values: ['-1', '1'] },
  { values: ['0', '1'] },
  { values: ['-1', '0', '2'] },
  { values: ['-2', '-1', '1', '2'] },
  { weights: { values: ['-1', '1'] }, biases: TERNARY },
  { weights: TERNARY, biases: { values: ['0', '1'] } },
);

const activation = fc.constantFrom<unknown>(
  'relu',
  'relu',
  'abs',
  'hardtanh',
  'softshrink',
  'identity',
  'leaky_relu',
  { type: 'hardtanh', min: '0', max: '1' },
  { type: 'piecewise', breakpoints: ['-1', '1'], pieces: [['1'], ['0', '-1'], ['-1']] },
  { type: 'piecewise', breakpoints: ['-1', '1'], pieces: [['-1'], ['0', '1'], ['-1', '2']] },
);

/** Some mirrored (odd slopes or even ones), some not. */
const proxies = fc.constantFrom<unknown>(
  'pytorch',
  'left',
  'right',
  { relu: ['1'], abs: ['0'], hardtanh: ['1/2', '1/2'], softshrink: ['0', '0'], piecewise: 'left' },
  { relu: ['0'], abs: ['1'], hardtanh: ['0', '1'], softshrink: ['1', '0'], piecewise: 'right' },
  { relu: ['1/2'], abs: ['-1'], hardtanh: ['-1', '1'], softshrink: ['2', '2'], piecewise: 'left' },
);

const rule = fc.constantFrom('first', 'last', 'even', 'all');

const numbers = fc.constantFrom('-1', '0', '1', '1', '2');

/** Samples that repeat, that mirror each other, or that do neither. */
function samples(width: number): fc.Arbitrary<string[][]> {
  const sample = fc.array(numbers, { minLength: width, maxLength: width });
  const same = numbers.map((x) => Array.from({ length: width }, () => x));
  const mirrored = (x: readonly string[]): string[] => x.map((t) => toText(-Number(t)));
  return fc.oneof(
    sample.map((x) => [x]),
    same.map((x) => [x]),
    sample.map((x) => [x, x]),
    sample.map((x) => [x, mirrored(x)]),
    fc.tuple(sample, sample),
    fc.tuple(sample, sample).map(([x, y]) => [x, y, x]),
    sample.map((x) => [x, [...x].reverse()]),
  );
}

function toText(n: number): string {
  return String(n === 0 ? 0 : n);
}

interface Middle {
  readonly layers: readonly object[];
}

const p = (param: string, scale = '1'): object => ({ param, scale });

/** What stands on two or three units: layers that keep the symmetry of some of them, or break it. */
const middle: fc.Arbitrary<Middle> = fc.oneof(
  fc.constant({ layers: [] }),
  fc.constant({ layers: [] }),
  fc.constantFrom({ layers: [{ type: 'max' }] }, { layers: [{ type: 'max', of: [[1, 0], [0]] }] }),
  fc.constantFrom(
    { layers: [{ type: 'max', of: [[0, 1]] }] },
    {
      layers: [
        {
          type: 'max',
          of: [
            [0, 1],
            [1, 0],
          ],
        },
      ],
    },
  ),
  fc.constantFrom(
    { layers: [{ type: 'scale', scale: ['1', '1'], shift: ['0', '0'] }] },
    { layers: [{ type: 'scale', scale: ['1', '2'], shift: ['0', '0'], activation: 'relu' }] },
    { layers: [{ type: 'scale', scale: ['1', '-1'], shift: ['0', '0'], activation: 'abs' }] },
    { layers: [{ type: 'scale', scale: ['1', '1'], shift: ['0', '1'], activation: 'relu' }] },
  ),
  fc.constantFrom(
    { layers: [{ type: 'concat', from: [0, 0] }] },
    { layers: [{ type: 'add', from: [0, 0], activation: 'relu' }] },
    {
      layers: [
        { type: 'dense', units: 2, bias: false, activation: 'identity' },
        { type: 'add', from: [0, 1], activation: 'relu' },
      ],
    },
  ),
);

const top = fc.constantFrom<object>(
  { type: 'dense', units: 1, activation: 'identity' },
  { type: 'dense', units: 1, bias: false, activation: 'identity' },
  { type: 'dense', units: 1, bias: false, activation: 'hardtanh' },
  { type: 'dense', units: 2, bias: false, activation: 'relu' },
);

/** Rows of the first layer: all own, or some that share or are constant. */
const first = fc.constantFrom<(width: number) => object>(
  () => ({}),
  () => ({}),
  () => ({ bias: false }),
  (width) => ({
    weight: [0, 1].map((unit) =>
      Array.from({ length: width }, (_, j) => p(`w${String(unit)}${String(j)}`)),
    ),
    bias: [p('b'), p('b')],
  }),
  (width) => ({
    weight: [0, 1].map((unit) =>
      Array.from({ length: width }, (_, j) =>
        p(`w${String(unit)}${String(j)}`, unit === 0 ? '1' : '-1'),
      ),
    ),
    bias: [p('b0'), p('b1', '-1')],
  }),
  (width) => ({
    weight: [0, 1].map((unit) => Array.from({ length: width }, () => p(`w${String(unit)}`))),
    bias: ['1', '1'],
  }),
  (width) => ({
    weight: [0, 1].map(() => Array.from({ length: width }, () => '1')),
    bias: [p('b0'), p('b1', '2')],
  }),
);

const dense: fc.Arbitrary<object> = fc
  .tuple(fc.integer({ min: 1, max: 2 }), middle, top, first, activation)
  .chain(([width, { layers }, last, rows, sigma]) =>
    fc.record({
      inputs: samples(width),
      layers: fc.constant([
        { type: 'dense', units: 2, ...rows(width), activation: sigma },
        ...layers,
        last,
      ]),
      loss: fc.constantFrom(undefined, undefined, undefined, { type: 'sum' }),
    }),
  );

/** Three units, and two layers of two: classes of three, rows that are columns of what follows. */
const deep: fc.Arbitrary<object> = fc
  .tuple(activation, activation, fc.boolean())
  .chain(([one, other, wide]) =>
    fc.record({
      inputs: samples(1),
      layers: fc.constant([
        { type: 'dense', units: wide ? 3 : 2, bias: wide, activation: one },
        ...(wide ? [] : [{ type: 'dense', units: 2, bias: false, activation: other }]),
        { type: 'dense', units: 1, bias: false, activation: 'identity' },
      ]),
    }),
  );

const convolution: fc.Arbitrary<object> = fc
  .record({
    inputs: samples(4),
    sigma: activation,
    bias: fc.boolean(),
    groups: fc.constantFrom(1, 2),
    pool: fc.constantFrom<object | null>(
      null,
      { type: 'maxPool2d', kernelSize: [2, 1] },
      { type: 'avgPool2d', kernelSize: [2, 1] },
    ),
    tied: fc.boolean(),
  })
  .map(({ inputs, sigma, bias, groups, pool, tied }) => ({
    inputs,
    inputShape: groups === 2 ? [2, 2, 1] : [1, 4, 1],
    layers: [
      { type: 'conv2d', filters: 2, kernelSize: [1, 1], groups, bias, activation: sigma },
      ...(pool === null ? [] : [pool]),
      { type: 'flatten' },
      tied ? { type: 'max' } : { type: 'dense', units: 1, bias: false, activation: 'identity' },
    ],
  }));

/** Two layers side by side on the same input, joined: units of one are none of the other. */
const joined: fc.Arbitrary<object> = fc
  .record({
    inputs: samples(1),
    one: activation,
    other: activation,
    bias: fc.boolean(),
    type: fc.constantFrom('concat', 'add'),
    last: fc.constantFrom<object>(
      { type: 'max' },
      { type: 'dense', units: 1, bias: false, activation: 'identity' },
    ),
  })
  .map(({ inputs, one, other, bias, type, last }) => ({
    inputs,
    layers: [
      { type: 'dense', units: 2, bias, activation: one },
      { type: 'dense', units: 2, from: 'input', bias: false, activation: other },
      { type, from: [0, 1] },
      last,
    ],
  }));

/** A random request body; it may be refused, and its space may be large. */
export function anySymmetricBody(): fc.Arbitrary<object> {
  return fc
    .record({
      network: fc.oneof(
        { weight: 4, arbitrary: dense },
        { weight: 2, arbitrary: deep },
        { weight: 2, arbitrary: convolution },
        { weight: 2, arbitrary: joined },
      ),
      format,
      proxies,
      ties: rule,
    })
    .map(({ network, format: sets, proxies: used, ties }) => ({
      network: JSON.parse(JSON.stringify(network)) as object,
      format: sets,
      proxies:
        typeof used === 'string' ? used : { ...(used as object), max: ties, maxPool2d: ties },
      mode: 'exhaustive',
    }));
}
