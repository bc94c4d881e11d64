/**
 * The ties of the first layer, row by row: its neurons read the input alone, so whether one is tied
 * is up to its own row. Where a row has few enough choices they are gone through once, and P(A_k) is
 * exact: sampling then draws the row from the choices that tie it, not from all.
 */
import type { GridProgram } from '../count/grid.js';
import type { LayerState } from '../count/layer-state.js';
import type { Space } from '../count/space.js';
import type { ChainNetwork } from '../net/chain.js';
import { rowsOf } from './pivots.js';
import type { RowTies } from './subject.js';

/** Most choices of the weights of one row, and of all rows that differ. */
const CHOICES_MAX = 2 ** 18;

/** What a row adds up: values by rank for each of its parameters, on the grid. */
interface RowOfDigits {
  readonly parameters: readonly number[];
  /** What one rank adds to the pre-activation. */
  readonly terms: readonly Float64Array[];
  /** Whatever is constant. */
  readonly rest: number;
  readonly bias: number;
  readonly biases: Float64Array;
}

/** The choices that tie a row: of the weights, in mixed radix, and the rank of the bias. */
interface Choices {
  readonly weights: Int32Array;
  readonly biases: Int32Array;
}

/**
 * *Exact.* The ties of all neurons of the first layer; empty where it has no kinks, a unit without a
 * bias of its own, parameters that are used elsewhere, several inputs, or too many choices.
 */
export function firstLayerTies(
  network: ChainNetwork,
  space: Space,
  program: GridProgram,
  layers: readonly LayerState[],
): readonly RowTies[] {
  const [first] = layers;
  if (first === undefined || program.samples !== 1 || first.firstNeuron !== 0) return [];
  const { grid } = first;
  const rows = rowsOf(network).slice(0, grid.units);
  const kinks = [...grid.kinkAt].flatMap((kink, k) =>
    kink === -1 ? [] : [grid.thresholds[k] as number],
  );
  const timesInput = productsOf();
  const digits = rows.map((_, unit) => digitsOfRow(space, program, first, unit, timesInput));
  const known = new Map<string, Choices>();
  const names = new Map<Float64Array, number>();
  const nameOf = (values: Float64Array): number => {
    const name = names.get(values) ?? names.size;
    names.set(values, name);
    return name;
  };
  let spent = 0;
  const found: RowTies[] = [];
  for (const [neuron, row] of digits.entries()) {
    if (row === null || rows[neuron]?.always !== true) return [];
    const { parameters, terms, biases, bias, rest } = row;
    const size = terms.reduce((product, { length }) => product * length, 1);
    const key = [...terms, biases].map(nameOf).join() + `;${String(rest)}`;
    let choices = known.get(key);
    if (choices === undefined) {
      spent += size;
      if (spent > CHOICES_MAX) return [];
      choices = choicesOf(row, kinks, size);
      known.set(key, choices);
    }
    const { weights, biases: ranks } = choices;
    found.push({
      neuron,
      count: weights.length,
      of: BigInt(size) * BigInt(biases.length),
      at(index) {
        let left = weights[index] as number;
        const places = terms.map(({ length }, k) => {
          const rank = left % length;
          left = (left - rank) / length;
          return { parameter: parameters[k] as number, rank: BigInt(rank) };
        });
        return [...places, { parameter: bias, rank: BigInt(ranks[index] as number) }];
      },
    });
  }
  return found;
}

function digitsOfRow(
  space: Space,
  program: GridProgram,
  { grid }: LayerState,
  unit: number,
  timesInput: (values: Float64Array, x: number) => Float64Array,
): RowOfDigits | null {
  const parameters: number[] = [];
  const terms: Float64Array[] = [];
  let bias: { readonly parameter: number; readonly values: Float64Array } | null = null;
  let rest = 0;
  const isDigit = new Uint8Array(grid.fanIn);
  for (const [position, parameter] of space.digits.entries()) {
    const uses = program.digits[position] ?? [];
    const here = uses.find(
      ({ layer, isBias, index }) =>
        layer === 0 && (isBias ? index : Math.floor(index / grid.fanIn)) === unit,
    );
    if (here === undefined) continue;
    if (uses.length !== 1) return null;
    if (here.isBias) bias = { parameter, values: here.values };
    else {
      const input = here.index % grid.fanIn;
      isDigit[input] = 1;
      parameters.push(parameter);
      terms.push(timesInput(here.values, program.inputs[input] as number));
    }
  }
  if (bias === null) return null;
  for (let j = 0; j < grid.fanIn; j += 1) {
    if (isDigit[j] === 1) continue;
    rest += (grid.weight[unit * grid.fanIn + j] as number) * (program.inputs[j] as number);
  }
  return { parameters, terms, rest, bias: bias.parameter, biases: bias.values };
}

/** Products of a list with a number; the same list of products for the same two. */
function productsOf(): (values: Float64Array, x: number) => Float64Array {
  const known = new Map<Float64Array, Map<number, Float64Array>>();
  return (values, x) => {
    const byInput = known.get(values) ?? new Map<number, Float64Array>();
    known.set(values, byInput);
    const products = byInput.get(x) ?? values.map((value) => value * x);
    byInput.set(x, products);
    return products;
  };
}

function choicesOf({ terms, rest, biases }: RowOfDigits, kinks: number[], size: number): Choices {
  const weights: number[] = [];
  const ranks: number[] = [];
  // Sums without the first term, so that the inner loop adds one number; all are integers below
  // 2^53, as the grid proved of every partial sum. Values of a set are in order, so those of the
  // bias that are wanted come in order, too.
  const [inner = new Float64Array(1), ...outer] = terms;
  const rises = directionOf(inner) >= 0;
  const ascending = directionOf(biases) > 0;
  const sorted = ascending ? biases : biases.slice().reverse();
  const last = sorted.length - 1;
  for (let choice = 0; choice < size; choice += inner.length) {
    let left = choice / inner.length;
    let sum = rest;
    for (const term of outer) {
      const rank = left % term.length;
      left = (left - rank) / term.length;
      sum += term[rank] as number;
    }
    for (const kink of kinks) {
      let at = rises ? last : 0;
      for (let rank = 0; rank < inner.length; rank += 1) {
        const wanted = kink - (sum + (inner[rank] as number));
        if (rises) while (at > 0 && (sorted[at] as number) > wanted) at -= 1;
        else while (at < last && (sorted[at] as number) < wanted) at += 1;
        if (sorted[at] !== wanted) continue;
        weights.push(choice + rank);
        ranks.push(ascending ? at : last - at);
      }
    }
  }
  return { weights: Int32Array.from(weights), biases: Int32Array.from(ranks) };
}

/** 1 where values ascend, −1 where they descend, 0 where all are one. */
function directionOf(values: Float64Array): number {
  let direction = 0;
  for (let k = 1; k < values.length; k += 1) {
    const step = Math.sign((values[k] as number) - (values[k - 1] as number));
    if (step === 0) continue;
    if (step === -direction) throw new Error('firstLayerTies: values of a set are out of order');
    direction = step;
  }
  return direction;
}
