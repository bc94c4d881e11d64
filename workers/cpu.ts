/**
 * The computing time of one thread, read from outside while it runs, also in the middle of a tight
 * loop: the kernel's own account of the thread (/proc/.../schedstat). Where there is none (not
 * Linux) the time on the wall stands for it. What waits for a thread has computed nothing.
 *
 * Lower bound where a thread is killed: what it computed since the last look is not counted. Threads
 * of the engine's runtime (collector, compiler) are not counted either.
 */
import { openSync, readFileSync, readlinkSync, readSync } from 'node:fs';

/**
 * Numbers shared with a thread: done; the thread whose account is kept, 0 of none; nanoseconds at
 * begin and end, of its account or of the clock; whether the time of its samples is over; and
 * whether a thread has begun. The last two are yes where they are not 0.
 */
export const SHARD_NUMBERS = 6;
const [THREAD, BEGAN, ENDED, OVER, BEGUN] = [1, 2, 3, 4, 5];

/** For the main thread: samples are to be ended. */
export function endTime(numbers: BigUint64Array): void {
  Atomics.store(numbers, OVER, 1n);
}

/** For the computing thread: whether its samples are to be ended. */
export function isTimeOver(numbers: BigUint64Array): boolean {
  return numbers.length === SHARD_NUMBERS && Atomics.load(numbers, OVER) !== 0n;
}

export interface Numbers {
  /** All 0. */
  take(): SharedArrayBuffer;
  /** Only of a shard whose thread has answered: one that was killed may write until it is gone. */
  giveBack(numbers: SharedArrayBuffer): void;
}

/** Numbers to share with threads. Memory that threads share is dear to make, so it is used again. */
export function openNumbers(): Numbers {
  const free: SharedArrayBuffer[] = [];
  return {
    take() {
      const numbers = free.pop() ?? new SharedArrayBuffer(8 * SHARD_NUMBERS);
      new BigUint64Array(numbers).fill(0n);
      return numbers;
    },
    giveBack: (numbers) => void free.push(numbers),
  };
}

/** Nanoseconds on a processor, of what the kernel writes; null where that is something else. */
function onCpu(schedstat: string): bigint | null {
  const digits = /^[0-9]+/.exec(schedstat)?.[0];
  return digits === undefined ? null : BigInt(digits);
}

interface Account {
  readonly thread: bigint;
  now(): bigint | null;
}

/** The account of the calling thread; null where the system keeps none. */
export function accountOfThisThread(): Account | null {
  try {
    const thread = BigInt(readlinkSync('/proc/thread-self').split('/').at(-1) ?? '');
    const file = openSync('/proc/thread-self/schedstat', 'r');
    const bytes = Buffer.alloc(64);
    return {
      thread,
      now: () => onCpu(bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0))),
    };
  } catch {
    // Another system; whoever asks for the time gets that on the wall instead.
    return null;
  }
}

/** For the computing thread: what `compute` gives, with the numbers that say what it took. */
export function metered<T>(account: Account | null, numbers: BigUint64Array, compute: () => T): T {
  if (numbers.length < SHARD_NUMBERS) return compute();
  const computed = account?.now() ?? null;
  const began = computed ?? process.hrtime.bigint();
  Atomics.store(numbers, BEGAN, began);
  Atomics.store(numbers, THREAD, computed === null ? 0n : (account?.thread ?? 0n));
  Atomics.store(numbers, BEGUN, 1n);
  try {
    return compute();
  } finally {
    const ended = computed === null ? process.hrtime.bigint() : account?.now();
    Atomics.store(numbers, ENDED, ended ?? began);
  }
}

export interface Meter {
  /** Microseconds of computing since the last call. */
  take(): number;
  /** Microseconds of all calls so far. */
  taken(): number;
}

/** For the main thread: reads what the thread of these numbers computes. */
export function openMeter(numbers: BigUint64Array): Meter {
  let taken = 0;
  const total = (): number => {
    if (Atomics.load(numbers, BEGUN) === 0n) return 0;
    const thread = Atomics.load(numbers, THREAD);
    const ended = Atomics.load(numbers, ENDED);
    const running = (): bigint | null =>
      thread === 0n ? process.hrtime.bigint() : accountOf(thread);
    const now = ended === 0n ? running() : ended;
    return now === null ? taken : Number((now - Atomics.load(numbers, BEGAN)) / 1_000n);
  };
  return {
    take() {
      const more = Math.max(0, total() - taken);
      taken += more;
      return more;
    },
    taken: () => taken,
  };
}

/** Nanoseconds of another thread of this process; null where it is gone. */
function accountOf(thread: bigint): bigint | null {
  try {
    return onCpu(readFileSync(`/proc/self/task/${String(thread)}/schedstat`, 'latin1'));
  } catch {
    return null;
  }
}
