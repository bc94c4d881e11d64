/** The words that the report uses in a technical sense, after theory.md section 1. */
import type { Section } from './document.js';

const TERMS: readonly (readonly [string, string])[] = [
  [
    'AD',
    'Automatic differentiation: the chain rule, with a proxy derivative at every kink. Forward and reverse mode give the same exact value.',
  ],
  ['M', 'The distinct finite real values of the number format; +0 and −0 are one value.'],
  ['Ω', 'All parameter vectors: the product of the sets that the free parameters range over.'],
  ['kink', 'A breakpoint of an activation where its left and its right derivative differ.'],
  [
    'proxy',
    'The number that AD uses as the derivative of an activation at a kink, such as 0 for ReLU at 0.',
  ],
  ['pre-activation', 'What a neuron computes before its activation: y = weights · inputs + bias.'],
  [
    'touched',
    'The points of Ω where some pre-activation lies on a kink; such a neuron is called tied.',
  ],
  [
    'relevant',
    'Of a tied neuron: AD, with its proxies, finds a non-zero derivative of some output with respect to it.',
  ],
  ['ndf', 'The points of Ω where the function of the parameters is not differentiable.'],
  [
    'inc',
    'The points of Ω where the function is differentiable and AD returns something else. ndf and inc lie inside touched and do not meet.',
  ],
  [
    'first moment',
    'The sum over all neurons of the share of Ω where the neuron is tied and relevant.',
  ],
  [
    'second moment',
    'The lower bound on the share of ndf that the first moment and the share of pairs of relevant ties give together.',
  ],
  [
    'slack',
    'What a theorem’s bound exceeds the counted share by: from the format, from irrelevance, from overlap.',
  ],
  [
    'Clarke subdifferential',
    'The convex hull of all limits of derivatives at points near the given one: the accepted generalised derivative where there is none.',
  ],
  ['vacuous', 'Of a bound on a share: at least 1, so it says nothing.'],
];

/** Terms and their meanings. */
export function glossarySection(): Section {
  return {
    id: 'glossary',
    heading: 'Glossary',
    blocks: [{ kind: 'definitions', items: TERMS.map(([term, text]) => ({ term, text: [text] })) }],
  };
}
