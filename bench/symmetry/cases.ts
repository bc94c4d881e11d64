/** Networks whose enumeration symmetries shorten, small enough to be enumerated without them. */
import {
  ACTIVATIONS,
  buildNetwork,
  integer,
  proxiesOf,
  resolveFormat,
  type FormatSpec,
  type LayerDescription,
  type Loss,
  type Network,
  type Proxies,
} from '../../src/engine/index.js';

export interface Case {
  readonly name: string;
  readonly network: Network;
  readonly proxies: Proxies;
}

const TERNARY: FormatSpec = { values: ['-1', '0', '1'] };
const IMAGE = [1, 0, -1, 1, 0, 1, 1, -1, 1];

function activationOf(name: string) {
  const kind = ACTIVATIONS.get(name);
  if (kind === undefined) throw new Error(`no activation ${name}`);
  return kind.build(kind.settings);
}

/** Hidden layers of these widths, and one output. */
function chain(hidden: readonly number[], activation: string): LayerDescription[] {
  return [...hidden, 1].map((units, k) => ({
    units,
    weight: null,
    bias: true,
    activation: activationOf(k === hidden.length ? 'identity' : activation),
  }));
}

interface Described {
  readonly name: string;
  readonly format: FormatSpec;
  readonly layers: readonly LayerDescription[];
  readonly inputs?: readonly (readonly number[])[];
  readonly inputShape?: readonly number[];
  readonly loss?: Loss;
}

const CONVOLUTION: readonly LayerDescription[] = [
  {
    type: 'conv2d',
    filters: 2,
    kernelSize: [2, 2],
    stride: [1, 1],
    padding: [0, 0],
    dilation: [1, 1],
    groups: 1,
    weight: null,
    bias: true,
    activation: activationOf('relu'),
  },
  { type: 'avgPool2d', kernelSize: [2, 2], stride: [2, 2], padding: [0, 0], countIncludePad: true },
  { type: 'flatten' },
  ...chain([], 'relu'),
];

const DESCRIBED: readonly Described[] = [
  { name: '1-2-1, E2M1', format: 'e2m1fn', layers: chain([2], 'relu') },
  { name: '1-3-1, E2M1', format: 'e2m1fn', layers: chain([3], 'relu') },
  { name: '1-4-1, ternary', format: TERNARY, layers: chain([4], 'relu') },
  { name: '1-2-2-1, ternary', format: TERNARY, layers: chain([2, 2], 'relu') },
  { name: '1-2-2-1, ternary, hardtanh', format: TERNARY, layers: chain([2, 2], 'hardtanh') },
  {
    name: '1×3×3, two filters 2×2, average pool, dense 1, ternary',
    format: TERNARY,
    layers: CONVOLUTION,
    inputs: [IMAGE],
    inputShape: [1, 3, 3],
  },
  {
    name: '1-2-1, ternary, two samples, mse',
    format: TERNARY,
    layers: chain([2], 'relu'),
    inputs: [[1], [2]],
    loss: { type: 'mse', targets: [[integer(0)], [integer(1)]] },
  },
];

export function cases(): Case[] {
  return DESCRIBED.map(({ name, format, inputs = [[1]], ...rest }) => {
    const { values } = resolveFormat(format);
    const network = buildNetwork(
      { ...rest, inputs: inputs.map((sample) => sample.map((x) => integer(x))) },
      { weights: values, biases: values, params: new Map() },
    );
    return {
      name,
      network,
      proxies: proxiesOf(network, { preset: 'pytorch', overrides: new Map() }),
    };
  });
}
