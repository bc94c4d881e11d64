/**
 * Requests that work as they stand, one per thing worth knowing. `npm run openapi` writes each to
 * openapi/examples, the OpenAPI document carries them, and a test posts every one.
 */
import type { AnalyzeInput } from '../schemas/request.js';

export interface RequestExample {
  readonly summary: string;
  readonly request: AnalyzeInput;
}

/** The values of E2M1 (FP4), in increasing order. */
const E2M1 = ['0', '1/2', '1', '3/2', '2', '3', '4', '6'].flatMap((value) =>
  value === '0' ? ['0'] : [`-${value}`, value],
);

const negated = (value: string): string =>
  value === '0' ? '0' : value.startsWith('-') ? value.slice(1) : `-${value}`;

/** P(x) = (1/|M|) Σ over c in M of ReLU(x − c) − ReLU(c − x): slope 1 everywhere, one parameter. */
const SEED: AnalyzeInput = {
  network: {
    inputs: [[1]],
    layers: [
      {
        type: 'dense',
        units: 2 * E2M1.length,
        weight: E2M1.flatMap(() => [[{ param: 'x' }], [{ param: 'x', scale: '-1' }]]),
        bias: E2M1.flatMap((value) => [negated(value), value]),
        activation: 'relu',
      },
      {
        type: 'dense',
        units: 1,
        weight: [E2M1.flatMap(() => [`1/${String(E2M1.length)}`, `-1/${String(E2M1.length)}`])],
        bias: false,
      },
    ],
  },
  format: 'e2m1fn',
  mode: 'exhaustive',
};

/** A chain 1-1-1-1 without any bias. */
const BIAS_FREE: AnalyzeInput['network'] = {
  inputs: [[1]],
  layers: [
    { type: 'dense', units: 1, bias: false, activation: 'relu' },
    { type: 'dense', units: 1, bias: false, activation: 'relu' },
    { type: 'dense', units: 1, bias: false },
  ],
};

export const REQUEST_EXAMPLES: Readonly<Record<string, RequestExample>> = Object.freeze({
  'exhaustive-1-1-1-e2m1': {
    summary:
      'Every parameter vector of a 1-1-1 network in FP4: |Ω| = 50625, |ndf| = 3150, |inc| = 0',
    request: {
      network: {
        inputs: [[1]],
        layers: [
          { type: 'dense', units: 1, activation: 'relu' },
          { type: 'dense', units: 1 },
        ],
      },
      format: 'e2m1fn',
      mode: 'exhaustive',
    },
  },
  'exhaustive-1-1-1-e2m1-gate': {
    summary: 'The same with a policy: the gate opens, since 3150/50625 = 14/225 is below 1/10',
    request: {
      network: {
        inputs: [[1]],
        layers: [
          { type: 'dense', units: 1, activation: 'relu' },
          { type: 'dense', units: 1 },
        ],
      },
      format: 'e2m1fn',
      mode: 'exhaustive',
      policy: {
        nonDifferentiable: { maxDensity: '1/10' },
        incorrect: { maxDensity: '0' },
        clarke: 'certified',
      },
    },
  },
  'exhaustive-seed-e2m1': {
    summary: 'One parameter, an affine function, and AD is wrong at all 15 values of FP4',
    request: SEED,
  },
  'exhaustive-bias-free-left': {
    summary: 'No bias, ReLU′(0) = 0: |Ω| = 27, |ndf| = 4, AD right wherever there is a derivative',
    request: { network: BIAS_FREE, format: { values: ['-1', '0', '1'] }, mode: 'exhaustive' },
  },
  'exhaustive-bias-free-right': {
    summary: 'The same with ReLU′(0) = 1: AD is wrong at 2 of 27 points',
    request: {
      network: BIAS_FREE,
      format: { values: ['-1', '0', '1'] },
      mode: 'exhaustive',
      proxies: 'right',
    },
  },
  'sampled-bfloat16': {
    summary: 'A bfloat16 network that nobody can count: densities near 10^-6, to 5 %',
    request: {
      network: {
        inputs: [[1, -2]],
        layers: [
          { type: 'dense', units: 4, activation: 'relu' },
          { type: 'dense', units: 1 },
        ],
      },
      format: 'bfloat16',
      mode: 'sampled',
      sampling: { seed: 1, relativeError: '1/20', confidence: '99/100' },
    },
  },
  'sampled-around-checkpoint': {
    summary: 'FP8 parameters within 3 representable values of a checkpoint: how near is a kink?',
    request: {
      network: {
        inputs: [[1, -2]],
        layers: [
          { type: 'dense', units: 2, activation: 'relu' },
          { type: 'dense', units: 1 },
        ],
      },
      format: 'e4m3fn',
      mode: 'sampled',
      around: {
        radius: 3,
        parameters: ['0.5', '0.25', '-0.75', '0.375', '0.0625', '1.5', '1', '-2', '0.125'],
      },
      sampling: { method: 'union', samples: 20_000, seed: 7 },
    },
  },
  'point-relu-minus-relu': {
    summary: 'ReLU(w) − ReLU(−w) at w = 0: the derivative is 1, AD says 0, Clarke is refuted',
    request: {
      network: {
        inputs: [[1]],
        layers: [
          {
            type: 'dense',
            units: 2,
            weight: [[{ param: 'w' }], [{ param: 'w', scale: '-1' }]],
            bias: false,
            activation: 'relu',
          },
          { type: 'dense', units: 1, weight: [['1', '-1']], bias: false },
        ],
      },
      format: 'float32',
      mode: 'point',
      parameters: ['0'],
    },
  },
  'bounds-classifier-bfloat16': {
    summary: 'A 4-16-3 classifier in bfloat16: which theorems apply, and what they give',
    request: {
      network: {
        inputs: [['5.1', '3.5', '1.4', '0.2']],
        layers: [
          { type: 'dense', units: 16, activation: 'relu' },
          { type: 'dense', units: 3 },
        ],
      },
      format: 'bfloat16',
      mode: 'bounds',
    },
  },
  'bounds-mixed-precision': {
    summary: 'FP4 weights, float16 biases, hard activations with settings of their own',
    request: {
      network: {
        inputs: [
          [1, -2],
          [0.5, 0.25],
        ],
        layers: [
          { type: 'dense', units: 4, activation: { type: 'leaky_relu', slope: '1/4' } },
          { type: 'dense', units: 2, activation: 'hardtanh' },
          { type: 'dense', units: 1 },
        ],
      },
      format: { weights: 'e2m1fn', biases: 'float16' },
      mode: 'bounds',
      proxies: { leaky_relu: 'right', hardtanh: ['0', '1'] },
    },
  },
} satisfies Record<string, RequestExample>);
