/**
 * The judge's own evaluation of a network at a point: every pre-activation and activation of every
 * sample, exactly. It is written from the meaning of the primitives, independently of `ad/`.
 */
import type { Activation } from '../net/activation.js';
import { evaluate as evaluatePolynomial } from '../net/polynomial.js';
import type { Entry, Network } from '../net/ir.js';
import { ZERO, add, compare, isZero, multiply, type Rational } from '../num/rational.js';
import type { Row } from './linear.js';

/** `[variable][sample][unit]`. */
export type Values = readonly (readonly Row[])[];

/** *Exact.* The value of an entry at w. */
export function entryAt(entry: Entry, point: Row): Rational {
  return 'parameter' in entry
    ? multiply(entry.scale, point[entry.parameter] as Rational)
    : entry.constant;
}

/** *Exact.* The pieces of σ just left and just right of t, as indices; equal off breakpoints. */
export function sides(
  a: Activation,
  t: Rational,
): { readonly left: number; readonly right: number } {
  const left = a.breakpoints.filter((breakpoint) => compare(breakpoint, t) < 0).length;
  const right = a.breakpoints.filter((breakpoint) => compare(breakpoint, t) <= 0).length;
  return { left, right };
}

/** *Exact.* The values of all variables at w, `[variable][sample][unit]`. */
export function valuesAt(network: Network, point: Row): Values {
  const values: Row[][] = [[...network.inputs]];
  for (const equation of network.equations) {
    const from = values[equation.in] as Row[];
    values.push(
      from.map((vector) => {
        if (equation.op === 'activation') {
          return vector.map((t) => {
            const piece = equation.activation.pieces[sides(equation.activation, t).right];
            return evaluatePolynomial(piece ?? [], t);
          });
        }
        return equation.weight.map((row, unit) => {
          let sum = entryAt(equation.bias[unit] ?? { constant: ZERO }, point);
          row.forEach((entry, input) => {
            const z = vector[input] as Rational;
            if (!isZero(z)) sum = add(sum, multiply(entryAt(entry, point), z));
          });
          return sum;
        });
      }),
    );
  }
  return values;
}
