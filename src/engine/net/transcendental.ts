/**
 * Activations with exponentials: continuous, analytic on each of finitely many pieces, and not
 * polynomial there. They stand beside the piecewise polynomial ones (`activation.ts`) as a type of
 * their own, so that whatever needs polynomials cannot be handed one of these.
 *
 * A kink is a breakpoint whose one-sided derivatives differ; both are rational here. bdz(σ) is {0} or
 * empty: sigmoid, softplus and exp have no zero, and each of the others is 0 at 0 alone.
 */
import {
  ONE,
  ZERO,
  divide,
  equal,
  isZero,
  multiply,
  negate,
  type Rational,
} from '../num/rational.js';
import { parseExact } from '../num/text.js';
import { ActivationError, type Kink } from './activation.js';

/** One analytic function; t is the pre-activation. */
export type AnalyticPiece =
  /** slope·t */
  | { readonly name: 'linear'; readonly slope: Rational }
  /** factor·e^(rate·t) + offset */
  | {
      readonly name: 'exponential';
      readonly factor: Rational;
      readonly rate: Rational;
      readonly offset: Rational;
    }
  /** 1/(1 + e^(−t)) */
  | { readonly name: 'sigmoid' }
  /** (e^t − e^(−t))/(e^t + e^(−t)) */
  | { readonly name: 'tanh' }
  /** log(1 + e^t) */
  | { readonly name: 'softplus' }
  /** t·Φ(t), Φ the standard normal distribution */
  | { readonly name: 'gelu' }
  /** t/(1 + e^(−t)) */
  | { readonly name: 'silu' }
  /** t·tanh(log(1 + e^t)) */
  | { readonly name: 'mish' };

export interface TranscendentalActivation {
  /** The name of the kind, as requests and reports write it. */
  readonly type: string;
  /** Strictly increasing. */
  readonly breakpoints: readonly Rational[];
  /** One more than breakpoints; neighbours agree at the breakpoint between them. */
  readonly functions: readonly AnalyticPiece[];
  /** In increasing order. */
  readonly kinks: readonly Kink[];
  /** bdz(σ). */
  readonly zeroBoundary: readonly Rational[];
  /** |ndf(σ) ∪ bdz(σ)|. */
  readonly kinksAndZeroBoundary: number;
}

type Settings = Readonly<Record<string, Rational>>;

export interface TranscendentalKind {
  readonly type: string;
  readonly definition: string;
  /** Settings with their exact defaults. */
  readonly settings: Settings;
  readonly build: (settings: Settings) => TranscendentalActivation;
}

/** A function without breakpoints. */
function smooth(
  type: string,
  piece: AnalyticPiece,
  zeroBoundary: readonly Rational[],
): TranscendentalActivation {
  return {
    type,
    breakpoints: [],
    functions: [piece],
    kinks: [],
    zeroBoundary,
    kinksAndZeroBoundary: zeroBoundary.length,
  };
}

/** slope·t above 0, factor·(e^(rate·t) − 1) below; both are 0 at 0. */
function exponentialLinear(
  type: string,
  slope: Rational,
  factor: Rational,
  rate: Rational,
): TranscendentalActivation {
  const left = multiply(factor, rate);
  return {
    type,
    breakpoints: [ZERO],
    functions: [
      { name: 'exponential', factor, rate, offset: negate(factor) },
      { name: 'linear', slope },
    ],
    kinks: equal(left, slope) ? [] : [{ breakpoint: 0, at: ZERO, left, right: slope }],
    zeroBoundary: [ZERO],
    kinksAndZeroBoundary: 1,
  };
}

/** A setting that must not be 0. */
function nonZero(settings: Settings, type: string, name: string): Rational {
  const value = settings[name];
  if (value === undefined) throw new ActivationError(`setting ${name} is missing`);
  if (isZero(value)) throw new ActivationError(`${type} needs ${name} ≠ 0`);
  return value;
}

/** The constants of selu, digit by digit as PyTorch and JAX have them in their sources. */
const SELU_ALPHA = '1.6732632423543772848170429916717';
const SELU_SCALE = '1.0507009873554804934193349852946';

const KINDS: readonly TranscendentalKind[] = [
  {
    type: 'sigmoid',
    definition: '1/(1 + e^(−x))',
    settings: {},
    build: () => smooth('sigmoid', { name: 'sigmoid' }, []),
  },
  {
    type: 'tanh',
    definition: '(e^x − e^(−x))/(e^x + e^(−x))',
    settings: {},
    build: () => smooth('tanh', { name: 'tanh' }, [ZERO]),
  },
  {
    type: 'softplus',
    definition: 'log(1 + e^x)',
    settings: {},
    build: () => smooth('softplus', { name: 'softplus' }, []),
  },
  {
    type: 'gelu',
    definition: 'x·(1 + erf(x/√2))/2, the exact form, not the one with tanh',
    settings: {},
    build: () => smooth('gelu', { name: 'gelu' }, [ZERO]),
  },
  {
    type: 'silu',
    definition: 'x/(1 + e^(−x))',
    settings: {},
    build: () => smooth('silu', { name: 'silu' }, [ZERO]),
  },
  {
    type: 'mish',
    definition: 'x·tanh(log(1 + e^x))',
    settings: {},
    build: () => smooth('mish', { name: 'mish' }, [ZERO]),
  },
  {
    type: 'elu',
    definition: 'x where x > 0, alpha·(e^x − 1) elsewhere',
    settings: { alpha: ONE },
    build: (s) => exponentialLinear('elu', ONE, nonZero(s, 'elu', 'alpha'), ONE),
  },
  {
    type: 'selu',
    definition: `x times ${SELU_SCALE} where x > 0, that times ${SELU_ALPHA}·(e^x − 1) elsewhere`,
    settings: {},
    build: () => {
      const scale = parseExact(SELU_SCALE);
      return exponentialLinear('selu', scale, multiply(scale, parseExact(SELU_ALPHA)), ONE);
    },
  },
  {
    type: 'celu',
    definition: 'x where x > 0, alpha·(e^(x/alpha) − 1) elsewhere',
    settings: { alpha: ONE },
    build: (s) => {
      const alpha = nonZero(s, 'celu', 'alpha');
      return exponentialLinear('celu', ONE, alpha, divide(ONE, alpha));
    },
  },
  {
    type: 'exp',
    definition: 'e^x',
    settings: {},
    build: () => smooth('exp', { name: 'exponential', factor: ONE, rate: ONE, offset: ZERO }, []),
  },
];

/** Every activation with exponentials, in a fixed order. */
export const TRANSCENDENTAL_ACTIVATIONS: ReadonlyMap<string, TranscendentalKind> = new Map(
  KINDS.map((kind) => [kind.type, Object.freeze(kind)]),
);

/** *Exact.* Throws an ActivationError where neighbours disagree at a breakpoint between them. */
export function checkTranscendental({ breakpoints, functions }: TranscendentalActivation): void {
  if (functions.length !== breakpoints.length + 1) {
    throw new ActivationError('functions and breakpoints do not match');
  }
  // Only the exponential-linear kinds have a breakpoint, at 0, where an exponential is rational.
  breakpoints.forEach((at, k) => {
    if (!isZero(at) || !isZeroAtZero(functions[k]) || !isZeroAtZero(functions[k + 1])) {
      throw new ActivationError('the activation is not seen to be continuous here', k);
    }
  });
}

function isZeroAtZero(piece: AnalyticPiece | undefined): boolean {
  if (piece?.name === 'exponential') return equal(piece.offset, negate(piece.factor));
  return piece?.name === 'linear';
}
