/**
 * The judge's own evaluation of a network at a point: every pre-activation and activation of every
 * sample, exactly. It is written from the meaning of the primitives, independently of `ad/`.
 */
import type { Activation } from '../net/activation.js';
import { evaluate as evaluatePolynomial } from '../net/polynomial.js';
import type { Entry, Equation, Loss, Network } from '../net/ir.js';
import {
  ONE,
  ZERO,
  add,
  compare,
  divide,
  integer,
  isZero,
  multiply,
  subtract,
  type Rational,
} from '../num/rational.js';
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

/** *Exact.* The units of a window at which a vector is largest, in the window's order. */
export function largestOf(window: readonly number[], vector: Row): number[] {
  let best: number[] = [];
  for (const unit of window) {
    const order =
      best.length === 0 ? 1 : compare(vector[unit] as Rational, vector[best[0] ?? 0] as Rational);
    if (order > 0) best = [unit];
    else if (order === 0) best.push(unit);
  }
  return best;
}

type Evaluation<E extends Equation> = (equation: E, of: (variable: number) => Row, w: Row) => Row;

type EvaluationTable = {
  readonly [Op in Equation['op']]: Evaluation<Extract<Equation, { op: Op }>>;
};

/** The meaning of each primitive on one sample; the compiler demands a row for each. */
const MEANINGS: EvaluationTable = {
  dense: (equation, of, w) => {
    const x = of(equation.in);
    return equation.weight.map((row, unit) => {
      let sum = entryAt(equation.bias[unit] ?? { constant: ZERO }, w);
      row.forEach((entry, j) => {
        const z = x[j] as Rational;
        if (!isZero(z) && !isNothing(entry)) sum = add(sum, multiply(entryAt(entry, w), z));
      });
      return sum;
    });
  },
  activation: ({ in: from, activation }, of) =>
    of(from).map((t) => evaluatePolynomial(activation.pieces[sides(activation, t).right] ?? [], t)),
  affine: ({ terms, offset }, of) =>
    terms.map((row, unit) => {
      let sum = offset[unit] as Rational;
      for (const term of row) {
        sum = add(sum, multiply(term.coefficient, of(term.variable)[term.unit] as Rational));
      }
      return sum;
    }),
  max: ({ in: from, windows }, of) =>
    windows.map((window) => of(from)[largestOf(window, of(from))[0] as number] as Rational),
};

/** Whether an entry is the constant 0, as most entries of a convolution's matrix are. */
export function isNothing(entry: Entry): boolean {
  return !('parameter' in entry) && isZero(entry.constant);
}

/** *Exact.* The values of all variables at w, `[variable][sample][unit]`. */
export function valuesAt(network: Network, point: Row): Values {
  const values: Row[][] = [[...network.inputs]];
  for (const equation of network.equations) {
    const meaning = MEANINGS[equation.op] as unknown as Evaluation<Equation>;
    values.push(
      network.inputs.map((_, sample) =>
        meaning(equation, (variable) => (values[variable] as Row[])[sample] as Row, point),
      ),
    );
  }
  return values;
}

/** *Exact.* f(w): the outputs stacked sample by sample, or the loss of them. */
export function outputAt(network: Network, values: Values): Row {
  const stacked = (values[network.output] as readonly Row[]).flat();
  const { loss } = network;
  if (loss === undefined) return stacked;
  if (loss.type === 'sum') return [stacked.reduce(add, ZERO)];
  const squares = residuals(loss, stacked).map((e) => multiply(e, e));
  return [divide(squares.reduce(add, ZERO), integer(stacked.length))];
}

/** *Exact.* The gradient of f from those of the stacked outputs, `[output, parameter]`: the chain rule. */
export function throughLoss(network: Network, values: Values, gradients: readonly Row[]): Row[] {
  const { loss } = network;
  if (loss === undefined) return [...gradients];
  const stacked = (values[network.output] as readonly Row[]).flat();
  const slopes =
    loss.type === 'sum'
      ? stacked.map(() => ONE)
      : residuals(loss, stacked).map((e) => divide(add(e, e), integer(stacked.length)));
  const total: Rational[] = network.parameters.map(() => ZERO);
  gradients.forEach((gradient, k) => {
    const slope = slopes[k] as Rational;
    gradient.forEach((entry, parameter) => {
      total[parameter] = add(total[parameter] as Rational, multiply(slope, entry));
    });
  });
  return [total];
}

function residuals(loss: Extract<Loss, { type: 'mse' }>, stacked: Row): Rational[] {
  return loss.targets.flat().map((target, k) => subtract(stacked[k] as Rational, target));
}
