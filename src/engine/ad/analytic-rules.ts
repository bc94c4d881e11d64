/**
 * The rules of reverse-mode AD on networks whose values are not rational: one row per primitive, as in
 * `rules.ts`, over exact real numbers. Derivatives of activations are written as frameworks have them,
 * in terms of the output: s·(1 − s) for a sigmoid s, 1 − y² for a tanh y.
 *
 * Where a pre-activation or a maximum may be tied the tie is proved or refuted; where neither is
 * possible the rule throws Undecided. This is the accused: it shares no code with the judge.
 */
import type { AnalyticPiece, TranscendentalActivation } from '../net/transcendental.js';
import type { Activation } from '../net/activation.js';
import type { AnalyticEquation, Entry } from '../net/ir.js';
import { ONE, ZERO, isZero, multiply, type Rational } from '../num/rational.js';
import {
  REAL_ONE,
  REAL_ZERO,
  addReals,
  multiplyReals,
  provedSign,
  realOf,
  scaleReal,
  subtractReals,
  type Real,
} from '../num/real.js';
import {
  expOf,
  normalDensityOf,
  normalDistributionOf,
  polynomialOf,
  quotientOfExponentials,
  sigmoidOf,
  softplusOf,
} from '../num/transcendental.js';
import { toText } from '../num/text.js';
import { sharesOf } from './ties.js';

export type RealVector = readonly Real[];
export type RealMatrix = readonly RealVector[];

/** What a rule may read besides the primals: the point w and the proxies of its own equation. */
export interface RealContext {
  readonly point: readonly Rational[];
  readonly proxies: readonly Rational[];
}

/** What reverse mode adds to: `[variable][output][unit]`, and `[output, parameter]`. */
export interface RealCotangents {
  readonly variables: readonly Real[][][];
  readonly parameters: readonly Real[][];
}

export interface RealRule<E extends AnalyticEquation> {
  readonly primal: (equation: E, x: readonly RealVector[], context: RealContext) => Real[];
  /** Adds to the cotangents of what the equation reads. */
  readonly reverse: (
    equation: E,
    x: readonly RealVector[],
    outBar: RealMatrix,
    bars: RealCotangents,
    context: RealContext,
  ) => void;
}

function entryValue(entry: Entry, point: readonly Rational[]): Rational {
  if (!('parameter' in entry)) return entry.constant;
  return multiply(entry.scale, point[entry.parameter] ?? ZERO);
}

function addTo(row: Real[], unit: number, by: Real): void {
  row[unit] = addReals(row[unit] ?? REAL_ZERO, by);
}

function isStructuralZero(x: Real): boolean {
  return x.exact !== null && isZero(x.exact);
}

/** Where t lies among the breakpoints: the piece above those at or below t, and whether on one. */
function placeOf(
  breakpoints: readonly Rational[],
  t: Real,
): { readonly piece: number; readonly on: number | null } {
  for (const [k, at] of breakpoints.entries()) {
    const order = provedSign(
      subtractReals(t, realOf(at)),
      `AD meets a pre-activation at the breakpoint ${toText(at)}`,
    );
    if (order === 0) return { piece: k + 1, on: k };
    if (order < 0) return { piece: k, on: null };
  }
  return { piece: breakpoints.length, on: null };
}

/** A value and what AD takes for the derivative there. */
interface Local {
  readonly value: Real;
  readonly slope: Real;
}

/** The index of the kink at a breakpoint; undefined where it is none. */
function proxyAt(
  kinks: Activation['kinks'],
  on: number | null,
  proxies: readonly Rational[],
): Rational | undefined {
  const kink = kinks.findIndex(({ breakpoint }) => breakpoint === on);
  return kink === -1 ? undefined : proxies[kink];
}

function polynomialLocal(a: Activation, t: Real, proxies: readonly Rational[]): Local {
  const { piece, on } = placeOf(a.breakpoints, t);
  const proxy = proxyAt(a.kinks, on, proxies);
  return {
    value: polynomialOf(t, a.pieces[piece] ?? []),
    slope: proxy === undefined ? polynomialOf(t, a.slopes[piece] ?? []) : realOf(proxy),
  };
}

function transcendentalLocal(
  a: TranscendentalActivation,
  t: Real,
  proxies: readonly Rational[],
): Local {
  const { piece, on } = placeOf(a.breakpoints, t);
  const local = pieceLocal(a.functions[piece] as AnalyticPiece, t);
  const proxy = proxyAt(a.kinks, on, proxies);
  return proxy === undefined ? local : { ...local, slope: realOf(proxy) };
}

/** 1 − y. */
function rest(y: Real): Real {
  return subtractReals(REAL_ONE, y);
}

function pieceLocal(piece: AnalyticPiece, t: Real): Local {
  switch (piece.name) {
    case 'linear':
      return { value: scaleReal(piece.slope, t), slope: realOf(piece.slope) };
    case 'exponential': {
      const part = scaleReal(piece.factor, expOf(scaleReal(piece.rate, t)));
      return {
        value: addReals(part, realOf(piece.offset)),
        slope: scaleReal(piece.rate, part),
      };
    }
    case 'sigmoid': {
      const s = sigmoidOf(t);
      return { value: s, slope: multiplyReals(s, rest(s)) };
    }
    case 'tanh': {
      const y = quotientOfExponentials(t, [{ n: -1n, d: 1n }, ZERO, ONE], [ONE, ZERO, ONE]);
      return { value: y, slope: rest(multiplyReals(y, y)) };
    }
    case 'softplus':
      return { value: softplusOf(t), slope: sigmoidOf(t) };
    case 'gelu': {
      const phi = normalDistributionOf(t);
      return {
        value: multiplyReals(t, phi),
        slope: addReals(phi, multiplyReals(t, normalDensityOf(t))),
      };
    }
    case 'silu': {
      const s = sigmoidOf(t);
      return {
        value: multiplyReals(t, s),
        slope: addReals(s, multiplyReals(t, multiplyReals(s, rest(s)))),
      };
    }
    case 'mish': {
      // tanh(log u) = (u² − 1)/(u² + 1) at u = 1 + e^t.
      const two = { n: 2n, d: 1n };
      const y = quotientOfExponentials(t, [ZERO, two, ONE], [two, two, ONE]);
      const bent = multiplyReals(rest(multiplyReals(y, y)), sigmoidOf(t));
      return { value: multiplyReals(t, y), slope: addReals(y, multiplyReals(t, bent)) };
    }
  }
}

/** The units of a window at which x is largest, in the window's order. */
function largest(window: readonly number[], x: RealVector): number[] {
  let best: number[] = [];
  for (const unit of window) {
    const [first] = best;
    const order =
      first === undefined
        ? 1
        : provedSign(
            subtractReals(x[unit] as Real, x[first] as Real),
            'AD meets two equal entries of a maximum',
          );
    if (order > 0) best = [unit];
    else if (order === 0) best.push(unit);
  }
  return best;
}

type ActivationLike = Extract<AnalyticEquation, { op: 'activation' | 'transcendental' }>;

function activationRule<E extends ActivationLike>(
  local: (equation: E, t: Real, proxies: readonly Rational[]) => Local,
): RealRule<E> {
  return {
    primal: (equation, x, { proxies }) =>
      (x[equation.in] as RealVector).map((t) => local(equation, t, proxies).value),
    reverse: (equation, x, outBar, bars, { proxies }) => {
      const slopes = (x[equation.in] as RealVector).map((t) => local(equation, t, proxies).slope);
      outBar.forEach((row, output) => {
        const inBar = bars.variables[equation.in]?.[output] as Real[];
        row.forEach((bar, unit) => {
          addTo(inBar, unit, multiplyReals(bar, slopes[unit] as Real));
        });
      });
    },
  };
}

type RuleTable = {
  readonly [Op in AnalyticEquation['op']]: RealRule<Extract<AnalyticEquation, { op: Op }>>;
};

const RULES: RuleTable = {
  dense: {
    primal: (equation, x, { point }) =>
      equation.weight.map((row, unit) =>
        row.reduce(
          (sum, entry, j) =>
            addReals(sum, scaleReal(entryValue(entry, point), x[equation.in]?.[j] as Real)),
          realOf(entryValue(equation.bias[unit] ?? { constant: ZERO }, point)),
        ),
      ),
    reverse: (equation, x, outBar, bars, { point }) => {
      const input = x[equation.in] as RealVector;
      outBar.forEach((row, output) => {
        const inBar = bars.variables[equation.in]?.[output] as Real[];
        const parameters = bars.parameters[output] as Real[];
        row.forEach((bar, unit) => {
          if (isStructuralZero(bar)) return;
          equation.weight[unit]?.forEach((entry, j) => {
            addTo(inBar, j, scaleReal(entryValue(entry, point), bar));
            if (!('parameter' in entry)) return;
            const by = scaleReal(entry.scale, multiplyReals(bar, input[j] as Real));
            addTo(parameters, entry.parameter, by);
          });
          const bias = equation.bias[unit];
          if (bias === undefined || !('parameter' in bias)) return;
          addTo(parameters, bias.parameter, scaleReal(bias.scale, bar));
        });
      });
    },
  },
  activation: activationRule(({ activation }, t, proxies) =>
    polynomialLocal(activation, t, proxies),
  ),
  transcendental: activationRule(({ activation }, t, proxies) =>
    transcendentalLocal(activation, t, proxies),
  ),
  affine: {
    primal: ({ terms, offset }, x) =>
      terms.map((row, unit) =>
        row.reduce(
          (sum, term) =>
            addReals(sum, scaleReal(term.coefficient, x[term.variable]?.[term.unit] as Real)),
          realOf(offset[unit] as Rational),
        ),
      ),
    reverse: ({ terms }, _x, outBar, bars) => {
      outBar.forEach((row, output) => {
        row.forEach((bar, unit) => {
          for (const term of terms[unit] ?? []) {
            const inBar = bars.variables[term.variable]?.[output] as Real[];
            addTo(inBar, term.unit, scaleReal(term.coefficient, bar));
          }
        });
      });
    },
  },
  max: {
    primal: (equation, x) =>
      equation.windows.map((window) => {
        const input = x[equation.in] as RealVector;
        return input[largest(window, input)[0] ?? 0] as Real;
      }),
    reverse: (equation, x, outBar, bars, { proxies }) => {
      const tied = equation.windows.map((window) => largest(window, x[equation.in] as RealVector));
      outBar.forEach((row, output) => {
        const inBar = bars.variables[equation.in]?.[output] as Real[];
        row.forEach((bar, position) => {
          const units = tied[position] ?? [];
          sharesOf(proxies, units.length).forEach((share, k) => {
            addTo(inBar, units[k] ?? 0, scaleReal(share, bar));
          });
        });
      });
    },
  },
};

/** The row of an equation's primitive. */
export function realRuleOf<E extends AnalyticEquation>(equation: E): RealRule<E> {
  return RULES[equation.op] as unknown as RealRule<E>;
}
