/**
 * The judge's own evaluation where values are not rational: every pre-activation and activation as an
 * exact real number, and the ties among them. Written from the meaning of the primitives,
 * independently of `ad/`; activations as quotients of polynomials in e^t.
 *
 * Where a value would have to be told from a breakpoint or from another value, and neither equality
 * nor difference is proved, Undecided is thrown.
 */
import type { Activation } from '../../net/activation.js';
import type { AnalyticEquation, AnalyticNetwork } from '../../net/ir.js';
import type { AnalyticPiece } from '../../net/transcendental.js';
import { ONE, ZERO, integer, isZero, multiply, negate, type Rational } from '../../num/rational.js';
import {
  REAL_ZERO,
  addReals,
  multiplyReals,
  provedSign,
  realOf,
  scaleReal,
  subtractReals,
  type Real,
} from '../../num/real.js';
import {
  normalDensityOf,
  normalDistributionOf,
  polynomialOf,
  quotientOfExponentials,
  softplusOf,
} from '../../num/transcendental.js';
import { toText } from '../../num/text.js';
import { entryAt, isNothing } from '../evaluate.js';
import type { Tie } from '../tie.js';

export type RealRow = readonly Real[];

/** `[variable][sample][unit]`. */
export type RealValues = readonly (readonly RealRow[])[];

const TWO = integer(2);
const FOUR = integer(4);
const EIGHT = integer(8);

/** *Exact.* The function at t. */
export function pieceValue(piece: AnalyticPiece, t: Real): Real {
  switch (piece.name) {
    case 'linear':
      return scaleReal(piece.slope, t);
    case 'exponential': {
      const { factor, rate, offset } = piece;
      return quotientOfExponentials(scaleReal(rate, t), [offset, factor], [ONE]);
    }
    case 'sigmoid':
      return quotientOfExponentials(t, [ZERO, ONE], [ONE, ONE]);
    case 'tanh':
      return quotientOfExponentials(t, [negate(ONE), ZERO, ONE], [ONE, ZERO, ONE]);
    case 'softplus':
      return softplusOf(t);
    case 'gelu':
      return multiplyReals(t, normalDistributionOf(t));
    case 'silu':
      return multiplyReals(t, quotientOfExponentials(t, [ZERO, ONE], [ONE, ONE]));
    case 'mish':
      return multiplyReals(t, quotientOfExponentials(t, [ZERO, TWO, ONE], [TWO, TWO, ONE]));
  }
}

/** *Exact.* The derivative of the function at t. */
export function pieceSlope(piece: AnalyticPiece, t: Real): Real {
  // u/(1 + u)² at u = e^t, the derivative of the sigmoid.
  const bell = (): Real => quotientOfExponentials(t, [ZERO, ONE], [ONE, TWO, ONE]);
  switch (piece.name) {
    case 'linear':
      return realOf(piece.slope);
    case 'exponential': {
      const { factor, rate } = piece;
      return quotientOfExponentials(scaleReal(rate, t), [ZERO, multiply(rate, factor)], [ONE]);
    }
    case 'sigmoid':
      return bell();
    case 'tanh':
      return quotientOfExponentials(t, [ZERO, ZERO, FOUR], [ONE, ZERO, TWO, ZERO, ONE]);
    case 'softplus':
      return quotientOfExponentials(t, [ZERO, ONE], [ONE, ONE]);
    case 'gelu':
      return addReals(normalDistributionOf(t), multiplyReals(t, normalDensityOf(t)));
    case 'silu':
      return addReals(quotientOfExponentials(t, [ZERO, ONE], [ONE, ONE]), multiplyReals(t, bell()));
    case 'mish':
      // (g(u)·t)' with g = 1 − 2/h, h = u² + 2u + 2, so g' = 4u(u + 1)/h² along t.
      return addReals(
        quotientOfExponentials(t, [ZERO, TWO, ONE], [TWO, TWO, ONE]),
        multiplyReals(
          t,
          quotientOfExponentials(t, [ZERO, FOUR, FOUR], [FOUR, EIGHT, EIGHT, FOUR, ONE]),
        ),
      );
  }
}

/** *Exact.* The pieces just left and just right of t, as indices; equal off breakpoints. */
export function realSides(
  breakpoints: readonly Rational[],
  t: Real,
): { readonly left: number; readonly right: number } {
  let left = 0;
  for (const at of breakpoints) {
    const order = provedSign(
      subtractReals(t, realOf(at)),
      `a pre-activation is at the breakpoint ${toText(at)}`,
    );
    if (order < 0) break;
    if (order === 0) return { left, right: left + 1 };
    left += 1;
  }
  return { left, right: left };
}

/** *Exact.* The units of a window at which a vector is largest, in the window's order. */
export function largestRealOf(window: readonly number[], vector: RealRow): number[] {
  let best: number[] = [];
  for (const unit of window) {
    const [first] = best;
    const order =
      first === undefined
        ? 1
        : provedSign(
            subtractReals(vector[unit] as Real, vector[first] as Real),
            'two entries of a maximum are equal',
          );
    if (order > 0) best = [unit];
    else if (order === 0) best.push(unit);
  }
  return best;
}

type Meaning<E extends AnalyticEquation> = (
  equation: E,
  of: (variable: number) => RealRow,
  w: readonly Rational[],
) => RealRow;

type MeaningTable = {
  readonly [Op in AnalyticEquation['op']]: Meaning<Extract<AnalyticEquation, { op: Op }>>;
};

/** The meaning of each primitive on one sample; the compiler demands a row for each. */
const MEANINGS: MeaningTable = {
  dense: (equation, of, w) => {
    const x = of(equation.in);
    return equation.weight.map((row, unit) => {
      let sum = realOf(entryAt(equation.bias[unit] ?? { constant: ZERO }, w));
      row.forEach((entry, j) => {
        if (!isNothing(entry)) sum = addReals(sum, scaleReal(entryAt(entry, w), x[j] as Real));
      });
      return sum;
    });
  },
  activation: ({ in: from, activation }, of) =>
    of(from).map((t) => {
      const { right } = realSides(activation.breakpoints, t);
      return polynomialOf(t, activation.pieces[right] ?? []);
    }),
  transcendental: ({ in: from, activation }, of) =>
    of(from).map((t) => {
      const { right } = realSides(activation.breakpoints, t);
      return pieceValue(activation.functions[right] as AnalyticPiece, t);
    }),
  affine: ({ terms, offset }, of) =>
    terms.map((row, unit) =>
      row.reduce(
        (sum, term) =>
          addReals(sum, scaleReal(term.coefficient, of(term.variable)[term.unit] as Real)),
        realOf(offset[unit] as Rational),
      ),
    ),
  max: ({ in: from, windows }, of) =>
    windows.map((window) => of(from)[largestRealOf(window, of(from))[0] ?? 0] as Real),
};

/** *Exact.* The values of all variables at w, `[variable][sample][unit]`. */
export function realValuesAt(network: AnalyticNetwork, point: readonly Rational[]): RealValues {
  const values: RealRow[][] = [network.inputs.map((input) => input.map(realOf))];
  for (const equation of network.equations) {
    const meaning = MEANINGS[equation.op] as unknown as Meaning<AnalyticEquation>;
    values.push(
      network.inputs.map((_, sample) =>
        meaning(equation, (variable) => values[variable]?.[sample] ?? [], point),
      ),
    );
  }
  return values;
}

/** *Exact.* The ties at the given values, in topological order. */
export function realTiesAt(network: AnalyticNetwork, values: RealValues): Tie[] {
  const ties: Tie[] = [];
  network.equations.forEach((equation, index) => {
    if (equation.op === 'dense' || equation.op === 'affine') return;
    const { layer } = equation;
    values[equation.in]?.forEach((vector, sample) => {
      if (equation.op === 'max') {
        equation.windows.forEach((window, unit) => {
          const tied = largestRealOf(window, vector);
          if (tied.length > 1) ties.push({ equation: index, layer, sample, unit, tied });
        });
        return;
      }
      vector.forEach((t, unit) => {
        const kink = kinkOf(equation.activation, t);
        if (kink !== -1) ties.push({ equation: index, layer, sample, unit, kink });
      });
    });
  });
  return ties;
}

function kinkOf({ kinks }: Pick<Activation, 'kinks'>, t: Real): number {
  return kinks.findIndex(
    ({ at }) =>
      provedSign(subtractReals(t, realOf(at)), `a pre-activation is at the kink ${toText(at)}`) ===
      0,
  );
}

/** *Exact.* The gradient of f from those of the stacked outputs, `[output, parameter]`. */
export function throughRealLoss(
  network: AnalyticNetwork,
  values: RealValues,
  gradients: readonly RealRow[],
): readonly RealRow[] {
  const { loss } = network;
  if (loss === undefined) return gradients;
  const stacked = (values[network.output] ?? []).flat();
  const targets = loss.type === 'mse' ? loss.targets.flat() : [];
  const share = { n: 2n, d: 1n };
  const total = network.parameters.map((_, parameter) =>
    gradients.reduce((sum, gradient, k) => {
      const entry = gradient[parameter] as Real;
      if (loss.type === 'sum') return addReals(sum, entry);
      const error = subtractReals(stacked[k] as Real, realOf(targets[k] ?? ZERO));
      return addReals(sum, multiplyReals(scaleReal(share, error), entry));
    }, REAL_ZERO),
  );
  if (loss.type === 'sum') return [total];
  const mean = { n: 1n, d: BigInt(stacked.length) };
  return [total.map((entry) => scaleReal(mean, entry))];
}

/** *Exact.* Whether a number is 0 by the way it was made. */
export function isStructuralZero(x: Real): boolean {
  return x.exact !== null && isZero(x.exact);
}
