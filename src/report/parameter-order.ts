/**
 * The free parameters of a question in the contract's order: layer by layer; within a layer, row by
 * row its new weight parameters, then its new bias parameters. A name that came earlier is the same
 * parameter and takes no new place.
 *
 * A parameter without a name of its own is written `w₀[1,2]` (layer 0, unit 1, input 2) or `b₀[1]`;
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
  /** `[unit][input]`. */
  readonly weight: readonly (readonly WorkedEntry[])[];
  /** One per unit; null where the layer adds nothing. */
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

/** *Exact.* The inputs that each unit of a layer has: the inputs, or the units of the layer below. */
export function fanIns(question: Question): number[] {
  const { inputs, layers } = question.network;
  return layers.map((_, l) => (l === 0 ? (inputs[0]?.length ?? 0) : (layers[l - 1]?.units ?? 0)));
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
  const widths = fanIns(question);
  const layers = question.network.layers.map((layer, l) => ({
    weight: weightEntries(layer, l, widths[l] as number, own, given),
    bias: biasEntries(layer, l, own, given),
  }));
  return { names, layers };
}

function weightEntries(
  layer: QuestionLayer,
  l: number,
  fanIn: number,
  own: (name: string) => WorkedEntry,
  given: (entry: QuestionEntry) => WorkedEntry,
): WorkedEntry[][] {
  if (layer.weight !== null) return layer.weight.map((row) => row.map(given));
  return Array.from({ length: layer.units }, (_, i) =>
    Array.from({ length: fanIn }, (_, j) => own(`w${subscript(l)}[${String(i)},${String(j)}]`)),
  );
}

function biasEntries(
  layer: QuestionLayer,
  l: number,
  own: (name: string) => WorkedEntry,
  given: (entry: QuestionEntry) => WorkedEntry,
): WorkedEntry[] | null {
  if (layer.bias === false) return null;
  if (layer.bias !== true) return layer.bias.map(given);
  return Array.from({ length: layer.units }, (_, i) => own(`b${subscript(l)}[${String(i)}]`));
}
