/**
 * The intermediate representation of a network: a small single-assignment program over vectors,
 * read once per sample. Grammar:
 *
 *   network   ::= inputs parameters equation+ output
 *   equation  ::= v = dense u weight bias          y_i = Σ_j W_ij·u_j + b_i
 *               | v = activation u σ               v_i = σ(u_i)
 *   entry     ::= constant c | parameter p × scale s
 *
 * Variable 0 is the input; each equation assigns one new variable, numbered in order. A primitive
 * is a name only: its meaning stands in one rule table per interpretation (`ad/rules.ts`, and the
 * judge's own in `truth/`). All samples share the parameters; f stacks the outputs sample by sample.
 */
import { product } from '../num/product.js';
import type { ValueSet } from '../format/domain.js';
import type { Rational } from '../num/rational.js';
import type { Activation } from './activation.js';

/** A vector of the program, by number; 0 is the input. */
export type Variable = number;

/** One entry of a weight matrix or of a bias. */
export type Entry =
  { readonly constant: Rational } | { readonly parameter: number; readonly scale: Rational };

export interface DenseEquation {
  readonly op: 'dense';
  readonly out: Variable;
  readonly in: Variable;
  /** Index of the layer in the request. */
  readonly layer: number;
  /** `[out, in]`. */
  readonly weight: readonly (readonly Entry[])[];
  /** `[out]`; a missing bias is the constant 0. */
  readonly bias: readonly Entry[];
}

export interface ActivationEquation {
  readonly op: 'activation';
  readonly out: Variable;
  readonly in: Variable;
  readonly layer: number;
  readonly activation: Activation;
}

export type Equation = DenseEquation | ActivationEquation;

/** A free parameter: one coordinate of w. */
export interface Parameter {
  readonly name: string;
  readonly role: 'weight' | 'bias';
  /** The layer that uses it first. */
  readonly layer: number;
  readonly values: ValueSet;
}

export interface Network {
  /** `[sample, in]`. */
  readonly inputs: readonly (readonly Rational[])[];
  readonly parameters: readonly Parameter[];
  readonly equations: readonly Equation[];
  /** Width of each variable. */
  readonly widths: readonly number[];
  readonly output: Variable;
}

/** Where a parameter is used: equation, unit, and input index (null in a bias). */
export interface Use {
  readonly equation: number;
  readonly unit: number;
  readonly input: number | null;
}

/** *Exact.* Every place each parameter is used, by parameter; zero scales count as uses. */
export function usesOf(network: Network): readonly (readonly Use[])[] {
  const uses: Use[][] = network.parameters.map(() => []);
  network.equations.forEach((equation, index) => {
    if (equation.op !== 'dense') return;
    equation.weight.forEach((row, unit) => {
      row.forEach((entry, input) => {
        if ('parameter' in entry) uses[entry.parameter]?.push({ equation: index, unit, input });
      });
    });
    equation.bias.forEach((entry, unit) => {
      if ('parameter' in entry) uses[entry.parameter]?.push({ equation: index, unit, input: null });
    });
  });
  return uses;
}

/** *Exact.* |Ω|: the product of the sizes of the parameters' sets. */
export function spaceSize(network: Network): bigint {
  return product(network.parameters.map(({ values }) => values.size));
}
