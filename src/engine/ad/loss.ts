/**
 * The rules of the losses: value and gradient on the stacked outputs of all samples. A loss is
 * analytic, so AD's derivative of it is the derivative.
 */
import type { Loss, Network } from '../net/ir.js';
import {
  ONE,
  ZERO,
  add,
  integer,
  multiply,
  rational,
  subtract,
  type Rational,
} from '../num/rational.js';
import type { Matrix, Vector } from './rules.js';

interface LossRule<L extends Loss> {
  readonly value: (loss: L, outputs: Vector) => Rational;
  readonly gradient: (loss: L, outputs: Vector) => Rational[];
}

type LossTable = { readonly [T in Loss['type']]: LossRule<Extract<Loss, { type: T }>> };

const LOSSES: LossTable = {
  sum: {
    value: (_, outputs) => outputs.reduce(add, ZERO),
    gradient: (_, outputs) => outputs.map(() => ONE),
  },
  mse: {
    value: (loss, outputs) =>
      multiply(
        rational(1n, BigInt(outputs.length)),
        differences(loss.targets, outputs).reduce((sum, e) => add(sum, multiply(e, e)), ZERO),
      ),
    gradient: (loss, outputs) =>
      differences(loss.targets, outputs).map((e) =>
        multiply(rational(2n, BigInt(outputs.length)), e),
      ),
  },
};

function differences(targets: Matrix, outputs: Vector): Rational[] {
  const stacked = targets.flat();
  return outputs.map((output, k) => subtract(output, stacked[k] ?? ZERO));
}

/** *Exact.* f(w) from the stacked outputs. */
export function lossValue({ loss }: Network, outputs: Vector): Vector {
  if (loss === undefined) return outputs;
  const rule = LOSSES[loss.type] as unknown as LossRule<Loss>;
  return [rule.value(loss, outputs)];
}

/**
 * *Exact.* ∂f/∂(stacked outputs), `[output of f, stacked output]`: the identity where there is no
 * loss.
 */
export function lossGradient({ loss }: Network, outputs: Vector): Matrix {
  if (loss === undefined) {
    return outputs.map((_, row) => outputs.map((__, column) => integer(row === column ? 1 : 0)));
  }
  const rule = LOSSES[loss.type] as unknown as LossRule<Loss>;
  return [rule.gradient(loss, outputs)];
}
