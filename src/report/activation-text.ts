/**
 * Activations as a reader computes them by hand: the formula, and its exact value.
 *
 * Written apart from the engine's catalogue on purpose: the report works witnesses out again, and a
 * slip in either place shows as a pre-activation that misses its kink. An activation that has no
 * row here is not worked out (null), which the report says.
 */
import {
  MINUS_ONE,
  ONE,
  ZERO,
  add,
  compare,
  integer,
  multiply,
  negate,
  rational,
  sign,
  subtract,
  type Rational,
} from '../engine/num/rational.js';
import type { Question, QuestionActivation } from '../plan/question.js';
import { readRational } from './number-text.js';

export interface HandActivation {
  /** The formula in t. */
  readonly formula: string;
  /** *Exact.* */
  readonly at: (t: Rational) => Rational;
}

const SIX = integer(6);

/** Activations with exponentials: their values are not rational. */
const WITH_EXPONENTIALS = new Set(
  'sigmoid tanh softplus gelu silu mish elu selu celu exp'.split(' '),
);

/** Whether some activation of the question has exponentials. */
export function hasExponentials({ network }: Question): boolean {
  return network.layers.some(({ activation }) => WITH_EXPONENTIALS.has(activation?.type ?? ''));
}

/** *Exact.* The activation as a formula and a function; null where the report does not know it. */
export function handActivation(activation: QuestionActivation): HandActivation | null {
  const setting = (name: string, otherwise: Rational): Rational => {
    const text = activation[name];
    return typeof text === 'string' ? readRational(text) : otherwise;
  };
  const shown = (name: string, otherwise: string): string => {
    const text = activation[name];
    return typeof text === 'string' ? text : otherwise;
  };
  switch (activation.type) {
    case 'identity':
      return { formula: 't', at: (t) => t };
    case 'relu':
      return { formula: 'max(t, 0)', at: (t) => larger(t, ZERO) };
    case 'leaky_relu': {
      const slope = setting('slope', rational(1n, 100n));
      return {
        formula: `t where t > 0, (${shown('slope', '1/100')})·t elsewhere`,
        at: (t) => (sign(t) > 0 ? t : multiply(slope, t)),
      };
    }
    case 'relu6':
      return { formula: 'min(max(t, 0), 6)', at: (t) => clip(t, ZERO, SIX) };
    case 'hardtanh': {
      const [low, high] = [setting('min', MINUS_ONE), setting('max', ONE)];
      return {
        formula: `min(max(t, ${shown('min', '-1')}), ${shown('max', '1')})`,
        at: (t) => clip(t, low, high),
      };
    }
    case 'hardsigmoid': {
      const alpha = setting('alpha', rational(1n, 6n));
      const beta = setting('beta', rational(1n, 2n));
      return {
        formula: `min(max((${shown('alpha', '1/6')})·t + ${shown('beta', '1/2')}, 0), 1)`,
        at: (t) => clip(add(multiply(alpha, t), beta), ZERO, ONE),
      };
    }
    case 'hardswish':
      return {
        formula: 't·min(max(t/6 + 1/2, 0), 1)',
        at: (t) =>
          multiply(t, clip(add(multiply(rational(1n, 6n), t), rational(1n, 2n)), ZERO, ONE)),
      };
    case 'abs':
      return { formula: '|t|', at: (t) => (sign(t) < 0 ? negate(t) : t) };
    case 'softshrink': {
      const lambda = setting('lambda', rational(1n, 2n));
      return {
        formula: `t − λ where t > λ, t + λ where t < −λ, 0 between; λ = ${shown('lambda', '1/2')}`,
        at: (t) =>
          compare(t, lambda) > 0
            ? subtract(t, lambda)
            : compare(t, negate(lambda)) < 0
              ? add(t, lambda)
              : ZERO,
      };
    }
    case 'piecewise':
      return piecewise(activation);
    default:
      return null;
  }
}

function larger(a: Rational, b: Rational): Rational {
  return compare(a, b) >= 0 ? a : b;
}

function clip(t: Rational, low: Rational, high: Rational): Rational {
  const raised = larger(t, low);
  return compare(raised, high) <= 0 ? raised : high;
}

function piecewise(activation: QuestionActivation): HandActivation | null {
  const breakpoints = activation['breakpoints'];
  const pieces = activation['pieces'];
  if (!Array.isArray(breakpoints) || !Array.isArray(pieces)) return null;
  const at = (breakpoints as readonly string[]).map(readRational);
  const coefficients = (pieces as readonly (readonly string[])[]).map((p) => p.map(readRational));
  const texts = (pieces as readonly (readonly string[])[]).map(polynomialText);
  const last = texts.length - 1;
  const formula = texts
    .map((text, k) =>
      last === 0 ? text : k === last ? `${text} above` : `${text} up to ${String(breakpoints[k])}`,
    )
    .join('; ');
  return {
    formula,
    at: (t) => {
      const k = at.findIndex((breakpoint) => compare(t, breakpoint) <= 0);
      const piece = coefficients[k < 0 ? last : k] ?? [];
      return piece.reduceRight((sum, c) => add(multiply(sum, t), c), ZERO);
    },
  };
}

function polynomialText(coefficients: readonly string[]): string {
  const terms = coefficients.flatMap((c, power) =>
    c === '0' ? [] : [power === 0 ? c : `(${c})·t${power === 1 ? '' : `^${String(power)}`}`],
  );
  return terms.length === 0 ? '0' : terms.join(' + ');
}
