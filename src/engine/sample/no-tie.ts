/**
 * A filter of drawn points: whether some neuron has a possible tie, for one input and numbers that
 * are dyadic (every float, integer and fixed-point format, constants like 1/4, ReLU and its like).
 * On wide formats nearly no point has one, and then nothing else need be done there.
 *
 * Exact, without a bound to prove: numbers are m·2^e with m a BigInt that is never reduced, so a sum
 * of products costs shifts and no greatest common divisors, some hundred times less than rationals.
 * Doubles go first where they can tell (`no-tie-doubles.ts`).
 */
import type { ValueSet } from '../format/domain.js';
import type { ChainNetwork } from '../net/chain.js';
import type { Entry } from '../net/ir.js';
import { bitLength, trailingZeros } from '../num/bits.js';
import { isDyadic, fromRational, toRational, dyadic } from '../num/dyadic.js';
import { doubleOf } from '../num/exact-double.js';
import { divide, type Rational } from '../num/rational.js';
import { doubleFilterOf, type Tables } from './no-tie-doubles.js';
import { rowsOf } from './pivots.js';

/** *Exact.* True where no neuron has a possible tie, given the ranks of all parameters. */
export type NoTieFilter = (ranks: Float64Array) => boolean;

/** Sets up to here have their values in a table. */
const TABLE_MAX = 1n << 17n;
/** Ranks of larger sets are not drawn as numbers. */
const RANKS_MAX = 2n ** 32n;

/** m·2^e; m is 0 or anything, not necessarily odd. */
interface Binary {
  readonly m: bigint;
  readonly e: number;
}

const NOTHING: Binary = Object.freeze({ m: 0n, e: 0 });

function plus(a: Binary, b: Binary): Binary {
  if (a.m === 0n) return b;
  if (b.m === 0n) return a;
  return a.e >= b.e
    ? { m: (a.m << BigInt(a.e - b.e)) + b.m, e: b.e }
    : { m: a.m + (b.m << BigInt(b.e - a.e)), e: a.e };
}

function times(a: Binary, b: Binary): Binary {
  return a.m === 0n || b.m === 0n ? NOTHING : { m: a.m * b.m, e: a.e + b.e };
}

function minus(a: Binary, b: Binary): Binary {
  return plus(a, { m: -b.m, e: b.e });
}

function isOne({ m, e }: Binary): boolean {
  return m === 1n && e === 0;
}

/** The values of a set as binary numbers, and which numbers are among them. */
interface BinarySet {
  readonly at: (rank: number) => Binary;
  readonly has: (value: Binary) => boolean;
}

/** Null where some value, looked at before anything is drawn, is no dyadic number. */
function binarySet(values: ValueSet): BinarySet | null {
  const hasExactly = ({ m, e }: Binary): boolean =>
    values.rankOf(toRational(dyadic(m, e))) !== null;
  if (values.size > TABLE_MAX) {
    // So large are formats alone: floats and posits, whose values are dyadic, and equal spacings,
    // which are where two neighbours are. Sets within them have the same two kinds.
    if (!isDyadic(values.at(0n)) || !isDyadic(values.at(1n))) return null;
    return { at: (rank) => fromRational(values.at(BigInt(rank))), has: hasExactly };
  }
  const exact = Array.from({ length: doubleOf(values.size) }, (_, rank) => values.at(BigInt(rank)));
  if (!exact.every(isDyadic)) return null;
  const table = exact.map(fromRational);
  const longest = table.reduce((most, { m }) => Math.max(most, bitLength(m)), 0);
  // With 32 places to spare: a number whose lowest bit is among its last 32 is longer than any value.
  const tooLong = 1n << BigInt(longest + 32);
  return {
    at: (rank) => table[rank] as Binary,
    has: (value) => {
      const { m } = value;
      if (m !== 0n) {
        const isLong = m >= tooLong || m <= -tooLong;
        if (isLong && BigInt.asUintN(32, m) !== 0n) return false;
        if (bitLength(m) - trailingZeros(m) > longest) return false;
      }
      return hasExactly(value);
    },
  };
}

/** An entry of a row: a constant, or a parameter times a scale; `parameter` is −1 for a constant. */
interface BinaryEntry {
  readonly parameter: number;
  readonly factor: Binary;
}

interface BinaryPivot {
  readonly set: BinarySet;
  readonly values: ValueSet;
  readonly scale: Binary;
  /** −1 for the bias. */
  readonly input: number;
}

interface BinaryLayer {
  readonly weight: readonly (readonly BinaryEntry[])[];
  readonly bias: readonly BinaryEntry[];
  /** Per unit, in order of preference; empty where there is none. */
  readonly pivots: readonly (readonly BinaryPivot[])[];
  readonly breakpoints: readonly Binary[];
  readonly kinks: readonly Binary[];
  readonly pieces: readonly (readonly Binary[])[];
}

/** Thrown while a network is prepared that has a number which is not dyadic. */
class NotBinary extends Error {}

function binary(exact: Rational): Binary {
  if (!isDyadic(exact)) throw new NotBinary();
  return fromRational(exact);
}

/**
 * The filter of a network; null for several inputs, sets beyond 2^32, and numbers not dyadic. Without
 * `doubles` (by default with) all is done in binary numbers.
 */
export function noTieFilterOf(
  network: ChainNetwork,
  options: { readonly doubles?: boolean; readonly tables?: Tables } = {},
): NoTieFilter | null {
  if (network.inputs.length !== 1) return null;
  if (network.parameters.some(({ values }) => values.size > RANKS_MAX)) return null;
  const inDoubles = options.doubles === false ? null : doubleFilterOf(network, options.tables);
  if (inDoubles === null) return exactFilter(network);
  // Preparing goes through all sets, and seldom is anything left open.
  let exact: NoTieFilter | null | undefined;
  return (ranks) => {
    const found = inDoubles(ranks);
    if (found !== null) return found;
    if (exact === undefined) exact = exactFilter(network);
    return exact?.(ranks) ?? false;
  };
}

function exactFilter(network: ChainNetwork): NoTieFilter | null {
  try {
    return preparedFilter(network);
  } catch (error) {
    if (error instanceof NotBinary) return null;
    throw error;
  }
}

/**
 * *Exact.* What is in front of the last layer with kinks: `free` where no neuron there has a possible
 * tie, `silent` where besides all units that it reads are 0; null where one may have. In binary numbers.
 */
export type FrontFilter = (ranks: Float64Array) => 'free' | 'silent' | null;

/** Null for several inputs, sets beyond 2^32, numbers not dyadic, and where nothing is in front. */
export function frontFilterOf(network: ChainNetwork): FrontFilter | null {
  if (network.inputs.length !== 1) return null;
  if (network.parameters.some(({ values }) => values.size > RANKS_MAX)) return null;
  try {
    const { layers, outputsOf } = preparedLayers(network);
    const front = layers.slice(0, -1);
    if (front.length === 0) return null;
    return (ranks) => {
      const z = outputsOf(front, ranks);
      return z === null ? null : z.every(({ m }) => m === 0n) ? 'silent' : 'free';
    };
  } catch (error) {
    if (error instanceof NotBinary) return null;
    throw error;
  }
}

function preparedFilter(network: ChainNetwork): NoTieFilter {
  const { layers, outputsOf } = preparedLayers(network);
  return (ranks) => outputsOf(layers, ranks) !== null;
}

interface PreparedLayers {
  /** Up to the last one with kinks. */
  readonly layers: readonly BinaryLayer[];
  /** What the last of some layers gives, the first being among them; null where a neuron has a possible tie. */
  readonly outputsOf: (
    layers: readonly BinaryLayer[],
    ranks: Float64Array,
  ) => readonly Binary[] | null;
}

function preparedLayers(network: ChainNetwork): PreparedLayers {
  const known = new Map<ValueSet, BinarySet>();
  const sets = network.parameters.map(({ values }) => {
    const set = known.get(values) ?? binarySet(values);
    if (set === null) throw new NotBinary();
    known.set(values, set);
    return set;
  });
  const input = (network.inputs[0] ?? []).map(binary);
  return {
    layers: binaryLayersOf(network, sets),
    outputsOf: (layers, ranks) => {
      let z: readonly Binary[] = input;
      for (const layer of layers) {
        const next: Binary[] = [];
        for (let unit = 0; unit < layer.bias.length; unit += 1) {
          const out = throughUnit(layer, unit, ranks, sets, z);
          if (out === null) return null;
          next.push(out);
        }
        z = next;
      }
      return z;
    },
  };
}

/** The output of a unit; null where it has a possible tie. */
function throughUnit(
  layer: BinaryLayer,
  unit: number,
  ranks: Float64Array,
  sets: readonly BinarySet[],
  z: readonly Binary[],
): Binary | null {
  const row = layer.weight[unit] as readonly BinaryEntry[];
  const weights = sumOf(row, -1, ranks, sets, z);
  const bias = entryAt(layer.bias[unit] as BinaryEntry, ranks, sets);
  const y = plus(weights, bias);
  let hasPivot = false;
  for (const { set, values, scale, input } of layer.pivots[unit] as readonly BinaryPivot[]) {
    const slope = input < 0 ? scale : times(scale, z[input] as Binary);
    if (slope.m === 0n) continue;
    hasPivot = true;
    const rest = input < 0 ? weights : plus(sumOf(row, input, ranks, sets, z), bias);
    for (const kink of layer.kinks) {
      const needed = minus(kink, rest);
      if (isOne(slope) ? set.has(needed) : quotientIsIn(values, needed, slope)) return null;
    }
    break;
  }
  let piece = 0;
  for (const breakpoint of layer.breakpoints) {
    if (minus(y, breakpoint).m < 0n) break;
    piece += 1;
  }
  if (!hasPivot && layer.kinks.some((kink) => minus(y, kink).m === 0n)) return null;
  const coefficients = layer.pieces[piece] as readonly Binary[];
  return coefficients.reduceRight((value, c) => plus(times(value, y), c), NOTHING);
}

function quotientIsIn(values: ValueSet, n: Binary, d: Binary): boolean {
  const quotient = divide(toRational(dyadic(n.m, n.e)), toRational(dyadic(d.m, d.e)));
  return values.rankOf(quotient) !== null;
}

/** Σ over the row's entries but one of w·z. */
function sumOf(
  row: readonly BinaryEntry[],
  without: number,
  ranks: Float64Array,
  sets: readonly BinarySet[],
  z: readonly Binary[],
): Binary {
  let sum = NOTHING;
  for (let j = 0; j < row.length; j += 1) {
    const x = z[j] as Binary;
    if (j === without || x.m === 0n) continue;
    sum = plus(sum, times(entryAt(row[j] as BinaryEntry, ranks, sets), x));
  }
  return sum;
}

function entryAt(
  { parameter, factor }: BinaryEntry,
  ranks: Float64Array,
  sets: readonly BinarySet[],
): Binary {
  if (parameter < 0) return factor;
  const value = (sets[parameter] as BinarySet).at(ranks[parameter] as number);
  return isOne(factor) ? value : times(factor, value);
}

/** The layers up to the last one with kinks. */
function binaryLayersOf(network: ChainNetwork, sets: readonly BinarySet[]): BinaryLayer[] {
  const rows = rowsOf(network);
  const lastKinked = rows[rows.length - 1]?.neuron.equation ?? -1;
  const entryOf = (entry: Entry): BinaryEntry =>
    'parameter' in entry
      ? { parameter: entry.parameter, factor: binary(entry.scale) }
      : { parameter: -1, factor: binary(entry.constant) };
  const layers: BinaryLayer[] = [];
  for (let index = 1; index <= lastKinked; index += 2) {
    const dense = network.equations[index - 1];
    const equation = network.equations[index];
    if (dense?.op !== 'dense' || equation?.op !== 'activation') throw new NotBinary();
    const { breakpoints, pieces, kinks } = equation.activation;
    const own = rows.filter(({ neuron }) => neuron.equation === index);
    layers.push({
      weight: dense.weight.map((row) => row.map(entryOf)),
      bias: dense.bias.map(entryOf),
      pivots: dense.bias.map((_, unit) =>
        (own[unit]?.own ?? []).flatMap(({ parameter, scale, input }): BinaryPivot[] => {
          const set = sets[parameter];
          const values = network.parameters[parameter]?.values;
          if (set === undefined || values === undefined) return [];
          return [{ set, values, scale: binary(scale), input: input ?? -1 }];
        }),
      ),
      breakpoints: breakpoints.map(binary),
      kinks: kinks.map(({ at }) => binary(at)),
      pieces: pieces.map((piece) => piece.map(binary)),
    });
  }
  return layers;
}
