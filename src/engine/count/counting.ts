/**
 * The ways to count, behind one door: the closed form and layered counting where they apply,
 * enumeration everywhere. Each says what it would cost before it starts; whoever asks for a count
 * names the method, so that a plan made once is carried out the same everywhere.
 */
import type { Proxies } from '../ad/rules.js';
import { isPolynomial, type AnalyticNetwork, type Network } from '../net/ir.js';
import { analyticCandidatesOf, analyticCountingOf } from './analytic.js';
import { enumerationOf, outlookOf } from './enumerate.js';
import { isChain } from '../net/chain.js';
import { gridProgramOf } from './grid.js';
import { LayeredCount } from './layered/layered.js';
import type { CountLimits } from './layered/meter.js';
import { Outgrown } from './layered/outgrown.js';
import { approximate, log10Estimate } from '../num/float64.js';
import type { Candidate, CountMethod, Counting } from './method.js';
import { spaceOf } from './space.js';

export type { Candidate, CountMethod, Counting } from './method.js';

/** *Estimate.* What one core of a common machine does in a second. */
const OPERATIONS_PER_SECOND = 4e8;
/** *Estimate.* What the first count in a process takes before its code is compiled. */
const COLD_SECONDS = 0.005;

/** *Estimate.* Seconds of so many operations on one core of a common machine. */
export function secondsOf(operations: number): number {
  return COLD_SECONDS + operations / OPERATIONS_PER_SECOND;
}

/** *Estimate.* Operations of so many seconds, without what a first count takes before. */
export function operationsIn(seconds: number): number {
  return seconds * OPERATIONS_PER_SECOND;
}

/** Operations of one visit by the kernel; and by the reference enumerator, per parameter. */
const KERNEL_VISIT = 300;
const JUDGE_PARAMETER = 30_000;

/** *Exact.* The count of a network by the given method. Throws an Error where it does not apply. */
export function countingOf(
  network: AnalyticNetwork,
  proxies: Proxies,
  method: CountMethod,
  limits: CountLimits,
): Counting {
  if (!isPolynomial(network)) return analyticCountingOf(network, proxies, method);
  if (method === 'enumeration') {
    const enumeration = enumerationOf(network, proxies, { symmetries: true });
    const { space, compiled, visits, work, tallyOf } = enumeration;
    const cost = visitCost(compiled, network);
    let visited = 0n;
    return {
      method,
      space,
      parts: visits,
      tallyOf: (from, to, onProgress) => {
        const tally = tallyOf(from, to, onProgress);
        visited += to - from;
        return tally;
      },
      // Of parts fewer points are visited than are covered, and those may be beyond all doubles.
      work: () => ({ operations: approximate((visited * work) / visits) * cost, states: 0 }),
    };
  }
  const space = spaceOf(network);
  const program = gridProgramOf(network, proxies, space);
  const count = program === null ? null : LayeredCount.of(network, proxies, space, program, limits);
  if (count?.method !== method) {
    throw new Error(`countingOf: the method ${method} does not apply to this network`);
  }
  return {
    method,
    space,
    parts: count.parts,
    tallyOf: (from, to, onProgress) => count.tallyOf(from, to, onProgress),
    work: () => ({ operations: count.meter.operations, states: count.meter.states }),
  };
}

/**
 * *Estimate.* What every method would cost, the one without states last. `budget` bounds the
 * operations that estimating may take.
 */
export function candidatesOf(
  network: AnalyticNetwork,
  proxies: Proxies,
  budget: number,
): Candidate[] {
  if (!isPolynomial(network)) return analyticCandidatesOf(network);
  const space = spaceOf(network);
  const program = gridProgramOf(network, proxies, space);
  const { visits, work, compiled, reducedBy } = outlookOf(network, proxies, program);
  const points = POINTS[reducedBy ?? 'nothing'];
  const enumeration: Candidate = {
    method: 'enumeration',
    estimate: {
      states: 0,
      operations: approximate(work) * visitCost(compiled, network),
      log10Operations: log10Estimate(work) + Math.log10(visitCost(compiled, network)),
      bytes: 0,
    },
    parts: visits,
    visits: work,
    isCut: reducedBy !== 'parts',
    compiled,
    why: compiled
      ? points
      : `${points}, with the reference enumerator: the faster ones need numbers that doubles hold exactly, maxima of few units and no loss`,
  };
  const limits = { maxOperations: budget, maxBytes: PLANNING_BYTES, maxWalks: PLANNING_WALKS };
  const declined = {
    method: 'layered',
    estimate: null,
    parts: 0n,
    visits: 0n,
    isCut: true,
    compiled: program !== null,
  } as const;
  try {
    const count =
      program === null ? null : LayeredCount.of(network, proxies, space, program, limits);
    if (count === null) {
      const why =
        program !== null
          ? 'needs one input, and parameters that are used once'
          : isChain(network)
            ? 'needs numbers that doubles hold exactly'
            : 'needs a chain of dense layers';
      return [{ ...declined, why }, enumeration];
    }
    return [
      {
        method: count.method,
        estimate: count.estimate(budget),
        parts: count.parts,
        visits: 0n,
        isCut: true,
        compiled: true,
        why: count.method === 'layered' ? 'sums over the states of the layers' : 'one product',
      },
      enumeration,
    ];
  } catch (error) {
    if (!(error instanceof Outgrown)) throw error;
    return [{ ...declined, why: error.message }, enumeration];
  }
}

/** Bytes of states while estimating. */
const PLANNING_BYTES = 2 ** 27;
/** Most points behind one bound state that any job would walk. */
const PLANNING_WALKS = 200_000;

/** What an enumeration visits, by what saves it visits. */
const POINTS = {
  nothing: 'visits every point',
  symmetries: 'visits one of all points that symmetries exchange',
  parts: 'visits every point of each independent part of the network',
} as const;

function visitCost(compiled: boolean, network: Network): number {
  return compiled ? KERNEL_VISIT : JUDGE_PARAMETER * Math.max(1, network.parameters.length);
}
