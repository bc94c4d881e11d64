/**
 * Forward mode: pushes the tangents of all parameters through the network together, sample by
 * sample, and stacks the outputs.
 */
import type { Network } from '../net/ir.js';
import { ZERO, type Rational } from '../num/rational.js';
import { ruleOf, type Matrix, type Proxies, type Vector } from './rules.js';

export interface Differentiated {
  /** f(w): the outputs, stacked sample by sample. */
  readonly value: Vector;
  /** D^AD f(w): `[output, parameter]`. */
  readonly jacobian: Matrix;
}

/** *Exact.* f(w) and D^AD f(w) by forward-mode AD over the rationals with the given proxies. */
export function forwardMode(network: Network, proxies: Proxies, point: Vector): Differentiated {
  const value: Rational[] = [];
  const jacobian: Rational[][] = [];
  for (const input of network.inputs) {
    const primals: Vector[] = [input];
    const tangents: Matrix[] = [network.parameters.map(() => input.map(() => ZERO))];
    network.equations.forEach((equation, index) => {
      const context = { point, proxies: proxies[index] ?? [] };
      const rule = ruleOf(equation);
      const x = primals[equation.in] as Vector;
      primals.push(rule.primal(equation, x, context));
      tangents.push(rule.forward(equation, x, tangents[equation.in] as Matrix, context));
    });
    const outputTangents = tangents[network.output] as Matrix;
    (primals[network.output] as Vector).forEach((output, unit) => {
      value.push(output);
      jacobian.push(outputTangents.map((tangent) => tangent[unit] as Rational));
    });
  }
  return { value, jacobian };
}
