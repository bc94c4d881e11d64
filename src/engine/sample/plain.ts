/** Plain sampling: a point uniform in Ω, decided exactly. Every value is 0 or 1. */
import { ONE } from '../num/rational.js';
import { addPoint, addTie, type Estimator } from './estimator.js';
import type { Subject } from './subject.js';
import { noObservation } from './sums.js';

/** The estimator that counts. */
export function plainEstimator(
  subject: Pick<Subject, 'draw' | 'decide'>,
  neurons: number,
): Estimator {
  return {
    method: 'plain',
    unit: 1n,
    range: ONE,
    neuronRanges: Array.from({ length: neurons }, () => ONE),
    usual: noObservation(),
    flush: null,
    observe(draws, into) {
      subject.draw(draws);
      const decision = subject.decide();
      if (decision.tied.length === 0 && decision.tiesDecided) return 'usual';
      addPoint(decision, 1n, into);
      decision.tied.forEach((neuron, k) => {
        addTie(neuron, 1n, decision.relevant[k] === true, into);
      });
      return 'written';
    },
  };
}
