/**
 * What `relevance.ts` tells, over formats that are too wide for the grid: whether a tie of the first
 * layer matters, by the patterns of alive units of the second, which is the last hidden one. The
 * signs of its pre-activations, without the tied unit, are taken from doubles where they exceed all
 * that rounding can have lost; the products that are added up are exact, and a sum of them is told
 * from 0 by its size, or by adding without a loss. Where neither says, nothing is said.
 */
import { isAffine } from '../net/activation.js';
import type { ChainNetwork } from '../net/chain.js';
import { toDouble } from '../num/float64.js';
import { ONE, equal, isZero } from '../num/rational.js';
import { rectifiersOf, tableOf, type Table, type Tables } from './no-tie-doubles.js';
import { orientedLayerAt } from './orientation.js';

/** Most units of the last hidden layer. */
const UNITS_MAX = 6;
/** Values of the output layer lie within 2^±this, so that products with a weight are normal. */
const EXPONENT_MAX = 400;
/** More than a computation of n + 1 terms loses, per term: n + 4 roundings, and as much again. */
const LOSS = 2 ** -51;

/**
 * *Exact.* In how many patterns the tied unit is relevant, given the ranks of a point at which no unit
 * of the first layer is tied; null where it cannot tell.
 */
export interface RelevanceInDoubles {
  readonly patterns: number;
  readonly of: (unit: number, ranks: Float64Array) => number | null;
}

/** The rows of a layer: parameters, −1 for none, and their values. */
interface Rows {
  readonly parameters: Int32Array;
  readonly tables: readonly (Table | null)[];
}

/** Null where the network has other layers, or too many units, or numbers that doubles do not hold. */
export function relevanceInDoubles(
  network: ChainNetwork,
  known: Tables,
): RelevanceInDoubles | null {
  const rectifiers = rectifiersOf(network);
  const [one, two] = rectifiers ?? [];
  const [input] = network.inputs;
  const output = network.equations[4];
  const end = network.equations[5];
  if (rectifiers?.length !== 2 || one === undefined || two === undefined) return null;
  if (input === undefined || network.equations.length !== 6) return null;
  if (output?.op !== 'dense' || end?.op !== 'activation' || !isAffine(end.activation)) return null;
  if (isZero(end.activation.slopes[0]?.[0] ?? { n: 0n, d: 1n })) return null;
  const units = two.weight.length;
  if (units > UNITS_MAX) return null;
  if (orientedLayerAt(network, 3) === null) return null;
  const rowsOf = (entries: typeof one.bias): Rows | null => {
    const tables: (Table | null)[] = [];
    for (const entry of entries) {
      if (!('parameter' in entry)) {
        if (!isZero(entry.constant)) return null;
        tables.push(null);
        continue;
      }
      const values = network.parameters[entry.parameter]?.values;
      const table = values === undefined ? null : tableOf(values, known);
      if (table === null || !equal(entry.scale, ONE)) return null;
      const { least, most } = table.extent;
      if (least < -EXPONENT_MAX || most > EXPONENT_MAX) return null;
      tables.push(table);
    }
    return {
      parameters: Int32Array.from(entries, (e) => ('parameter' in e ? e.parameter : -1)),
      tables,
    };
  };
  const [front, frontBias] = [rowsOf(one.weight.flat()), rowsOf(one.bias)];
  const [last, lastBias] = [rowsOf(two.weight.flat()), rowsOf(two.bias)];
  const out = rowsOf(output.weight.flat());
  if (front === null || frontBias === null || last === null || lastBias === null || out === null) {
    return null;
  }
  const x = Float64Array.from(input, toDouble);
  const fanIn = one.weight.length;
  const outputs = output.weight.length;
  const patterns = 2 ** units;
  const at = ({ parameters, tables }: Rows, k: number, ranks: Float64Array): number => {
    const table = tables[k];
    return table === null || table === undefined
      ? 0
      : (table.values[ranks[parameters[k] as number] as number] as number);
  };
  const z = new Float64Array(fanIn);
  const off = new Float64Array(fanIn);
  const toward = new Float64Array(units);
  const frontLoss = (x.length + 1) * LOSS;
  const lastLoss = (fanIn + 1) * LOSS;
  /** False where the sign of a unit of the first layer is open. */
  const forward = (ranks: Float64Array, without: number): boolean => {
    for (let j = 0; j < fanIn; j += 1) {
      if (j === without) continue;
      let y = at(frontBias, j, ranks);
      let size = Math.abs(y);
      for (let i = 0; i < x.length; i += 1) {
        const term = at(front, j * x.length + i, ranks) * (x[i] as number);
        y += term;
        size += Math.abs(term);
      }
      const bound = size * frontLoss;
      if (!(Math.abs(y) > bound)) return false;
      z[j] = y > 0 ? y : 0;
      off[j] = y > 0 ? bound : 0;
    }
    return true;
  };
  return {
    patterns,
    of(unit, ranks) {
      if (!forward(ranks, unit)) return null;
      for (let i = 0; i < units; i += 1) {
        let y = at(lastBias, i, ranks);
        let size = Math.abs(y);
        let error = 0;
        for (let j = 0; j < fanIn; j += 1) {
          if (j === unit) continue;
          const w = at(last, i * fanIn + j, ranks);
          const term = w * (z[j] as number);
          y += term;
          size += Math.abs(term);
          error += Math.abs(w) * (off[j] as number);
        }
        if (!(Math.abs(y) > size * lastLoss + error * (1 + lastLoss))) return null;
        const w = at(last, i * fanIn + unit, ranks);
        toward[i] = y > 0 ? w : -w;
      }
      let often = 0;
      for (let pattern = 1; pattern < patterns; pattern += 1) {
        let isRelevant = false;
        for (let o = 0; o < outputs && !isRelevant; o += 1) {
          let sum = 0;
          let size = 0;
          let lost = 0;
          for (let i = 0; i < units; i += 1) {
            if (((pattern >> i) & 1) === 0) continue;
            const term = at(out, o * units + i, ranks) * (toward[i] as number);
            const grown = sum + term;
            const part = grown - sum;
            if (sum - (grown - part) + (term - part) !== 0) lost = 1;
            sum = grown;
            size += Math.abs(term);
          }
          if (lost === 0) isRelevant = sum !== 0;
          else if (Math.abs(sum) > size * units * LOSS) isRelevant = true;
          else return null;
        }
        if (isRelevant) often += 1;
      }
      return often;
    },
  };
}
