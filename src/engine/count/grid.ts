/**
 * A network on the integer grid: the form in which the kernel enumerates it.
 *
 * Every variable gets one denominator, so that its values at every point of Ω are integers over it;
 * weights, biases, breakpoints, pieces, slopes and proxies are scaled to match. The bound beside it
 * is proved, not hoped for: the largest magnitude of every partial sum of the forward pass (and of
 * the reverse pass, which needs only zero or not, so any positive scale will do) is computed over
 * all of Ω, in integers. Where it stays below 2^53 doubles hold every number exactly; otherwise the
 * network is declined, and the reference enumerator counts. So is one that is no chain of dense layers
 * (convolutions are dense here).
 */
import { isAffine, isFlatAt } from '../net/activation.js';
import { isChain } from '../net/chain.js';
import type { Polynomial } from '../net/polynomial.js';
import {
  varies,
  type ActivationEquation,
  type DenseEquation,
  type Entry,
  type Network,
} from '../net/ir.js';
import {
  ONE,
  ZERO,
  absolute,
  compare,
  divide,
  integer,
  lcm,
  multiply,
  power,
  rational,
  type Rational,
} from '../num/rational.js';
import { doubleOf } from '../num/exact-double.js';
import type { ValueSet } from '../format/domain.js';
import { memoised } from '../num/memoised.js';
import { toText } from '../num/text.js';
import type { Space } from './space.js';

type ParameterEntry = Extract<Entry, { readonly parameter: number }>;

/** Largest set that a digit may range over, and most table entries of one program. */
const MAX_RADIX = 65536n;
const MAX_TABLE = 1 << 24;
/** Every integer up to here is a double. */
const EXACT = 2n ** 53n;

export interface GridLayer {
  readonly units: number;
  readonly fanIn: number;
  /** Index of the activation equation. */
  readonly equation: number;
  /** Pre-activations are integers over this. */
  readonly denominator: bigint;
  /** Behind the last layer with kinks: affine, and only its weights are read, in reverse. */
  readonly tail: boolean;
  /** `[out, in]` and `[out]`: constants in place, parameters 0 until a digit sets them. */
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  /** Whether the entry is a parameter of this entry alone, with a scale that is not 0. */
  readonly privateWeight: Uint8Array;
  readonly privateBias: Uint8Array;
  /** Whether the entry depends on w at all. */
  readonly weightVaries: Uint8Array;
  readonly biasVaries: Uint8Array;
  /** Per breakpoint t: the least integer not below t·denominator. */
  readonly thresholds: Float64Array;
  /** Per breakpoint: the index of its kink where it lies on the grid; −1 otherwise. */
  readonly kinkAt: Int32Array;
  /** Coefficients on the grid, per piece. */
  readonly pieces: readonly Float64Array[];
  readonly slopes: readonly Float64Array[];
  /** Per piece, and per breakpoint: whether σ is constant near there. */
  readonly flatPiece: Uint8Array;
  readonly flatBreakpoint: Uint8Array;
  /** Per kink, on the scale of `slopes`. */
  readonly proxies: Float64Array;
}

/** Where a digit of the rank is written: one entry of one layer. */
export interface DigitUse {
  readonly layer: number;
  readonly isBias: boolean;
  readonly index: number;
  /** Entry on the grid for each value of the digit. */
  readonly values: Float64Array;
}

export interface GridProgram {
  readonly samples: number;
  /** `[sample, in]`. */
  readonly inputs: Float64Array;
  readonly layers: readonly GridLayer[];
  /** Per digit of the space. */
  readonly digits: readonly (readonly DigitUse[])[];
  /** Whether the reverse pass is exact in doubles as well. */
  readonly reverseExact: boolean;
}

/** *Exact.* The least common denominator of a list of rationals. */
export function denominatorOf(numbers: Iterable<Rational>): bigint {
  let common = 1n;
  for (const number of numbers) common = lcm(common, number.d);
  return common;
}

/** *Exact.* t·scale, which must be an integer that a double holds. */
export function onGrid(t: Rational, scale: bigint): number {
  // t is in lowest terms, so its denominator must divide the scale.
  if (scale % t.d !== 0n) throw new Error('grid: a number is off its own grid');
  return doubleOf(t.n * (scale / t.d));
}

function maximum(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** *Exact.* The grid program of a network and its space, or null where doubles cannot be proved exact. */
export function gridProgramOf(
  network: Network,
  proxies: readonly (readonly Rational[])[],
  space: Space,
): GridProgram | null {
  if (space.radices.some((radix) => radix > MAX_RADIX)) return null;
  if (!isChain(network)) return null;
  const { uses } = space;
  /** Place of a parameter among the digits; −1 where it is inert. */
  const positions = new Int32Array(network.parameters.length).fill(-1);
  space.digits.forEach((parameter, position) => {
    positions[parameter] = position;
  });
  const listOf = memoised((set: ValueSet): readonly Rational[] =>
    Array.from({ length: doubleOf(set.size) }, (_, rank) => set.at(BigInt(rank))),
  );
  const lowestOf = memoised((set: ValueSet): readonly Rational[] => [set.at(0n)]);
  const valuesOf = (parameter: number): readonly Rational[] => {
    const set = network.parameters[parameter]?.values;
    if (set === undefined) return [];
    // An inert parameter stays at its lowest value.
    return positions[parameter] === -1 ? lowestOf(set) : listOf(set);
  };
  const tableSize = space.digits.reduce(
    (sum, parameter) => sum + (uses[parameter]?.length ?? 0) * valuesOf(parameter).length,
    0,
  );
  if (tableSize > MAX_TABLE) return null;

  // Entries with the same set on the same grid share one table, which also tells them to be alike.
  const textOf = memoised(toText);
  const tables = memoised<ValueSet, (scale: bigint) => Map<string, Float64Array>>(() =>
    memoised(() => new Map<string, Float64Array>()),
  );
  const gridValuesOf = (entry: ParameterEntry, scale: bigint): Float64Array => {
    const set = network.parameters[entry.parameter]?.values;
    if (set === undefined) throw new Error('grid: an entry names no parameter');
    const byScale = tables(set)(scale);
    const key = textOf(entry.scale);
    const known = byScale.get(key);
    if (known !== undefined) return known;
    const made = Float64Array.from(valuesOf(entry.parameter), (v) =>
      onGrid(multiply(entry.scale, v), scale),
    );
    byScale.set(key, made);
    return made;
  };

  const digits: DigitUse[][] = space.digits.map(() => []);
  const layers: GridLayer[] = [];
  const inputDenominator = denominatorOf(network.inputs.flat());
  let denominator = inputDenominator;
  let bounds: readonly bigint[] = (network.inputs[0] ?? []).map((_, j) =>
    network.inputs.reduce((best, sample) => {
      const x = absolute(multiply(sample[j] ?? ZERO, integer(inputDenominator)));
      return maximum(best, x.n);
    }, 0n),
  );
  if (bounds.some((bound) => bound >= EXACT)) return null;
  const reverseSteps: ReverseStep[] = [];
  const lastKinked = network.equations.findLastIndex(
    (equation) => equation.op === 'activation' && equation.activation.kinks.length > 0,
  );

  for (let index = 0; index < network.equations.length; index += 2) {
    const dense = network.equations[index];
    const equation = network.equations[index + 1];
    if (dense?.op !== 'dense' || equation?.op !== 'activation') return null;
    const tail = index > lastKinked;
    if (tail && !isAffine(equation.activation)) return null;
    // Nobody reads values behind the last kink, so there they need no grid and no bound.
    const denseGrid = denseOnGrid(dense, tail ? 1n : denominator, tail ? [] : bounds, valuesOf);
    if (denseGrid === null) return null;
    const layer = layers.length;
    const isOwn = (entry: Entry): boolean =>
      varies(entry) && 'parameter' in entry && uses[entry.parameter]?.length === 1;
    const addUses = (entries: readonly Entry[], isBias: boolean, scale: bigint): void => {
      entries.forEach((entry, at) => {
        if (!('parameter' in entry)) return;
        digits[positions[entry.parameter] ?? -1]?.push({
          layer,
          isBias,
          index: at,
          values: gridValuesOf(entry, scale),
        });
      });
    };
    const weights = dense.weight.flat();
    addUses(weights, false, denseGrid.weightScale);
    addUses(dense.bias, true, denseGrid.denominator);
    const settled = (entry: Entry, scale: bigint): number => {
      if (!('parameter' in entry)) return onGrid(entry.constant, scale);
      if (positions[entry.parameter] !== -1) return 0;
      return onGrid(multiply(entry.scale, valuesOf(entry.parameter)[0] ?? ZERO), scale);
    };
    const activationGrid = activationOnGrid(equation, denseGrid, proxies[index + 1] ?? []);
    if (activationGrid === null) return null;
    layers.push({
      units: dense.weight.length,
      fanIn: dense.weight[0]?.length ?? 0,
      equation: index + 1,
      denominator: denseGrid.denominator,
      tail,
      weight: Float64Array.from(weights, (entry) => settled(entry, denseGrid.weightScale)),
      bias: Float64Array.from(dense.bias, (entry) => settled(entry, denseGrid.denominator)),
      privateWeight: Uint8Array.from(weights, (entry) => (isOwn(entry) ? 1 : 0)),
      privateBias: Uint8Array.from(dense.bias, (entry) => (isOwn(entry) ? 1 : 0)),
      weightVaries: Uint8Array.from(weights, (entry) => (varies(entry) ? 1 : 0)),
      biasVaries: Uint8Array.from(dense.bias, (entry) => (varies(entry) ? 1 : 0)),
      ...activationGrid.tables,
    });
    reverseSteps.push({
      weightBounds: denseGrid.weightBounds,
      slopeBounds: activationGrid.slopeBounds,
    });
    denominator = activationGrid.denominator;
    bounds = activationGrid.bounds;
  }
  return {
    samples: network.inputs.length,
    inputs: Float64Array.from(network.inputs.flat(), (x) => onGrid(x, inputDenominator)),
    layers,
    digits,
    reverseExact: reverseIsExact(reverseSteps),
  };
}

export interface DenseGrid {
  /** Denominator of the pre-activations. */
  readonly denominator: bigint;
  /** A weight w stands as w·weightScale. */
  readonly weightScale: bigint;
  /** Largest magnitude of each pre-activation on the grid, and of each weight `[out][in]`. */
  readonly bounds: readonly bigint[];
  readonly weightBounds: readonly (readonly bigint[])[];
}

/** Of the values of an entry: their common denominator, and the largest magnitude. */
interface Range {
  readonly d: bigint;
  readonly most: Rational;
}

/** *Exact.* A dense equation on the grid; null where its sums may leave the doubles. */
export function denseOnGrid(
  dense: DenseEquation,
  inputDenominator: bigint,
  inputBounds: readonly bigint[],
  valuesOf: (parameter: number) => readonly Rational[],
): DenseGrid | null {
  // Many entries share a set; what was found for one (parameter set, scale) serves the next.
  const textOf = memoised(toText);
  const ranges = new Map<readonly Rational[], Map<string, Range>>();
  const rangeOf = (entry: Entry): Range => {
    if (!('parameter' in entry)) return { d: entry.constant.d, most: absolute(entry.constant) };
    const values = valuesOf(entry.parameter);
    const byScale = ranges.get(values) ?? new Map<string, Range>();
    ranges.set(values, byScale);
    const key = textOf(entry.scale);
    const known = byScale.get(key);
    if (known !== undefined) return known;
    const scaled = values.map((v) => multiply(entry.scale, v));
    const most = scaled.map(absolute).reduce((a, b) => (compare(a, b) > 0 ? a : b), ZERO);
    const found = { d: denominatorOf(scaled), most };
    byScale.set(key, found);
    return found;
  };
  const weightRanges = dense.weight.map((row) => row.map(rangeOf));
  const biasRanges = dense.bias.map(rangeOf);
  const denominators = new Set(weightRanges.flat().map(({ d }) => d));
  const weightDenominator = [...denominators].reduce(lcm, 1n);
  const biasDenominator = biasRanges.reduce((common, { d }) => lcm(common, d), 1n);
  const denominator = lcm(inputDenominator * weightDenominator, biasDenominator);
  const weightScale = denominator / inputDenominator;
  const size = (most: Rational, scale: bigint): bigint => multiply(most, integer(scale)).n;
  const sizes = new Map<Range, bigint>();
  const weightSize = (range: Range): bigint => {
    const known = sizes.get(range) ?? size(range.most, weightScale);
    sizes.set(range, known);
    return known;
  };
  const weightBounds = weightRanges.map((row) => row.map(weightSize));
  const bounds = weightBounds.map((row, unit) =>
    row.reduce(
      (sum, bound, j) => sum + bound * (inputBounds[j] ?? 0n),
      size(biasRanges[unit]?.most ?? ZERO, denominator),
    ),
  );
  // A partial sum is at most the sum of the magnitudes, so this bounds every step of the loop.
  const exact = [...bounds, ...weightBounds.flat()].every((bound) => bound < EXACT);
  return exact ? { denominator, weightScale, bounds, weightBounds } : null;
}

type ActivationTables = Pick<
  GridLayer,
  'thresholds' | 'kinkAt' | 'pieces' | 'slopes' | 'flatPiece' | 'flatBreakpoint' | 'proxies'
>;

export interface ActivationGrid {
  readonly denominator: bigint;
  readonly bounds: readonly bigint[];
  readonly slopeBounds: readonly bigint[];
  /** Slopes and proxies stand times this. */
  readonly slopeScale: bigint;
  readonly tables: ActivationTables;
}

/** *Exact.* An activation on the grid of what it reads; null where it may leave the doubles. */
export function activationOnGrid(
  equation: ActivationEquation,
  dense: Pick<DenseGrid, 'denominator' | 'bounds'>,
  proxies: readonly Rational[],
): ActivationGrid | null {
  const { activation } = equation;
  const step = rational(1n, dense.denominator);
  // In Y = y·denominator the coefficient of Y^k is c_k / denominator^k.
  const inGridUnits = (p: Polynomial): Rational[] =>
    p.map((coefficient, k) => multiply(coefficient, power(step, k)));
  const pieces = activation.pieces.map(inGridUnits);
  const slopes = activation.slopes.map(inGridUnits);
  const denominator = denominatorOf(pieces.flat());
  const slopeScale = denominatorOf([...slopes.flat(), ...proxies]);
  const coefficientsOf = (p: readonly Rational[], scale: bigint): bigint[] =>
    p.map((coefficient) => multiply(coefficient, integer(scale)).n);
  // Horner's partial results are at most Σ |c_k|·max(1, |Y|)^k.
  const boundOf = (coefficients: readonly bigint[], y: bigint): bigint =>
    coefficients.reduce((sum, c, k) => sum + (c < 0n ? -c : c) * maximum(1n, y) ** BigInt(k), 0n);
  const gridPieces = pieces.map((p) => coefficientsOf(p, denominator));
  const gridSlopes = slopes.map((p) => coefficientsOf(p, slopeScale));
  const gridProxies = coefficientsOf(proxies, slopeScale);
  const over = (all: readonly (readonly bigint[])[], y: bigint): bigint =>
    all.reduce((best, coefficients) => maximum(best, boundOf(coefficients, y)), 0n);
  const bounds = dense.bounds.map((y) => over(gridPieces, y));
  const proxyBound = gridProxies.reduce((best, p) => maximum(best, p < 0n ? -p : p), 0n);
  const slopeBounds = dense.bounds.map((y) => maximum(over(gridSlopes, y), proxyBound));
  if ([...bounds, ...slopeBounds].some((bound) => bound >= EXACT)) return null;
  const reach = dense.bounds.reduce(maximum, 0n);
  const thresholds = activation.breakpoints.map((t) => {
    const scaled = divide(t, step);
    const floor = scaled.n >= 0n ? scaled.n / scaled.d : -((-scaled.n + scaled.d - 1n) / scaled.d);
    const ceiling = scaled.d === 1n ? floor : floor + 1n;
    // Beyond every reachable value the threshold may as well be infinite.
    if (ceiling > reach) return Infinity;
    if (ceiling < -reach) return -Infinity;
    return doubleOf(ceiling);
  });
  const kinkAt = activation.breakpoints.map((t, k) => {
    const scaled = divide(t, step);
    if (scaled.d !== 1n || !Number.isFinite(thresholds[k])) return -1;
    return activation.kinks.findIndex((kink) => kink.breakpoint === k);
  });
  return {
    denominator,
    bounds,
    slopeBounds,
    slopeScale,
    tables: {
      thresholds: Float64Array.from(thresholds),
      kinkAt: Int32Array.from(kinkAt),
      pieces: gridPieces.map((p) => Float64Array.from(p, doubleOf)),
      slopes: gridSlopes.map((p) => Float64Array.from(p, doubleOf)),
      flatPiece: Uint8Array.from(activation.slopes, (p) => (p.length === 0 ? 1 : 0)),
      flatBreakpoint: Uint8Array.from(activation.breakpoints, (t) =>
        isFlatAt(activation, t) ? 1 : 0,
      ),
      proxies: Float64Array.from(gridProxies, doubleOf),
    },
  };
}

interface ReverseStep {
  readonly weightBounds: readonly (readonly bigint[])[];
  readonly slopeBounds: readonly bigint[];
}

/**
 * Whether every partial sum of the reverse pass, from any one output down to the outputs of the
 * first layer, stays below 2^53; below them nothing is asked.
 */
function reverseIsExact(steps: readonly ReverseStep[]): boolean {
  let bars: readonly bigint[] = (steps[steps.length - 1]?.slopeBounds ?? []).map(() => ONE.n);
  for (const step of steps.slice(1).reverse()) {
    const outBars = bars.map((bar, unit) => bar * (step.slopeBounds[unit] ?? 0n));
    const width = step.weightBounds[0]?.length ?? 0;
    bars = Array.from({ length: width }, (_, j) =>
      outBars.reduce((sum, bar, unit) => sum + bar * (step.weightBounds[unit]?.[j] ?? 0n), 0n),
    );
    if ([...outBars, ...bars].some((bar) => bar >= EXACT)) return false;
  }
  return true;
}
