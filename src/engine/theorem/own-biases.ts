/**
 * The theorems of [L] on networks in which every layer has bias parameters: L-inc, L-ndf, L-iff
 * and L-clarke share this hypothesis, for one input.
 */
import { ZERO, add, equal, integer, rational, type Rational } from '../num/rational.js';
import { firstFault, type LayerStructure, type Structure } from './structure.js';
import { SOURCE_L, type Finding, type Theorem, type TheoremQuestion } from './theorem.js';

/** *Exact.* Why the hypothesis of [L] "every layer has bias parameters" fails; null where it holds. */
export function ownBiasesFault(structure: Structure): string | null {
  if (structure.samples !== 1) {
    return `[L] speaks of one input; this is a batch of ${String(structure.samples)}`;
  }
  return (
    structure.maximumFault ??
    structure.looseFault ??
    firstFault(structure, (layer) => layer.biasFault)
  );
}

const HOLDS = 'every layer has bias parameters';

function underOwnBiases(question: TheoremQuestion, finding: () => Finding): Finding {
  const fault = ownBiasesFault(question.structure);
  return fault === null ? finding() : { applies: false, why: fault };
}

/** The size of the set that the bias of a unit ranges over; the unit must own its bias. */
export function biasSetSize(
  question: TheoremQuestion,
  layer: LayerStructure,
  unit: number,
): bigint {
  const bias = layer.dense.bias[unit];
  const parameter =
    bias !== undefined && 'parameter' in bias
      ? question.network.parameters[bias.parameter]
      : undefined;
  if (parameter === undefined) throw new Error('biasSetSize: the unit has no bias parameter');
  return parameter.values.size;
}

/** *Exact.* Σ over units of |ndf(σ)| / |M_bias|, for a network whose layers have bias parameters. */
export function ownBiasesBound(question: TheoremQuestion): Rational {
  let bound = ZERO;
  for (const layer of question.structure.layers) {
    const kinks = BigInt(layer.activation.activation.kinks.length);
    if (kinks === 0n) continue;
    layer.dense.bias.forEach((_, unit) => {
      bound = add(bound, rational(kinks, biasSetSize(question, layer, unit)));
    });
  }
  return bound;
}

export const L_INC: Theorem = {
  id: 'L-inc',
  on: 'incorrect',
  statement: 'inc(f) is empty: wherever f is differentiable, AD returns its derivative.',
  source: SOURCE_L,
  check: (question) =>
    underOwnBiases(question, () => ({
      applies: true,
      why: HOLDS,
      bound: { direction: 'upper', exact: integer(0) },
    })),
};

export const L_NDF: Theorem = {
  id: 'L-ndf',
  on: 'nonDifferentiable',
  statement:
    '|ndf(f)| / |Ω| is at most the sum over neurons of |ndf(σ)| / |M|, M the set of the bias.',
  source: SOURCE_L,
  check: (question) =>
    underOwnBiases(question, () => ({
      applies: true,
      why: HOLDS,
      bound: { direction: 'upper', exact: ownBiasesBound(question) },
    })),
};

export const L_IFF: Theorem = {
  id: 'L-iff',
  on: 'nonDifferentiable',
  statement:
    'w ∈ ndf(f) exactly if some neuron has its pre-activation on a kink and ∂^AD f/∂z ≠ 0.',
  source: SOURCE_L,
  check: (question) => underOwnBiases(question, () => ({ applies: true, why: HOLDS })),
};

export const L_CLARKE: Theorem = {
  id: 'L-clarke',
  on: 'clarke',
  statement:
    'D^AD f(w) lies in the Clarke subdifferential of f at every w; it is a limit of derivatives.',
  source: SOURCE_L,
  check: (question) =>
    underOwnBiases(question, () => {
      for (const layer of question.structure.layers) {
        const proxies = question.proxies[layer.activationIndex] ?? [];
        for (const [k, kink] of layer.activation.activation.kinks.entries()) {
          const proxy = proxies[k];
          if (proxy === undefined) throw new Error('L-clarke: a kink has no proxy');
          if (equal(proxy, kink.left) || equal(proxy, kink.right)) continue;
          return {
            applies: false,
            why: `layer ${String(layer.layer)}: a proxy of ${layer.activation.activation.type} is no one-sided derivative`,
          };
        }
      }
      return { applies: true, why: `${HOLDS}, and every proxy is a one-sided derivative` };
    }),
};
