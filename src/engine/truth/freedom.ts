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
import { isFlatAt, type Activation } from '../net/activation.js';
import {
  usesOf,
  varies,
  type AnalyticEquation,
  type AnalyticNetwork,
  type DenseEquation,
  type Network,
} from '../net/ir.js';
import { isZero, multiply, type Rational } from '../num/rational.js';
import { largestOf, type Values } from './evaluate.js';
import { emptySpan, type Row } from './linear.js';
import type { Tie } from './tie.js';

export type Freedom =
  /** The tie's form is independent of all other free ties' forms. */
  | 'free'
  /** The pre-activation is constant near w. */
  | 'constant'
  /** Neither was proved. */
  | 'bound';

/** What the criterion asks of the values' numbers. `true` must be proved; where it is not, `false`. */
export interface FreedomNumbers<V> {
  readonly isZero: (value: V) => boolean;
  /** Whether the activation is constant around y. */
  readonly isFlatAt: (activation: Activation, y: V) => boolean;
  readonly largestOf: (window: readonly number[], vector: readonly V[]) => readonly number[];
  readonly scaled: (scale: Rational, value: V) => V;
  readonly ofRational: (value: Rational) => V;
  readonly areIndependent: (rows: readonly (readonly V[])[]) => boolean;
}

/** Values of a network, `[variable][sample][unit]`. */
type ValuesOf<V> = readonly (readonly (readonly V[])[])[];

/** *Exact.* Whether each parameter is used exactly once, `[parameter]`. */
export function privateParameters(network: AnalyticNetwork): readonly boolean[] {
  return usesOf(network).map((uses) => uses.length === 1);
}

const RATIONALS: FreedomNumbers<Rational> = {
  isZero,
  isFlatAt,
  largestOf,
  scaled: multiply,
  ofRational: (value) => value,
  areIndependent: (rows) => {
    let span = emptySpan(rows[0]?.length ?? 0);
    return rows.every((row: Row) => {
      if (span.coordinates(row) !== null) return false;
      span = span.extended(row);
      return true;
    });
  },
};

/** *Exact.* Whether each unit is provably constant near w, `[variable][sample][unit]`. */
export function constantUnits(network: Network, values: Values): ValuesOf<boolean> {
  return constantUnitsOver(RATIONALS, network, values);
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
  return freedomOver(RATIONALS, network, isPrivate, values, ties);
}

function constantUnitsOver<V>(
  numbers: FreedomNumbers<V>,
  network: AnalyticNetwork,
  values: ValuesOf<V>,
): ValuesOf<boolean> {
  const constant: (readonly boolean[])[][] = [network.inputs.map((input) => input.map(() => true))];
  for (const equation of network.equations) {
    constant.push(
      network.inputs.map((_, sample) =>
        constantOutputs(
          numbers,
          equation,
          (variable) => constant[variable]?.[sample] ?? [],
          (variable) => values[variable]?.[sample] ?? [],
        ),
      ),
    );
  }
  return constant;
}

function constantOutputs<V>(
  numbers: FreedomNumbers<V>,
  equation: AnalyticEquation,
  flagsOf: (variable: number) => readonly boolean[],
  valuesOf: (variable: number) => readonly V[],
): readonly boolean[] {
  switch (equation.op) {
    case 'transcendental':
      // None of their pieces is flat.
      return flagsOf(equation.in);
    case 'activation':
      return flagsOf(equation.in).map(
        (flag, unit) =>
          flag || numbers.isFlatAt(equation.activation, valuesOf(equation.in)[unit] as V),
      );
    case 'dense': {
      const [flags, vector] = [flagsOf(equation.in), valuesOf(equation.in)];
      return equation.weight.map((row, unit) => {
        const bias = equation.bias[unit];
        if (bias !== undefined && varies(bias)) return false;
        return row.every((entry, input) => {
          const inputConstant = flags[input] === true;
          if (varies(entry)) return inputConstant && numbers.isZero(vector[input] as V);
          return inputConstant || (!('parameter' in entry) && isZero(entry.constant));
        });
      });
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
        numbers
          .largestOf(window, valuesOf(equation.in))
          .every((unit) => flagsOf(equation.in)[unit] === true),
      );
  }
}

/** *Exact.* `freedomOf` over any numbers that answer what is asked of them. */
export function freedomOver<V>(
  numbers: FreedomNumbers<V>,
  network: AnalyticNetwork,
  isPrivate: readonly boolean[],
  values: ValuesOf<V>,
  ties: readonly Tie[],
): Freedom[] {
  const constant = constantUnitsOver(numbers, network, values);
  const free = new Map<string, (readonly V[])[]>();
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
    const input = values[equation.in]?.[tie.sample] ?? [];
    const key = `${String(tie.equation)} ${String(tie.unit)}`;
    const row = privateCoefficients(numbers, equation, tie.unit, input, isPrivate);
    const rows = [...(free.get(key) ?? []), row];
    if (!numbers.areIndependent(rows)) return 'bound';
    free.set(key, rows);
    return 'free';
  });
}

function privateCoefficients<V>(
  numbers: FreedomNumbers<V>,
  equation: DenseEquation,
  unit: number,
  input: readonly V[],
  isPrivate: readonly boolean[],
): V[] {
  const coefficients: V[] = [];
  equation.weight[unit]?.forEach((entry, j) => {
    if ('parameter' in entry && isPrivate[entry.parameter] === true) {
      coefficients.push(numbers.scaled(entry.scale, input[j] as V));
    }
  });
  const bias = equation.bias[unit];
  if (bias !== undefined && 'parameter' in bias && isPrivate[bias.parameter] === true) {
    coefficients.push(numbers.ofRational(bias.scale));
  }
  return coefficients;
}
