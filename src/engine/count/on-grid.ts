/**
 * One equation on the integer grid: numbers over one denominator, with the largest magnitude of every
 * partial sum over all of Ω proved in integers. Null where that may leave the doubles.
 */
import { isFlatAt } from '../net/activation.js';
import type { ActivationEquation, DenseEquation, Entry } from '../net/ir.js';
import type { Polynomial } from '../net/polynomial.js';
import { doubleOf } from '../num/exact-double.js';
import { memoised } from '../num/memoised.js';
import {
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
import { toText } from '../num/text.js';

/** Every integer up to here is a double. */
const EXACT = 2n ** 53n;

/** *Exact.* The least common denominator of a list of rationals. */
export function denominatorOf(numbers: Iterable<Rational>): bigint {
  let common = 1n;
  for (const { d } of numbers) if (d !== 1n) common = lcm(common, d);
  return common;
}

/** *Exact.* t·scale, which must be an integer that a double holds. */
export function onGrid(t: Rational, scale: bigint): number {
  // t is in lowest terms, so its denominator must divide the scale.
  if (scale % t.d !== 0n) throw new Error('grid: a number is off its own grid');
  return doubleOf(t.n * (scale / t.d));
}

/** *Exact.* The larger of two integers. */
export function maximum(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
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
  let weightDenominator = 1n;
  for (const row of weightRanges) {
    for (const { d } of row) {
      if (d !== 1n && weightDenominator % d !== 0n) weightDenominator = lcm(weightDenominator, d);
    }
  }
  const biasDenominator = biasRanges.reduce((common, { d }) => lcm(common, d), 1n);
  const denominator = lcm(inputDenominator * weightDenominator, biasDenominator);
  const weightScale = denominator / inputDenominator;
  const size = (most: Rational, scale: bigint): bigint => multiply(most, integer(scale)).n;
  const sizes = new Map<Range, bigint>();
  const weightSize = (range: Range): bigint => {
    if (range.most.n === 0n) return 0n;
    const known = sizes.get(range) ?? size(range.most, weightScale);
    sizes.set(range, known);
    return known;
  };
  const weightBounds = weightRanges.map((row) => row.map(weightSize));
  const bounds = weightBounds.map((row, unit) =>
    row.reduce(
      (sum, bound, j) => (bound === 0n ? sum : sum + bound * (inputBounds[j] ?? 0n)),
      size(biasRanges[unit]?.most ?? ZERO, denominator),
    ),
  );
  // A partial sum is at most the sum of the magnitudes, so this bounds every step of the loop.
  const areExact = (row: readonly bigint[]): boolean => row.every((bound) => bound < EXACT);
  const exact = areExact(bounds) && weightBounds.every(areExact);
  return exact ? { denominator, weightScale, bounds, weightBounds } : null;
}

/** An activation on the grid, as tables. */
export interface ActivationTables {
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
      thresholds: new Float64Array(thresholds),
      kinkAt: new Int32Array(kinkAt),
      pieces: gridPieces.map((p) => new Float64Array(p.map(doubleOf))),
      slopes: gridSlopes.map((p) => new Float64Array(p.map(doubleOf))),
      flatPiece: new Uint8Array(activation.slopes.map((p) => (p.length === 0 ? 1 : 0))),
      flatBreakpoint: new Uint8Array(
        activation.breakpoints.map((t) => (isFlatAt(activation, t) ? 1 : 0)),
      ),
      proxies: new Float64Array(gridProxies.map(doubleOf)),
    },
  };
}
