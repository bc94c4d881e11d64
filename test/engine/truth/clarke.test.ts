/**
 * Clarke membership: answers known by hand, and every way to tamper with a certificate. The checker
 * (`verify.ts`) is itself held to the oracle: the limit along a ray is the derivative near its start.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { examine, type Rational } from '../../../src/engine/index.js';
import {
  ONE,
  ZERO,
  add,
  compare,
  equal,
  integer,
  isZero,
  multiply,
  negate,
} from '../../../src/engine/num/rational.js';
import { toText } from '../../../src/engine/num/text.js';
import { clarkeMembership } from '../../../src/engine/truth/clarke.js';
import { dot } from '../../../src/engine/truth/linear.js';
import { derivativeAlongRay, verifyCertificate } from '../../../src/engine/truth/verify.js';
import { walk } from '../../../src/engine/truth/walk.js';
import { runs } from '../../arbitraries.js';
import { anyRecipe, somePoints } from '../../arbitraries-recipes.js';
import { build, exact, type LayerRecipe, type NetworkRecipe } from '../recipe.js';

const p = (param: string, scale = '1'): { param: string; scale: string } => ({ param, scale });
const ZERO_ONLY = { values: ['0'] };

function recipe(layers: readonly LayerRecipe[], inputs = [['1']]): NetworkRecipe {
  return { inputs, layers, weights: ZERO_ONLY, biases: ZERO_ONLY };
}

function layer(
  weight: LayerRecipe['weight'],
  bias: LayerRecipe['bias'],
  type: string,
  proxies: readonly string[] = [],
): LayerRecipe {
  return { units: weight?.length ?? 1, weight, bias, activation: { type }, proxies };
}

/** Answer, and what AD says, at the point that is 0 in every parameter. */
const KNOWN: readonly (readonly [string, NetworkRecipe, string, readonly string[]])[] = [
  [
    'ReLU(w) − ReLU(−w), ReLU′(0) = 0',
    recipe([
      layer([[p('w')], [p('w', '-1')]], false, 'relu', ['0']),
      layer([['1', '-1']], false, 'identity'),
    ]),
    'refuted',
    ['0'],
  ],
  [
    'the same with ReLU′(0) = 1/2',
    recipe([
      layer([[p('w')], [p('w', '-1')]], false, 'relu', ['1/2']),
      layer([['1', '-1']], false, 'identity'),
    ]),
    'certified',
    ['1'],
  ],
  [
    'a batch clipped at both ends, derivative 0 at both',
    recipe([layer([['1']], [p('b')], 'hardtanh01', ['0', '0'])], [['0'], ['1']]),
    'refuted',
    ['0', '0'],
  ],
  [
    'the same with one λ = 0: right derivatives',
    recipe([layer([['1']], [p('b')], 'hardtanh01', ['1', '0'])], [['0'], ['1']]),
    'certified',
    ['1', '0'],
  ],
  [
    'one ReLU, a proxy beside the interval',
    recipe([layer([[p('w')]], false, 'relu', ['2'])]),
    'refuted',
    ['2'],
  ],
  [
    'one ReLU, a proxy inside the interval',
    recipe([layer([[p('w')]], false, 'relu', ['1/3'])]),
    'certified',
    ['1/3'],
  ],
  [
    '|w| + |−2w|, slopes −3 and 3, AD 0',
    recipe([
      layer([[p('w')], [p('w', '-2')]], false, 'abs', ['0']),
      layer([['1', '1']], false, 'identity'),
    ]),
    'certified',
    ['0'],
  ],
  [
    '|w| + |−2w| with 1 at both kinks: AD −1',
    recipe([
      layer([[p('w')], [p('w', '-2')]], false, 'abs', ['1']),
      layer([['1', '1']], false, 'identity'),
    ]),
    'certified',
    ['-1'],
  ],
  [
    '|w| − |−w| = 0 with 1: AD 2',
    recipe([
      layer([[p('w')], [p('w', '-1')]], false, 'abs', ['1']),
      layer([['1', '-1']], false, 'identity'),
    ]),
    'refuted',
    ['2'],
  ],
];

/** hardtanh on [0, 1] under a short name. */
function withSettings(r: NetworkRecipe): NetworkRecipe {
  const layers = r.layers.map((l) =>
    l.activation.type === 'hardtanh01'
      ? { ...l, activation: { type: 'hardtanh', settings: { min: '0', max: '1' } } }
      : l,
  );
  return { ...r, layers };
}

for (const [name, described, membership, said] of KNOWN) {
  test(`${name}: ${membership}`, () => {
    const { network, proxies } = build(withSettings(described));
    const point = network.parameters.map(() => ZERO);
    const { clarke, verdict } = examine(network, proxies, point);
    assert.deepEqual(verdict.ad.flat().map(toText), said);
    assert.equal(clarke.membership, membership, clarke.why);
    assert.equal(clarke.vertices !== undefined, membership === 'certified');
    assert.equal(clarke.separation !== undefined, membership === 'refuted');
  });
}

test('a pattern seen only to second order is undecided, never refuted or certified', () => {
  // y1 = w1 and y2 = w1 + w2·w3 (theory.md section 4): f = |y1| − |y2|, whose limits are (0, …)
  // to first order, yet y1 > 0 > y2 occurs, so (2, 0, 0) is a limit as well.
  const { network } = build(
    recipe([
      layer([[p('a')], [p('b')]], false, 'identity'),
      layer(
        [
          ['1', '0'],
          ['1', p('c')],
        ],
        false,
        'abs',
        ['0'],
      ),
      layer([['1', '-1']], false, 'identity'),
    ]),
  );
  const at = network.parameters.map(() => ZERO);
  const candidate = (first: string): Rational[][] => [
    network.parameters.map((_, k) => (k === 0 ? exact(first) : ZERO)),
  ];
  assert.equal(clarkeMembership(network, at, candidate('0'), 64).membership, 'certified');
  assert.equal(clarkeMembership(network, at, candidate('1'), 64).membership, 'undecided');
  assert.equal(clarkeMembership(network, at, candidate('3'), 64).membership, 'refuted');
});

const SMALL = anyRecipe({ maxPoints: 1n << 24n, maxLayers: 3 }).filter(
  (r) => build(r).network.parameters.length <= 6,
);

test('certificates verify; a changed weight, gradient, direction or candidate does not', () => {
  let tampered = 0;
  fc.assert(
    fc.property(SMALL, (described) => {
      const built = build(described);
      const { network, proxies } = built;
      for (const point of somePoints(built, 6n)) {
        const { verdict, clarke } = examine(network, proxies, point);
        const { vertices } = clarke;
        if (vertices === undefined) continue;
        const ok = (candidate: typeof verdict.ad, list: typeof vertices): boolean =>
          verifyCertificate(network, point, candidate, list);
        assert.ok(ok(verdict.ad, vertices));
        const [first, ...rest] = vertices;
        assert.ok(first !== undefined);
        assert.ok(!ok(verdict.ad, [{ ...first, weight: add(first.weight, ONE) }, ...rest]));
        assert.ok(!ok(verdict.ad, []));
        const raised = verdict.ad.map((row, i) =>
          row.map((entry, j) => (i + j === 0 ? add(entry, ONE) : entry)),
        );
        assert.ok(!ok(raised, vertices));
        // Weights that still sum to 1 and combine, but one of them negative.
        const twice = { ...first, weight: add(first.weight, integer(1)) };
        const taken = { ...first, weight: integer(-1) };
        assert.ok(!ok(verdict.ad, [twice, taken, ...rest]));
        // Gradient and candidate raised together still combine; only the ray tells.
        const lift = (rows: typeof verdict.ad, by: Rational): Rational[][] =>
          rows.map((row, i) => row.map((entry, j) => (i + j === 0 ? add(entry, by) : entry)));
        assert.ok(
          !ok(lift(verdict.ad, first.weight), [
            { ...first, gradient: lift(first.gradient, ONE) },
            ...rest,
          ]),
        );
        // Another direction either shows the same limit or is refused.
        const turned = first.direction.map(negate);
        const limit = derivativeAlongRay(network, point, turned);
        const same =
          limit?.every((row, i) =>
            row.every((entry, j) => equal(entry, first.gradient[i]?.[j] ?? ZERO)),
          ) ?? false;
        assert.equal(ok(verdict.ad, [{ ...first, direction: turned }, ...rest]), same);
        if (!same) tampered += 1;
      }
    }),
    runs(80),
  );
  if (runs(80).numRuns >= 60)
    assert.ok(tampered > 5, `${String(tampered)} directions were refused`);
});

test('a separation exceeds every leaf by what it says', () => {
  let refuted = 0;
  fc.assert(
    fc.property(SMALL, (described) => {
      const built = build(described);
      for (const point of somePoints(built, 6n)) {
        const { verdict, clarke } = examine(built.network, built.proxies, point);
        if (clarke.separation === undefined) continue;
        refuted += 1;
        const { normal, candidate, supremum } = clarke.separation;
        assert.deepEqual(dot(normal.flat(), verdict.ad.flat()), candidate);
        assert.ok(compare(candidate, supremum) > 0);
        const values = walk(built.network, point, { maxLeaves: 4096 }).leaves.map(({ gradient }) =>
          dot(normal.flat(), gradient.flat()),
        );
        assert.ok(values.every((value) => compare(value, supremum) <= 0));
      }
    }),
    runs(100),
  );
  if (runs(100).numRuns >= 60) assert.ok(refuted > 5, `${String(refuted)} were refuted`);
});

test('the limit along a ray is the derivative of nearby points', () => {
  let compared = 0;
  const tiny = exact('1/1099511627776');
  fc.assert(
    fc.property(
      SMALL,
      fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 6 }),
      (described, numbers) => {
        const built = build(described);
        const { network } = built;
        // Only where gradients are locally constant along the ray is the limit met exactly: one
        // layer of parameters and no curved piece.
        const layersOfParameters = new Set(
          network.equations.flatMap((e, k) =>
            e.op === 'dense' && [...e.weight.flat(), ...e.bias].some((x) => 'parameter' in x)
              ? [k]
              : [],
          ),
        );
        const curved = network.equations.some(
          (e) => e.op === 'activation' && e.activation.pieces.some((piece) => piece.length > 2),
        );
        if (layersOfParameters.size !== 1 || curved) return;
        const direction = network.parameters.map((_, k) => integer(numbers[k] ?? 0));
        for (const point of somePoints(built, 4n)) {
          const limit = derivativeAlongRay(network, point, direction);
          if (limit === null) continue;
          const near = point.map((w, k) => add(w, multiply(tiny, direction[k] ?? ZERO)));
          const truth = walk(network, near, { maxLeaves: 256 });
          assert.deepEqual(truth.derivative, limit);
          if (direction.some((d) => !isZero(d))) compared += 1;
        }
      },
    ),
    runs(150),
  );
  if (runs(150).numRuns >= 60) assert.ok(compared > 20, `${String(compared)} rays were compared`);
});
