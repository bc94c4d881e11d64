/** Every named activation against a table written by hand; refusals; kinks, zeros and flats. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ActivationError,
  activation,
  isAffine,
  isFlatAt,
  isZeroBoundary,
  kinkIndexAt,
  slopesAt,
  valueAt,
  type Activation,
} from '../../../src/engine/net/activation.js';
import { ACTIVATIONS } from '../../../src/engine/net/activations.js';
import { compare } from '../../../src/engine/num/rational.js';
import { toText } from '../../../src/engine/num/text.js';
import { anyRational, runs } from '../../arbitraries.js';
import { exact } from '../recipe.js';

function named(type: string, settings: Record<string, string> = {}): Activation {
  const kind = ACTIVATIONS.get(type);
  assert.ok(kind !== undefined, type);
  const given = Object.entries(settings).map(([name, value]) => [name, exact(value)] as const);
  return kind.build({ ...kind.settings, ...Object.fromEntries(given) });
}

/** Kinks as [at, left, right]; the points of bdz(σ) that are no kinks; |ndf ∪ bdz|; some values. */
interface Row {
  readonly type: string;
  readonly settings?: Record<string, string>;
  readonly kinks: readonly (readonly [string, string, string])[];
  readonly zeroBoundary: readonly string[];
  readonly union: number;
  readonly values: readonly (readonly [string, string])[];
}

const TABLE: readonly Row[] = [
  { type: 'identity', kinks: [], zeroBoundary: ['0'], union: 1, values: [['-7/2', '-7/2']] },
  {
    type: 'relu',
    kinks: [['0', '0', '1']],
    zeroBoundary: ['0'],
    union: 1,
    values: [
      ['-1', '0'],
      ['0', '0'],
      ['5/3', '5/3'],
    ],
  },
  {
    type: 'leaky_relu',
    kinks: [['0', '1/100', '1']],
    zeroBoundary: ['0'],
    union: 1,
    values: [
      ['-1', '-1/100'],
      ['2', '2'],
    ],
  },
  {
    type: 'leaky_relu',
    settings: { slope: '1' },
    kinks: [],
    zeroBoundary: ['0'],
    union: 1,
    values: [
      ['-3', '-3'],
      ['3', '3'],
    ],
  },
  {
    type: 'relu6',
    kinks: [
      ['0', '0', '1'],
      ['6', '1', '0'],
    ],
    zeroBoundary: ['0'],
    union: 2,
    values: [
      ['-1', '0'],
      ['6', '6'],
      ['7', '6'],
      ['5', '5'],
    ],
  },
  {
    type: 'hardtanh',
    kinks: [
      ['-1', '0', '1'],
      ['1', '1', '0'],
    ],
    zeroBoundary: ['0'],
    union: 3,
    values: [
      ['-2', '-1'],
      ['1/2', '1/2'],
      ['2', '1'],
    ],
  },
  {
    type: 'hardtanh',
    settings: { min: '1', max: '2' },
    kinks: [
      ['1', '0', '1'],
      ['2', '1', '0'],
    ],
    zeroBoundary: [],
    union: 2,
    values: [
      ['0', '1'],
      ['3/2', '3/2'],
    ],
  },
  {
    type: 'hardsigmoid',
    kinks: [
      ['-3', '0', '1/6'],
      ['3', '1/6', '0'],
    ],
    zeroBoundary: ['-3'],
    union: 2,
    values: [
      ['-3', '0'],
      ['0', '1/2'],
      ['3', '1'],
      ['9', '1'],
    ],
  },
  {
    type: 'hardsigmoid',
    settings: { alpha: '-1', beta: '0' },
    kinks: [
      ['-1', '0', '-1'],
      ['0', '-1', '0'],
    ],
    zeroBoundary: ['0'],
    union: 2,
    values: [
      ['-2', '1'],
      ['-1/2', '1/2'],
      ['1', '0'],
    ],
  },
  {
    type: 'hardswish',
    kinks: [
      ['-3', '0', '-1/2'],
      ['3', '3/2', '1'],
    ],
    zeroBoundary: ['-3', '0'],
    union: 3,
    values: [
      ['-3', '0'],
      ['-1', '-1/3'],
      ['1', '2/3'],
      ['4', '4'],
    ],
  },
  {
    type: 'abs',
    kinks: [['0', '-1', '1']],
    zeroBoundary: ['0'],
    union: 1,
    values: [
      ['-2/3', '2/3'],
      ['2', '2'],
    ],
  },
  {
    type: 'softshrink',
    kinks: [
      ['-1/2', '1', '0'],
      ['1/2', '0', '1'],
    ],
    zeroBoundary: ['-1/2', '1/2'],
    union: 2,
    values: [
      ['-1', '-1/2'],
      ['1/4', '0'],
      ['2', '3/2'],
    ],
  },
  {
    type: 'softshrink',
    settings: { lambda: '0' },
    kinks: [],
    zeroBoundary: ['0'],
    union: 1,
    values: [
      ['-1', '-1'],
      ['2', '2'],
    ],
  },
];

for (const row of TABLE) {
  test(`${row.type} ${JSON.stringify(row.settings ?? {})}`, () => {
    const a = named(row.type, row.settings);
    assert.equal(a.type, row.type);
    assert.deepEqual(
      a.kinks.map(({ at, left, right }) => [at, left, right].map(toText)),
      row.kinks,
    );
    for (const [t, value] of row.values) assert.equal(toText(valueAt(a, exact(t))), value);
    for (const t of ['-3', '-1', '-1/2', '0', '1/2', '1', '2', '3', '6', '7']) {
      assert.equal(isZeroBoundary(a, exact(t)), row.zeroBoundary.includes(t), `bdz at ${t}`);
      const kink = row.kinks.findIndex(([at]) => at === t);
      assert.equal(kinkIndexAt(a, exact(t)), kink);
      if (kink !== -1) {
        assert.deepEqual(slopesAt(a, exact(t)).map(toText), row.kinks[kink]?.slice(1));
      }
    }
    assert.equal(a.kinksAndZeroBoundary, row.union);
  });
}

test('the table has a row for every named activation', () => {
  assert.deepEqual(
    [...new Set(TABLE.map(({ type }) => type))].sort(),
    [...ACTIVATIONS.keys()].sort(),
  );
});

test('settings that make no activation are refused', () => {
  for (const [type, settings] of [
    ['hardtanh', { min: '1', max: '1' }],
    ['hardtanh', { min: '2', max: '1' }],
    ['hardsigmoid', { alpha: '0' }],
    ['softshrink', { lambda: '-1' }],
  ] as const) {
    assert.throws(() => named(type, settings), ActivationError);
  }
});

function pieces(
  breakpoints: readonly string[],
  coefficients: readonly (readonly string[])[],
): Activation {
  return activation(
    'piecewise',
    breakpoints.map(exact),
    coefficients.map((piece) => piece.map(exact)),
  );
}

test('a discontinuity, a disorder and a wrong number of pieces are refused, naming the breakpoint', () => {
  const at = (breakpoint: number | null) => (error: unknown) =>
    error instanceof ActivationError && error.breakpoint === breakpoint;
  assert.throws(() => pieces(['0', '1'], [['0'], ['0', '1'], ['2']]), at(1));
  assert.throws(() => pieces(['0', '1'], [['1'], ['0', '1'], ['1']]), at(0));
  assert.throws(() => pieces(['1', '1'], [['0'], ['0'], ['0']]), at(1));
  assert.throws(() => pieces(['1', '0'], [['0'], ['0'], ['0']]), at(1));
  assert.throws(() => pieces(['1'], [['0']]), at(null));
  assert.throws(() => pieces([], []), at(null));
});

test('a breakpoint with equal slopes is no kink; zeros on it, beside it and between count', () => {
  // 0, then t², then 1 + 2(t − 1): smooth everywhere, zero set (−∞, 0].
  const smooth = pieces(['0', '1'], [['0'], ['0', '0', '1'], ['-1', '2']]);
  assert.deepEqual(smooth.kinks, []);
  assert.equal(smooth.kinksAndZeroBoundary, 1);
  assert.ok(isZeroBoundary(smooth, exact('0')));
  assert.ok(!isFlatAt(smooth, exact('0')));
  assert.ok(isFlatAt(smooth, exact('-1')));
  // t² − 2 has two irrational zeros, which are counted though no rational meets them.
  assert.equal(pieces([], [['-2', '0', '1']]).kinksAndZeroBoundary, 2);
  // Zero everywhere: the zero set has no boundary, whatever breakpoints it is cut at.
  assert.equal(pieces(['0'], [['0'], ['0', '0']]).kinksAndZeroBoundary, 0);
  assert.ok(!isZeroBoundary(pieces(['0'], [[], []]), exact('0')));
  // A double root is one point; a constant that is not 0 has none.
  assert.equal(pieces([], [['1', '-2', '1']]).kinksAndZeroBoundary, 1);
  assert.equal(pieces([], [['5']]).kinksAndZeroBoundary, 0);
  assert.ok(isAffine(pieces([], [['5', '2']])));
  assert.ok(!isAffine(pieces([], [['5', '2', '1']])));
  assert.ok(
    !isAffine(
      pieces(
        ['0'],
        [
          ['0', '1'],
          ['0', '1'],
        ],
      ),
    ),
  );
});

test('off the breakpoints both slopes agree, and values grow by them', () => {
  fc.assert(
    fc.property(fc.constantFrom(...TABLE), anyRational(6), ({ type, settings }, t) => {
      const a = named(type, settings);
      const [left, right] = slopesAt(a, t);
      if (!a.breakpoints.some((at) => compare(at, t) === 0)) assert.deepEqual(left, right);
      assert.equal(kinkIndexAt(a, t) !== -1, compare(left, right) !== 0);
    }),
    runs(300),
  );
});
