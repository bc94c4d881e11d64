/** The networks whose enumeration is measured, and the slab of each: its first digits are fixed. */
import { compileQuestion } from '../../src/plan/compile.js';
import { parseRequest } from '../../src/plan/parse.js';
import {
  ACTIVATIONS,
  ONE,
  ZERO,
  buildNetwork,
  integer,
  isPolynomial,
  proxiesOf,
  resolveFormat,
  type Network,
  type Proxies,
  type Rational,
} from '../../src/engine/index.js';

export interface DenseCase {
  readonly name: string;
  readonly inputs: readonly number[];
  /** Hidden layers of two units each. */
  readonly hidden: number;
  readonly format: string;
  /** Digits of the first parameters. */
  readonly fixed: readonly number[];
}

const one = (name: string, format: string, fixed: readonly number[]): DenseCase => ({
  name: `1-2-1 ${name}`,
  inputs: [1],
  hidden: 1,
  format,
  fixed,
});
const two = (name: string, format: string, fixed: readonly number[]): DenseCase => ({
  name: `2-2-1 ${name}`,
  inputs: [1, -2],
  hidden: 1,
  format,
  fixed,
});
const deep = (name: string, format: string, fixed: readonly number[]): DenseCase => ({
  name: `1-2-2-1 ${name}`,
  inputs: [1],
  hidden: 2,
  format,
  fixed,
});

/** Of the deep ones two slabs each: no tie below, and the first hidden unit tied (b = −w). */
export const DENSE: readonly DenseCase[] = [
  one('E2M1', 'e2m1fn', []),
  one('E2M3', 'e2m3fn', [20]),
  one('E4M3FN', 'e4m3fn', [100, 140]),
  two('E2M1', 'e2m1fn', []),
  two('E3M2', 'e3m2fn', [20, 40, 50]),
  two('E4M3FN', 'e4m3fn', [100, 140, 150, 130]),
  deep('E2M1', 'e2m1fn', [9, 11, 10, 8]),
  deep('E2M1, tied', 'e2m1fn', [9, 11, 5, 8]),
  deep('E3M2', 'e3m2fn', [40, 45, 41, 35, 50, 20, 33]),
  deep('E3M2, tied', 'e3m2fn', [40, 45, 22, 35, 50, 20, 33]),
  deep('E4M3FN', 'e4m3fn', [150, 160, 140, 130, 170, 90, 100, 155]),
];

const PYTORCH = { preset: 'pytorch', overrides: new Map() } as const;

export interface Built {
  readonly network: Network;
  readonly proxies: Proxies;
}

function activationOf(name: string) {
  const kind = ACTIVATIONS.get(name);
  if (kind === undefined) throw new Error(`no activation ${name}`);
  return kind.build(kind.settings);
}

export function denseNetwork({ inputs, hidden, format }: DenseCase): Built {
  const { values } = resolveFormat(format);
  const layer = (units: number, name: string) => ({
    units,
    weight: null,
    bias: true as const,
    activation: activationOf(name),
  });
  const network = buildNetwork(
    {
      inputs: [inputs.map((x) => integer(x))],
      layers: [...Array.from({ length: hidden }, () => layer(2, 'relu')), layer(1, 'identity')],
    },
    { weights: values, biases: values, params: new Map() },
  );
  return { network, proxies: proxiesOf(network, PYTORCH) };
}

/** Values of a format as integers over their least common denominator. */
export function integersOf(format: string): { values: bigint[]; unit: bigint } {
  const { values } = resolveFormat(format);
  const list = Array.from({ length: Number(values.size) }, (_, rank) => values.at(BigInt(rank)));
  const unit = list.reduce((most, { d }) => (d > most ? d : most), 1n);
  return { values: list.map(({ n, d }) => n * (unit / d)), unit };
}

/** The seed's P over the finite values of bfloat16 whose last `skipped` code bits are 0. */
export function seedP(skipped: number): Built {
  const { values: all } = resolveFormat('bfloat16');
  const bits = Array.from({ length: Number(all.size) }, (_, rank) => all.at(BigInt(rank)));
  // Ranks count from the most negative value; 0 stands in the middle, codes grow away from it.
  const zero = bits.findIndex(({ n }) => n === 0n);
  const step = 2 ** skipped;
  const kept = bits.filter((_, rank) => Math.abs(rank - zero) % step === 0);
  const { values } = resolveFormat({ values: kept.map(({ n, d }) => `${n}/${d}`) });
  const x = (scale: Rational) => ({ param: 'x', scale });
  const minus = integer(-1);
  const size = integer(kept.length);
  const share = { n: 1n, d: size.n };
  const network = buildNetwork(
    {
      inputs: [[ONE]],
      layers: [
        {
          units: 2 * kept.length,
          weight: [...kept.map(() => [x(ONE)]), ...kept.map(() => [x(minus)])],
          bias: [...kept.map(({ n, d }) => ({ n: -n, d })), ...kept],
          activation: activationOf('relu'),
        },
        {
          units: 1,
          weight: [[...kept.map(() => share), ...kept.map(() => ({ n: -1n, d: size.n }))]],
          bias: [ZERO],
          activation: activationOf('identity'),
        },
      ],
    },
    { weights: values, biases: values, params: new Map() },
  );
  return { network, proxies: proxiesOf(network, PYTORCH) };
}

/** Whose four patches of 2×2 differ. */
export const CONV_INPUT: readonly number[] = [1, -1, 2, 1, -2, 1, 1, -1, 1, 2, -1, 1, -1, 1, 2, -2];

/** Two filters 2×2 over 1×4×4 without overlap, their maxima, one dense unit; weights are shared. */
export function convNetwork(): Built {
  return builtFrom({
    network: {
      inputs: [CONV_INPUT.map(String)],
      inputShape: [1, 4, 4],
      layers: [
        { type: 'conv2d', filters: 2, kernelSize: [2, 2], stride: [2, 2], activation: 'relu' },
        { type: 'maxPool2d', kernelSize: [2, 2] },
        { type: 'flatten' },
        { type: 'dense', units: 1, activation: 'identity' },
      ],
    },
    format: { values: ['-1', '0', '1'] },
    proxies: 'pytorch',
    mode: 'exhaustive',
  });
}

/** A request of two samples and one bias for two units: no layers to count by, and no parts. */
export const SHARED_BIAS: object = {
  network: {
    inputs: [
      ['1', '-2'],
      ['1', '1'],
    ],
    layers: [
      {
        type: 'dense',
        units: 2,
        bias: [
          { param: 'b', scale: '1' },
          { param: 'b', scale: '1' },
        ],
        activation: 'relu',
      },
      { type: 'dense', units: 1, activation: 'identity' },
    ],
  },
  format: { values: Array.from({ length: 61 }, (_, k) => String(k - 30)) },
  proxies: 'pytorch',
  mode: 'exhaustive',
};

/** A request of two samples, which layered counting declines. */
export const TWO_SAMPLES: object = {
  network: {
    inputs: [
      ['1', '-2'],
      ['1', '1'],
    ],
    layers: [
      { type: 'dense', units: 2, activation: 'relu' },
      { type: 'dense', units: 1, activation: 'identity' },
    ],
  },
  format: 'e2m1fn',
  proxies: 'pytorch',
  mode: 'exhaustive',
};

/** The network of a request; throws where it is refused. */
export function builtFrom(body: object): Built {
  const parsed = parseRequest(body);
  if (!parsed.ok) throw new Error(`a benchmark's own request is refused: ${parsed.detail}`);
  const { network, proxies } = compileQuestion(parsed.question);
  if (!isPolynomial(network)) throw new Error('a benchmark network must be piecewise polynomial');
  return { network, proxies };
}
