/**
 * The intermediate representation of a network: a small single-assignment program over vectors,
 * read once per sample. Grammar:
 *
 *   network   ::= inputs parameters equation+ output [loss]
 *   equation  ::= v = dense u weight bias          y_i = Σ_j W_ij·u_j + b_i
 *               | v = activation u σ               v_i = σ(u_i)
 *               | v = affine terms offset          v_i = Σ_t c_t·u^t_j(t) + o_i, constants all
 *               | v = max u windows                v_i = max of u_j over j in window i
 *               | v = transcendental u σ           v_i = σ(u_i), σ with exponentials
 *   entry     ::= constant c | parameter p × scale s
 *   loss      ::= sum | mse targets                one analytic function of all samples' outputs
 *
 * Variable 0 is the input; each equation assigns one new variable, numbered in order. A primitive
 * is a name only: its meaning stands in one rule table per interpretation (`ad/rules.ts`, and the
 * judge's own in `truth/`). Every layer type is lowered to these four (`layers/`): a convolution is
 * a dense equation whose entries share parameters. What a dense equation assigns is read once, by
 * an activation. A network with transcendental equations is an AnalyticNetwork and no Network: what
 * computes in rational numbers takes the latter. All samples share the parameters; f stacks the outputs sample by sample, and the
 * loss, where there is one, is applied to the stack.
 */
import { product } from '../num/product.js';
import type { ValueSet } from '../format/domain.js';
import { isZero, type Rational } from '../num/rational.js';
import type { Activation } from './activation.js';
import type { TranscendentalActivation } from './transcendental.js';

/** A vector of the program, by number; 0 is the input. */
export type Variable = number;

/** One entry of a weight matrix or of a bias. */
export type Entry =
  { readonly constant: Rational } | { readonly parameter: number; readonly scale: Rational };

/** *Exact.* Whether an entry depends on w: a parameter with a scale that is not 0. */
export function varies(entry: Entry): boolean {
  return 'parameter' in entry && !isZero(entry.scale);
}

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

/** One summand: a constant times one unit of an earlier variable. */
export interface Term {
  readonly variable: Variable;
  readonly unit: number;
  readonly coefficient: Rational;
}

export interface AffineEquation {
  readonly op: 'affine';
  readonly out: Variable;
  readonly layer: number;
  /** `[out][term]`. */
  readonly terms: readonly (readonly Term[])[];
  /** `[out]`. */
  readonly offset: readonly Rational[];
}

export interface MaxEquation {
  readonly op: 'max';
  readonly out: Variable;
  readonly in: Variable;
  readonly layer: number;
  /** The layer type: what frameworks do at a tie depends on it. */
  readonly type: 'max' | 'maxPool2d';
  /** `[out]`: units of the input in the order in which ties are resolved; distinct, at least one. */
  readonly windows: readonly (readonly number[])[];
}

export type Equation = DenseEquation | ActivationEquation | AffineEquation | MaxEquation;

export interface TranscendentalEquation {
  readonly op: 'transcendental';
  readonly out: Variable;
  readonly in: Variable;
  readonly layer: number;
  readonly activation: TranscendentalActivation;
}

/** An equation of a network whose activations are piecewise analytic. */
export type AnalyticEquation = Equation | TranscendentalEquation;

/** *Exact.* The variables that an equation reads, each once, in increasing order. */
export function inputsOf(equation: AnalyticEquation): Variable[] {
  if (equation.op !== 'affine') return [equation.in];
  const variables = equation.terms.flatMap((row) => row.map(({ variable }) => variable));
  return [...new Set(variables)].sort((a, b) => a - b);
}

/** One analytic function of the stacked outputs of all samples. */
export type Loss =
  | { readonly type: 'sum' }
  /** The mean over all samples and outputs of the squared difference; targets `[sample, output]`. */
  | { readonly type: 'mse'; readonly targets: readonly (readonly Rational[])[] };

/** A free parameter: one coordinate of w. */
export interface Parameter {
  readonly name: string;
  readonly role: 'weight' | 'bias';
  /** The layer that uses it first. */
  readonly layer: number;
  readonly values: ValueSet;
}

/** A network whose activations are piecewise polynomial: rational at rational parameters. */
export interface Network extends AnalyticNetwork {
  readonly equations: readonly Equation[];
}

/** A network whose activations are piecewise analytic, as [L] has them. */
export interface AnalyticNetwork {
  /** `[sample, in]`. */
  readonly inputs: readonly (readonly Rational[])[];
  readonly parameters: readonly Parameter[];
  readonly equations: readonly AnalyticEquation[];
  /** Width of each variable. */
  readonly widths: readonly number[];
  readonly output: Variable;
  /** Absent: f stacks the outputs. */
  readonly loss?: Loss;
}

/** *Exact.* Whether no equation is transcendental. */
export function isPolynomial(network: AnalyticNetwork): network is Network {
  return network.equations.every(({ op }) => op !== 'transcendental');
}

/** Where a parameter is used: equation, unit, and input index (null in a bias). */
export interface Use {
  readonly equation: number;
  readonly unit: number;
  readonly input: number | null;
}

/** *Exact.* Every place each parameter is used, by parameter; zero scales count as uses. */
export function usesOf(network: AnalyticNetwork): readonly (readonly Use[])[] {
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
export function spaceSize(network: AnalyticNetwork): bigint {
  return product(network.parameters.map(({ values }) => values.size));
}
