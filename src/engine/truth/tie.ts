/**
 * Ties: the places where f may have a kink at w. A pre-activation on a kink of its activation, or a
 * maximum that is attained more than once.
 */
import { kinkIndexAt } from '../net/activation.js';
import type { Network } from '../net/ir.js';
import { largestOf, type Values } from './evaluate.js';
import type { Row } from './linear.js';

interface Place {
  /** Index of the equation that ties, and of the layer in the request. */
  readonly equation: number;
  readonly layer: number;
  readonly sample: number;
  readonly unit: number;
}

export interface KinkTie extends Place {
  /** Index into the activation's kinks. */
  readonly kink: number;
}

export interface MaxTie extends Place {
  /** Units of the input that attain the maximum, in the window's order; at least two. */
  readonly tied: readonly number[];
}

export type Tie = KinkTie | MaxTie;

/** *Exact.* The ties at the given values, in topological order. */
export function tiesAt(network: Network, values: Values): Tie[] {
  const ties: Tie[] = [];
  network.equations.forEach((equation, index) => {
    const { layer } = equation;
    if (equation.op === 'activation') {
      if (equation.activation.kinks.length === 0) return;
      (values[equation.in] as readonly Row[]).forEach((vector, sample) => {
        vector.forEach((t, unit) => {
          const kink = kinkIndexAt(equation.activation, t);
          if (kink !== -1) ties.push({ equation: index, layer, sample, unit, kink });
        });
      });
    }
    if (equation.op === 'max') {
      (values[equation.in] as readonly Row[]).forEach((vector, sample) => {
        equation.windows.forEach((window, unit) => {
          const tied = largestOf(window, vector);
          if (tied.length > 1) ties.push({ equation: index, layer, sample, unit, tied });
        });
      });
    }
  });
  return ties;
}
