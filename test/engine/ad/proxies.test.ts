/** The presets against what was read in the frameworks' sources (vectors/proxies); refusals by name. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  EngineError,
  PROXY_PRESETS,
  presetOf,
  proxiesOf,
  proxiesOfKinks,
  type ProxyDescription,
} from '../../../src/engine/index.js';
import { ACTIVATIONS } from '../../../src/engine/net/activations.js';
import { toText } from '../../../src/engine/num/text.js';
import { build, exact, type ActivationRecipe, type Built } from '../recipe.js';

interface Vectors {
  readonly rows: readonly {
    readonly activation: string;
    readonly settings: Readonly<Record<string, string>>;
    readonly kinks: readonly string[];
    /** Null where nobody verified what the framework does. */
    readonly pytorch: readonly string[] | null;
    readonly tensorflow: readonly string[] | null;
    readonly jax: readonly string[] | null;
  }[];
}

// The compiled test lies one folder deeper than its source.
const vectors = JSON.parse(
  readFileSync(
    new URL('../../../../test/vectors/proxies/frameworks.json', import.meta.url),
    'utf8',
  ),
) as Vectors;

const FRAMEWORKS = ['pytorch', 'tensorflow', 'jax'] as const;

function single(...activations: readonly ActivationRecipe[]): Built {
  return build({
    inputs: [['1']],
    weights: { values: ['1'] },
    biases: { values: ['0'] },
    layers: activations.map((activation) => ({
      units: 1,
      weight: null,
      bias: true,
      activation,
      proxies: ['0', '0', '0'],
    })),
  });
}

function described(
  preset: ProxyDescription['preset'],
  overrides: Record<string, ProxyDescription['preset'] | readonly string[]> = {},
): ProxyDescription {
  return {
    preset,
    overrides: new Map(
      Object.entries(overrides).map(([type, chosen]) => [
        type,
        typeof chosen === 'string' ? chosen : chosen.map(exact),
      ]),
    ),
  };
}

function faultsOf(
  action: () => unknown,
): readonly { path: string; code: string; detail: string }[] {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof EngineError);
    return error.faults.map(({ path, code, detail }) => ({ path: path.join('/'), code, detail }));
  }
  return assert.fail('nothing was refused');
}

for (const row of vectors.rows) {
  test(`presets at the kinks of ${row.activation}`, () => {
    const { network } = single({ type: row.activation, settings: row.settings });
    const equation = network.equations[1];
    assert.ok(equation?.op === 'activation');
    const { kinks } = equation.activation;
    assert.deepEqual(
      kinks.map(({ at }) => toText(at)),
      row.kinks,
    );
    for (const framework of FRAMEWORKS) {
      const known = proxiesOfKinks(framework, row.activation, kinks);
      assert.deepEqual(known?.map(toText) ?? null, row[framework], framework);
      if (row[framework] === null) {
        const faults = faultsOf(() => proxiesOf(network, described(framework)));
        assert.deepEqual(
          faults.map(({ path, code }) => [path, code]),
          [['proxies', 'unknown-proxy']],
        );
        assert.ok(faults[0]?.detail.includes(`"${row.activation}"`));
      } else {
        assert.deepEqual(proxiesOf(network, described(framework))[1]?.map(toText), row[framework]);
      }
    }
    assert.deepEqual(
      proxiesOfKinks('left', row.activation, kinks),
      kinks.map(({ left }) => left),
    );
    assert.deepEqual(
      proxiesOfKinks('right', row.activation, kinks),
      kinks.map(({ right }) => right),
    );
  });
}

test('the vectors have a row for every activation with kinks', () => {
  const kinked = [...ACTIVATIONS.values()].filter(
    (kind) => kind.build(kind.settings).kinks.length > 0,
  );
  assert.deepEqual(
    vectors.rows.map(({ activation }) => activation).sort(),
    kinked.map(({ type }) => type).sort(),
  );
});

test('an override changes its activation alone; several faults come at once', () => {
  const { network } = single({ type: 'relu6' }, { type: 'abs' }, { type: 'identity' });
  const chosen = proxiesOf(network, described('pytorch', { relu6: ['1/2', '-3'] }));
  assert.deepEqual(
    chosen.map((row) => row.map(toText)),
    [[], ['1/2', '-3'], [], ['0'], [], []],
  );
  assert.deepEqual(
    proxiesOf(network, described('pytorch', { abs: 'jax' })).map((row) => row.map(toText)),
    [[], ['0', '0'], [], ['1'], [], []],
  );
  const faults = faultsOf(() =>
    proxiesOf(network, described('pytorch', { relu6: ['1'], abs: ['1', '1'], glu: 'left' })),
  );
  assert.deepEqual(faults.map(({ path, code }) => `${path} ${code}`).sort(), [
    'proxies/abs invalid-proxy',
    'proxies/glu unknown-activation',
    'proxies/relu6 invalid-proxy',
  ]);
});

test('a piecewise activation with kinks needs its own proxies; without kinks it needs none', () => {
  const kinked = { type: 'piecewise', breakpoints: ['0'], pieces: [['0'], ['0', '1']] };
  const smooth = { type: 'piecewise', breakpoints: ['0'], pieces: [['0'], ['0', '0', '1']] };
  const faults = faultsOf(() => proxiesOf(single(kinked).network, described('jax')));
  assert.deepEqual(faults[0]?.code, 'unknown-proxy');
  assert.deepEqual(proxiesOf(single(smooth).network, described('jax')), [[], []]);
  assert.deepEqual(
    proxiesOf(single(kinked).network, described('jax', { piecewise: 'right' }))[1]?.map(toText),
    ['1'],
  );
});

test('presetOf finds a preset that gives the same proxies, or none', () => {
  const { network } = single({ type: 'relu' }, { type: 'abs' });
  for (const preset of PROXY_PRESETS) {
    const found = presetOf(network, proxiesOf(network, described(preset)));
    assert.ok(found !== null);
    assert.deepEqual(proxiesOf(network, described(found)), proxiesOf(network, described(preset)));
  }
  assert.equal(presetOf(network, [[], [exact('1/3')], [], [exact('0')]]), null);
});
