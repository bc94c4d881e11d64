/**
 * L-tight: the bound of L-ndf cannot be improved by more than a factor of 2. The witnesses are
 * networks of two layers whose hidden pre-activations are y_i = c_i + s_i·b_i, each with a bias of
 * its own, and whose outputs read every hidden unit. There the ties are independent events, so
 *   density = 1 − Π (1 − k_i/|M_i|) ≥ 1 − exp(−B) ≥ (1 − 1/e)·B ≥ B/2   for B = Σ k_i/|M_i| ≤ 1.
 * This file recognises the family; the density itself is counted, not assumed.
 */
import { isAffine } from '../net/activation.js';
import type { Entry } from '../net/ir.js';
import {
  ONE,
  ZERO,
  add,
  compare,
  divide,
  isZero,
  multiply,
  rational,
  subtract,
  type Rational,
} from '../num/rational.js';
import { ownBiasesBound, ownBiasesFault } from './own-biases.js';
import type { LayerStructure } from './structure.js';
import { SOURCE_L, type Finding, type Theorem, type TheoremQuestion } from './theorem.js';

export const L_TIGHT: Theorem = {
  id: 'L-tight',
  on: 'nonDifferentiable',
  statement:
    'On a family of two layers with biases, |ndf(f)| / |Ω| is at least half of the bound of L-ndf.',
  source: SOURCE_L,
  check: (question) => {
    const { structure } = question;
    const fault = ownBiasesFault(structure) ?? structure.chainFault ?? familyFault(question);
    if (fault !== null) return { applies: false, why: `not of the tight family: ${fault}` };
    const bound = ownBiasesBound(question);
    if (compare(bound, ONE) > 0) {
      return { applies: false, why: 'not of the tight family: the bound of L-ndf is above 1' };
    }
    const finding: Finding = {
      applies: true,
      why: 'two layers with biases, hidden pre-activations that depend on their bias alone, every hidden unit read by an output',
      bound: { direction: 'lower', exact: multiply(rational(1n, 2n), bound) },
    };
    return finding;
  },
};

function familyFault(question: TheoremQuestion): string | null {
  const [hidden, output, ...more] = question.structure.layers;
  if (hidden === undefined || output === undefined || more.length > 0)
    return 'it has not two layers';
  if (output.activation.op === 'transcendental' || !isAffine(output.activation.activation))
    return 'the output activation is not affine';
  const slope = output.activation.activation.slopes[0]?.[0] ?? ZERO;
  if (isZero(slope)) return 'the output activation is constant';
  const input = question.network.inputs[0] ?? [];
  for (const [unit, row] of hidden.dense.weight.entries()) {
    let constant = ZERO;
    for (const [j, entry] of row.entries()) {
      const x = input[j] ?? ZERO;
      if (isZero(x)) continue;
      if ('parameter' in entry) return `hidden unit ${String(unit)} depends on a weight parameter`;
      constant = add(constant, multiply(entry.constant, x));
    }
    if (!kinksReachable(question, hidden, unit, constant)) {
      return `a kink of hidden unit ${String(unit)} is no value that its bias can reach`;
    }
    const read = output.dense.weight.some((outRow) => isNonZeroConstant(outRow[unit]));
    if (!read) return `hidden unit ${String(unit)} is not read by a constant weight`;
  }
  return null;
}

function isNonZeroConstant(entry: Entry | undefined): boolean {
  return entry !== undefined && !('parameter' in entry) && !isZero(entry.constant);
}

function kinksReachable(
  question: TheoremQuestion,
  layer: LayerStructure,
  unit: number,
  constant: Rational,
): boolean {
  const bias = layer.dense.bias[unit];
  if (bias === undefined || !('parameter' in bias)) return false;
  const values = question.network.parameters[bias.parameter]?.values;
  return layer.activation.activation.kinks.every(
    (kink) =>
      values !== undefined &&
      values.rankOf(divide(subtract(kink.at, constant), bias.scale)) !== null,
  );
}
