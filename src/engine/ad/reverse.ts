/**
 * Reverse mode (back-propagation): pulls the cotangents of all outputs back, sample by sample.
 * Beside the Jacobian it keeps the cotangent of every variable, ∂^AD f/∂z, which L-iff asks for.
 */
import type { Network } from '../net/ir.js';
import { ONE, ZERO, add, type Rational } from '../num/rational.js';
import { lossGradient, lossValue } from './loss.js';
import { ruleOf, type Cotangents, type Matrix, type Proxies, type Vector } from './rules.js';
import type { Differentiated } from './forward.js';

export interface ReverseDifferentiated extends Differentiated {
  /** Primal of every variable: `[sample][variable][unit]`. */
  readonly primals: readonly (readonly Vector[])[];
  /**
   * ∂^AD f/∂v for every variable v: `[sample][variable]` is `[output of that sample, unit]`, outputs
   * of other samples do not depend on it; with a loss, `[0, unit]`.
   */
  readonly cotangents: readonly (readonly Matrix[])[];
}

/** *Exact.* f(w), D^AD f(w) and every cotangent, by reverse-mode AD with the given proxies. */
export function reverseMode(
  network: Network,
  proxies: Proxies,
  point: Vector,
): ReverseDifferentiated {
  const allPrimals = network.inputs.map((input) => {
    const primals: Vector[] = [input];
    network.equations.forEach((equation, index) => {
      const context = { point, proxies: proxies[index] ?? [] };
      primals.push(ruleOf(equation).primal(equation, primals, context));
    });
    return primals;
  });
  const outputs = allPrimals.flatMap((primals) => primals[network.output] as Vector);
  const width = network.widths[network.output] ?? 0;
  // Without a loss each output is a row of its sample's alone; a loss is one row of all samples.
  const seeds =
    network.loss === undefined
      ? allPrimals.map(() => identity(width))
      : allPrimals.map((_, sample) =>
          lossGradient(network, outputs).map((row) =>
            row.slice(sample * width, (sample + 1) * width),
          ),
        );
  const jacobian: Rational[][] = [];
  const allCotangents = allPrimals.map((primals, sample) => {
    const seed = seeds[sample] as Matrix;
    const bars: Cotangents = {
      variables: primals.map((primal) => seed.map(() => primal.map(() => ZERO))),
      parameters: seed.map(() => network.parameters.map(() => ZERO)),
    };
    seed.forEach((row, output) => {
      bars.variables[network.output]?.[output]?.splice(0, row.length, ...row);
    });
    for (let index = network.equations.length - 1; index >= 0; index -= 1) {
      const equation = network.equations[index];
      if (equation === undefined) continue;
      const context = { point, proxies: proxies[index] ?? [] };
      const outBar = bars.variables[equation.out] as Matrix;
      ruleOf(equation).reverse(equation, primals, outBar, bars, context);
    }
    if (network.loss === undefined) jacobian.push(...bars.parameters);
    else addRows(jacobian, bars.parameters);
    return bars.variables;
  });
  return {
    value: lossValue(network, outputs),
    jacobian,
    primals: allPrimals,
    cotangents: allCotangents,
  };
}

function identity(width: number): Matrix {
  return Array.from({ length: width }, (_, row) =>
    Array.from({ length: width }, (__, unit) => (row === unit ? ONE : ZERO)),
  );
}

function addRows(into: Rational[][], rows: Matrix): void {
  rows.forEach((row, k) => {
    into[k] = row.map((entry, column) => add(entry, into[k]?.[column] ?? ZERO));
  });
}
