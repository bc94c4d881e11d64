/**
 * Results that the report tests render. The numbers are true: they are the 1-2-1 network of E2M1
 * and ReLU(w) − ReLU(−w), worked out by hand from the definitions.
 */
import type { BoundsResult, ExhaustiveResult, PointResult } from '../../src/schemas/result.js';

export const JOB = {
  id: 'job-1',
  createdAt: '2026-01-02T03:04:05.000Z',
  finishedAt: '2026-01-02T03:04:06.000Z',
} as const;

const RELU = { type: 'relu' };
const IDENTITY = { type: 'identity' };

/** 1-2-1, E2M1, x = 1: 20601000 of 170859375 points have no derivative. */
export const EXHAUSTIVE: ExhaustiveResult = {
  mode: 'exhaustive',
  method: 'enumeration',
  engine: '1.0.0',
  question: {
    mode: 'exhaustive',
    network: {
      inputs: [['1']],
      layers: [
        { type: 'dense', units: 2, bias: true, weight: null, activation: RELU },
        { type: 'dense', units: 1, bias: true, weight: null, activation: IDENTITY },
      ],
    },
    format: { weights: 'e2m1fn', biases: 'e2m1fn', params: {} },
    proxies: { preset: 'pytorch', layers: [['0'], []] },
  },
  space: { parameters: 7, size: '170859375', log10: 8.2326388, value: 170859375 },
  visited: '11390625',
  counts: {
    touched: '22021875',
    nonDifferentiable: '20601000',
    incorrect: '0',
    undecided: '0',
    tiesUndecided: '0',
  },
  density: {
    touched: { exact: '29/225', value: 0.1288888888888889 },
    nonDifferentiable: { exact: '6104/50625', value: 0.12057283950617284 },
    incorrect: { exact: '0', value: 0 },
  },
  firstMoment: { exact: '28/225', value: 0.12444444444444444 },
  // At most two neurons are tied, so two moments tell all.
  secondMoment: { exact: '6104/50625', value: 0.12057283950617284 },
  slack: {
    format: { exact: '0', value: 0 },
    irrelevance: { exact: '2/225', value: 0.008888888888888889 },
    overlap: { exact: '196/50625', value: 0.0038716049382716049 },
  },
  bounds: [
    {
      id: 'L-inc',
      applies: true,
      on: 'incorrect',
      direction: 'equal',
      exact: '0',
      value: 0,
      vacuous: false,
      holds: true,
      why: 'every layer has bias parameters',
      statement: 'inc(f) is empty',
      source: 'Lee, Park, Aiken, ICML 2023',
    },
    {
      id: 'L-ndf',
      applies: true,
      on: 'nonDifferentiable',
      direction: 'upper',
      exact: '2/15',
      value: 0.13333333333333333,
      vacuous: false,
      holds: true,
      why: 'every layer has bias parameters',
      statement: '|ndf|/|Ω| ≤ Σ |ndf(σ)| / |M|',
      source: 'Lee, Park, Aiken, ICML 2023',
    },
    {
      id: 'P-5',
      applies: false,
      on: 'incorrect',
      direction: null,
      exact: null,
      value: null,
      vacuous: false,
      holds: null,
      why: 'it speaks of one point, and no point was given',
      statement: 'AD is right at w if the columns of z are linearly independent',
      source: 'Park, Chun, Lee, ICLR 2024',
    },
  ],
  neurons: [0, 1].map((unit) => ({
    layer: 0,
    unit,
    activation: 'relu',
    kinks: ['0'],
    touched: '11390625',
    relevant: '10631250',
  })),
  witnesses: [
    {
      kind: 'nonDifferentiable',
      parameters: ['-6', '-6', '-6', '6', '-6', '-6', '-6'],
      neurons: [{ layer: 0, unit: 1 }],
    },
  ],
};

/** f(w) = ReLU(w) − ReLU(−w) at w = 0: derivative 1, AD 0. */
export const POINT: PointResult = {
  mode: 'point',
  engine: '1.0.0',
  question: {
    mode: 'point',
    network: {
      inputs: [['1']],
      layers: [
        {
          type: 'dense',
          units: 2,
          bias: false,
          weight: [[{ param: 'w', scale: '1' }], [{ param: 'w', scale: '-1' }]],
          activation: RELU,
        },
        { type: 'dense', units: 1, bias: false, weight: [['1', '-1']], activation: IDENTITY },
      ],
    },
    format: {
      weights: { values: ['-1', '0', '1'] },
      biases: { values: ['-1', '0', '1'] },
      params: {},
    },
    proxies: { preset: 'pytorch', layers: [['0'], []] },
    parameters: ['0'],
  },
  space: { parameters: 1, size: '3', log10: 0.47712125, value: 3 },
  decidedBy: 'walk',
  differentiable: true,
  adCorrect: false,
  tiesDecided: true,
  touched: [0, 1].map((unit) => ({
    layer: 0,
    unit,
    sample: 0,
    activation: 'relu',
    kink: '0',
    proxy: '0',
    relevant: true,
  })),
  value: ['0'],
  ad: [['0']],
  derivative: [['1']],
  clarke: {
    membership: 'refuted',
    why: 'AD lies outside the outer hull',
    separation: { normal: [['-1']], ad: '0', supremum: '-1' },
  },
  bounds: [],
};

/** |w| at 0 with the proxy 0: half of each side. */
export const CERTIFIED: PointResult = {
  ...POINT,
  question: {
    mode: 'point',
    network: {
      inputs: [['1']],
      layers: [
        {
          type: 'dense',
          units: 1,
          bias: false,
          weight: [[{ param: 'w', scale: '1' }]],
          activation: { type: 'abs' },
        },
      ],
    },
    format: { weights: 'e2m1fn', biases: 'e2m1fn', params: {} },
    proxies: { preset: 'pytorch', layers: [['0']] },
    parameters: ['0'],
  },
  space: { parameters: 1, size: '15', log10: 1.17609, value: 15 },
  differentiable: false,
  adCorrect: null,
  tiesDecided: true,
  touched: [
    { layer: 0, unit: 0, sample: 0, activation: 'abs', kink: '0', proxy: '0', relevant: true },
  ],
  derivative: null,
  clarke: {
    membership: 'certified',
    why: 'AD lies in the inner hull',
    certificate: {
      kind: 'convex-combination',
      vertices: [
        { weight: '1/2', direction: ['1'], gradient: [['1']] },
        { weight: '1/2', direction: ['-1'], gradient: [['-1']] },
      ],
    },
  },
};

/** A space of 10^4000 points and texts that try to leave their place. */
export const HOSTILE: BoundsResult = {
  mode: 'bounds',
  engine: '<script>alert("engine")</script>',
  question: {
    mode: 'bounds',
    network: {
      inputs: [['1']],
      layers: [
        {
          type: 'dense',
          units: 1,
          bias: true,
          weight: [[{ param: '<script>alert(1)</script>', scale: '1' }]],
          activation: { type: '"><img src=x onerror=alert(2)>|`*' },
        },
      ],
    },
    format: { weights: 'e2m1fn', biases: 'e2m1fn', params: {} },
    proxies: { preset: 'pytorch', layers: [['0']] },
  },
  space: { parameters: 4000, size: `1${'0'.repeat(4000)}`, log10: 4000, value: null },
  bounds: [
    {
      id: 'L-ndf',
      applies: true,
      on: 'nonDifferentiable',
      direction: 'upper',
      exact: `7/1${'0'.repeat(400)}`,
      value: 0,
      vacuous: false,
      holds: null,
      why: '</p><script>alert(3)</script>',
      statement: '[a](javascript:alert(4)) `b` | c',
      source: 'nowhere',
    },
  ],
};
