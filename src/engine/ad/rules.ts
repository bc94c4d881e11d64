/**
 * The rules of automatic differentiation: one row per primitive, one column per mode. `x` is a
 * primal, `xDot` a tangent (one row per parameter direction, `[parameter, unit]`), `xBar` a
 * cotangent (one row per output, `[output, unit]`).
 *
 * At a kink every rule uses the proxy derivative, as a framework does; elsewhere the derivative.
 * This is the accused: it shares no code with the judge in `truth/`.
 */
import { kinkIndexAt, slopesAt, valueAt } from '../net/activation.js';
import type { ActivationEquation, DenseEquation, Entry, Equation } from '../net/ir.js';
import { ZERO, add, isZero, multiply, type Rational } from '../num/rational.js';

export type Vector = readonly Rational[];
export type Matrix = readonly Vector[];

/** Proxy derivatives per equation of the network: one per kink, in order; empty without kinks. */
export type Proxies = readonly (readonly Rational[])[];

/** What a rule may read besides the primals: the point w and the proxies of its own equation. */
export interface RuleContext {
  readonly point: Vector;
  readonly proxies: readonly Rational[];
}

/** Where reverse mode collects cotangents of the parameters: `[output, parameter]`. */
export type ParameterCotangents = Rational[][];

export interface Rule<E extends Equation> {
  readonly primal: (equation: E, x: Vector, context: RuleContext) => Rational[];
  readonly forward: (equation: E, x: Vector, xDot: Matrix, context: RuleContext) => Rational[][];
  readonly reverse: (
    equation: E,
    x: Vector,
    outBar: Matrix,
    parametersBar: ParameterCotangents,
    context: RuleContext,
  ) => Rational[][];
}

function entryValue(entry: Entry, point: Vector): Rational {
  if (!('parameter' in entry)) return entry.constant;
  return multiply(entry.scale, point[entry.parameter] ?? ZERO);
}

const denseRule: Rule<DenseEquation> = {
  primal: (equation, x, { point }) =>
    equation.weight.map((row, unit) => {
      let sum = entryValue(equation.bias[unit] as Entry, point);
      row.forEach((entry, input) => {
        sum = add(sum, multiply(entryValue(entry, point), x[input] as Rational));
      });
      return sum;
    }),

  forward: (equation, x, xDot, { point }) => {
    const weights = equation.weight.map((row) => row.map((entry) => entryValue(entry, point)));
    return xDot.map((tangent, parameter) =>
      equation.weight.map((row, unit) => {
        let sum = ZERO;
        const bias = equation.bias[unit] as Entry;
        if ('parameter' in bias && bias.parameter === parameter) sum = bias.scale;
        row.forEach((entry, input) => {
          const inputTangent = tangent[input] as Rational;
          if (!isZero(inputTangent)) {
            sum = add(sum, multiply((weights[unit] as Vector)[input] as Rational, inputTangent));
          }
          if ('parameter' in entry && entry.parameter === parameter) {
            sum = add(sum, multiply(entry.scale, x[input] as Rational));
          }
        });
        return sum;
      }),
    );
  },

  reverse: (equation, x, outBar, parametersBar, { point }) => {
    const weights = equation.weight.map((row) => row.map((entry) => entryValue(entry, point)));
    return outBar.map((cotangent, output) => {
      const collect = parametersBar[output] as Rational[];
      const inBar: Rational[] = x.map(() => ZERO);
      equation.weight.forEach((row, unit) => {
        const unitBar = cotangent[unit] as Rational;
        if (isZero(unitBar)) return;
        const give = (entry: Entry, primal: Rational | null): void => {
          if (!('parameter' in entry)) return;
          const share = multiply(unitBar, entry.scale);
          collect[entry.parameter] = add(
            collect[entry.parameter] as Rational,
            primal === null ? share : multiply(share, primal),
          );
        };
        give(equation.bias[unit] as Entry, null);
        row.forEach((entry, input) => {
          give(entry, x[input] as Rational);
          const weight = (weights[unit] as Vector)[input] as Rational;
          inBar[input] = add(inBar[input] as Rational, multiply(weight, unitBar));
        });
      });
      return inBar;
    });
  },
};

/** *Exact.* What AD takes for the derivative of the activation at t: a proxy at a kink. */
function slope(equation: ActivationEquation, t: Rational, { proxies }: RuleContext): Rational {
  const kink = kinkIndexAt(equation.activation, t);
  return kink === -1 ? slopesAt(equation.activation, t)[0] : (proxies[kink] as Rational);
}

function scaleColumns(rows: Matrix, factors: Vector): Rational[][] {
  return rows.map((row) =>
    row.map((entry, unit) => (isZero(entry) ? ZERO : multiply(entry, factors[unit] as Rational))),
  );
}

const activationRule: Rule<ActivationEquation> = {
  primal: (equation, x) => x.map((t) => valueAt(equation.activation, t)),
  forward: (equation, x, xDot, context) =>
    scaleColumns(
      xDot,
      x.map((t) => slope(equation, t, context)),
    ),
  reverse: (equation, x, outBar, _parametersBar, context) =>
    scaleColumns(
      outBar,
      x.map((t) => slope(equation, t, context)),
    ),
};

type RuleTable = { readonly [Op in Equation['op']]: Rule<Extract<Equation, { op: Op }>> };

/** Every primitive's rules; the compiler demands a row for each. */
const RULES: RuleTable = { dense: denseRule, activation: activationRule };

/** The rule of an equation, typed for it. */
export function ruleOf<E extends Equation>(equation: E): Rule<E> {
  return RULES[equation.op] as unknown as Rule<E>;
}
