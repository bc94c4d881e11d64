/**
 * The catalogue of activations by name, with their settings and exact defaults (contract.md).
 * Adding one is adding a row here and, where frameworks differ at its kinks, one in
 * `ad/proxies.ts`.
 */
import {
  MINUS_ONE,
  ONE,
  ZERO,
  compare,
  divide,
  integer,
  isZero,
  multiply,
  negate,
  rational,
  sign,
  subtract,
  type Rational,
} from '../num/rational.js';
import { ActivationError, activation, type Activation } from './activation.js';

type Settings = Readonly<Record<string, Rational>>;

export interface ActivationKind {
  readonly type: string;
  readonly definition: string;
  /** Settings with their exact defaults. */
  readonly settings: Settings;
  readonly build: (settings: Settings) => Activation;
}

const SIX = integer(6);
const THREE = integer(3);

function setting(settings: Settings, name: string): Rational {
  const value = settings[name];
  if (value === undefined) throw new ActivationError(`setting ${name} is missing`);
  return value;
}

/** min(max(x, low), high), for low < high. */
function clip(type: string, low: Rational, high: Rational): Activation {
  return activation(type, [low, high], [[low], [ZERO, ONE], [high]]);
}

const KINDS: readonly ActivationKind[] = [
  {
    type: 'identity',
    definition: 'x',
    settings: {},
    build: () => activation('identity', [], [[ZERO, ONE]]),
  },
  {
    type: 'relu',
    definition: 'max(x, 0)',
    settings: {},
    build: () => activation('relu', [ZERO], [[], [ZERO, ONE]]),
  },
  {
    type: 'leaky_relu',
    definition: 'x where x > 0, slope·x elsewhere',
    settings: { slope: rational(1n, 100n) },
    build: (s) =>
      activation(
        'leaky_relu',
        [ZERO],
        [
          [ZERO, setting(s, 'slope')],
          [ZERO, ONE],
        ],
      ),
  },
  {
    type: 'relu6',
    definition: 'min(max(x, 0), 6)',
    settings: {},
    build: () => clip('relu6', ZERO, SIX),
  },
  {
    type: 'hardtanh',
    definition: 'min(max(x, min), max)',
    settings: { min: MINUS_ONE, max: ONE },
    build: (s) => {
      if (compare(setting(s, 'min'), setting(s, 'max')) >= 0) {
        throw new ActivationError('hardtanh needs min < max');
      }
      return clip('hardtanh', setting(s, 'min'), setting(s, 'max'));
    },
  },
  {
    type: 'hardsigmoid',
    definition: 'min(max(alpha·x + beta, 0), 1)',
    settings: { alpha: rational(1n, 6n), beta: rational(1n, 2n) },
    build: (s) => {
      const alpha = setting(s, 'alpha');
      const beta = setting(s, 'beta');
      if (isZero(alpha)) throw new ActivationError('hardsigmoid needs alpha ≠ 0');
      const atZero = divide(negate(beta), alpha);
      const atOne = divide(subtract(ONE, beta), alpha);
      const line = [beta, alpha];
      return sign(alpha) > 0
        ? activation('hardsigmoid', [atZero, atOne], [[], line, [ONE]])
        : activation('hardsigmoid', [atOne, atZero], [[ONE], line, []]);
    },
  },
  {
    type: 'hardswish',
    definition: 'x·min(max(x/6 + 1/2, 0), 1)',
    settings: {},
    build: () =>
      activation(
        'hardswish',
        [negate(THREE), THREE],
        [[], [ZERO, rational(1n, 2n), rational(1n, 6n)], [ZERO, ONE]],
      ),
  },
  {
    type: 'abs',
    definition: '|x|',
    settings: {},
    build: () =>
      activation(
        'abs',
        [ZERO],
        [
          [ZERO, MINUS_ONE],
          [ZERO, ONE],
        ],
      ),
  },
  {
    type: 'softshrink',
    definition: 'x − lambda where x > lambda, x + lambda where x < −lambda, 0 between',
    settings: { lambda: rational(1n, 2n) },
    build: (s) => {
      const lambda = setting(s, 'lambda');
      if (sign(lambda) < 0) throw new ActivationError('softshrink needs lambda ≥ 0');
      if (isZero(lambda)) return activation('softshrink', [], [[ZERO, ONE]]);
      return activation(
        'softshrink',
        [negate(lambda), lambda],
        [[lambda, ONE], [], [multiply(MINUS_ONE, lambda), ONE]],
      );
    },
  },
];

/** Every activation that has a name, in a fixed order. `piecewise` is built from its own pieces. */
export const ACTIVATIONS: ReadonlyMap<string, ActivationKind> = new Map(
  KINDS.map((kind) => [kind.type, Object.freeze(kind)]),
);
