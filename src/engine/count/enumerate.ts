/**
 * Exhaustive counting by enumeration of a stretch of ranks: part by part where a network is a sum of
 * independent ones, else by generated code where the network is on a lattice and the host allows it, by
 * the interpreting kernel where the grid is proved exact, by the reference enumerator elsewhere. All
 * give the same tally.
 *
 * With symmetries equal samples are taken once and one point of each orbit is visited, in weighted boxes
 * (`symmetry/`); what visits them is the same. The counts are then those of all points, except that
 * neurons which symmetries exchange are counted together until `evened` shares them out.
 */
import type { Proxies } from '../ad/rules.js';
import type { Network } from '../net/ir.js';
import { emptyTally, mergeTallies, type Tally } from '../tally.js';
import { MAX_LEAVES, judgeOf, type VerdictOptions } from '../verdict.js';
import { codeOf, compiledOf, type Compiled } from './compiled/compiled.js';
import { lineOf, type LineKernel } from './compiled/line.js';
import { gridProgramOf, type GridProgram } from './grid.js';
import { interpretRange } from './interpret.js';
import { kernelRange } from './kernel.js';
import { byPartsOf, type ByParts, type PartEnumeration } from './parts/by-parts.js';
import { neuronsOf, spaceOf, type Space } from './space.js';
import { orbitSpaceOf, stretchesOf, type OrbitSpace } from './symmetry/orbit-space.js';
import { evenedOver, weighted } from './symmetry/orbits.js';
import { withDistinctSamples } from './symmetry/samples.js';
import { symmetriesOf } from './symmetry/symmetries.js';

export interface Enumeration {
  readonly space: Space;
  /** How many points are visited: all of the space, or one of each orbit. */
  readonly visits: bigint;
  /** How many are visited on the way: fewer than the visits where parts are enumerated alone. */
  readonly work: bigint;
  /** Whether a kernel runs; without it a point costs about a thousand times as much. */
  readonly compiled: boolean;
  /** What visits the points. */
  readonly by: 'parts' | 'line' | 'generated' | 'kernel' | 'reference';
  /** The text of the generated code; null where there is none. */
  readonly source: string | null;
  /** The network on its grid, which the kernel runs on; null where it is declined. */
  readonly program: GridProgram | null;
  /** *Exact.* The tally of the visits [from, to): of ranks, or with symmetries of what stands for them. */
  readonly tallyOf: (from: bigint, to: bigint, onProgress: (visited: bigint) => void) => Tally;
  /** *Exact.* The tally of all visits with its neurons' counts shared out; the same without symmetries. */
  readonly evened: (tally: Tally) => Tally;
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
  /** Visit one point of each orbit; default false: every one. */
  readonly symmetries?: boolean;
}

/** A network as it is enumerated, and what of its space is visited. */
interface Visited {
  readonly network: Network;
  readonly space: Space;
  /** Null where the network is not taken apart; where it is, no symmetry is used. */
  readonly parts: ByParts | null;
  /** Null where every point is visited. */
  readonly orbits: OrbitSpace | null;
  readonly visits: bigint;
  readonly exchanged: readonly (readonly number[])[];
}

function visitedOf(whole: Network, proxies: Proxies, options: EnumerationOptions): Visited {
  const withSymmetries = options.symmetries === true;
  const network = withSymmetries ? withDistinctSamples(whole) : whole;
  const space = spaceOf(network, options.keepInert ?? false);
  /** A part is a network of its own. */
  const ofPart = (part: Network): PartEnumeration =>
    enumerationOf(part, proxies, { ...options, parts: false, symmetries: false });
  const parts =
    mayGenerate(options) && options.parts !== false
      ? byPartsOf(network, space, options.maxLeaves ?? MAX_LEAVES, ofPart)
      : null;
  const every = { network, space, parts, orbits: null, visits: space.visits, exchanged: [] };
  if (!withSymmetries || parts !== null) return every;
  const { classes, orbits: exchanged } = symmetriesOf(network, proxies, space);
  if (classes.length === 0) return { ...every, exchanged };
  const orbits = orbitSpaceOf(space, classes);
  return { ...every, orbits, visits: orbits.visits, exchanged };
}

function mayGenerate({ kernel, generate, fastPath }: EnumerationOptions): boolean {
  return kernel !== false && generate !== false && fastPath !== false;
}

/** *Exact.* The tally of a whole enumeration with symmetries, its neurons' counts shared out. */
export function evenedTally(network: Network, proxies: Proxies, tally: Tally): Tally {
  return evenedOver(visitedOf(network, proxies, { symmetries: true }).exchanged, tally);
}

/** What a plan needs to know of an enumeration with symmetries. */
export interface Outlook {
  readonly visits: bigint;
  readonly work: bigint;
  /** Whether a kernel or generated code does the work. */
  readonly compiled: boolean;
  readonly reducedBy: 'parts' | 'symmetries' | null;
}

/** *Exact.* What an enumeration would be; `program` is the network on its grid, if it has one. */
export function outlookOf(whole: Network, proxies: Proxies, program: GridProgram | null): Outlook {
  const { network, space, parts, orbits, visits } = visitedOf(whole, proxies, { symmetries: true });
  if (parts !== null) {
    return {
      visits,
      work: workOf(parts),
      compiled: parts.parts.every(({ compiled }) => compiled),
      reducedBy: 'parts',
    };
  }
  const own = network === whole ? program : gridProgramOf(network, proxies, space);
  const compiled = own !== null || isGenerated(network, proxies, space);
  return { visits, work: visits, compiled, reducedBy: orbits === null ? null : 'symmetries' };
}

function workOf({ parts }: ByParts): bigint {
  return parts.reduce((sum, part) => sum + part.space.visits, 0n);
}

/** *Exact.* Prepares the enumeration of a network with given proxies. */
export function enumerationOf(
  whole: Network,
  proxies: Proxies,
  options: EnumerationOptions = {},
): Enumeration {
  const { network, space, parts, orbits, visits, exchanged } = visitedOf(whole, proxies, options);
  const program = options.kernel === false ? null : gridProgramOf(network, proxies, space);
  const judge = judgeOf(network, proxies, options);
  const generates = mayGenerate(options) && parts === null;
  // Made when it is asked for, once: whoever plans a count need not compile it.
  let made: { line: LineKernel | null; compiled: Compiled | null } | null = null;
  const fast = (): NonNullable<typeof made> => {
    if (made !== null) return made;
    const line = generates ? lineOf(network, proxies, space) : null;
    const compiled =
      generates && line === null
        ? compiledOf(network, proxies, space, judge, options.maxLeaves ?? MAX_LEAVES)
        : null;
    made = { line, compiled };
    return made;
  };
  const by = (): Enumeration['by'] => {
    if (parts !== null) return 'parts';
    const { line, compiled } = fast();
    if (line !== null) return 'line';
    if (compiled !== null) return 'generated';
    return program === null ? 'reference' : 'kernel';
  };
  const ranks: Enumeration['tallyOf'] = (from, to, onProgress) => {
    const { line, compiled } = fast();
    if (line !== null) return line.tallyOf(from, to);
    if (compiled !== null) return compiled.tallyOf(from, to, onProgress);
    return program === null
      ? interpretRange(network, space, judge, from, to, onProgress)
      : kernelRange(network, program, space, judge, from, to, onProgress);
  };
  return {
    space,
    visits,
    work: parts === null ? visits : workOf(parts),
    get compiled() {
      return program !== null || by() !== 'reference';
    },
    get by() {
      return by();
    },
    get source() {
      if (parts === null) return fast().compiled?.source ?? null;
      const sources = parts.parts.flatMap(({ source }) => source ?? []);
      return sources.length === 0 ? null : sources.join('');
    },
    program,
    tallyOf: (from, to, onProgress) => {
      if (parts !== null) return parts.tallyOf(from, to, onProgress);
      if (orbits === null) return ranks(from, to, onProgress);
      const { compiled } = fast();
      const boxes = orbits.boxesOf(from, to);
      if (compiled !== null) return compiled.tallyOfBoxes(boxes, onProgress);
      let tally = emptyTally(neuronsOf(network).length);
      for (const each of boxes) {
        for (const [first, end] of stretchesOf(each, space.radices)) {
          const { done } = tally;
          const part = ranks(first, end, (visited) => {
            onProgress(done + visited);
          });
          tally = mergeTallies(tally, weighted(part, each.weight));
        }
        onProgress(tally.done);
      }
      return tally;
    },
    evened: (tally) => evenedOver(exchanged, tally),
  };
}

/** *Exact.* Whether code is generated for the enumeration of a network; nothing is run, nor judged. */
function isGenerated(network: Network, proxies: Proxies, space: Space): boolean {
  return lineOf(network, proxies, space) !== null || codeOf(network, proxies, space) !== null;
}
