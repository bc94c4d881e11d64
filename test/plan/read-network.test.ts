/** Reading layers: defaults, names, sources, shapes, tie rules, and every fault with its pointer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Value } from '@sinclair/typebox/value';
import { compileQuestion } from '../../src/plan/compile.js';
import { parseRequest } from '../../src/plan/parse.js';
import type { Question } from '../../src/plan/question.js';
import { AnalyzeSchema } from '../../src/schemas/request.js';

const IMAGE = { inputs: [['1', '2', '3', '4', '5', '6', '7', '8', '9']], inputShape: [1, 3, 3] };
const conv = { type: 'conv2d', filters: 2, kernelSize: 2, activation: 'relu' };
const flatten = { type: 'flatten' };
const out = { type: 'dense', units: 1 };

function bodyOf(network: object, rest: object = {}): object {
  return { network, format: { values: ['-1', '0', '1'] }, mode: 'bounds', ...rest };
}

function question(network: object, rest: object = {}): Question {
  const body = bodyOf(network, rest);
  assert.ok(
    Value.Check(AnalyzeSchema, body),
    JSON.stringify([...Value.Errors(AnalyzeSchema, body)]),
  );
  const parsed = parseRequest(body);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.question;
}

function faults(network: object, rest: object = {}): string[] {
  const parsed = parseRequest(bodyOf(network, rest));
  assert.ok(!parsed.ok);
  return parsed.faults.map(({ pointer, code }) => `${pointer} ${code}`);
}

test('defaults of every layer type are filled in, shapes are told', () => {
  const { network } = question({
    ...IMAGE,
    layers: [conv, { type: 'maxPool2d', kernelSize: 2 }, flatten, out],
  });
  assert.deepEqual(network.layers, [
    {
      type: 'conv2d',
      filters: 2,
      kernelSize: [2, 2],
      stride: [1, 1],
      padding: [0, 0],
      dilation: [1, 1],
      groups: 1,
      bias: true,
      weight: null,
      activation: { type: 'relu' },
      shape: [2, 2, 2],
    },
    {
      type: 'maxPool2d',
      kernelSize: [2, 2],
      stride: [2, 2],
      padding: [0, 0],
      activation: null,
      shape: [2, 1, 1],
    },
    { type: 'flatten', activation: null, shape: [2] },
    {
      type: 'dense',
      units: 1,
      bias: true,
      weight: null,
      activation: { type: 'identity' },
      shape: [1],
    },
  ]);
});

test('parameters stand in the contract’s order: weights row by row, then biases', () => {
  const q = question({
    inputs: [['1', '2', '3']],
    inputShape: [1, 3],
    layers: [{ type: 'conv1d', filters: 2, kernelSize: 2 }, flatten, out],
  });
  assert.deepEqual(
    compileQuestion(q).network.parameters.map(({ name }) => name),
    [
      'layers.0.weight[0][0][0]',
      'layers.0.weight[0][0][1]',
      'layers.0.weight[1][0][0]',
      'layers.0.weight[1][0][1]',
      'layers.0.bias[0]',
      'layers.0.bias[1]',
      'layers.2.weight[0][0]',
      'layers.2.weight[0][1]',
      'layers.2.weight[0][2]',
      'layers.2.weight[0][3]',
      'layers.2.bias[0]',
    ],
  );
});

test('names are for the writer: the same network by index is the same question', () => {
  const block = { type: 'dense', units: 2 };
  const byName = question({
    inputs: [['1', '2']],
    layers: [
      { ...block, name: 'stem' },
      { ...block, activation: 'relu', from: 'stem' },
      { type: 'add', from: ['stem', 1, 'input'] },
    ],
  });
  const byIndex = question({
    inputs: [['1', '2']],
    inputShape: [2],
    layers: [block, { ...block, activation: 'relu' }, { type: 'add', from: [0, 1, 'input'] }],
  });
  assert.deepEqual(byName, byIndex);
  assert.equal(byIndex.network.inputShape, undefined);
});

test('a chain of dense layers is written as it always was', () => {
  const { network, proxies } = question({ inputs: [['1']], layers: [out] });
  assert.deepEqual(Object.keys(network).sort(), ['inputs', 'layers']);
  assert.deepEqual(Object.keys(network.layers[0] ?? {}).sort(), [
    ...['activation', 'bias', 'type', 'units', 'weight'],
  ]);
  assert.deepEqual(Object.keys(proxies).sort(), ['layers', 'preset']);
});

test('tied maxima are resolved by preset, by rule, and told where that is outside Clarke', () => {
  const layers = [conv, { type: 'maxPool2d', kernelSize: 2, activation: 'relu' }, flatten, out];
  const proxies = (given: unknown): unknown =>
    question({ ...IMAGE, layers }, given === undefined ? {} : { proxies: given }).proxies;
  assert.deepEqual(proxies(undefined), {
    preset: 'pytorch',
    layers: [['0'], ['first', '0'], [], []],
  });
  assert.deepEqual(proxies('right'), { preset: 'right', layers: [['1'], ['last', '1'], [], []] });
  assert.deepEqual(proxies({ maxPool2d: 'all' }), {
    preset: 'custom',
    layers: [['0'], ['all', '0'], [], []],
    outsideClarke: [1],
  });
  assert.deepEqual(proxies({ relu: ['2'], maxPool2d: 'tensorflow' }), {
    preset: 'custom',
    layers: [['2'], ['first', '2'], [], []],
    outsideClarke: [0, 1],
  });
  assert.deepEqual(faults({ ...IMAGE, layers }, { proxies: 'jax' }), ['/proxies unknown-proxy']);
  assert.deepEqual(faults({ ...IMAGE, layers }, { proxies: { maxPool2d: ['1'] } }), [
    '/proxies/maxPool2d invalid-proxy',
  ]);
  assert.deepEqual(faults({ ...IMAGE, layers }, { proxies: { maxPool2d: 'widest' } }), [
    '/proxies/maxPool2d invalid-proxy',
  ]);
});

const REFUSED: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'an input of another size than its shape',
    { inputs: [['1']], inputShape: [1, 2, 2], layers: [flatten] },
    ['/network/inputShape shape-mismatch'],
  ],
  ['a dense layer on an image', { ...IMAGE, layers: [out] }, ['/network/layers/0 shape-mismatch']],
  [
    'a convolution on a flat input',
    { inputs: [['1']], layers: [conv] },
    ['/network/layers/0 shape-mismatch'],
  ],
  [
    'a window that does not fit',
    { ...IMAGE, layers: [{ ...conv, kernelSize: [4, 1] }] },
    ['/network/layers/0/kernelSize shape-mismatch'],
  ],
  [
    'groups that do not divide',
    { ...IMAGE, layers: [{ ...conv, groups: 2 }] },
    ['/network/layers/0/groups shape-mismatch'],
  ],
  [
    'weights of another shape',
    {
      ...IMAGE,
      layers: [
        {
          ...conv,
          weight: [[[['1', '1'], ['1']]]],
        },
      ],
    },
    ['/network/layers/0/weight/0/0/1 shape-mismatch', '/network/layers/0/weight shape-mismatch'],
  ],
  [
    'too few biases',
    { ...IMAGE, layers: [{ ...conv, bias: ['1'] }] },
    ['/network/layers/0/bias shape-mismatch'],
  ],
  [
    'padding of more than half a pooling window',
    { ...IMAGE, layers: [{ type: 'avgPool2d', kernelSize: 3, padding: 2 }] },
    ['/network/layers/0/padding shape-mismatch'],
  ],
  [
    'summands of two shapes',
    {
      inputs: [['1']],
      layers: [
        { type: 'dense', units: 2 },
        { type: 'add', from: [0, 'input'] },
      ],
    },
    ['/network/layers/1/from/1 shape-mismatch'],
  ],
  [
    'rows that cannot stand side by side',
    { ...IMAGE, layers: [conv, { type: 'concat', from: [0, 'input'] }] },
    ['/network/layers/1/from/1 shape-mismatch'],
  ],
  [
    'a layer that comes later',
    { inputs: [['1']], layers: [{ ...out, from: 0 }] },
    ['/network/layers/0/from unknown-layer'],
  ],
  [
    'a name that nobody has',
    { inputs: [['1']], layers: [out, { type: 'add', from: ['stem', 0] }] },
    ['/network/layers/1/from/0 unknown-layer'],
  ],
  [
    'a name that two have',
    {
      inputs: [['1']],
      layers: [
        { ...out, name: 'a' },
        { ...out, name: 'a' },
      ],
    },
    ['/network/layers/1/name invalid-name'],
  ],
  [
    'the name of the input',
    { inputs: [['1']], layers: [{ ...out, name: 'input' }] },
    ['/network/layers/0/name invalid-name'],
  ],
  [
    'a layer that nobody reads',
    { inputs: [['1']], layers: [out, { ...out, from: 'input' }] },
    ['/network/layers/0 shape-mismatch'],
  ],
  [
    'a maximum of units that do not exist, and of one twice',
    { inputs: [['1', '2']], layers: [out, { type: 'max', from: 'input', of: [[2], [1, 1]] }] },
    ['/network/layers/1/of/0/0 shape-mismatch', '/network/layers/1/of/1/1 shape-mismatch'],
  ],
  [
    'a scale per channel that is missing',
    { ...IMAGE, layers: [conv, { type: 'scale', scale: ['1'] }] },
    ['/network/layers/1/scale shape-mismatch'],
  ],
  [
    'targets that do not match samples and outputs',
    {
      inputs: [['1'], ['2']],
      layers: [out],
      loss: { type: 'mse', targets: [['1', '2']] },
    },
    ['/network/loss/targets shape-mismatch', '/network/loss/targets/0 shape-mismatch'],
  ],
];

for (const [what, network, wanted] of REFUSED) {
  test(`refused: ${what}`, () => {
    assert.deepEqual(faults(network), wanted);
  });
}
