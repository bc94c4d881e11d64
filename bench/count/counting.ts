/** How a benchmark asks the engine for counts: the one place that knows by which functions. */
import { gridProgramOf } from '../../src/engine/count/grid.js';
import { layeredCounts } from '../../src/engine/count/layered/layered.js';
import { spaceOf, type Network, type Proxies } from '../../src/engine/index.js';

export interface Counted {
  readonly method: string;
  readonly touched: bigint;
  readonly nonDifferentiable: bigint;
  readonly incorrect: bigint;
  readonly states: number;
  /** Null where the engine does not tell. */
  readonly operations: number | null;
  readonly estimate: {
    readonly states: bigint;
    readonly operations: bigint;
    readonly bytes: bigint;
    readonly seconds: number;
  } | null;
}

/** *Exact.* The counts over Ω, everything from the planning on. Throws where they are out of reach. */
export function countsOf(network: Network, proxies: Proxies): Counted {
  const space = spaceOf(network);
  const program = gridProgramOf(network, proxies, space);
  if (program === null) throw new Error('not on a grid of doubles');
  const counts = layeredCounts(network, proxies, program, { maxStates: 1e7, maxWalks: 1e6 });
  if (counts === null) throw new Error('layered counting declines');
  return {
    method: 'layered',
    touched: counts.touched * space.multiplicity,
    nonDifferentiable: counts.nonDifferentiable * space.multiplicity,
    incorrect: counts.incorrect * space.multiplicity,
    states: counts.states,
    operations: null,
    estimate: null,
  };
}
