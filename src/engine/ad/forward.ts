/**
 * Forward mode: pushes the tangents of all parameters through the network together, sample by
 * sample, stacks the outputs, and applies the loss.
 */
import type { Network } from '../net/ir.js';
import { ZERO, add, multiply, type Rational } from '../num/rational.js';
import { lossGradient, lossValue } from './loss.js';
import { ruleOf, type Matrix, type Proxies, type Vector } from './rules.js';

export interface Differentiated {
  /** f(w): the outputs, stacked sample by sample; or the loss alone. */
  readonly value: Vector;
  /** D^AD f(w): `[output, parameter]`. */
  readonly jacobian: Matrix;
}

/** *Exact.* f(w) and D^AD f(w) by forward-mode AD over the rationals with the given proxies. */
export function forwardMode(network: Network, proxies: Proxies, point: Vector): Differentiated {
  const outputs: Rational[] = [];
  const rows: Vector[] = [];
  for (const input of network.inputs) {
    const { primals, tangents } = pushForward(network, proxies, point, input);
    const outputTangents = tangents[network.output] as Matrix;
    (primals[network.output] as Vector).forEach((output, unit) => {
      outputs.push(output);
      rows.push(outputTangents.map((tangent) => tangent[unit] as Rational));
    });
  }
  const value = lossValue(network, outputs);
  if (network.loss === undefined) return { value, jacobian: rows };
  const jacobian = lossGradient(network, outputs).map((gradient) =>
    network.parameters.map((_, parameter) =>
      gradient.reduce(
        (sum, share, k) => add(sum, multiply(share, rows[k]?.[parameter] ?? ZERO)),
        ZERO,
      ),
    ),
  );
  return { value, jacobian };
}

/** Primals `[variable]` and tangents `[variable][parameter][unit]` of one sample. */
export interface PushedForward {
  readonly primals: readonly Vector[];
  readonly tangents: readonly Matrix[];
}

/** *Exact.* All variables of one sample and their tangents by AD. */
export function pushForward(
  network: Network,
  proxies: Proxies,
  point: Vector,
  input: Vector,
): PushedForward {
  const primals: Vector[] = [input];
  const tangents: Matrix[] = [network.parameters.map(() => input.map(() => ZERO))];
  network.equations.forEach((equation, index) => {
    const context = { point, proxies: proxies[index] ?? [] };
    const rule = ruleOf(equation);
    const out = rule.primal(equation, primals, context);
    tangents.push(rule.forward(equation, primals, tangents, context));
    primals.push(out);
  });
  return { primals, tangents };
}
