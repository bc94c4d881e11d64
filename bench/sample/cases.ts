/** The networks that sampling is measured on: fully connected, a bias in every unit, ReLU inside, one sample. */
import { caseNamed } from '../count/cases.js';
import {
  buildNetwork,
  ACTIVATIONS,
  integer,
  proxiesOf,
  resolveFormat,
  type FormatSpec,
  type Network,
  type Proxies,
  type ValueSet,
} from '../../src/engine/index.js';

export interface SampleCase {
  /** `widths (inputs) format`. */
  readonly name: string;
  readonly inputs: readonly number[];
  readonly widths: readonly number[];
  readonly format: FormatSpec;
}

function caseOf(
  widths: readonly number[],
  inputs: readonly number[],
  format: FormatSpec,
  names: { readonly inputs?: string; readonly format?: string } = {},
): SampleCase {
  const formatName = names.format ?? (typeof format === 'string' ? format : 'declared');
  return {
    name: `${widths.join('-')} (${names.inputs ?? inputs.join(', ')}) ${formatName}`,
    inputs,
    widths,
    format,
  };
}

const EIGHT = [1, 2, 3, -1, -2, -3, 4, 5];
const MNIST = caseNamed('784-128-10 (MNIST) e2m1fn').inputs;

/** With the factor over plain Monte Carlo that was asked for, or the seconds and relative error. */
export const TABLE: readonly {
  readonly case: SampleCase;
  readonly must: string;
  readonly methods: readonly ('conditional' | 'union')[];
  readonly rounds: number;
  /** What the interval may be off by, as a share of the estimate. */
  readonly relativeError: string;
}[] = [
  {
    case: caseOf([2, 4, 4, 1], [1, -2], 'e4m3fn'),
    must: '≥ 20 ×',
    methods: ['conditional', 'union'],
    rounds: 5,
    relativeError: '1/100',
  },
  {
    case: caseOf([8, 16, 16, 1], EIGHT, 'bfloat16'),
    must: '≥ 1000 ×',
    methods: ['conditional'],
    rounds: 1,
    relativeError: '1/100',
  },
  {
    case: caseOf([784, 128, 10], MNIST, 'float16', { inputs: 'MNIST' }),
    must: '≤ 60 s',
    methods: ['union'],
    rounds: 1,
    relativeError: '1/20',
  },
];

/** From 4 bits to 32. */
const WIDENING: readonly { readonly format: string; readonly bits: number }[] = [
  { format: 'e2m1fn', bits: 4 },
  { format: 'e3m2fn', bits: 6 },
  { format: 'e4m3fn', bits: 8 },
  { format: 'e5m2', bits: 8 },
  { format: 'float16', bits: 16 },
  { format: 'bfloat16', bits: 16 },
  { format: 'float32', bits: 32 },
];

export const FORMATS = WIDENING.map(({ format, bits }) => ({
  case: caseOf([2, 4, 4, 1], [1, -2], format),
  bits,
}));

/** Values that lie far apart, and few of them, so that ties are frequent. */
function spread(least: bigint, greatest: bigint): FormatSpec {
  const magnitudes = [`1/${String(least)}`, '1', String(greatest)];
  return { values: ['0', ...magnitudes, ...magnitudes.map((text) => `-${text}`)] };
}

/** What 64 bits do not hold, and what 128 do not. */
const WIDE = { format: spread(2n ** 22n, 2n ** 22n), name: '2^-22 to 2^22' };
const WIDER = { format: spread(2n ** 120n, 2n ** 100n), name: '2^-120 to 2^100' };

/** On which the C baseline and the engine decide the same drawn points: every way in which C decides. */
export const AGREEING: readonly { readonly case: SampleCase; readonly points: number }[] = [
  { case: caseOf([1, 2, 2, 1], [1], 'e2m1fn'), points: 4000 },
  { case: caseOf([2, 4, 1], [1, -2], 'e2m1fn'), points: 4000 },
  { case: caseOf([2, 4, 4, 1], [1, -2], 'e4m3fn'), points: 40_000 },
  { case: caseOf([2, 4, 4, 1], [1, -2], WIDE.format, { format: WIDE.name }), points: 4000 },
  { case: caseOf([2, 4, 4, 1], [1, -2], WIDER.format, { format: WIDER.name }), points: 4000 },
  { case: caseOf([3, 4, 1], [1, -2, 1], WIDER.format, { format: WIDER.name }), points: 4000 },
  { case: caseOf([8, 16, 16, 1], EIGHT, 'bfloat16'), points: 2000 },
];

export function valuesOf(of: SampleCase): ValueSet {
  return resolveFormat(of.format).values;
}

/** *Exact.* The network of a case, and PyTorch's proxies: ReLU'(0) = 0. */
export function networkOf(of: SampleCase): { network: Network; proxies: Proxies } {
  const values = valuesOf(of);
  const [relu, identity] = ['relu', 'identity'].map((name) => ACTIVATIONS.get(name)?.build({}));
  if (relu === undefined || identity === undefined) throw new Error('an activation is missing');
  const units = of.widths.slice(1);
  const network = buildNetwork(
    {
      inputs: [of.inputs.map(integer)],
      layers: units.map((width, layer) => ({
        units: width,
        weight: null,
        bias: true,
        activation: layer === units.length - 1 ? identity : relu,
      })),
    },
    { weights: values, biases: values, params: new Map() },
  );
  return { network, proxies: proxiesOf(network, { preset: 'pytorch', overrides: new Map() }) };
}

/** The question of a case, as a client asks it. */
export function bodyOf(
  of: SampleCase,
  sampling: { readonly method: string; readonly relativeError: string; readonly seed: number },
): object {
  const units = of.widths.slice(1);
  return {
    network: {
      inputs: [of.inputs],
      layers: units.map((width, layer) => ({
        type: 'dense',
        units: width,
        ...(layer === units.length - 1 ? {} : { activation: 'relu' }),
      })),
    },
    format: of.format,
    proxies: 'pytorch',
    mode: 'sampled',
    sampling: { ...sampling, confidence: '99/100' },
  };
}
