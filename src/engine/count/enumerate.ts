/**
 * Exhaustive counting by enumeration of a stretch of ranks: the kernel where the grid is proved
 * exact, the reference enumerator elsewhere. Both give the same tally.
 */
import type { Proxies } from '../ad/rules.js';
import type { Network } from '../net/ir.js';
import type { Tally } from '../tally.js';
import { judgeOf, type VerdictOptions } from '../verdict.js';
import { gridProgramOf, type GridProgram } from './grid.js';
import { interpretRange } from './interpret.js';
import { kernelRange } from './kernel.js';
import { spaceOf, type Space } from './space.js';

export interface Enumeration {
  readonly space: Space;
  /** Whether the kernel runs; without it a point costs about a thousand times as much. */
  readonly compiled: boolean;
  /** The network on its grid, which the kernel runs on; null where it is declined. */
  readonly program: GridProgram | null;
  /** *Exact.* The tally of the ranks [from, to). */
  readonly tallyOf: (from: bigint, to: bigint, onProgress: (visited: bigint) => void) => Tally;
}

export interface EnumerationOptions extends VerdictOptions {
  /** Allow the kernel; default true. Off, the reference enumerator counts. */
  readonly kernel?: boolean;
  /** Visit every value of inert parameters; default false. */
  readonly keepInert?: boolean;
}

/** *Exact.* Prepares the enumeration of a network with given proxies. */
export function enumerationOf(
  network: Network,
  proxies: Proxies,
  options: EnumerationOptions = {},
): Enumeration {
  const space = spaceOf(network, options.keepInert ?? false);
  const program = options.kernel === false ? null : gridProgramOf(network, proxies, space);
  const judge = judgeOf(network, proxies, options);
  return {
    space,
    compiled: program !== null,
    program,
    tallyOf: (from, to, onProgress) =>
      program === null
        ? interpretRange(network, space, judge, from, to, onProgress)
        : kernelRange(network, program, space, judge, from, to, onProgress),
  };
}
