/**
 * A tied pre-activation worked out line by line, for checking by hand.
 *
 * Evaluates the network again at the given parameters, exactly, up to the layer of the neuron. It
 * shares nothing with the engine but rational arithmetic, so it is a second opinion: the caller
 * compares the last number with the kink.
 */
import { ONE, ZERO, add, equal, multiply, type Rational } from '../engine/num/rational.js';
import type { Question } from '../plan/question.js';
import { handActivation, type HandActivation } from './activation-text.js';
import { rationalText, readRational, round, shorten, LONGEST_INLINE } from './number-text.js';
import {
  isDenseChain,
  subscript,
  type LayerEntries,
  type ParameterOrder,
  type WorkedEntry,
} from './parameter-order.js';

/** Terms of one sum that are written out; the others are added up in one. */
const TERMS_SHOWN = 12;
/** Units of a layer below that are worked out one by one. */
const UNITS_SHOWN = 8;
/** Largest network, in weight entries, that is evaluated again for a report. */
export const WORKED_ENTRIES_MAX = 100_000;

/** What a report says instead. */
export const NOT_WORKED =
  'Pre-activations are worked out here for small chains of dense layers without exponentials only.';

export interface Worked {
  /** *Exact.* The pre-activation. */
  readonly y: Rational;
  readonly lines: readonly string[];
}

export type Evaluation = readonly {
  readonly y: readonly Rational[];
  readonly z: readonly Rational[];
}[];

/** Whether the report works out pre-activations of this question at all. */
export function canWork(question: Question, order: ParameterOrder): boolean {
  const entries = order.layers.reduce(
    (sum, layer) => sum + layer.weight.length * (layer.weight[0]?.length ?? 0),
    0,
  );
  return (
    isDenseChain(question) &&
    entries <= WORKED_ENTRIES_MAX &&
    question.network.layers.every(
      ({ activation }) => activation !== null && handActivation(activation) !== null,
    )
  );
}

/** *Exact.* Pre-activations and activations of layers 0 to `last` for one sample. */
export function evaluateAt(
  question: Question,
  order: ParameterOrder,
  parameters: readonly Rational[],
  sample: number,
  last: number,
): Evaluation {
  const evaluation: { y: Rational[]; z: Rational[] }[] = [];
  let below = (question.network.inputs[sample] ?? []).map(readRational);
  for (let l = 0; l <= last; l += 1) {
    const entries = order.layers[l] as LayerEntries;
    const hand = handOf(question, l);
    const y = entries.weight.map((row, i) => {
      const bias = entries.bias?.[i];
      return row.reduce(
        (sum, entry, j) => add(sum, multiply(valueOf(entry, parameters), below[j] as Rational)),
        bias === undefined ? ZERO : valueOf(bias, parameters),
      );
    });
    const z = y.map(hand.at);
    evaluation.push({ y, z });
    below = z;
  }
  return evaluation;
}

/** The arithmetic of neuron (layer, unit), with the units below it that it needs. */
export function workOut(
  question: Question,
  order: ParameterOrder,
  parameters: readonly Rational[],
  sample: number,
  layer: number,
  unit: number,
): Worked {
  const evaluation = evaluateAt(question, order, parameters, sample, layer);
  const input = (question.network.inputs[sample] ?? []).map(readRational);
  const lines: string[] = [`input x = ${vectorText(input)}`];
  for (let l = 0; l < layer; l += 1) {
    const { y, z } = evaluation[l] as Evaluation[number];
    const type = question.network.layers[l]?.activation?.type ?? '';
    const { formula } = handOf(question, l);
    if (y.length > UNITS_SHOWN) {
      lines.push(`z${subscript(l)} = ${vectorText(z)}   [z = ${type}(y), ${formula}]`);
      continue;
    }
    y.forEach((value, i) => {
      lines.push(...sumLines(order, parameters, evaluation, input, l, i));
      if (type === 'identity') {
        lines.push(`z${subscript(l)}[${String(i)}] = ${numberText(value)}`);
      } else {
        lines.push(
          `z${subscript(l)}[${String(i)}] = ${type}(${numberText(value)}) = ${numberText(z[i] as Rational)}   [${type}(t) = ${formula}]`,
        );
      }
    });
  }
  lines.push(...sumLines(order, parameters, evaluation, input, layer, unit));
  return { y: evaluation[layer]?.y[unit] as Rational, lines };
}

function handOf(question: Question, l: number): HandActivation {
  const layer = question.network.layers[l];
  const activation = layer?.activation ?? null;
  const hand = activation === null ? null : handActivation(activation);
  if (hand === null) throw new RangeError(`layer ${String(l)} cannot be worked out by hand`);
  return hand;
}

function valueOf(entry: WorkedEntry, parameters: readonly Rational[]): Rational {
  if (entry.kind === 'constant') return entry.value;
  const value = parameters[entry.index];
  if (value === undefined) {
    throw new RangeError(
      `parameter ${String(entry.index)} of ${String(parameters.length)} is missing`,
    );
  }
  return multiply(entry.scale, value);
}

/** `y = symbols`, `= numbers`, `= value`. */
function sumLines(
  order: ParameterOrder,
  parameters: readonly Rational[],
  evaluation: Evaluation,
  input: readonly Rational[],
  l: number,
  i: number,
): string[] {
  const entries = order.layers[l] as LayerEntries;
  const row = entries.weight[i] as readonly WorkedEntry[];
  const below = l === 0 ? input : (evaluation[l - 1]?.z as readonly Rational[]);
  const belowName = (j: number): string =>
    l === 0 ? `x${subscript(j)}` : `z${subscript(l - 1)}[${String(j)}]`;
  const shown = Math.min(row.length, TERMS_SHOWN);
  const symbols = row
    .slice(0, shown)
    .map((entry, j) => `${entryName(entry, order)}·${belowName(j)}`);
  const numbers = row
    .slice(0, shown)
    .map((entry, j) => `${entryNumbers(entry, parameters)}·(${numberText(below[j] as Rational)})`);
  if (shown < row.length) {
    const rest = row
      .slice(shown)
      .reduce(
        (sum, entry, k) =>
          add(sum, multiply(valueOf(entry, parameters), below[shown + k] as Rational)),
        ZERO,
      );
    symbols.push(`${String(row.length - shown)} more terms`);
    numbers.push(`(${numberText(rest)})`);
  }
  const bias = entries.bias?.[i];
  if (bias !== undefined) {
    symbols.push(entryName(bias, order));
    numbers.push(entryNumbers(bias, parameters));
  }
  const head = `y${subscript(l)}[${String(i)}]`;
  const indent = ' '.repeat(head.length);
  const products = row
    .slice(0, shown)
    .map((entry, j) => multiply(valueOf(entry, parameters), below[j] as Rational));
  const last = numbers.slice(products.length);
  return [
    `${head} = ${symbols.join(' + ')}`,
    `${indent} = ${numbers.join(' + ')}`,
    ...(products.length > 1
      ? [`${indent} = ${[...products.map((p) => `(${numberText(p)})`), ...last].join(' + ')}`]
      : []),
    `${indent} = ${numberText(evaluation[l]?.y[i] as Rational)}`,
  ];
}

function entryName(entry: WorkedEntry, order: ParameterOrder): string {
  if (entry.kind === 'constant') return `(${numberText(entry.value)})`;
  const name = order.names[entry.index] ?? '?';
  return equal(entry.scale, ONE) ? name : `(${numberText(entry.scale)})·${name}`;
}

function entryNumbers(entry: WorkedEntry, parameters: readonly Rational[]): string {
  if (entry.kind === 'constant' || equal(entry.scale, ONE)) {
    return `(${numberText(valueOf(entry, parameters))})`;
  }
  return `(${numberText(entry.scale)})·(${numberText(parameters[entry.index] as Rational)})`;
}

function vectorText(values: readonly Rational[]): string {
  const shown = values.slice(0, TERMS_SHOWN).map(numberText).join(', ');
  return values.length > TERMS_SHOWN
    ? `(${shown}, … ${String(values.length - TERMS_SHOWN)} more)`
    : `(${shown})`;
}

/** Exact where it fits on a line; otherwise shortened, with the rounded number beside it. */
function numberText(r: Rational): string {
  const text = rationalText(r);
  return text.length <= LONGEST_INLINE ? text : `${shorten(text)} ≈ ${round(r).text}`;
}
