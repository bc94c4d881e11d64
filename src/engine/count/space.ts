/**
 * The points of Ω and their ranks.
 *
 * A point's rank is a mixed-radix number: parameter 0 is the most significant digit, and each
 * digit is the rank of the parameter's value in its set. Inert parameters are left out: no verdict
 * depends on them, so one visit stands for all their values, and their digits are 0.
 *
 * A parameter is inert where each of its uses is a bias of the last layer under an affine
 * activation (it shifts the output, which moves no tie and no derivative, unless a loss that is not
 * affine stands on top), or a weight on an input that is 0 in every sample (it multiplies 0).
 */
import { isAffine } from '../net/activation.js';
import { usesOf, type AnalyticNetwork, type Use } from '../net/ir.js';
import { product } from '../num/product.js';
import { isZero, type Rational } from '../num/rational.js';

export interface Space {
  /** Parameters that vary, in order; the last one is the fastest digit. */
  readonly digits: readonly number[];
  readonly radices: readonly bigint[];
  /** Number of points to visit. */
  readonly visits: bigint;
  /** How many points of Ω each visit stands for. */
  readonly multiplicity: bigint;
  /** Every place each parameter of the network is used. */
  readonly uses: readonly (readonly Use[])[];
  /** The point of a rank in [0, visits), inert parameters at their lowest value. */
  readonly pointAt: (rank: bigint) => Rational[];
}

/** *Exact.* The space of a network; `keepInert` visits every point of Ω, for tests. */
export function spaceOf(network: AnalyticNetwork, keepInert = false): Space {
  const uses = usesOf(network);
  const digits: number[] = [];
  const inert: bigint[] = [];
  network.parameters.forEach((parameter, index) => {
    if (!keepInert && (uses[index] ?? []).every((use) => isInert(network, use))) {
      inert.push(parameter.values.size);
    } else {
      digits.push(index);
    }
  });
  const radices = digits.map((index) => network.parameters[index]?.values.size ?? 0n);
  return {
    digits,
    radices,
    visits: product(radices),
    multiplicity: product(inert),
    uses,
    pointAt: (rank) => {
      const point = network.parameters.map((parameter) => parameter.values.at(0n));
      let rest = rank;
      for (let position = digits.length - 1; position >= 0; position -= 1) {
        const index = digits[position] ?? 0;
        const radix = radices[position] ?? 1n;
        const values = network.parameters[index]?.values;
        if (values !== undefined) point[index] = values.at(rest % radix);
        rest /= radix;
      }
      return point;
    },
  };
}

function isInert(network: AnalyticNetwork, use: Use): boolean {
  const equation = network.equations[use.equation];
  if (equation?.op !== 'dense') return false;
  if (use.input !== null) {
    const input = use.input;
    return (
      equation.in === 0 &&
      network.inputs.every((sample) => {
        const x = sample[input];
        return x !== undefined && isZero(x);
      })
    );
  }
  const next = network.equations[use.equation + 1];
  return (
    next?.op === 'activation' &&
    next.in === equation.out &&
    next.out === network.output &&
    isAffine(next.activation) &&
    network.loss?.type !== 'mse'
  );
}

/** A unit that can be touched: its activation has kinks, or it is a maximum of several units. */
export interface Neuron {
  /** Index of its equation: an activation, or a maximum. */
  readonly equation: number;
  readonly layer: number;
  readonly unit: number;
}

/** *Exact.* The units that can be touched, in the order of the equations. */
export function neuronsOf(network: AnalyticNetwork): Neuron[] {
  const neurons: Neuron[] = [];
  for (const [index, equation] of network.equations.entries()) {
    const { op, layer, out } = equation;
    if (op === 'dense' || op === 'affine') continue;
    if (op !== 'max' && equation.activation.kinks.length === 0) continue;
    const width = network.widths[out] ?? 0;
    for (let unit = 0; unit < width; unit += 1) {
      if (op === 'max' && (equation.windows[unit]?.length ?? 0) < 2) continue;
      neurons.push({ equation: index, layer, unit });
    }
  }
  return neurons;
}
