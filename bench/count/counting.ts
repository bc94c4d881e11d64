/** How a benchmark asks the engine for counts: the one place that knows by which functions. */
import { gridProgramOf } from '../../src/engine/count/grid.js';
import { layeredCounts } from '../../src/engine/count/layered/layered.js';
import { spaceOf, type Network, type Proxies } from '../../src/engine/index.js';

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

/** Everything that comes before the counting. Throws where counts are out of reach. */
export function planOf(network: Network, proxies: Proxies): Planned {
  const space = spaceOf(network);
  const program = gridProgramOf(network, proxies, space);
  if (program === null) throw new Error('not on a grid of doubles');
  return {
    method: 'layered',
    estimate: null,
    count: () => {
      const counts = layeredCounts(network, proxies, program, { maxStates: 1e7, maxWalks: 1e6 });
      if (counts === null) throw new Error('layered counting declines');
      return {
        touched: counts.touched * space.multiplicity,
        nonDifferentiable: counts.nonDifferentiable * space.multiplicity,
        incorrect: counts.incorrect * space.multiplicity,
        states: counts.states,
        operations: null,
      };
    },
  };
}
