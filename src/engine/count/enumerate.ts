/**
 * Exhaustive counting by enumeration of a stretch of ranks: part by part where a network is a sum of
 * independent ones, generated code where the network is on a
 * lattice and the host allows it, else the interpreting kernel where the grid is proved exact, the
 * reference enumerator elsewhere. All give the same tally.
 */
import type { Proxies } from '../ad/rules.js';
import type { Network } from '../net/ir.js';
import type { Tally } from '../tally.js';
import { MAX_LEAVES, judgeOf, type VerdictOptions } from '../verdict.js';
import { codeOf, compiledOf, type Compiled } from './compiled/compiled.js';
import { lineOf, type LineKernel } from './compiled/line.js';
import { gridProgramOf, type GridProgram } from './grid.js';
import { interpretRange } from './interpret.js';
import { kernelRange } from './kernel.js';
import { byPartsOf, type ByParts, type PartEnumeration } from './parts/by-parts.js';
import { spaceOf, type Space } from './space.js';

export interface Enumeration {
  readonly space: Space;
  /** Whether a kernel runs; without it a point costs about a thousand times as much. */
  readonly compiled: boolean;
  /** What visits the points. */
  readonly by: 'parts' | 'line' | 'generated' | 'kernel' | 'reference';
  /** The text of the generated code; null where there is none. */
  readonly source: string | null;
  /** The network on its grid, which the kernel runs on; null where it is declined. */
  readonly program: GridProgram | null;
  /** *Exact.* The tally of the ranks [from, to). */
  readonly tallyOf: (from: bigint, to: bigint, onProgress: (visited: bigint) => void) => Tally;
}

export interface EnumerationOptions extends VerdictOptions {
  /** Allow the kernels; default true. Off, the reference enumerator counts. */
  readonly kernel?: boolean;
  /** Allow generated code; default true. Off, as where the host forbids it, nothing is generated. */
  readonly generate?: boolean;
  /** Enumerate independent parts alone where code may be generated; default true. */
  readonly parts?: boolean;
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
  const generates =
    options.kernel !== false && options.generate !== false && options.fastPath !== false;
  // Made when it is asked for, once: whoever plans a count need not compile it.
  let made: {
    parts: ByParts | null;
    line: LineKernel | null;
    compiled: Compiled | null;
  } | null = null;
  const maxLeaves = options.maxLeaves ?? MAX_LEAVES;
  /** A part is a network of its own. */
  const ofPart = (part: Network): PartEnumeration =>
    enumerationOf(part, proxies, { ...options, parts: false });
  const fast = (): NonNullable<typeof made> => {
    if (made !== null) return made;
    const parts =
      generates && options.parts !== false ? byPartsOf(network, space, maxLeaves, ofPart) : null;
    const line = generates && parts === null ? lineOf(network, proxies, space) : null;
    const compiled =
      generates && parts === null && line === null
        ? compiledOf(network, proxies, space, judge, maxLeaves)
        : null;
    made = { parts, line, compiled };
    return made;
  };
  const by = (): Enumeration['by'] => {
    const { parts, line, compiled } = fast();
    if (parts !== null) return 'parts';
    return byOf(line !== null, compiled !== null, program !== null);
  };
  return {
    space,
    get compiled() {
      return program !== null || by() !== 'reference';
    },
    get by() {
      return by();
    },
    get source() {
      const { parts, compiled } = fast();
      if (parts === null) return compiled?.source ?? null;
      const sources = parts.parts.flatMap(({ source }) => source ?? []);
      return sources.length === 0 ? null : sources.join('');
    },
    program,
    tallyOf: (from, to, onProgress) => {
      const { parts, line, compiled } = fast();
      if (parts !== null) return parts.tallyOf(from, to, onProgress);
      if (line !== null) return line.tallyOf(from, to);
      if (compiled !== null) return compiled.tallyOf(from, to, onProgress);
      return program === null
        ? interpretRange(network, space, judge, from, to, onProgress)
        : kernelRange(network, program, space, judge, from, to, onProgress);
    },
  };
}

/** *Exact.* Whether code is generated for the enumeration of a network; nothing is run, nor judged. */
export function isGenerated(network: Network, proxies: Proxies, space: Space): boolean {
  return lineOf(network, proxies, space) !== null || codeOf(network, proxies, space) !== null;
}

function byOf(line: boolean, compiled: boolean, program: boolean): Enumeration['by'] {
  if (line) return 'line';
  if (compiled) return 'generated';
  return program ? 'kernel' : 'reference';
}
