/**
 * Which ties are free where values are not rational: `../freedom.ts` over exact real numbers. A tie is
 * said to be free, or constant, only where that is proved; all else is bound, and goes to the walk.
 */
import type { AnalyticEquation, AnalyticNetwork, DenseEquation } from '../../net/ir.js';
import { isZero } from '../../num/rational.js';
import {
  multiplyReals,
  realOf,
  scaleReal,
  subtractReals,
  vanishes,
  type Real,
} from '../../num/real.js';
import { varies, type Freedom } from '../freedom.js';
import type { Tie } from '../tie.js';
import { largestRealOf, realSides, type RealRow, type RealValues } from './values.js';

/** *Exact.* Whether each unit is provably constant near w, `[variable][sample][unit]`. */
function constantUnits(
  network: AnalyticNetwork,
  values: RealValues,
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
  equation: AnalyticEquation,
  flagsOf: (variable: number) => readonly boolean[],
  valuesOf: (variable: number) => RealRow,
): readonly boolean[] {
  switch (equation.op) {
    case 'transcendental':
      // None of their pieces is flat.
      return flagsOf(equation.in);
    case 'activation': {
      const { breakpoints, slopes } = equation.activation;
      return flagsOf(equation.in).map((flag, unit) => {
        if (flag) return true;
        const { left, right } = realSides(breakpoints, valuesOf(equation.in)[unit] as Real);
        return [left, right].every((piece) => slopes[piece]?.length === 0);
      });
    }
    case 'dense': {
      const [flags, vector] = [flagsOf(equation.in), valuesOf(equation.in)];
      return equation.weight.map((row, unit) => {
        const bias = equation.bias[unit];
        if (bias !== undefined && varies(bias)) return false;
        return row.every((entry, input) => {
          const inputConstant = flags[input] === true;
          if (varies(entry)) return inputConstant && vanishes(vector[input] as Real) === true;
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
      return equation.windows.map((window) =>
        largestRealOf(window, valuesOf(equation.in)).every((unit) => flagsOf(equation.in)[unit]),
      );
  }
}

/** *Exact.* The freedom of each tie, in their order; see `../freedom.ts`. */
export function realFreedomOf(
  network: AnalyticNetwork,
  isPrivate: readonly boolean[],
  values: RealValues,
  ties: readonly Tie[],
): Freedom[] {
  const constant = constantUnits(network, values);
  const spans = new Map<string, RealRow[]>();
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
    const rows = [
      ...(spans.get(key) ?? []),
      privateCoefficients(equation, tie.unit, input, isPrivate),
    ];
    if (!areIndependent(rows)) return 'bound';
    spans.set(key, rows);
    return 'free';
  });
}

function privateCoefficients(
  equation: DenseEquation,
  unit: number,
  input: RealRow,
  isPrivate: readonly boolean[],
): Real[] {
  const coefficients: Real[] = [];
  equation.weight[unit]?.forEach((entry, j) => {
    if ('parameter' in entry && isPrivate[entry.parameter] === true) {
      coefficients.push(scaleReal(entry.scale, input[j] as Real));
    }
  });
  const bias = equation.bias[unit];
  if (bias !== undefined && 'parameter' in bias && isPrivate[bias.parameter] === true) {
    coefficients.push(realOf(bias.scale));
  }
  return coefficients;
}

/** *Exact.* True only where the rows are proved to be linearly independent, by elimination without division. */
function areIndependent(rows: readonly RealRow[]): boolean {
  let rest = rows.map((row) => [...row]);
  while (rest.length > 0) {
    const [first = [], ...others] = rest;
    const pivot = first.findIndex((entry) => vanishes(entry) === false);
    if (pivot === -1) return false;
    const lead = first[pivot] as Real;
    rest = others.map((row) =>
      row
        .map((entry, k) =>
          subtractReals(
            multiplyReals(lead, entry),
            multiplyReals(row[pivot] as Real, first[k] as Real),
          ),
        )
        .filter((_, k) => k !== pivot),
    );
  }
  return true;
}
