/**
 * The filter of drawn points in doubles: whether some neuron has a possible tie, for ReLU layers
 * whose units have biases of their own, on sets of short values. Where it answers, it is right; where
 * its bound does not say, it says so, and binary numbers decide (`no-tie.ts`).
 *
 * A number is hi + lo with an error of at most `error`: over a format with 250 binades most sums
 * differ from their largest term by less than an ulp of it, and whether they differ at all is what is
 * asked. Errors of sums (Knuth) and of products (the factors are split) are exact doubles, since
 * every number is a multiple of a power of 2 that doubles hold, which is checked beforehand; only
 * adding them up loses something, relative to them. So a sum s with exact errors is
 *
 *   S = h + l + δ,  h = fl(s + Σ errors),  |δ| ≤ E,
 *
 * and where E is far below an ulp of h, S is no double but h: then −S is a value of the bias only if
 * −h is one and l + δ = 0.
 *
 * Source: T. Ogita, S. M. Rump, S. Oishi, *Accurate sum and dot product*, SIAM J. Sci. Comput. 26
 * (2005), sections 3 and 5; T. J. Dekker, *A floating-point technique for extending the available
 * precision*, Numer. Math. 18 (1971), section 5.
 */
import type { ValueSet } from '../format/domain.js';
import type { Activation } from '../net/activation.js';
import type { ChainNetwork } from '../net/chain.js';
import type { DenseEquation } from '../net/ir.js';
import { bitLength, trailingZeros } from '../num/bits.js';
import { fromRational, isDyadic } from '../num/dyadic.js';
import { doubleOf, isDoubleInteger, quotientNear } from '../num/exact-double.js';
import { toDouble } from '../num/float64.js';
import { ONE, equal, isZero, type Rational } from '../num/rational.js';
import { ranksOf, type RankOfDouble } from './members.js';
import { rowsOf } from './pivots.js';

/** True where no neuron has a possible tie, false where one has, null where it cannot tell. */
export type DoubleFilter = (ranks: Float64Array) => boolean | null;

/**
 * `free`: no unit of the first layer is tied as drawn, and no neuron behind it has a possible tie.
 * `silent`: the same but for the last layer with kinks, which sees zeros. Null where it cannot tell.
 */
export type LateFilter = (ranks: Float64Array) => 'free' | 'silent' | null;

/** Sets up to here have tables. */
const TABLE_MAX = 1n << 17n;
/** Most significant bits of a value: its product with the upper half of a double is then exact. */
const BITS_MAX = 26;
/** All numbers, and all that they are multiples of, stay within 2^±EXPONENT_MAX. */
const EXPONENT_MAX = 960;
/** Bounds of errors lose at most this many places per layer. */
const PLACES = 64;
/** Splits a double into two halves of at most 26 bits. */
const SPLITTER = 2 ** 27 + 1;
/** A rounding loses at most this share. */
const UNIT = 2 ** -53;
/** Below this share of h an error is far below an ulp of it. */
const FAR_BELOW_ULP = 2 ** -57;

/** Of numbers: they are multiples of 2^least and smaller than 2^most; `bits` long at most. */
export interface Extent {
  readonly least: number;
  readonly most: number;
  readonly bits: number;
}

export interface Table {
  readonly values: Float64Array;
  readonly rankOf: RankOfDouble;
  readonly extent: Extent;
}

/** Tables that were made already; null of sets that have none. */
export type Tables = Map<ValueSet, Table | null>;

interface DoubleLayer {
  readonly units: number;
  readonly fanIn: number;
  /** `[unit, in]` and `[unit]`: parameters, −1 for a constant 0. */
  readonly weight: Int32Array;
  readonly bias: Int32Array;
  readonly weightTables: readonly (Float64Array | null)[];
  /** The table of all weights, where it is one. */
  readonly sharedTable: Float64Array | null;
  readonly biasTables: readonly Table[];
}

/** *Estimate.* Whether there will be a filter, told without going through any set. */
export function isForDoubles(network: ChainNetwork): boolean {
  return (
    rectifiersOf(network) !== null &&
    network.parameters.every(({ values }) => values.size <= TABLE_MAX)
  );
}

/** The filter; null where the network or its sets are not of the kind. */
export function doubleFilterOf(
  network: ChainNetwork,
  known: Tables = new Map(),
): DoubleFilter | null {
  const pass = passOf(network, 0, known);
  if (pass === null) return null;
  return (ranks) => {
    const found = pass(ranks);
    return found === null ? null : found === 'free';
  };
}

/** The filter of what is behind the first layer; null as above, or where nothing is behind it. */
export function lateFilterOf(network: ChainNetwork, known: Tables): LateFilter | null {
  const pass = (rectifiersOf(network)?.length ?? 0) < 2 ? null : passOf(network, 1, known);
  if (pass === null) return null;
  return (ranks) => {
    const found = pass(ranks);
    return found === 'tied' ? null : found;
  };
}

/** What a pass says of a point; `tied`: a neuron has a possible tie. */
type Pass = (ranks: Float64Array) => 'free' | 'silent' | 'tied' | null;

/** Possible ties are looked for from the layer `from` on; only there is anything called silent. */
function passOf(network: ChainNetwork, from: number, known: Tables): Pass | null {
  const rectifiers = rectifiersOf(network);
  const [input] = network.inputs;
  if (rectifiers === null || input === undefined) return null;
  const inputExtent = extentOf(input);
  if (inputExtent === null || inputExtent.bits > 53) return null;
  const tableAt = (parameter: number): Table | null => {
    const values = network.parameters[parameter]?.values;
    return values === undefined ? null : tableOf(values, known);
  };
  const layers: DoubleLayer[] = [];
  let extent = inputExtent;
  for (const dense of rectifiers) {
    const layer = layerOf(dense, tableAt);
    if (layer === null) return null;
    layers.push(layer);
    extent = extentBehind(extent, dense, tableAt);
    // No sum leaves the normal doubles at either end, nor does a bound.
    const least = extent.least - PLACES * layers.length;
    if (least < -EXPONENT_MAX || extent.most > EXPONENT_MAX) return null;
  }
  const widest = Math.max(input.length, ...layers.map(({ units }) => units));
  return filterOf(Float64Array.from(input, toDouble), layers, widest, from);
}

/**
 * The rows up to the last layer with kinks; null for several inputs, where a layer up to there is not
 * of ReLUs that have biases of their own, and where there is none.
 */
export function rectifiersOf(network: ChainNetwork): readonly DenseEquation[] | null {
  if (network.inputs.length !== 1) return null;
  const rows = rowsOf(network);
  if (!rows.every(({ always }) => always)) return null;
  const lastKinked = rows[rows.length - 1]?.neuron.equation ?? -1;
  const found: DenseEquation[] = [];
  for (let index = 1; index <= lastKinked; index += 2) {
    const dense = network.equations[index - 1];
    const equation = network.equations[index];
    if (dense?.op !== 'dense' || equation?.op !== 'activation') return null;
    if (!isRectifier(equation.activation)) return null;
    found.push(dense);
  }
  return found.length === 0 ? null : found;
}

function isRectifier({ breakpoints, pieces }: Activation): boolean {
  const [at] = breakpoints;
  const [dead, alive] = pieces;
  const [constant, slope] = alive ?? [];
  return (
    breakpoints.length === 1 &&
    at !== undefined &&
    isZero(at) &&
    dead?.length === 0 &&
    alive?.length === 2 &&
    constant !== undefined &&
    isZero(constant) &&
    slope !== undefined &&
    equal(slope, ONE)
  );
}

function layerOf(
  { weight, bias }: DenseEquation,
  tableOf: (parameter: number) => Table | null,
): DoubleLayer | null {
  const biasTables: Table[] = [];
  for (const entry of bias) {
    if (!('parameter' in entry) || !equal(entry.scale, ONE)) return null;
    const table = tableOf(entry.parameter);
    if (table === null) return null;
    biasTables.push(table);
  }
  if (bias.length !== weight.length) return null;
  const weightTables: (Float64Array | null)[] = [];
  const parameters: number[] = [];
  for (const entry of weight.flat()) {
    if (!('parameter' in entry)) {
      if (!isZero(entry.constant)) return null;
      parameters.push(-1);
      weightTables.push(null);
      continue;
    }
    const table = equal(entry.scale, ONE) ? tableOf(entry.parameter) : null;
    if (table === null) return null;
    parameters.push(entry.parameter);
    weightTables.push(table.values);
  }
  return {
    units: weight.length,
    fanIn: weight[0]?.length ?? 0,
    weight: Int32Array.from(parameters),
    bias: Int32Array.from(bias, (entry) => ('parameter' in entry ? entry.parameter : -1)),
    weightTables,
    sharedTable: new Set(weightTables).size === 1 ? (weightTables[0] ?? null) : null,
    biasTables,
  };
}

/** The extent of a layer's outputs, and of everything that is computed on the way. */
function extentBehind(
  { least, most }: Extent,
  { weight, bias }: DenseEquation,
  tableOf: (parameter: number) => Table | null,
): Extent {
  const extents = (entries: DenseEquation['bias']): Extent[] =>
    entries.flatMap((entry) => {
      const table = 'parameter' in entry ? tableOf(entry.parameter) : null;
      return table === null ? [] : [table.extent];
    });
  const weights = extents(weight.flat());
  const biases = extents(bias);
  const terms = (weight[0]?.length ?? 0) + 1;
  const products = {
    least: least + weights.reduce((all, one) => Math.min(all, one.least), 0),
    most: most + weights.reduce((all, one) => Math.max(all, one.most), 0),
  };
  return {
    least: Math.min(products.least, ...biases.map((one) => one.least)),
    most: Math.max(products.most, ...biases.map((one) => one.most)) + bitLength(BigInt(terms)),
    bits: 0,
  };
}

/** The table of a set, made once. */
export function tableOf(values: ValueSet, known: Tables): Table | null {
  let table = known.get(values);
  if (table === undefined) {
    table = tabled(values);
    known.set(values, table);
  }
  return table;
}

function tabled(values: ValueSet): Table | null {
  if (values.size > TABLE_MAX) return null;
  const exact = Array.from({ length: doubleOf(values.size) }, (_, rank) => values.at(BigInt(rank)));
  const doubles = Float64Array.from(exact, ({ n, d }) => quotientNear(n, d));
  // Quotients of two doubles, the lower one a power of 2, that are normal: which is looked at below.
  const isExact = exact.every(
    (value) => isDyadic(value) && isDoubleInteger(value.n) && isDoubleInteger(value.d),
  );
  const extent = isExact ? extentOfDoubles(doubles) : null;
  if (extent === null || extent.bits > BITS_MAX) return null;
  return { values: doubles, rankOf: ranksOf(doubles), extent };
}

/** *Exact.* The extent of doubles; null where one is subnormal or not finite. */
function extentOfDoubles(doubles: Float64Array): Extent | null {
  const words = new Uint32Array(doubles.buffer);
  let [least, most, bits] = [0, 0, 1];
  for (let k = 0; k < doubles.length; k += 1) {
    if (doubles[k] === 0) continue;
    const [low, high] = [words[2 * k] as number, words[2 * k + 1] as number];
    const exponent = (high >>> 20) & 0x7ff;
    if (exponent === 0 || exponent === 0x7ff) return null;
    // The lowest bit of the 53, the first of which is implied.
    const zeros =
      low !== 0 ? trailingZeros32(low) : 32 + trailingZeros32((high & 0xfffff) | 0x100000);
    most = Math.max(most, exponent - 1022);
    least = Math.min(least, exponent - 1075 + zeros);
    bits = Math.max(bits, 53 - zeros);
  }
  return { least, most, bits };
}

function trailingZeros32(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** *Exact.* The extent of dyadic numbers; null where one is not dyadic. */
export function extentOf(numbers: readonly Rational[]): Extent | null {
  let extent: Extent = { least: 0, most: 0, bits: 1 };
  for (const number of numbers) {
    if (!isDyadic(number)) return null;
    const { m, e } = fromRational(number);
    if (m === 0n) continue;
    const zeros = trailingZeros(m);
    const length = bitLength(m);
    extent = {
      least: Math.min(extent.least, e + zeros),
      most: Math.max(extent.most, e + length),
      bits: Math.max(extent.bits, length - zeros),
    };
  }
  return extent;
}

function filterOf(
  input: Float64Array,
  layers: readonly DoubleLayer[],
  widest: number,
  from: number,
): Pass {
  let hi = new Float64Array(widest);
  let lo = new Float64Array(widest);
  let error = new Float64Array(widest);
  let nextHi = new Float64Array(widest);
  let nextLo = new Float64Array(widest);
  let nextError = new Float64Array(widest);
  const upper = new Float64Array(widest);
  return (ranks) => {
    hi.set(input);
    lo.fill(0);
    error.fill(0);
    for (let index = 0; index < layers.length; index += 1) {
      const layer = layers[index] as DoubleLayer;
      const { units, fanIn, weight, bias, weightTables, sharedTable, biasTables } = layer;
      if (from > 0 && index === layers.length - 1) {
        let alive = 0;
        for (let j = 0; j < fanIn; j += 1) if (hi[j] !== 0) alive += 1;
        if (alive === 0) return 'silent';
      }
      for (let j = 0; j < fanIn; j += 1) {
        const scaled = SPLITTER * (hi[j] as number);
        upper[j] = scaled - (scaled - (hi[j] as number));
      }
      // Roundings of the sums below: each term goes through at most three, and its parts as many.
      const slack = (fanIn + 8) * 4 * UNIT;
      for (let unit = 0; unit < units; unit += 1) {
        let sum = 0;
        let rest = 0;
        let size = 0;
        let off = 0;
        const row = unit * fanIn;
        for (let j = 0; j < fanIn; j += 1) {
          const z = hi[j] as number;
          const parameter = weight[row + j] as number;
          if (z === 0 || parameter < 0) continue;
          const table = sharedTable ?? (weightTables[row + j] as Float64Array);
          const w = table[ranks[parameter] as number] as number;
          const product = w * z;
          const top = upper[j] as number;
          const productError = w * top - product + w * (z - top);
          const grown = sum + product;
          const part = grown - sum;
          const sumError = sum - (grown - part) + (product - part);
          sum = grown;
          const low = w * (lo[j] as number);
          rest += productError + sumError + low;
          size += Math.abs(productError) + Math.abs(sumError) + Math.abs(low);
          off += Math.abs(w) * (error[j] as number);
        }
        let bound = (off + slack * size) * (1 + slack);
        const h = sum + rest;
        const back = h - sum;
        const l = sum - (h - back) + (rest - back);
        if (bound > FAR_BELOW_ULP * Math.abs(h)) return null;
        const { values, rankOf } = biasTables[unit] as Table;
        if (index >= from && rankOf(-h) !== -1 && Math.abs(l) <= bound) {
          return l === 0 && bound === 0 ? 'tied' : null;
        }
        const b = values[ranks[bias[unit] as number] as number] as number;
        const whole = h + b;
        const given = whole - h;
        const lost = h - (whole - given) + (b - given);
        const fine = l + lost;
        bound += 4 * UNIT * (Math.abs(l) + Math.abs(lost));
        const y = whole + fine;
        if (!(Math.abs(y) > 4 * UNIT * (Math.abs(whole) + Math.abs(fine)) + 2 * bound)) return null;
        if (y > 0) {
          const turned = y - whole;
          nextHi[unit] = y;
          nextLo[unit] = whole - (y - turned) + (fine - turned);
          nextError[unit] = bound;
        } else {
          nextHi[unit] = 0;
          nextLo[unit] = 0;
          nextError[unit] = 0;
        }
      }
      [hi, nextHi] = [nextHi, hi];
      [lo, nextLo] = [nextLo, lo];
      [error, nextError] = [nextError, error];
    }
    return 'free';
  };
}
