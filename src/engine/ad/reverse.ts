/**
 * Reverse mode (back-propagation): pulls the cotangents of all outputs back, sample by sample.
 * Beside the Jacobian it keeps the cotangent of every variable, ∂^AD f/∂z, which L-iff asks for.
 */
import type { Network } from '../net/ir.js';
import { ONE, ZERO, add, type Rational } from '../num/rational.js';
import { ruleOf, type Matrix, type Proxies, type Vector } from './rules.js';
import type { Differentiated } from './forward.js';

export interface ReverseDifferentiated extends Differentiated {
  /** Primal of every variable: `[sample][variable][unit]`. */
  readonly primals: readonly (readonly Vector[])[];
  /**
   * ∂^AD f/∂v for every variable v: `[sample][variable]` is `[output of that sample, unit]`;
   * outputs of other samples do not depend on it.
   */
  readonly cotangents: readonly (readonly Matrix[])[];
}

/** *Exact.* f(w), D^AD f(w) and every cotangent, by reverse-mode AD with the given proxies. */
export function reverseMode(
  network: Network,
  proxies: Proxies,
  point: Vector,
): ReverseDifferentiated {
  const value: Rational[] = [];
  const jacobian: Rational[][] = [];
  const allPrimals: (readonly Vector[])[] = [];
  const allCotangents: (readonly Matrix[])[] = [];
  for (const input of network.inputs) {
    const primals: Vector[] = [input];
    network.equations.forEach((equation, index) => {
      const context = { point, proxies: proxies[index] ?? [] };
      primals.push(ruleOf(equation).primal(equation, primals[equation.in] as Vector, context));
    });
    const output = primals[network.output] as Vector;
    const parametersBar = output.map(() => network.parameters.map(() => ZERO));
    const cotangents: Rational[][][] = primals.map((primal) =>
      output.map(() => primal.map(() => ZERO)),
    );
    cotangents[network.output] = output.map((_, row) =>
      output.map((__, unit) => (row === unit ? ONE : ZERO)),
    );
    for (let index = network.equations.length - 1; index >= 0; index -= 1) {
      const equation = network.equations[index];
      if (equation === undefined) continue;
      const context = { point, proxies: proxies[index] ?? [] };
      const inBar = ruleOf(equation).reverse(
        equation,
        primals[equation.in] as Vector,
        cotangents[equation.out] as Matrix,
        parametersBar,
        context,
      );
      const sum = cotangents[equation.in] as Rational[][];
      inBar.forEach((row, outputUnit) => {
        row.forEach((entry, unit) => {
          const into = sum[outputUnit] as Rational[];
          into[unit] = add(into[unit] as Rational, entry);
        });
      });
    }
    value.push(...output);
    jacobian.push(...parametersBar);
    allPrimals.push(primals);
    allCotangents.push(cotangents);
  }
  return { value, jacobian, primals: allPrimals, cotangents: allCotangents };
}
