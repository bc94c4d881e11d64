/** The builder and the checker: the order of parameters, and a path for every fault. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError, buildNetwork, resolveFormat } from '../../../src/engine/index.js';
import { activation } from '../../../src/engine/net/activation.js';
import type { DomainDescription, NetworkDescription } from '../../../src/engine/net/build.js';
import { checkNetwork } from '../../../src/engine/net/check.js';
import type { ActivationEquation, DenseEquation, Network } from '../../../src/engine/net/ir.js';
import { ONE, ZERO } from '../../../src/engine/num/rational.js';
import { build, type NetworkRecipe } from '../recipe.js';

const identity = activation('identity', [], [[ZERO, ONE]]);
const relu = activation('relu', [ZERO], [[], [ZERO, ONE]]);

function domain(change: Partial<DomainDescription> = {}): DomainDescription {
  const ternary = resolveFormat({ values: ['-1', '0', '1'] }).values;
  return { weights: ternary, biases: ternary, params: new Map(), ...change };
}

function faultsOf(action: () => unknown): readonly string[] {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof EngineError, String(error));
    for (const { path, detail } of error.faults) {
      assert.ok(error.message.includes(`/${path.join('/')}: ${detail}`));
    }
    return error.faults.map(({ path, code }) => `/${path.join('/')} ${code}`);
  }
  return assert.fail('nothing was refused');
}

const p = (param: string, scale = '1'): { param: string; scale: string } => ({ param, scale });

test('parameters stand layer by layer, rows of weights before biases, each name once', () => {
  const recipe: NetworkRecipe = {
    inputs: [['1', '2']],
    weights: { values: ['0', '1'] },
    biases: { values: ['2', '3', '4'] },
    params: { s: { values: ['5'] } },
    layers: [
      { units: 2, weight: null, bias: true, activation: { type: 'relu' } },
      {
        units: 2,
        weight: [
          [p('s'), '3'],
          [p('t'), p('s', '-1')],
        ],
        bias: [p('t'), p('u')],
        activation: { type: 'relu' },
      },
      {
        units: 1,
        weight: [[p('u'), p('v')]],
        bias: false,
        activation: { type: 'identity' },
      },
    ],
  };
  const { network } = build(recipe);
  assert.deepEqual(
    network.parameters.map(({ name, role, layer, values }) => [name, role, layer, values.size]),
    [
      ['layers.0.weight[0][0]', 'weight', 0, 2n],
      ['layers.0.weight[0][1]', 'weight', 0, 2n],
      ['layers.0.weight[1][0]', 'weight', 0, 2n],
      ['layers.0.weight[1][1]', 'weight', 0, 2n],
      ['layers.0.bias[0]', 'bias', 0, 3n],
      ['layers.0.bias[1]', 'bias', 0, 3n],
      ['s', 'weight', 1, 1n],
      ['t', 'weight', 1, 2n],
      ['u', 'bias', 1, 3n],
      ['v', 'weight', 2, 2n],
    ],
  );
  assert.deepEqual(network.widths, [2, 2, 2, 2, 2, 1, 1]);
  assert.equal(checkNetwork(network), network);
});

const sound: NetworkDescription = {
  inputs: [[ONE, ONE]],
  layers: [{ units: 2, weight: null, bias: true, activation: relu }],
};

/** Each description breaks something; the faults name every place. */
const DESCRIPTIONS: readonly (readonly [
  string,
  NetworkDescription,
  Partial<DomainDescription>,
  readonly string[],
])[] = [
  [
    'a short sample',
    { ...sound, inputs: [[ONE, ONE], [ONE], [ONE, ONE, ONE]] },
    {},
    ['/network/inputs/1 shape-mismatch', '/network/inputs/2 shape-mismatch'],
  ],
  [
    'rows, entries and biases of the wrong number, in two layers at once',
    {
      inputs: [[ONE, ONE]],
      layers: [
        { units: 2, weight: [[ONE, ONE]], bias: [ONE, ONE, ONE], activation: relu },
        { units: 1, weight: [[ONE]], bias: false, activation: identity },
      ],
    },
    {},
    [
      '/network/layers/0/weight shape-mismatch',
      '/network/layers/0/bias shape-mismatch',
      '/network/layers/1/weight/0 shape-mismatch',
    ],
  ],
  [
    'no set for weights',
    sound,
    { weights: null },
    Array<string>(4).fill('/format/weights missing-format'),
  ],
  [
    'no set for biases',
    sound,
    { biases: null },
    Array<string>(2).fill('/format/biases missing-format'),
  ],
  [
    'a set for a parameter that is not there',
    sound,
    { params: new Map([['ghost', resolveFormat({ values: ['1'] }).values]]) },
    ['/format/params/ghost unknown-parameter'],
  ],
];

for (const [name, description, change, expected] of DESCRIPTIONS) {
  test(`refused: ${name}`, () => {
    assert.deepEqual(
      faultsOf(() => buildNetwork(description, domain(change))),
      expected,
    );
  });
}

const whole = (): Network => buildNetwork(sound, domain());

function dense(change: Partial<DenseEquation>): Network {
  const network = whole();
  return {
    ...network,
    equations: [
      { ...(network.equations[0] as DenseEquation), ...change },
      network.equations[1] as ActivationEquation,
    ],
  };
}

function activated(change: Partial<ActivationEquation>): Network {
  const network = whole();
  return {
    ...network,
    equations: [
      network.equations[0] as DenseEquation,
      { ...(network.equations[1] as ActivationEquation), ...change },
    ],
  };
}

/** What follows where an equation cannot be read: its parameters are used nowhere. */
const UNUSED = Array.from({ length: 6 }, (_, k) => `/parameters/${String(k)}`);

/** Each way to break the grammar of `ir.ts`. */
const BROKEN: readonly (readonly [string, () => Network, readonly string[]])[] = [
  ['a sample of another width', () => ({ ...whole(), inputs: [[ONE]] }), ['/inputs/0']],
  ['no sample', () => ({ ...whole(), inputs: [] }), ['/inputs']],
  ['a second assignment', () => activated({ out: 1, in: 0 }), ['/equations/1']],
  ['a use before the definition', () => activated({ in: 2 }), ['/equations/1']],
  ['a negative variable', () => dense({ in: -1 }), ['/equations/0', ...UNUSED]],
  [
    'an activation that changes the width',
    () => ({ ...whole(), widths: [2, 2, 3] }),
    ['/equations/1'],
  ],
  [
    'too few rows',
    () => dense({ weight: (whole().equations[0] as DenseEquation).weight.slice(1) }),
    ['/equations/0', '/parameters/0', '/parameters/1'],
  ],
  [
    'too few biases',
    () => dense({ bias: [{ constant: ZERO }] }),
    ['/equations/0', '/parameters/4', '/parameters/5'],
  ],
  [
    'a short row',
    () => {
      const [first = [], second = []] = (whole().equations[0] as DenseEquation).weight;
      return dense({ weight: [first, second.slice(0, 1)] });
    },
    ['/equations/0/weight/1', '/parameters/3'],
  ],
  [
    'a weight that names no parameter',
    () => {
      const [first = [], second = []] = (whole().equations[0] as DenseEquation).weight;
      return dense({ weight: [first, [...second.slice(0, 1), { parameter: 99, scale: ONE }]] });
    },
    ['/equations/0/weight/1/1', '/parameters/3'],
  ],
  [
    'a bias that names no parameter',
    () => {
      const [first = { constant: ZERO }] = (whole().equations[0] as DenseEquation).bias;
      return dense({ bias: [first, { parameter: 6, scale: ONE }] });
    },
    ['/equations/0/bias/1', '/parameters/5'],
  ],
  ['an output that is not last', () => ({ ...whole(), output: 1 }), ['/output']],
];

for (const [name, network, paths] of BROKEN) {
  test(`the checker finds ${name}`, () => {
    assert.deepEqual(
      faultsOf(() => checkNetwork(network())),
      paths.map((path) => `${path} ill-formed-program`),
    );
  });
}

test('the checker computes continuity again', () => {
  const torn = { ...relu, pieces: [[ONE], [ZERO, ONE]] };
  assert.throws(() => checkNetwork(activated({ activation: torn })), /not continuous/);
});
