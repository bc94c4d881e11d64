/** Time of one enumeration, apart from that of preparing it, and whether counts agree. */
import { enumerationOf, type EnumerationOptions, type Tally } from '../../src/engine/index.js';
import type { Built } from './cases.js';
import type { NativeRun } from './native.js';

/** Times in seconds of processor time, all threads of the process together, as C's are. */
export interface Timed {
  readonly tally: Tally;
  /** Seconds until the kernel stands: grid, code, tables. */
  readonly preparing: number;
  /** Seconds of the enumeration alone; code that V8 has not seen starts cold. */
  readonly counting: number;
}

const silent = (): void => undefined;

/** *Estimate.* An enumeration of the ranks [from, to) that is made anew, as each job makes it. */
export function timed(
  { network, proxies }: Built,
  from: bigint,
  to: bigint | null = null,
  options: EnumerationOptions = {},
): Timed {
  const start = process.cpuUsage();
  const enumeration = enumerationOf(network, proxies, options);
  const end = to ?? enumeration.space.visits;
  // Asking what visits the points makes it.
  if (enumeration.by === 'reference') throw new Error('timed: no kernel takes this network');
  const preparing = secondsSince(start);
  const middle = process.cpuUsage();
  const tally = enumeration.tallyOf(from, end, silent);
  return { tally, preparing, counting: secondsSince(middle) };
}

function secondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** Throws where two counts differ. */
export function agree(name: string, tally: Tally, run: NativeRun): void {
  const same = (what: string, ours: bigint, theirs: string | undefined): void => {
    if (theirs !== undefined && String(ours) !== theirs) {
      throw new Error(`${name}: ${what} is ${String(ours)} here and ${theirs} in C`);
    }
  };
  same('points', tally.done, run.points);
  same('nonDifferentiable', tally.nonDifferentiable, run.nonDifferentiable);
  same('incorrect', tally.incorrect, run.incorrect);
  if (tally.undecided !== 0n) throw new Error(`${name}: ${String(tally.undecided)} are undecided`);
}
