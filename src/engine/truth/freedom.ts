/**
 * Which ties are free: the hypothesis under which L-iff decides a point without branching.
 *
 * A parameter is private where the network uses it exactly once. The tied form of a unit contains
 * its private parameters with coefficients (scale·z_j for a weight, scale for a bias) that no form
 * before it, and no other unit's form of the same layer, contains. So if, for every tied unit, the
 * vectors of these coefficients over its tied samples are linearly independent, then all tied forms
 * are linearly independent on every branch: every sign pattern is an open cone (theory.md section
 * 3, "free and independent"; for one sample this is: a bias of its own, or a non-zero input at a
 * weight of its own). A tie whose pre-activation is constant near w never branches and contributes
 * nothing to any derivative, by AD or in truth. A maximum is never free here, and is constant where
 * all of its tied units are.
 */
import { isFlatAt } from '../net/activation.js';
import {
  usesOf,
  type AnalyticNetwork,
  type DenseEquation,
  type Entry,
  type Equation,
  type Network,
} from '../net/ir.js';
import { isZero, multiply, type Rational } from '../num/rational.js';
import { largestOf, type Values } from './evaluate.js';
import { emptySpan, type Row, type Span } from './linear.js';
import type { Tie } from './tie.js';

export type Freedom =
  /** The tie's form is independent of all other free ties' forms. */
  | 'free'
  /** The pre-activation is constant near w. */
  | 'constant'
  /** Neither was proved. */
  | 'bound';

/** *Exact.* Whether each parameter is used exactly once, `[parameter]`. */
export function privateParameters(network: AnalyticNetwork): readonly boolean[] {
  return usesOf(network).map((uses) => uses.length === 1);
}

/** *Exact.* Whether each unit is provably constant near w, `[variable][sample][unit]`. */
export function constantUnits(
  network: Network,
  values: Values,
): readonly (readonly (readonly boolean[])[])[] {
  const constant: (readonly boolean[])[][] = [network.inputs.map((input) => input.map(() => true))];
  for (const equation of network.equations) {
    constant.push(
      network.inputs.map((_, sample) =>
        constantOutputs(
          equation,
          (variable) => constant[variable]?.[sample] ?? [],
          (variable) => values[variable]?.[sample] ?? [],
        ),
      ),
    );
  }
  return constant;
}

function constantOutputs(
  equation: Equation,
  flagsOf: (variable: number) => readonly boolean[],
  valuesOf: (variable: number) => Row,
): boolean[] {
  switch (equation.op) {
    case 'activation':
      return flagsOf(equation.in).map(
        (flag, unit) =>
          flag || isFlatAt(equation.activation, valuesOf(equation.in)[unit] as Rational),
      );
    case 'dense': {
      const [flags, vector] = [flagsOf(equation.in), valuesOf(equation.in)];
      return equation.weight.map(
        (row, unit) =>
          !varies(equation.bias[unit] as Entry) &&
          row.every((entry, input) => {
            const inputConstant = flags[input] === true;
            if (varies(entry)) return inputConstant && isZero(vector[input] as Rational);
            return inputConstant || (!('parameter' in entry) && isZero(entry.constant));
          }),
      );
    }
    case 'affine':
      return equation.terms.map((row) =>
        row.every(
          ({ variable, unit, coefficient }) =>
            isZero(coefficient) || flagsOf(variable)[unit] === true,
        ),
      );
    case 'max':
      // The others of the window stay below, so near w only the largest ones speak.
      return equation.windows.map((window) =>
        largestOf(window, valuesOf(equation.in)).every((unit) => flagsOf(equation.in)[unit]),
      );
  }
}

/** Whether an entry depends on w: a parameter with a scale that is not 0. */
export function varies(entry: Entry): boolean {
  return 'parameter' in entry && !isZero(entry.scale);
}

/**
 * *Exact.* The freedom of each tie, in their order. Where none is 'bound', L-iff decides: the
 * point is non-differentiable exactly if AD gives some free tie a non-zero cotangent.
 */
export function freedomOf(
  network: Network,
  isPrivate: readonly boolean[],
  values: Values,
  ties: readonly Tie[],
): Freedom[] {
  const constant = constantUnits(network, values);
  const spans = new Map<string, Span>();
  return ties.map((tie) => {
    const tying = network.equations[tie.equation];
    if (tying === undefined || tying.op === 'affine') return 'bound';
    const read = constant[tying.in]?.[tie.sample] ?? [];
    if ('tied' in tie) return tie.tied.every((unit) => read[unit] === true) ? 'constant' : 'bound';
    if (read[tie.unit] === true) return 'constant';
    // A dense result has one reader (`net/check.ts`), so its private parameters are this tie's.
    const equation = network.equations.find(
      (candidate): candidate is DenseEquation =>
        candidate.op === 'dense' && candidate.out === tying.in,
    );
    if (equation === undefined) return 'bound';
    const input = (values[equation.in] as readonly Row[])[tie.sample] as Row;
    const coefficients = privateCoefficients(equation, tie.unit, input, isPrivate);
    const key = `${String(tie.equation)} ${String(tie.unit)}`;
    const span = spans.get(key) ?? emptySpan(coefficients.length);
    if (span.coordinates(coefficients) !== null) return 'bound';
    spans.set(key, span.extended(coefficients));
    return 'free';
  });
}

function privateCoefficients(
  equation: DenseEquation,
  unit: number,
  input: Row,
  isPrivate: readonly boolean[],
): Rational[] {
  const coefficients: Rational[] = [];
  (equation.weight[unit] as readonly Entry[]).forEach((entry, j) => {
    if ('parameter' in entry && isPrivate[entry.parameter] === true) {
      coefficients.push(multiply(entry.scale, input[j] as Rational));
    }
  });
  const bias = equation.bias[unit] as Entry;
  if ('parameter' in bias && isPrivate[bias.parameter] === true) coefficients.push(bias.scale);
  return coefficients;
}
