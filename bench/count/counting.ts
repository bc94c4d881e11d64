/** How a benchmark asks the engine for counts: the one place that knows by which functions. */
import {
  candidatesOf,
  countingOf,
  secondsOf,
  type Network,
  type Proxies,
} from '../../src/engine/index.js';

/** What a count is expected to take. */
export interface Estimate {
  readonly states: number;
  readonly operations: number;
  readonly bytes: number;
  readonly seconds: number;
}

export interface Planned {
  readonly method: string;
  /** Null where the engine does not tell. */
  readonly estimate: Estimate | null;
  /** *Exact.* The counts over Ω. Throws where they are out of reach after all. */
  readonly count: () => Counted;
}

export interface Counted {
  readonly touched: bigint;
  readonly nonDifferentiable: bigint;
  readonly incorrect: bigint;
  /** What was spent; null where the engine does not tell. */
  readonly states: number | null;
  readonly operations: number | null;
}

/** What a plan may spend on its estimate, as in src/plan/make.ts. */
const ESTIMATE_OPERATIONS = 3e7;
const LIMITS = { maxOperations: 1e13, maxBytes: 2 ** 32, maxWalks: 1e6 };

/** Everything that comes before the counting. Throws where counts are out of reach. */
export function planOf(network: Network, proxies: Proxies): Planned {
  const best = candidatesOf(network, proxies, ESTIMATE_OPERATIONS).find(
    ({ estimate }) => estimate !== null,
  );
  if (best === undefined) throw new Error('no method applies');
  return {
    method: best.method,
    estimate:
      best.estimate === null
        ? null
        : { ...best.estimate, seconds: secondsOf(best.estimate.operations) },
    count: () => {
      const counting = countingOf(network, proxies, best.method, LIMITS);
      const tally = counting.tallyOf(0n, counting.parts, () => undefined);
      const { multiplicity } = counting.space;
      return {
        touched: tally.touched * multiplicity,
        nonDifferentiable: tally.nonDifferentiable * multiplicity,
        incorrect: tally.incorrect * multiplicity,
        ...counting.work(),
      };
    },
  };
}
