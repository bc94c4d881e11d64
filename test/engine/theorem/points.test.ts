/**
 * What theorems say of single points of wide networks, against the judge and the hulls alone: the
 * examination may certify by a theorem, so membership is asked of `clarkeMembership` itself.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { examine, judgeOf } from '../../../src/engine/index.js';
import { ZERO } from '../../../src/engine/num/rational.js';
import { clarkeMembership } from '../../../src/engine/truth/clarke.js';
import { runs } from '../../arbitraries.js';
import { anyRecipe, somePoints } from '../../arbitraries-recipes.js';
import { build, type LayerRecipe, type NetworkRecipe } from '../recipe.js';

/** Dense rows of their own, with or without biases: where the theorems' hypotheses can hold. */
const owned = anyRecipe({ maxPoints: 1n << 200n, maxLayers: 3 })
  .chain((recipe) =>
    fc.record({
      recipe: fc.constant(recipe),
      biases: fc.oneof(
        fc.constant([true, true, true]),
        fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      ),
      single: fc.boolean(),
      proxy: fc.constantFrom('left', 'middle', 'given'),
    }),
  )
  // Hypotheses that hold together are rare by chance: no bias missing, one sample, one side.
  .map(({ recipe, biases, single, proxy }): NetworkRecipe => {
    const layers = recipe.layers.map((layer, k): LayerRecipe => {
      const bare = { ...layer, weight: null, bias: biases[k] ?? true };
      return proxy === 'given' ? bare : { ...bare, proxies: mixed(bare, recipe, proxy) };
    });
    return { ...recipe, layers, inputs: single ? recipe.inputs.slice(0, 1) : recipe.inputs };
  })
  .filter((recipe) => build(recipe).network.parameters.length <= 14);

/** The left derivative at every kink, or the mean of both. */
function mixed(layer: LayerRecipe, recipe: NetworkRecipe, how: 'left' | 'middle'): string[] {
  const { network } = build({ ...recipe, layers: [{ ...layer, weight: null, bias: true }] });
  const equation = network.equations[1];
  if (equation?.op !== 'activation') return [];
  return equation.activation.kinks.map(({ left, right }) => {
    if (how === 'left') return `${String(left.n)}/${String(left.d)}`;
    return `${String(left.n * right.d + right.n * left.d)}/${String(2n * left.d * right.d)}`;
  });
}

test('a theorem that applies at a point is never contradicted there', () => {
  const applied = new Map<string, number>();
  fc.assert(
    fc.property(owned, (recipe) => {
      const built = build(recipe);
      const { network, proxies } = built;
      const judge = judgeOf(network, proxies, { fastPath: false, maxLeaves: 64 });
      for (const point of somePoints(built, 6n)) {
        const walked = judge(point);
        if (walked.ties.length === 0) continue;
        const { theorems } = examine(network, proxies, point);
        const applying = theorems.filter(({ applies }) => applies);
        for (const { id } of applying) applied.set(id, (applied.get(id) ?? 0) + 1);
        if (applying.some(({ on }) => on === 'clarke')) {
          const { membership } = clarkeMembership(network, point, walked.ad, 64);
          assert.notEqual(membership, 'refuted', applying.map(({ id }) => id).join());
        }
        if (walked.differentiable === null) continue;
        const ids = new Set(applying.map(({ id }) => id));
        if (ids.has('L-suff')) assert.equal(walked.adCorrect, true, 'L-suff');
        if (ids.has('L-inc')) assert.notEqual(walked.adCorrect, false, 'L-inc');
        if (ids.has('L-iff')) {
          const relevant = walked.ties.some((tie) => tie.relevant);
          assert.equal(walked.differentiable, !relevant, 'L-iff');
        }
      }
    }),
    runs(150),
  );
  if (runs(150).numRuns >= 100) {
    for (const id of ['L-iff', 'L-suff', 'L-clarke', 'P-1', 'P-4/P-6', 'P-5']) {
      assert.ok((applied.get(id) ?? 0) > 5, `${id} applied ${String(applied.get(id) ?? 0)} times`);
    }
  }
});

/** theory.md section 4: what is refuted there must fall outside every Clarke theorem, and why. */
const REFUTED: readonly (readonly [
  string,
  readonly (readonly [string, RegExp])[],
  NetworkRecipe,
])[] = [
  [
    'no bias: ReLU(w) − ReLU(−w)',
    [
      ['P-1', /bias of unit 0 is a constant/],
      ['P-4/P-6', /bias of unit 0 is a constant/],
      ['P-5', /no free parameter of its own/],
      ['L-clarke', /bias of unit 0 is a constant/],
    ],
    {
      inputs: [['1']],
      weights: { values: ['0'] },
      biases: { values: ['0'] },
      layers: [
        {
          units: 2,
          weight: [[{ param: 'w', scale: '1' }], [{ param: 'w', scale: '-1' }]],
          bias: false,
          activation: { type: 'relu' },
          proxies: ['0'],
        },
        {
          units: 1,
          weight: [['1', '-1']],
          bias: false,
          activation: { type: 'identity' },
          proxies: [],
        },
      ],
    },
  ],
  [
    'a batch of two with unequal proxies',
    [
      ['P-1', /batch of 2/],
      ['P-4/P-6', /no single λ/],
      ['P-5', /no free parameter of its own/],
      ['L-clarke', /batch of 2/],
    ],
    {
      inputs: [['0'], ['1']],
      weights: { values: ['0'] },
      biases: { values: ['0'] },
      layers: [
        {
          units: 1,
          weight: [['1']],
          bias: true,
          activation: { type: 'hardtanh', settings: { min: '0', max: '1' } },
          proxies: ['0', '0'],
        },
      ],
    },
  ],
];

for (const [name, expected, recipe] of REFUTED) {
  test(`no Clarke theorem claims what is refuted: ${name}`, () => {
    const { network, proxies } = build(recipe);
    const { clarke, theorems } = examine(
      network,
      proxies,
      network.parameters.map(() => ZERO),
    );
    assert.equal(clarke.membership, 'refuted');
    const found = new Map(theorems.map((theorem) => [theorem.id, theorem]));
    for (const [id, why] of expected) {
      assert.equal(found.get(id)?.applies, false, id);
      assert.match(found.get(id)?.why ?? '', why);
    }
    assert.ok(theorems.every(({ on, applies }) => on !== 'clarke' || !applies));
  });
}
