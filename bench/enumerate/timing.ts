/** Time of one enumeration, apart from that of preparing it, and whether counts agree. */
import { enumerationOf, type EnumerationOptions, type Tally } from '../../src/engine/index.js';
import { median } from '../machine.js';
import type { Built } from './cases.js';
import type { NativeRun } from './native.js';

/** Times in seconds, of one core (`between`). */
export interface Timed {
  readonly tally: Tally;
  /** Until the kernel stands: grid, code, tables. */
  readonly preparing: number;
  /** Of the enumeration alone. */
  readonly counting: number;
}

/** Shorter runs are repeated for so long, and their medians taken. */
const REPEATED_SECONDS = 0.25;
/** And so long before anything is measured: V8 has compiled the engine then, as in a thread that counts. */
const WARMING_SECONDS = 1;

const silent = (): void => undefined;

/** *Estimate.* Enumerations of the ranks [from, to), each made anew, as each job makes it. */
export function timed(
  built: Built,
  from: bigint,
  to: bigint | null = null,
  options: EnumerationOptions = {},
  seconds: number = REPEATED_SECONDS,
): Timed {
  const runs = [once(built, from, to, options)];
  let spent = runs[0]?.counting ?? 0;
  while (spent < seconds) {
    const run = once(built, from, to, options);
    spent += run.preparing + run.counting;
    runs.push(run);
  }
  const [{ tally }] = runs as [Timed];
  return {
    tally,
    preparing: median(runs.map(({ preparing }) => preparing)),
    counting: median(runs.map(({ counting }) => counting)),
  };
}

/** The same unmeasured. */
export function warmUp(built: Built, from: bigint, to: bigint | null = null): void {
  timed(built, from, to, {}, WARMING_SECONDS);
}

function once(
  { network, proxies }: Built,
  from: bigint,
  to: bigint | null,
  options: EnumerationOptions,
): Timed {
  const start = now();
  const enumeration = enumerationOf(network, proxies, options);
  const end = to ?? enumeration.space.visits;
  // Asking for its text makes it.
  const { by, source } = enumeration;
  if (by === 'reference' || (by === 'generated' && source === null)) {
    throw new Error('timed: no kernel takes this network');
  }
  const middle = now();
  const tally = enumeration.tallyOf(from, end, silent);
  const done = now();
  return { tally, preparing: between(start, middle), counting: between(middle, done) };
}

/**
 * Processor time of all threads of the process in microseconds, and wall time in milliseconds around its
 * reading, which takes a while.
 */
interface Instant {
  readonly before: number;
  readonly processor: number;
  readonly after: number;
}

function now(): Instant {
  const before = performance.now();
  const { user, system } = process.cpuUsage();
  return { before, processor: user + system, after: performance.now() };
}

/**
 * Seconds: processor time, as C's is, so that others who use the machine do not count; where that would be
 * more than wall time, as reading it or other threads of V8 make it, wall time.
 */
function between(from: Instant, to: Instant): number {
  return Math.min((to.before - from.after) / 1e3, (to.processor - from.processor) / 1e6);
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
