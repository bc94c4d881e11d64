/** The activations with exponentials: kinks, zeros, refusals; their proxies; both tables of formulas. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildNetwork, parseExact, proxiesOfKinks, toText } from '../../../src/engine/index.js';
import { realRuleOf } from '../../../src/engine/ad/analytic-rules.js';
import type { TranscendentalEquation } from '../../../src/engine/net/ir.js';
import { checkNetwork } from '../../../src/engine/net/check.js';
import {
  TRANSCENDENTAL_ACTIVATIONS,
  type AnalyticPiece,
  type TranscendentalActivation,
} from '../../../src/engine/net/transcendental.js';
import { resolveFormat } from '../../../src/engine/format/resolve.js';
import { add, rational, sign, subtract, type Rational } from '../../../src/engine/num/rational.js';
import {
  REAL_ONE,
  REAL_ZERO,
  realOf,
  scaleReal,
  signOfReal,
  subtractReals,
  vanishes,
  type Real,
} from '../../../src/engine/num/real.js';
import { pieceSlope, pieceValue } from '../../../src/engine/truth/analytic/values.js';

function kind(type: string, settings: Record<string, string> = {}): TranscendentalActivation {
  const found = TRANSCENDENTAL_ACTIVATIONS.get(type);
  assert.ok(found !== undefined);
  const own = Object.entries(settings).map(([name, text]) => [name, parseExact(text)] as const);
  return found.build({ ...found.settings, ...Object.fromEntries(own) });
}

// scale·alpha of selu, multiplied by Python's decimal module.
const SELU_LEFT = '1.75809934084737685994021752081231934206024580891220830977098282';
const KINKS: readonly (readonly [string, Record<string, string>, readonly string[][], number])[] = [
  ['sigmoid', {}, [], 0],
  ['tanh', {}, [], 1],
  ['softplus', {}, [], 0],
  ['gelu', {}, [], 1],
  ['silu', {}, [], 1],
  ['mish', {}, [], 1],
  ['elu', {}, [], 1],
  ['elu', { alpha: '2' }, [['0', '2', '1']], 1],
  ['elu', { alpha: '-1' }, [['0', '-1', '1']], 1],
  ['selu', {}, [['0', SELU_LEFT, '1.0507009873554804934193349852946']], 1],
  ['celu', {}, [], 1],
  ['celu', { alpha: '3/2' }, [], 1],
  ['celu', { alpha: '-2' }, [], 1],
  ['exp', {}, [], 0],
];

for (const [type, settings, kinks, kinksAndZeroBoundary] of KINKS) {
  test(`kinks and zeros of ${type} ${JSON.stringify(settings)}`, () => {
    const a = kind(type, settings);
    assert.deepEqual(
      a.kinks.map(({ at, left, right }) => [at, left, right].map(toText)),
      kinks.map((row) => row.map((text) => toText(parseExact(text)))),
    );
    assert.equal(a.kinksAndZeroBoundary, kinksAndZeroBoundary);
    for (const q of ['-2', '-1/7', '0', '1/3', '5']) {
      const value = pieceValue(pieceAt(a, parseExact(q)), realOf(parseExact(q)));
      const isZero = a.zeroBoundary.some((t) => toText(t) === q);
      assert.equal(vanishes(value), isZero, q);
    }
  });
}

test('every activation with exponentials has a row above', () => {
  assert.deepEqual(
    [...new Set(KINKS.map(([type]) => type))].sort(),
    [...TRANSCENDENTAL_ACTIVATIONS.keys()].sort(),
  );
});

test('an alpha of 0 is refused by name', () => {
  assert.throws(() => kind('elu', { alpha: '0' }), /elu needs alpha ≠ 0/);
  assert.throws(() => kind('celu', { alpha: '0' }), /celu needs alpha ≠ 0/);
});

// The derivative at 0 that the frameworks use, read in their sources: PyTorch 2.7.0a0 eager
// (cpu/Activation.cpp), TensorFlow 2.21.0 (relu_op_functor.h; tf.nn.elu has alpha = 1 only), JAX cec06d1.
const LEFT = [toText(parseExact(SELU_LEFT))];
const PROXIES = [
  ['elu', { alpha: '2' }, { pytorch: ['2'], tensorflow: null, jax: ['2'] }],
  [
    'selu',
    {},
    {
      pytorch: LEFT,
      tensorflow: [toText(parseExact('1.0507009873554804934193349852946'))],
      jax: LEFT,
    },
  ],
] as const;

for (const [type, settings, presets] of PROXIES) {
  test(`presets at the kink of ${type}`, () => {
    const { kinks } = kind(type, settings);
    for (const [preset, values] of Object.entries(presets)) {
      const found = proxiesOfKinks(preset as 'pytorch', type, kinks);
      assert.deepEqual(found?.map(toText) ?? null, values, preset);
    }
  });
}

function pieceAt(a: TranscendentalActivation, t: Rational): AnalyticPiece {
  const above = a.breakpoints.length > 0 && sign(t) >= 0 ? 1 : 0;
  const piece = a.functions[above];
  assert.ok(piece !== undefined);
  return piece;
}

/** Value and derivative as AD's table has them. */
function byAD(activation: TranscendentalActivation, t: Rational): readonly [Real, Real] {
  const equation: TranscendentalEquation = {
    ...{ op: 'transcendental', in: 0, out: 1, layer: 0 },
    activation,
  };
  const context = { point: [], proxies: activation.kinks.map(({ right }) => right) };
  const x = [[realOf(t)]];
  const bars = { variables: [[[REAL_ZERO]]], parameters: [[]] };
  realRuleOf(equation).reverse(equation, x, [[REAL_ONE]], bars, context);
  const [value] = realRuleOf(equation).primal(equation, x, context);
  const slope = bars.variables[0]?.[0]?.[0];
  assert.ok(value !== undefined && slope !== undefined);
  return [value, slope];
}

const arguments_ = fc
  .tuple(fc.bigInt({ min: -60n, max: 60n }), fc.bigInt({ min: 1n, max: 9n }))
  .map(([n, d]) => rational(n, d));

for (const [type, settings] of KINKS) {
  test(`${type} ${JSON.stringify(settings)}: the judge and AD have one value and one derivative, which is that of the value`, () => {
    const a = kind(type, settings);
    const h = parseExact('1e-12');
    fc.assert(
      fc.property(arguments_, (t) => {
        const piece = pieceAt(a, t);
        const [value, slope] = byAD(a, t);
        assert.equal(vanishes(subtractReals(value, pieceValue(piece, realOf(t)))), true);
        const derivative = pieceSlope(piece, realOf(t));
        assert.equal(vanishes(subtractReals(slope, derivative)), true);
        // A central difference is off by h²·f‴/6, and at |t| ≤ 60 no third derivative is above e^60;
        // below 10⁶ where the function does not grow like an exponential.
        const ahead = pieceValue(piece, realOf(add(t, h)));
        const behind = pieceValue(piece, realOf(subtract(t, h)));
        const quotient = scaleReal(rational(10n ** 12n, 2n), subtractReals(ahead, behind));
        const error = subtractReals(quotient, derivative);
        const grows = type === 'exp' ? sign(t) > 0 : settings['alpha'] === '-2' && sign(t) < 0;
        const size = realOf(parseExact(grows ? '1e3' : '1e-18'));
        assert.equal(signOfReal(subtractReals(size, error)), 1);
        assert.equal(signOfReal(subtractReals(scaleReal(rational(-1n), size), error)), -1);
      }),
      { numRuns: 25 },
    );
  });
}

test('a network that needs rational values is not built from them, and the checker checks them', () => {
  const { values } = resolveFormat('e2m1fn');
  const activation = kind('elu', { alpha: '2' });
  const description = {
    inputs: [[parseExact('1')]],
    layers: [{ units: 1, weight: null, bias: true, activation }],
  };
  const domain = { weights: values, biases: values, params: new Map() };
  assert.throws(() => buildNetwork(description, domain), TypeError);
  const [linear] = activation.functions;
  assert.ok(linear !== undefined);
  const torn = { ...activation, functions: [linear, { name: 'sigmoid' } as const] };
  assert.throws(
    () =>
      checkNetwork({
        inputs: [[parseExact('1')]],
        parameters: [],
        equations: [{ op: 'transcendental', in: 0, out: 1, layer: 0, activation: torn }],
        widths: [1, 1],
        output: 1,
      }),
    /not seen to be continuous/,
  );
});
