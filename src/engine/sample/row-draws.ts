/**
 * The ties of the first layer over wide formats: its neurons read the input alone, so whether one is
 * tied is up to its own row. Rows are too many to go through (`first-layer.ts` does where they are
 * few), but cheap to draw: so many are drawn for each neuron and sample, each with the one value of
 * its bias that ties it, if the format has it. With R rows, H of them tied, and one of those taken
 * uniformly, E[H/(R·|M|) h(that row)] is the mean of 1{tied} h over all rows, with a variance that R
 * divides where h depends little on the row: a tied unit gives 0, whatever its row is.
 *
 * A row's sum is hi + lo without error: products are exact by the lengths of their factors, what sums
 * lose is added up apart (Knuth), and where that loses something itself the sum is done in rationals.
 * −(hi + lo) is a value, which is a double, only if lo = 0.
 */
import type { ValueSet } from '../format/domain.js';
import type { ChainNetwork } from '../net/chain.js';
import { usesOf } from '../net/ir.js';
import { ZERO, add, equal, multiply, negate, ONE, type Rational } from '../num/rational.js';
import { doubleOf } from '../num/exact-double.js';
import { toDouble } from '../num/float64.js';
import { drawsOf, type Draws } from './draws.js';
import { extentOf, rectifiersOf, tableOf, type Table, type Tables } from './no-tie-doubles.js';
import type { RowDraws } from './subject.js';

/** Weights drawn per sample; fewer rows than LEAST_ROWS are not worth it, more than MOST_ROWS neither. */
const WEIGHTS = 256;
const LEAST_ROWS = 4;
const MOST_ROWS = 16;
/** Rows that tell whether ties are frequent enough to be drawn for. */
const PILOT = 512;
/** Longest inputs: with a weight's 26 bits a product has no more than a double holds. */
const INPUT_BITS = 27;

interface Weight {
  readonly parameter: number;
  readonly values: ValueSet;
  readonly table: Table;
  readonly x: number;
  readonly exact: Rational;
}

interface DrawnRow {
  readonly weights: readonly Weight[];
  readonly bias: number;
  readonly biases: ValueSet;
  readonly table: Table;
}

/** Null where the first layer is not of ReLUs that own their rows, or ties are seldom or rows long. */
export function rowDrawsOf(
  network: ChainNetwork,
  known: Tables,
  options: { readonly rows?: number } = {},
): RowDraws | null {
  const found = rowsOfFirstLayer(network, known);
  if (found === null) return null;
  const longest = found.reduce((most, { weights }) => Math.max(most, weights.length), 1);
  const affordable = Math.min(MOST_ROWS, Math.floor(WEIGHTS / (longest * found.length)));
  const rows = options.rows ?? affordable;
  if (options.rows === undefined) {
    if (affordable < LEAST_ROWS) return null;
    const pilot = drawing(found, PILOT);
    const draws = drawsOf(0n);
    draws.begin(0);
    if (pilot.draw(0, draws) === 0) return null;
  }
  return drawing(found, rows);
}

function rowsOfFirstLayer(network: ChainNetwork, known: Tables): DrawnRow[] | null {
  const [dense] = rectifiersOf(network) ?? [];
  const [input] = network.inputs;
  if (dense === undefined || input === undefined) return null;
  const extent = extentOf(input);
  if (extent === null || extent.bits > INPUT_BITS) return null;
  const uses = usesOf(network);
  const rows: DrawnRow[] = [];
  for (const [unit, row] of dense.weight.entries()) {
    const bias = dense.bias[unit];
    if (bias === undefined || !('parameter' in bias) || !equal(bias.scale, ONE)) return null;
    const biases = network.parameters[bias.parameter]?.values;
    const biasTable = biases === undefined ? null : tableOf(biases, known);
    if (biases === undefined || biasTable === null) return null;
    const weights: Weight[] = [];
    for (const [j, entry] of row.entries()) {
      const exact = input[j] ?? ZERO;
      if (!('parameter' in entry)) {
        if (entry.constant.n !== 0n) return null;
        continue;
      }
      if (exact.n === 0n) continue;
      const { parameter } = entry;
      const values = network.parameters[parameter]?.values;
      const table = values === undefined ? null : tableOf(values, known);
      if (values === undefined || table === null) return null;
      if (!equal(entry.scale, ONE) || uses[parameter]?.length !== 1) return null;
      weights.push({ parameter, values, table, x: toDouble(exact), exact });
    }
    rows.push({ weights, bias: bias.parameter, biases, table: biasTable });
  }
  return rows;
}

function drawing(found: readonly DrawnRow[], rows: number): RowDraws {
  const widest = found.reduce((most, { weights }) => Math.max(most, weights.length), 0);
  const drawn = new Int32Array(widest);
  // Of each neuron: its hits, their weights' ranks and the rank of the bias.
  const places = found.map(() => ({
    weights: new Int32Array(rows * widest),
    biases: new Int32Array(rows),
  }));
  return {
    rows,
    units: found.length,
    draw(neuron, draws: Draws) {
      const row = found[neuron] as DrawnRow;
      const into = places[neuron] as (typeof places)[number];
      const { weights, table } = row;
      let hits = 0;
      for (let k = 0; k < rows; k += 1) {
        let sum = 0;
        let rest = 0;
        let lost = 0;
        for (let j = 0; j < weights.length; j += 1) {
          const { table: of, x } = weights[j] as Weight;
          const { values } = of;
          const rank = draws.below(values.length);
          drawn[j] = rank;
          const term = (values[rank] as number) * x;
          const grown = sum + term;
          const part = grown - sum;
          const error = sum - (grown - part) + (term - part);
          sum = grown;
          if (error === 0) continue;
          const more = rest + error;
          const given = more - rest;
          if (rest - (more - given) + (error - given) !== 0) lost = 1;
          rest = more;
        }
        let rank: number;
        if (lost === 0) {
          const whole = sum + rest;
          const part = whole - sum;
          const low = sum - (whole - part) + (rest - part);
          rank = low === 0 ? table.rankOf(-whole) : -1;
        } else {
          rank = exactRank(row, drawn);
        }
        if (rank === -1) continue;
        for (let j = 0; j < weights.length; j += 1) {
          into.weights[hits * widest + j] = drawn[j] as number;
        }
        into.biases[hits] = rank;
        hits += 1;
      }
      return hits;
    },
    at(neuron, hit) {
      const { weights, bias } = found[neuron] as DrawnRow;
      const from = places[neuron] as (typeof places)[number];
      return [
        ...weights.map(({ parameter }, j) => ({
          parameter,
          rank: BigInt(from.weights[hit * widest + j] as number),
        })),
        { parameter: bias, rank: BigInt(from.biases[hit] as number) },
      ];
    },
  };
}

/** The rank of the bias that ties a row; −1 where there is none. */
function exactRank({ weights, biases }: DrawnRow, drawn: Int32Array): number {
  const sum = weights.reduce(
    (all, { values, exact }, j) => add(all, multiply(values.at(BigInt(drawn[j] as number)), exact)),
    ZERO,
  );
  const rank = biases.rankOf(negate(sum));
  return rank === null ? -1 : doubleOf(rank);
}
