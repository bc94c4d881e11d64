/**
 * Where float64 is exact: a static test of bit widths, layer by layer, over the whole space.
 *
 * A variable is *on a grid* 2^lsb with magnitude bounds (integers, per unit, in units of 2^lsb) where
 * all its values at all points and samples are such multiples. A sum of products stays on the grid
 * of its finest term, and no partial sum, whatever the order, exceeds the sum of the moduli; below
 * 2^53 units, with lsb ≥ −1074 and 2^(lsb+53) ≤ 2^1023, every one of them is a double, so nothing
 * rounds. The same holds for the partial results of Horner's rule. Narrow formats pass for a layer
 * or for many; where one fails, those behind it are not exact either.
 */
import { chainOf, type ChainNetwork } from '../net/chain.js';
import type { ActivationEquation, DenseEquation, Entry, Network } from '../net/ir.js';
import type { ValueSet } from '../format/domain.js';
import { dyadic, fromRational, isDyadic, type Dyadic } from '../num/dyadic.js';
import { bitLength, toSafeNumber } from '../num/bits.js';
import { memoised } from '../num/memoised.js';
import { ZERO, absolute, compare, divide, isZero, type Rational } from '../num/rational.js';

/** Largest set whose values are looked at one by one. */
const MAX_LISTED = 65536n;
const BITS = 53;

/** Multiples of 2^lsb up to these many of them, per unit. */
interface Grid {
  readonly lsb: number;
  readonly most: readonly bigint[];
}

/** Values on a grid, with one bound for all. */
interface Range {
  readonly lsb: number;
  readonly most: bigint;
}

/** *Exact.* Per variable: whether float64 evaluation yields exactly its values, at every point of a chain. */
export function exactVariables(whole: Network): readonly boolean[] {
  const network = chainOf(whole);
  const rangeOfSet = memoised(rangeOfValues);
  const grids: (Grid | null)[] = [gridOfInputs(network)];
  for (const equation of network.equations) {
    const from = grids[equation.in] ?? null;
    grids[equation.out] =
      from === null
        ? null
        : equation.op === 'dense'
          ? gridOfDense(network, equation, from, rangeOfSet)
          : gridOfActivation(equation, from);
  }
  return grids.map((grid) => grid !== null);
}

/** Whether numbers of `most` units of 2^lsb, and all below, are doubles. */
function fits(lsb: number, most: bigint): boolean {
  return lsb >= -1074 && lsb + BITS <= 1023 && bitLength(most) <= BITS;
}

function rangeOf(values: readonly Rational[]): Range | null {
  if (!values.every(isDyadic)) return null;
  const dyadics = values.map(fromRational).filter(({ m }) => m !== 0n);
  const lsb = dyadics.reduce((least, { e }) => Math.min(least, e), dyadics[0]?.e ?? 0);
  const top = dyadics.reduce((most, d) => Math.max(most, d.e + bitLength(d.m)), lsb);
  // A spread that no sum could hold; it must not be shifted out either.
  if (top - lsb > BITS) return null;
  const most = dyadics.reduce((best, d) => larger(best, units(d, lsb)), 0n);
  return { lsb, most };
}

/** |d| in units of 2^lsb, which must divide it. */
function units(d: Dyadic, lsb: number): bigint {
  return (d.m < 0n ? -d.m : d.m) << BigInt(d.m === 0n ? 0 : d.e - lsb);
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function rangeOfValues(set: ValueSet): Range | null {
  if (set.size > MAX_LISTED || !mayFit(set)) return null;
  return rangeOf(Array.from({ length: toSafeNumber(set.size) }, (_, k) => set.at(BigInt(k))));
}

/** Whether the least positive and the greatest value are close enough; saves listing wide floats. */
function mayFit(set: ValueSet): boolean {
  const zero = set.rankOf(ZERO);
  if (zero === null || zero + 1n >= set.size) return true;
  const least = set.at(zero + 1n);
  const most = [set.at(0n), set.at(set.size - 1n)]
    .map(absolute)
    .reduce((a, b) => (compare(a, b) > 0 ? a : b));
  return compare(divide(most, least), { n: 1n << BigInt(BITS), d: 1n }) <= 0;
}

function gridOfInputs(network: ChainNetwork): Grid | null {
  const range = rangeOf(network.inputs.flat());
  if (range === null || !fits(range.lsb, range.most)) return null;
  const most = (network.inputs[0] ?? []).map((_, j) =>
    network.inputs.reduce(
      (best, input) => larger(best, units(fromRational(input[j] ?? ZERO), range.lsb)),
      0n,
    ),
  );
  return { lsb: range.lsb, most };
}

function gridOfDense(
  network: ChainNetwork,
  equation: DenseEquation,
  from: Grid,
  rangeOfSet: (set: ValueSet) => Range | null,
): Grid | null {
  const rangeOfEntry = memoised((entry: Entry): Range | null => {
    if (!('parameter' in entry)) return rangeOf([entry.constant]);
    const set = network.parameters[entry.parameter]?.values;
    const values = set === undefined ? null : rangeOfSet(set);
    if (values === null || !isDyadic(entry.scale)) return null;
    if (isZero(entry.scale)) return { lsb: 0, most: 0n };
    const scale = fromRational(entry.scale);
    const scaled = { lsb: values.lsb + scale.e, most: values.most * units(scale, scale.e) };
    return fits(scaled.lsb, scaled.most) ? scaled : null;
  });
  const weights = equation.weight.map((row) => row.map(rangeOfEntry));
  const biases = equation.bias.map(rangeOfEntry);
  const ranges = [...weights.flat(), ...biases];
  if (!ranges.every((range) => range !== null && fits(range.lsb, range.most))) return null;
  const lsbOf = (list: readonly (Range | null)[], start: number): number =>
    list.reduce(
      (least, range) =>
        range === null || range.most === 0n ? least : Math.min(least, range.lsb + start),
      Infinity,
    );
  const finest = Math.min(lsbOf(weights.flat(), from.lsb), lsbOf(biases, 0));
  const lsb = Number.isFinite(finest) ? finest : from.lsb;
  const most = weights.map((row, unit) =>
    row.reduce(
      (sum, range, j) => {
        const product = (range?.most ?? 0n) * (from.most[j] ?? 0n);
        return sum + shifted(product, (range?.lsb ?? 0) + from.lsb - lsb);
      },
      shifted(biases[unit]?.most ?? 0n, (biases[unit]?.lsb ?? 0) - lsb),
    ),
  );
  return most.every((bound) => fits(lsb, bound)) ? { lsb, most } : null;
}

/** n·2^by, by a shift that n ≠ 0 proves not negative, and that never makes numbers too long to hold. */
function shifted(n: bigint, by: number): bigint {
  if (n === 0n) return 0n;
  // Longer than any double's significand is all that matters of such a number.
  return n << BigInt(Math.min(by, 4 * BITS));
}

function gridOfActivation(equation: ActivationEquation, from: Grid): Grid | null {
  const pieces = equation.activation.pieces.filter((piece) => piece.length > 0);
  if (!pieces.flat().every(isDyadic)) return null;
  const ofPieces = pieces.map((piece) => gridOfPiece(piece.map(fromRational), from));
  if (!ofPieces.every((grid): grid is Grid => grid !== null)) return null;
  const lsb = ofPieces.reduce((least, grid) => Math.min(least, grid.lsb), Infinity);
  if (!Number.isFinite(lsb)) return { lsb: from.lsb, most: from.most.map(() => 0n) };
  const most = from.most.map((_, unit) =>
    ofPieces.reduce(
      (best, grid) => larger(best, shifted(grid.most[unit] ?? 0n, grid.lsb - lsb)),
      0n,
    ),
  );
  return most.every((bound) => fits(lsb, bound)) ? { lsb, most } : null;
}

/** The grid of P(y), where every partial result of Horner's rule is a double. */
function gridOfPiece(piece: readonly Dyadic[], from: Grid): Grid | null {
  const degree = piece.length - 1;
  let result: Grid = { lsb: 0, most: from.most.map(() => 0n) };
  for (let k = degree; k >= 0; k -= 1) {
    const coefficient = piece[k] ?? dyadic(0n);
    const product = {
      lsb: result.lsb + from.lsb,
      most: result.most.map((m, u) => m * (from.most[u] ?? 0n)),
    };
    const isNothing = product.most.every((m) => m === 0n);
    const lsb = isNothing
      ? coefficient.m === 0n
        ? 0
        : coefficient.e
      : coefficient.m === 0n
        ? product.lsb
        : Math.min(product.lsb, coefficient.e);
    const own =
      coefficient.m === 0n ? 0n : shifted(units(coefficient, coefficient.e), coefficient.e - lsb);
    const most = product.most.map((m) => shifted(m, product.lsb - lsb) + own);
    if (!most.every((bound) => fits(lsb, bound))) return null;
    result = { lsb, most };
  }
  return result;
}
