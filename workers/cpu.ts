/**
 * The computing time of one thread, read from outside while it runs, also in the middle of a tight
 * loop: the kernel's own account of the thread (/proc/.../schedstat). Where there is none (not
 * Linux, or a thread that did not say which it is) the time on the wall stands for it.
 *
 * Lower bound where a thread is killed: what it computed since the last look is not counted. Threads
 * of the engine's runtime (collector, compiler) are not counted either.
 */
import { readFileSync, readlinkSync } from 'node:fs';

/** Numbers shared with a thread: done, thread, computing time at its beginning in nanoseconds. */
export const SHARD_NUMBERS = 3;
const [THREAD, STARTED] = [1, 2];

/** Nanoseconds on a processor; null where the system keeps no such account. */
function nanoseconds(path: string): bigint | null {
  try {
    const [onCpu = ''] = readFileSync(`${path}/schedstat`, 'utf8').split(' ');
    return /^[0-9]+$/.test(onCpu) ? BigInt(onCpu) : null;
  } catch {
    // No such file: another system, or the thread is gone.
    return null;
  }
}

/** For the computing thread: says which thread it is and what it has computed before. */
export function beginMetering(numbers: BigUint64Array): void {
  if (numbers.length < SHARD_NUMBERS) return;
  const started = nanoseconds('/proc/thread-self');
  if (started === null) return;
  const thread = readlinkSync('/proc/thread-self').split('/').at(-1) ?? '0';
  Atomics.store(numbers, STARTED, started);
  Atomics.store(numbers, THREAD, BigInt(thread));
}

export interface Meter {
  /** Microseconds of computing since the last call. */
  take(): number;
}

/** For the main thread: reads what the thread of these numbers computes. */
export function openMeter(numbers: BigUint64Array): Meter {
  const began = performance.now();
  let taken = 0;
  const total = (): number => {
    const thread = Atomics.load(numbers, THREAD);
    if (thread === 0n) return (performance.now() - began) * 1_000;
    const now = nanoseconds(`/proc/self/task/${String(thread)}`);
    return now === null ? taken : Number((now - Atomics.load(numbers, STARTED)) / 1_000n);
  };
  return {
    take() {
      const more = Math.max(0, total() - taken);
      taken += more;
      return more;
    },
  };
}
