/** The network that the filter is measured on, 64-64-64-1 with ReLU in every unit, and its numbers. */
import {
  ACTIVATIONS,
  buildNetwork,
  fromDouble,
  resolveFormat,
  type Network,
} from '../../src/engine/index.js';

export const WIDTHS: readonly number[] = [64, 64, 64, 1];
export const NEURONS = WIDTHS.slice(1).reduce((sum, width) => sum + width, 0);
/** Few enough points that they stay in the caches: drawing one leaves it there. */
const POINTS = 8;
const INPUTS = 256;

export interface Case {
  readonly format: string;
  readonly points: readonly Float64Array[];
  readonly inputs: readonly Float64Array[];
  /** With all inputs, and with the first alone. */
  readonly network: Network;
  readonly single: Network;
}

/** Mantissa bits, to which ordinary numbers are rounded. */
const FORMATS: ReadonlyMap<string, number> = new Map([
  ['bfloat16', 7],
  ['float16', 10],
  ['float32', 23],
]);

/** Roughly normal numbers from a fixed seed, with so many mantissa bits. */
function drawer(seed: number, bits: number): (scale: number) => number {
  let state = seed;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return (scale) => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const x = scale * normal;
    const place = 2 ** (Math.floor(Math.log2(Math.abs(x))) - bits);
    return Math.round(x / place) * place;
  };
}

/** One case per format: trained-looking parameters, standard normal inputs. */
export function cases(): Case[] {
  return [...FORMATS].map(([format, bits], index) => {
    const draw = drawer(index + 1, bits);
    const inputs = Array.from({ length: INPUTS }, () =>
      Float64Array.from({ length: WIDTHS[0] ?? 0 }, () => draw(1)),
    );
    const network = networkOf(format, inputs);
    const length = network.parameters.length;
    const points = Array.from({ length: POINTS }, () =>
      Float64Array.from({ length }, () => draw(0.18)),
    );
    return { format, points, inputs, network, single: networkOf(format, inputs.slice(0, 1)) };
  });
}

/**
 * The first case again with an exact zero in every sample: two inputs are alike, and the first unit
 * subtracts one from the other. Its sum is 0 in doubles too, and no bound proves that.
 */
export function tiedCase(of: Case): Case {
  const inputs = of.inputs.map((input) => input.map((x, j) => (j === 1 ? (input[0] ?? x) : x)));
  const points = of.points.map((point) => {
    const width = WIDTHS[0] ?? 0;
    const bias = width * (WIDTHS[1] ?? 0);
    return point.map((x, k) => {
      if (k === 1) return -(point[0] ?? x);
      return (k > 1 && k < width) || k === bias ? 0 : x;
    });
  });
  const network = networkOf(of.format, inputs);
  return { ...of, inputs, points, network, single: networkOf(of.format, inputs.slice(0, 1)) };
}

function networkOf(format: string, inputs: readonly Float64Array[]): Network {
  const { values } = resolveFormat(format);
  const relu = ACTIVATIONS.get('relu')?.build({});
  if (relu === undefined) throw new Error('there is no relu');
  return buildNetwork(
    {
      inputs: inputs.map((input) => Array.from(input, fromDouble)),
      layers: WIDTHS.slice(1).map((units) => ({
        units,
        weight: null,
        bias: true,
        activation: relu,
      })),
    },
    { weights: values, biases: values, params: new Map() },
  );
}
