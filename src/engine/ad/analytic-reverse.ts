/** Reverse mode over exact real numbers, sample by sample: `reverse.ts` for analytic networks. */
import type { AnalyticNetwork } from '../net/ir.js';
import { integer, rational, type Rational } from '../num/rational.js';
import {
  REAL_ONE,
  REAL_ZERO,
  addReals,
  multiplyReals,
  realOf,
  scaleReal,
  subtractReals,
  type Real,
} from '../num/real.js';
import {
  realRuleOf,
  type RealCotangents,
  type RealMatrix,
  type RealVector,
} from './analytic-rules.js';
import type { Proxies } from './rules.js';

export interface RealDifferentiated {
  /** f(w), stacked sample by sample, or the loss. */
  readonly value: RealVector;
  /** D^AD f(w), `[output, parameter]`. */
  readonly jacobian: RealMatrix;
  /** ∂^AD f/∂v: `[sample][variable]` is `[output of that sample, unit]`; with a loss, `[0, unit]`. */
  readonly cotangents: readonly (readonly RealMatrix[])[];
}

/** *Exact.* f(w), D^AD f(w) and every cotangent. Throws Undecided where AD meets a possible tie. */
export function reverseModeOverReals(
  network: AnalyticNetwork,
  proxies: Proxies,
  point: readonly Rational[],
): RealDifferentiated {
  const contextOf = (index: number) => ({ point, proxies: proxies[index] ?? [] });
  const allPrimals = network.inputs.map((input) => {
    const primals: RealVector[] = [input.map(realOf)];
    network.equations.forEach((equation, index) => {
      primals.push(realRuleOf(equation).primal(equation, primals, contextOf(index)));
    });
    return primals;
  });
  const outputs = allPrimals.flatMap((primals) => primals[network.output] as RealVector);
  const { value, gradient } = lossOf(network, outputs);
  const width = network.widths[network.output] ?? 0;
  const jacobian: Real[][] = [];
  const cotangents = allPrimals.map((primals, sample) => {
    const seed: RealMatrix =
      gradient === null ? identity(width) : [gradient.slice(sample * width, (sample + 1) * width)];
    const bars: RealCotangents = {
      variables: primals.map((primal, variable) =>
        seed.map((row) => (variable === network.output ? [...row] : primal.map(() => REAL_ZERO))),
      ),
      parameters: seed.map(() => network.parameters.map(() => REAL_ZERO)),
    };
    for (let index = network.equations.length - 1; index >= 0; index -= 1) {
      const equation = network.equations[index];
      if (equation === undefined) continue;
      const outBar = bars.variables[equation.out] as RealMatrix;
      realRuleOf(equation).reverse(equation, primals, outBar, bars, contextOf(index));
    }
    if (gradient === null || sample === 0) jacobian.push(...bars.parameters.map((row) => [...row]));
    else {
      bars.parameters.forEach((row, output) => {
        jacobian[output] = row.map((entry, k) =>
          addReals(jacobian[output]?.[k] ?? REAL_ZERO, entry),
        );
      });
    }
    return bars.variables;
  });
  return { value, jacobian, cotangents };
}

function identity(width: number): RealMatrix {
  return Array.from({ length: width }, (_, row) =>
    Array.from({ length: width }, (__, unit) => (row === unit ? REAL_ONE : REAL_ZERO)),
  );
}

/** f from the stacked outputs, and its gradient in them where there is a loss. */
function lossOf(
  { loss }: AnalyticNetwork,
  outputs: RealVector,
): { readonly value: RealVector; readonly gradient: RealVector | null } {
  if (loss === undefined) return { value: outputs, gradient: null };
  if (loss.type === 'sum') {
    return {
      value: [outputs.reduce(addReals, REAL_ZERO)],
      gradient: outputs.map(() => REAL_ONE),
    };
  }
  const targets = loss.targets.flat();
  const errors = outputs.map((output, k) =>
    subtractReals(output, realOf(targets[k] ?? integer(0))),
  );
  const share = rational(1n, BigInt(outputs.length));
  const squares = errors.map((error) => multiplyReals(error, error));
  return {
    value: [scaleReal(share, squares.reduce(addReals, REAL_ZERO))],
    gradient: errors.map((error) => scaleReal(rational(2n, BigInt(outputs.length)), error)),
  };
}
