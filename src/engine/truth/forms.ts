/**
 * Linear forms: y'(d) of every unit as a row over the parameters, pushed through the primitives by
 * the chain rule for directional derivatives. At a tie the walk chooses; these are the rest.
 */
import { evaluate as evaluatePolynomial } from '../net/polynomial.js';
import type { ActivationEquation, AffineEquation, DenseEquation } from '../net/ir.js';
import {
  ZERO,
  add,
  equal,
  integer,
  isZero,
  multiply,
  subtract,
  type Rational,
} from '../num/rational.js';
import { entryAt, isNothing } from './evaluate.js';
import type { Row } from './linear.js';

/** `[variable][sample][unit]`: y'(d) as a row over the parameters. */
export type Forms = readonly (readonly (readonly Row[])[])[];

/** *Exact.* The derivative at t of one piece of σ. */
export function slopeOf(equation: ActivationEquation, piece: number, t: Rational): Rational {
  const p = equation.activation.pieces[piece] ?? [];
  return evaluatePolynomial(
    p.slice(1).map((coefficient, k) => multiply(coefficient, integer(k + 1))),
    t,
  );
}

/** *Exact.* factor·form. */
export function scaled(form: Row, factor: Rational): Row {
  return form.map((entry) => (isZero(entry) ? entry : multiply(entry, factor)));
}

/** *Exact.* a − b. */
export function difference(a: Row, b: Row): Row {
  return a.map((entry, k) => subtract(entry, b[k] as Rational));
}

/** *Exact.* Equality of two rows, entry by entry. */
export function equalForms(a: Row, b: Row): boolean {
  return a.every((entry, k) => equal(entry, b[k] as Rational));
}

/** *Exact.* The forms of what a dense equation assigns, on one sample; 0 for units that are not read. */
export function denseForms(
  equation: DenseEquation,
  inForms: readonly Row[],
  inValues: Row,
  point: Row,
  width: number,
  isRead: (unit: number) => boolean,
): Row[] {
  return equation.weight.map((row, unit) => {
    const form: Rational[] = Array.from({ length: width }, () => ZERO);
    if (!isRead(unit)) return form;
    const accumulate = (parameter: number, by: Rational): void => {
      form[parameter] = add(form[parameter] as Rational, by);
    };
    row.forEach((entry, input) => {
      if (isNothing(entry)) return;
      const z = inValues[input] as Rational;
      if ('parameter' in entry && !isZero(z)) {
        accumulate(entry.parameter, multiply(entry.scale, z));
      }
      const weight = entryAt(entry, point);
      if (isZero(weight)) return;
      (inForms[input] as Row).forEach((derivative, parameter) => {
        if (!isZero(derivative)) accumulate(parameter, multiply(weight, derivative));
      });
    });
    const bias = equation.bias[unit];
    if (bias !== undefined && 'parameter' in bias) accumulate(bias.parameter, bias.scale);
    return form;
  });
}

/** *Exact.* The forms of what an affine equation assigns, on one sample. */
export function affineForms(
  equation: AffineEquation,
  of: (variable: number) => readonly Row[],
  width: number,
): Row[] {
  return equation.terms.map((row) => {
    const form: Rational[] = Array.from({ length: width }, () => ZERO);
    for (const { variable, unit, coefficient } of row) {
      (of(variable)[unit] as Row).forEach((derivative, parameter) => {
        if (isZero(derivative)) return;
        form[parameter] = add(form[parameter] as Rational, multiply(coefficient, derivative));
      });
    }
    return form;
  });
}
