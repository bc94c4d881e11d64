import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Question, QuestionActivation } from '../../src/plan/question.js';
import { handActivation } from '../../src/report/activation-text.js';
import { rationalText, readRational } from '../../src/report/number-text.js';
import { parameterOrder } from '../../src/report/parameter-order.js';
import { workOut } from '../../src/report/worked.js';

const RELU: QuestionActivation = { type: 'relu' };

function question(network: Question['network']): Question {
  return {
    mode: 'point',
    network,
    format: { weights: 'e2m1fn', biases: 'e2m1fn', params: {} },
    proxies: { preset: 'pytorch', layers: network.layers.map(() => []) },
  };
}

test('parameters are ordered layer by layer, row by row, weights before biases, names once', () => {
  const order = parameterOrder(
    question({
      inputs: [['1', '2']],
      layers: [
        { type: 'dense', units: 2, bias: true, weight: null, activation: RELU },
        {
          type: 'dense',
          units: 2,
          bias: [{ param: 'c', scale: '1' }, '3'],
          weight: [
            [{ param: 's', scale: '-1' }, '1/2'],
            [
              { param: 't', scale: '1' },
              { param: 's', scale: '2' },
            ],
          ],
          activation: RELU,
        },
        { type: 'dense', units: 1, bias: false, weight: null, activation: { type: 'identity' } },
      ],
    }),
  );
  assert.deepEqual(order.names, [
    'w₀[0,0]',
    'w₀[0,1]',
    'w₀[1,0]',
    'w₀[1,1]',
    'b₀[0]',
    'b₀[1]',
    's',
    't',
    'c',
    'w₂[0,0]',
    'w₂[0,1]',
  ]);
});

test('a tied neuron of a second layer is worked out from the inputs up', () => {
  const q = question({
    inputs: [['1'], ['3']],
    layers: [
      { type: 'dense', units: 2, bias: true, weight: null, activation: RELU },
      {
        type: 'dense',
        units: 1,
        bias: ['-5'],
        weight: [[{ param: 'u', scale: '-1/2' }, '1']],
        activation: RELU,
      },
    ],
  });
  const parameters = ['2', '-1', '4', '0', '-2'].map(readRational);
  const worked = workOut(q, parameterOrder(q), parameters, 1, 1, 0);
  assert.equal(rationalText(worked.y), '5');
  assert.deepEqual(worked.lines, [
    'input x = (3)',
    'y₀[0] = w₀[0,0]·x₀ + b₀[0]',
    '      = (2)·(3) + (4)',
    '      = 10',
    'z₀[0] = relu(10) = 10   [relu(t) = max(t, 0)]',
    'y₀[1] = w₀[1,0]·x₀ + b₀[1]',
    '      = (-1)·(3) + (0)',
    '      = -3',
    'z₀[1] = relu(-3) = 0   [relu(t) = max(t, 0)]',
    'y₁[0] = (-1/2)·u·z₀[0] + (1)·z₀[1] + (-5)',
    '      = (-1/2)·(-2)·(10) + (1)·(0) + (-5)',
    '      = (10) + (0) + (-5)',
    '      = 5',
  ]);
});

test('activations worked by hand have the values of their formulas', () => {
  const value = (activation: QuestionActivation, t: string): string => {
    const hand = handActivation(activation);
    assert.ok(hand !== null);
    return rationalText(hand.at(readRational(t)));
  };
  assert.equal(value({ type: 'leaky_relu', slope: '1/4' }, '-2'), '-1/2');
  assert.equal(value({ type: 'relu6' }, '7'), '6');
  assert.equal(value({ type: 'hardtanh', min: '-1/2', max: '2' }, '-3'), '-1/2');
  assert.equal(value({ type: 'hardsigmoid', alpha: '1/6', beta: '1/2' }, '1'), '2/3');
  assert.equal(value({ type: 'hardsigmoid', alpha: '-1', beta: '0' }, '5'), '0');
  assert.equal(value({ type: 'hardswish' }, '-1'), '-1/3');
  assert.equal(value({ type: 'abs' }, '-3/7'), '3/7');
  assert.equal(value({ type: 'softshrink', lambda: '1/2' }, '-3/4'), '-1/4');
  const bent: QuestionActivation = {
    type: 'piecewise',
    breakpoints: ['-1', '1/2'],
    pieces: [['-1'], ['0', '1'], ['0', '0', '2']],
  };
  assert.equal(value(bent, '-3'), '-1');
  assert.equal(value(bent, '-1/4'), '-1/4');
  assert.equal(value(bent, '2'), '8');
  assert.equal(handActivation({ type: 'unheard-of' }), null);
});
