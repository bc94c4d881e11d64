/**
 * A network laid out for float64 evaluation: flat matrices, activations in doubles, and for every
 * layer how exactly its entries are held. Entries that are parameters of their own, in the order of
 * the network's parameters, are read from the point where they lie; all others are gathered.
 */
import type { ChainNetwork } from '../net/chain.js';
import type { ActivationEquation, DenseEquation, Entry } from '../net/ir.js';
import { MINUS_ONE, ONE, equal, isZero, type Rational } from '../num/rational.js';
import { approximationOf } from './approximation.js';
import { exactVariables } from './exact-width.js';
import { piecesOf, type Pieces } from './pieces.js';
import { LEAST_NORMAL } from './rounding.js';

/** Where the entries of a matrix or a bias are: from `at` on in the point itself, or in a buffer. */
export type Source = { readonly kind: 'point'; readonly at: number } | Gathered;

export interface Gathered {
  readonly kind: 'gathered';
  /** Constants in place; parameters 0 until gathered. */
  readonly buffer: Float64Array;
  /** Per entry that is a parameter: its place, the parameter, and the nearest double to its scale. */
  readonly places: Int32Array;
  readonly parameters: Int32Array;
  readonly scales: Float64Array;
}

export interface DenseStep {
  readonly op: 'dense';
  readonly out: number;
  readonly in: number;
  readonly units: number;
  readonly fanIn: number;
  readonly weight: Source;
  readonly bias: Source;
  /** Roundings that an entry carries where the point is exact in doubles; see rounding.ts. */
  readonly roundings: number;
  /** Whether every sum is proved exact, at every point of the space whose values are doubles. */
  readonly exact: boolean;
}

export interface ActivationStep {
  readonly op: 'activation';
  readonly equation: number;
  readonly out: number;
  readonly in: number;
  readonly layer: number;
  readonly units: number;
  readonly pieces: Pieces;
  readonly source: ActivationEquation;
  readonly exact: boolean;
}

export type Step = DenseStep | ActivationStep;

export interface Program {
  /** `[sample][in]`, the nearest doubles and their errors. */
  readonly inputs: readonly Float64Array[];
  readonly inputErrors: readonly Float64Array[];
  /** Up to the last activation with breakpoints; behind it nothing is decided. */
  readonly steps: readonly Step[];
}

/** *Upper bound.* The program of a network. */
export function programOf(network: ChainNetwork): Program {
  const inputs = network.inputs.map((input) => input.map(approximationOf));
  const last = network.equations.findLastIndex(
    (equation) => equation.op === 'activation' && equation.activation.breakpoints.length > 0,
  );
  const exact = exactVariables(network);
  return {
    inputs: inputs.map((input) => Float64Array.from(input, ({ value }) => value)),
    inputErrors: inputs.map((input) => Float64Array.from(input, ({ error }) => error)),
    steps: network.equations.slice(0, last + 1).map((equation, index): Step => {
      const isExact = exact[equation.out] === true;
      if (equation.op === 'dense') return denseStep(equation, isExact);
      return {
        op: 'activation',
        equation: index,
        out: equation.out,
        in: equation.in,
        layer: equation.layer,
        units: network.widths[equation.in] ?? 0,
        pieces: piecesOf(equation.activation),
        source: equation,
        exact: isExact,
      };
    }),
  };
}

function denseStep(equation: DenseEquation, exact: boolean): DenseStep {
  const units = equation.weight.length;
  const weights = equation.weight.flat();
  const biases = Array.from({ length: units }, (_, unit) => equation.bias[unit] ?? NO_BIAS);
  return {
    op: 'dense',
    out: equation.out,
    in: equation.in,
    units,
    fanIn: equation.weight[0]?.length ?? 0,
    weight: sourceOf(weights),
    bias: sourceOf(biases),
    roundings: [...weights, ...biases].reduce((most, e) => Math.max(most, roundingsOf(e)), 0),
    exact,
  };
}

const NO_BIAS: Entry = { constant: { n: 0n, d: 1n } };

function isSign(scale: Rational): boolean {
  return equal(scale, ONE) || equal(scale, MINUS_ONE);
}

/** Roundings between an entry and its double, its parameter being one. */
function roundingsOf(entry: Entry): number {
  if (!('parameter' in entry)) return approximationOf(entry.constant).error === 0 ? 0 : 1;
  if (isSign(entry.scale) || isZero(entry.scale)) return 0;
  return approximationOf(entry.scale).error === 0 ? 1 : 2;
}

function sourceOf(entries: readonly Entry[]): Source {
  const [first] = entries;
  if (first !== undefined && 'parameter' in first) {
    const at = first.parameter;
    const inPlace = entries.every(
      (entry, k) => 'parameter' in entry && entry.parameter === at + k && equal(entry.scale, ONE),
    );
    if (inPlace) return { kind: 'point', at };
  }
  const buffer = Float64Array.from(entries, (entry) =>
    'parameter' in entry ? 0 : approximationOf(entry.constant).value,
  );
  const used = entries.flatMap((entry, place) =>
    'parameter' in entry && !isZero(entry.scale) ? [{ ...entry, place }] : [],
  );
  return {
    kind: 'gathered',
    buffer,
    places: Int32Array.from(used, ({ place }) => place),
    parameters: Int32Array.from(used, ({ parameter }) => parameter),
    scales: Float64Array.from(used, ({ scale }) => approximationOf(scale).value),
  };
}

/** The entries of a source at a point, as an array that holds them from `firstOf(source)` on. */
export function entriesOf(source: Source, point: Float64Array): Float64Array {
  if (source.kind === 'point') return point;
  const { buffer, places, parameters, scales } = source;
  for (let k = 0; k < places.length; k += 1) {
    const value = point[parameters[k]!]!;
    const scale = scales[k]!;
    const product = scale * value;
    // Below the normal numbers a product may lose more than u of itself: trust nothing there.
    const isLost = value !== 0 && Math.abs(product) < LEAST_NORMAL && Math.abs(scale) !== 1;
    buffer[places[k]!] = isLost ? NaN : product;
  }
  return buffer;
}

export function firstOf(source: Source): number {
  return source.kind === 'point' ? source.at : 0;
}
