/**
 * The subject over exact real numbers: a network with exponentials, point by point. It can be drawn and
 * decided, which is what plain sampling asks for; no pivot is solved for where values are no rationals.
 */
import type { Space } from '../count/space.js';
import type { AnalyticNetwork } from '../net/ir.js';
import { ZERO } from '../num/rational.js';
import { decisionOf, neuronIndex, type Judge } from './exact-subject.js';
import type { Subject } from './subject.js';

/** The subject of any network, for plain sampling. */
export function realSubject(
  network: AnalyticNetwork,
  space: Space,
  judge: Judge,
): Pick<Subject, 'draw' | 'decide'> {
  const neuronAt = neuronIndex(network);
  const sets = network.parameters.map(({ values }) => values);
  const point = sets.map((values) => values.at(0n));
  return {
    draw(draws) {
      for (const parameter of space.digits) {
        const values = sets[parameter];
        point[parameter] = values?.at(draws.belowBig(values.size)) ?? ZERO;
      }
    },
    decide: () => decisionOf(judge(point), neuronAt),
  };
}
