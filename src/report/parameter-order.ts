/**
 * The free parameters of a question in the contract's order: layer by layer; within a layer, row by
 * row its new weight parameters, then its new bias parameters. A name that came earlier is the same
 * parameter and takes no new place.
 *
 * A parameter without a name of its own is written `w₀[1,2]` (layer 0, unit 1, input 2) or `b₀[1]`, a
 * convolution's `w₀[f,c,i,j]` (filter, channel, row, column);
 * names of requests are ASCII, so the two cannot be confused; nor can a parameter named `x` and the
 * components x₀, x₁, … of the input.
 */
import { ONE, type Rational } from '../engine/num/rational.js';
import type { Question, QuestionEntry, QuestionLayer } from '../plan/question.js';
import { readRational } from './number-text.js';

/** One entry of a layer: a constant, or scale · parameters[index]. */
export type WorkedEntry =
  | { readonly kind: 'constant'; readonly value: Rational }
  | { readonly kind: 'parameter'; readonly index: number; readonly scale: Rational };

export interface LayerEntries {
  /** `[unit][input]`, or `[filter][tap]` of a convolution; empty where a layer has no weights. */
  readonly weight: readonly (readonly WorkedEntry[])[];
  /** One per unit or filter; null where the layer adds nothing. */
  readonly bias: readonly WorkedEntry[] | null;
}

export interface ParameterOrder {
  readonly names: readonly string[];
  readonly layers: readonly LayerEntries[];
}

const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';

/** A non-negative integer in subscript digits. */
export function subscript(i: number): string {
  return String(i).replace(/[0-9]/g, (digit) => SUBSCRIPTS[Number(digit)] as string);
}

/** Whether every layer is dense and reads the one before, the inputs are flat, and there is no loss. */
export function isDenseChain({ network }: Question): boolean {
  return (
    network.inputShape === undefined &&
    network.loss === undefined &&
    network.layers.every(({ type, from }) => type === 'dense' && from === undefined)
  );
}

/** *Exact.* The shape of a layer's output. */
export function shapeOf(layer: QuestionLayer): readonly number[] {
  return layer.shape ?? (layer.type === 'dense' ? [layer.units] : []);
}

/** *Exact.* The number of units of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((all, extent) => all * extent, 1);
}

/** *Exact.* The shape of what a layer reads, or of the first of several. */
export function inputShapeOf(question: Question, l: number): readonly number[] {
  const { inputs, inputShape, layers } = question.network;
  const [from = l === 0 ? 'input' : l - 1] = [layers[l]?.from].flat();
  if (from === 'input') return inputShape ?? [inputs[0]?.length ?? 0];
  const source = layers[from];
  return source === undefined ? [] : shapeOf(source);
}

/** *Exact.* The size of what each layer reads. */
export function fanIns(question: Question): number[] {
  return question.network.layers.map((_, l) => sizeOf(inputShapeOf(question, l)));
}

/** *Exact.* Names and places of all free parameters. */
export function parameterOrder(question: Question): ParameterOrder {
  const names: string[] = [];
  const named = new Map<string, number>();
  const own = (name: string): WorkedEntry => {
    names.push(name);
    return { kind: 'parameter', index: names.length - 1, scale: ONE };
  };
  const given = (entry: QuestionEntry): WorkedEntry => {
    if (typeof entry === 'string') return { kind: 'constant', value: readRational(entry) };
    let index = named.get(entry.param);
    if (index === undefined) {
      index = names.push(entry.param) - 1;
      named.set(entry.param, index);
    }
    return { kind: 'parameter', index, scale: readRational(entry.scale) };
  };
  const layers = question.network.layers.map((layer, l) => ({
    weight: weightEntries(layer, l, inputShapeOf(question, l), own, given),
    bias: biasEntries(layer, l, own, given),
  }));
  return { names, layers };
}

/** The shape of a layer's weights: unit or filter first. */
function weightShape(layer: QuestionLayer, input: readonly number[]): readonly number[] {
  const channels = input[0] ?? 0;
  switch (layer.type) {
    case 'dense':
      return [layer.units, sizeOf(input)];
    case 'conv2d':
      return [layer.filters, channels / layer.groups, ...layer.kernelSize];
    case 'conv1d':
      return [layer.filters, channels / layer.groups, layer.kernelSize];
    default:
      return [];
  }
}

function weightEntries(
  layer: QuestionLayer,
  l: number,
  input: readonly number[],
  own: (name: string) => WorkedEntry,
  given: (entry: QuestionEntry) => WorkedEntry,
): WorkedEntry[][] {
  if (!('weight' in layer)) return [];
  if (layer.weight !== null) {
    return layer.weight.map((row) => row.flat(3).map((entry) => given(entry)));
  }
  const [rows = 0, ...rest] = weightShape(layer, input);
  return Array.from({ length: rows }, (_, i) =>
    Array.from({ length: sizeOf(rest) }, (__, k) =>
      own(`w${subscript(l)}[${[i, ...indicesOf(k, rest)].map(String).join(',')}]`),
    ),
  );
}

/** The indices of the k-th place of a shape, row-major. */
function indicesOf(k: number, shape: readonly number[]): number[] {
  let rest = k;
  return [...shape]
    .reverse()
    .map((extent) => {
      const index = rest % extent;
      rest = (rest - index) / extent;
      return index;
    })
    .reverse();
}

function biasEntries(
  layer: QuestionLayer,
  l: number,
  own: (name: string) => WorkedEntry,
  given: (entry: QuestionEntry) => WorkedEntry,
): WorkedEntry[] | null {
  if (!('bias' in layer) || layer.bias === false) return null;
  if (layer.bias !== true) return layer.bias.map(given);
  const count = layer.type === 'dense' ? layer.units : layer.filters;
  return Array.from({ length: count }, (_, i) => own(`b${subscript(l)}[${String(i)}]`));
}
