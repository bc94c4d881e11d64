/**
 * The theorems of [L] on networks in which some layers have no bias parameters but are
 * well-structured biaffine: L-nobias bounds, L-suff certifies single points.
 */
import { isZeroBoundary, kinkIndexAt } from '../net/activation.js';
import { ZERO, add, rational, type Rational } from '../num/rational.js';
import { biasSetSize } from './own-biases.js';
import { firstFault, type LayerStructure, type Structure } from './structure.js';
import { SOURCE_L, type Theorem, type TheoremQuestion } from './theorem.js';

function fault(structure: Structure): string | null {
  if (structure.samples !== 1) {
    return `[L] speaks of one input; this is a batch of ${String(structure.samples)}`;
  }
  return (
    structure.chainFault ??
    firstFault(structure, (layer) =>
      layer.biasFault === null || layer.biaffineFault === null
        ? null
        : `neither bias parameters (${layer.biasFault}) nor well-structured biaffine (${layer.biaffineFault})`,
    )
  );
}

const HOLDS = 'every layer has bias parameters or is well-structured biaffine';

/** Whether layer l+1 exists and has no bias parameters, so that a zero output matters. */
function nextHasNoBias(structure: Structure, position: number): boolean {
  const next = structure.layers[position + 1];
  return next !== undefined && next.biasFault !== null;
}

/**
 * The smallest set that decides a unit's pre-activation: its bias's, or, without one, the smallest
 * of its weights', since some weight with a non-zero input decides and it is not known which.
 */
function decidingSetSize(question: TheoremQuestion, layer: LayerStructure, unit: number): bigint {
  if (layer.biasFault === null) return biasSetSize(question, layer, unit);
  const sizes = (layer.dense.weight[unit] ?? []).flatMap((entry) => {
    if (!('parameter' in entry)) return [];
    const parameter = question.network.parameters[entry.parameter];
    return parameter === undefined ? [] : [parameter.values.size];
  });
  return sizes.reduce((least, size) => (size < least ? size : least));
}

export const L_NOBIAS: Theorem = {
  id: 'L-nobias',
  on: 'nonDifferentiableOrIncorrect',
  statement:
    '|ndf(f) ∪ inc(f)| / |Ω| is at most the sum over neurons of |ndf(σ) ∪ bdz(σ)| / |M|, with bdz(σ) only where the next layer has no bias.',
  source: SOURCE_L,
  check: (question) => {
    const found = fault(question.structure);
    if (found !== null) return { applies: false, why: found };
    let bound: Rational = ZERO;
    question.structure.layers.forEach((layer, position) => {
      const { kinks, kinksAndZeroBoundary } = layer.activation.activation;
      const points = nextHasNoBias(question.structure, position)
        ? kinksAndZeroBoundary
        : kinks.length;
      if (points === 0) return;
      layer.dense.weight.forEach((_, unit) => {
        bound = add(bound, rational(BigInt(points), decidingSetSize(question, layer, unit)));
      });
    });
    return { applies: true, why: HOLDS, bound: { direction: 'upper', exact: bound } };
  },
};

export const L_SUFF: Theorem = {
  id: 'L-suff',
  on: 'nonDifferentiableOrIncorrect',
  statement:
    'w is in neither set if no neuron with ∂^AD f/∂z ≠ 0 has its pre-activation on a kink, or on the boundary of the zero set where the next layer has no bias. Sufficient only.',
  source: SOURCE_L,
  check: (question) => {
    const found = fault(question.structure);
    return found === null
      ? { applies: true, why: `${HOLDS}; a condition on single points` }
      : { applies: false, why: found };
  },
  checkAt: (question, facts) => {
    const found = fault(question.structure);
    if (found !== null) return { applies: false, why: found };
    for (const [position, layer] of question.structure.layers.entries()) {
      const zeroMatters = nextHasNoBias(question.structure, position);
      if (layer.activation.op === 'transcendental') {
        return { applies: false, why: `layer ${String(layer.layer)}: its values are not rational` };
      }
      const { activation } = layer.activation;
      const preActivations = facts.values[layer.activation.in]?.[0] ?? [];
      for (const [unit, y] of preActivations.entries()) {
        const critical =
          kinkIndexAt(activation, y) !== -1 || (zeroMatters && isZeroBoundary(activation, y));
        if (critical && facts.relevant[layer.activation.out]?.[0]?.[unit] === true) {
          return {
            applies: false,
            why: `layer ${String(layer.layer)}, unit ${String(unit)}: the pre-activation is critical and AD says that the output depends on it`,
          };
        }
      }
    }
    return { applies: true, why: `${HOLDS}, and no critical neuron is relevant at this point` };
  },
};
