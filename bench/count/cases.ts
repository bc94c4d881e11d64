/**
 * The networks that counting is measured on: those of the table, those by which its growth is seen,
 * and spaces small enough to visit. All are fully connected with a bias in every unit, ReLU inside
 * and an affine output, on one sample.
 */
import { readFileSync } from 'node:fs';
import { TRAINING } from '../../examples/iris/data.js';
import {
  ACTIVATIONS,
  buildNetwork,
  proxiesOf,
  rational,
  resolveFormat,
  type FormatSpec,
  type Network,
  type Proxies,
  type ValueSet,
} from '../../src/engine/index.js';

export interface Case {
  /** `widths (inputs) format`; how rows are named and chosen. */
  readonly name: string;
  readonly inputs: readonly number[];
  /** An input is its integer over this. */
  readonly inputScale: number;
  /** Of all layers, the input's first. */
  readonly widths: readonly number[];
  /** A name of the catalogue, or one of `DECLARED`. */
  readonly format: string;
}

const TERNARY = 'ternary';

/** Formats that the catalogue has no name for. */
const DECLARED: ReadonlyMap<string, FormatSpec> = new Map<string, FormatSpec>([
  [TERNARY, { values: ['-1', '0', '1'] }],
  ['int3', { type: 'integer', bits: 3 }],
]);

function caseOf(
  widths: readonly number[],
  inputs: readonly number[],
  format: string,
  inputsAre: string = inputs.join(', '),
  inputScale = 1,
): Case {
  return {
    name: `${widths.join('-')} (${inputsAre}) ${format}`,
    inputs,
    inputScale,
    widths,
    format,
  };
}

/** The first flower of the training set, in 1/16 cm. */
const IRIS = (TRAINING[0]?.measurements ?? []).map((x) => Math.round(x * 16));

/** Integer pixels, 0 to 255. */
const MNIST = readFileSync(new URL('../../../bench/count/mnist-digit.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .flatMap((line) => line.split(' ').map(Number));

/** With the seconds that counting may take on one core. */
export const TABLE: readonly { readonly case: Case; readonly goalSeconds: number }[] = [
  { case: caseOf([1, 2, 1], [1], 'e4m3fn'), goalSeconds: 0.01 },
  { case: caseOf([2, 2, 1], [1, -2], 'e4m3fn'), goalSeconds: 0.05 },
  { case: caseOf([1, 2, 2, 1], [1], 'e2m1fn'), goalSeconds: 0.1 },
  { case: caseOf([1, 2, 2, 1], [1], 'e2m3fn'), goalSeconds: 3 },
  { case: caseOf([4, 16, 3], IRIS, 'e2m3fn', 'Iris', 16), goalSeconds: 5 },
  { case: caseOf([2, 4, 4, 1], [1, -2], 'e2m1fn'), goalSeconds: 10 },
  { case: caseOf([1, 3, 3, 3, 1], [1], TERNARY), goalSeconds: 10 },
  { case: caseOf([784, 128, 10], MNIST, 'e2m1fn', 'MNIST'), goalSeconds: 60 },
];

/** 3, 8, 15, 63, 63 and 253 values. */
const WIDENING: readonly string[] = [TERNARY, 'int3', 'e2m1fn', 'e3m2fn', 'e2m3fn', 'e4m3fn'];

export const FORMATS: readonly Case[] = [
  ...WIDENING.map((format) => caseOf([1, 2, 1], [1], format)),
  ...WIDENING.map((format) => caseOf([2, 2, 1], [1, -2], format)),
];

/** 2-2-2-1, and each of its widths one more. */
export const WIDTHS: readonly Case[] = [
  caseOf([2, 2, 2, 1], [1, -2], 'e2m1fn'),
  caseOf([3, 2, 2, 1], [1, -2, 3], 'e2m1fn'),
  caseOf([2, 3, 2, 1], [1, -2], 'e2m1fn'),
  caseOf([2, 2, 3, 1], [1, -2], 'e2m1fn'),
  caseOf([2, 2, 2, 2], [1, -2], 'e2m1fn'),
];

/** Spaces that are visited to the end; numpy is spared the last two. */
export const VISITED: readonly { readonly case: Case; readonly byNumpy: boolean }[] = [
  { case: caseOf([1, 2, 2, 1], [1], TERNARY), byNumpy: true },
  { case: caseOf([4, 2, 1], IRIS, TERNARY, 'Iris', 16), byNumpy: true },
  { case: caseOf([1, 1, 1, 1], [1], 'e2m1fn'), byNumpy: true },
  { case: caseOf([2, 2, 2, 1], [1, -2], TERNARY), byNumpy: true },
  { case: caseOf([1, 2, 2, 2], [1], TERNARY), byNumpy: true },
  { case: caseOf([1, 2, 1], [1], 'e2m1fn'), byNumpy: true },
  { case: caseOf([1, 1, 1], [1], 'e4m3fn'), byNumpy: false },
  { case: caseOf([2, 2, 1], [1, -2], 'e2m1fn'), byNumpy: false },
];

/** All of them, each once. */
export const CASES: readonly Case[] = [
  ...new Map(
    [...[...TABLE, ...VISITED].map((row) => row.case), ...FORMATS, ...WIDTHS].map((each) => [
      each.name,
      each,
    ]),
  ).values(),
];

/** The case of a name. Throws where there is none. */
export function caseNamed(name: string): Case {
  const found = CASES.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no case is named ${JSON.stringify(name)}`);
  return found;
}

/** *Exact.* What every parameter of a case ranges over. */
export function valuesOf(each: Case): ValueSet {
  return resolveFormat(DECLARED.get(each.format) ?? each.format).values;
}

/** The body of POST /analyze that asks for the count of a case. */
export function requestOf(each: Case): object {
  const units = each.widths.slice(1);
  return {
    network: {
      inputs: [each.inputs.map((x) => `${x}/${each.inputScale}`)],
      layers: units.map((width, layer) => ({
        type: 'dense',
        units: width,
        activation: layer === units.length - 1 ? 'identity' : 'relu',
      })),
    },
    format: DECLARED.get(each.format) ?? each.format,
    mode: 'exhaustive',
  };
}

/** The case of the table that takes longest. */
export const LARGEST = '2-4-4-1 (1, -2) e2m1fn';

/** The case whose neurons have more choices than doubles count. */
export const WIDEST = '784-128-10 (MNIST) e2m1fn';

/** *Exact.* The network of a case, and PyTorch's proxies: ReLU'(0) = 0. */
export function networkOf(each: Case): { network: Network; proxies: Proxies } {
  const values = valuesOf(each);
  const activationNamed = (name: string) => {
    const kind = ACTIVATIONS.get(name);
    if (kind === undefined) throw new Error(`no activation is named ${name}`);
    return kind.build({});
  };
  const relu = activationNamed('relu');
  const identity = activationNamed('identity');
  const units = each.widths.slice(1);
  const network = buildNetwork(
    {
      inputs: [each.inputs.map((x) => rational(BigInt(x), BigInt(each.inputScale)))],
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
