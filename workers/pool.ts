/**
 * The compute threads of one worker process: piscina, with the ways a task can die told apart.
 *
 * Promises: an aborted task ends at once, even in the middle of a tight loop, since its thread is
 * killed; a task that eats its memory kills its thread and nothing else; the main thread never
 * computes, so that locks and heartbeats are always in time.
 */
import { Piscina } from 'piscina';
import type { MergeTask, OutgrownAnswer, ShardTask } from './compute.js';

/** How a computation ended without an answer. */
export class ComputeFailure extends Error {
  override readonly name = 'ComputeFailure';
  /** All but `crashed` would happen again; a thread that crashed may have had bad luck. */
  readonly kind: 'threw' | 'outgrown' | 'out-of-memory' | 'crashed';

  constructor(kind: ComputeFailure['kind'], cause: unknown) {
    super(`computation ${kind}`, { cause });
    this.kind = kind;
  }
}

/** Thrown where the signal ended the task. */
export class ComputeAborted extends Error {
  override readonly name = 'ComputeAborted';
}

export interface Pool {
  shard(task: ShardTask, signal: AbortSignal): Promise<string>;
  merge(task: MergeTask, signal: AbortSignal): Promise<string>;
  /** Kills every thread. */
  destroy(): Promise<void>;
}

export interface PoolOptions {
  /** Absolute path of the thread entry, emitted JavaScript that exports `shard` and `merge`. */
  readonly computePath: string;
  readonly threads: number;
  /** Heap of one thread. */
  readonly threadMemoryMb: number;
}

/** An idle thread stays this long, with its plan parsed. */
const IDLE_MS = 30_000;

/**
 * piscina tries `require` on an entry first. Node 20 ends the whole process ("IsGraphAsync must be
 * used on an instantiated module") where a thread is killed while `require` loads an ES module; told
 * that it cannot, it refuses at once and piscina goes on to `import`, which may be killed at any time.
 */
const EXEC_ARGV = [
  // A thread refuses the flags of V8 that its process may have been started with.
  ...process.execArgv.filter((flag) => flag === '--enable-source-maps'),
  '--no-experimental-require-module',
];

function failureOf(error: unknown): ComputeFailure {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return new ComputeFailure('out-of-memory', error);
  // piscina has no error class of its own for a thread that called process.exit.
  const exited = error instanceof Error && /^worker exited with code/.test(error.message);
  return new ComputeFailure(exited ? 'crashed' : 'threw', error);
}

function isOutgrown(answer: unknown): answer is OutgrownAnswer {
  return typeof answer === 'object' && answer !== null && 'outgrown' in answer;
}

/** Lets so many run at a time, the others in the order of arrival. */
function openSlots(count: number): <T>(signal: AbortSignal, run: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (signal, run) => {
    if (free > 0) free--;
    else {
      // The one that leaves hands its place over.
      await new Promise<void>((resolve, reject) => {
        const go = (): void => {
          signal.removeEventListener('abort', abort);
          resolve();
        };
        const abort = (): void => {
          const at = waiting.indexOf(go);
          if (at >= 0) waiting.splice(at, 1);
          reject(new ComputeAborted(String(signal.reason)));
        };
        if (signal.aborted) {
          reject(new ComputeAborted(String(signal.reason)));
          return;
        }
        signal.addEventListener('abort', abort, { once: true });
        waiting.push(go);
      });
    }
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}

/** Starts no thread before the first task; never more than `threads` shards and one merge. */
export function openPool({ computePath, threads, threadMemoryMb }: PoolOptions): Pool {
  const piscina = new Piscina({
    filename: computePath,
    minThreads: 0,
    maxThreads: threads + 1,
    idleTimeout: IDLE_MS,
    execArgv: EXEC_ARGV,
    resourceLimits: { maxOldGenerationSizeMb: threadMemoryMb },
  });
  // A thread that dies before it takes a task (its entry cannot be loaded) leaves the task waiting
  // for ever; piscina only tells the pool. All tasks in hand are given up, and tried again.
  const giveUp = new Set<(error: unknown) => void>();
  piscina.on('error', (error: unknown) => {
    for (const reject of [...giveUp]) reject(new ComputeFailure('crashed', error));
  });

  const inSlot = openSlots(threads);

  async function run(name: string, task: unknown, signal: AbortSignal): Promise<string> {
    const isAborted = (): boolean => signal.aborted;
    if (isAborted()) throw new ComputeAborted(String(signal.reason));
    const over = new AbortController();
    let settled = false;
    const abort = (): void => {
      over.abort(signal.reason);
    };
    signal.addEventListener('abort', abort, { once: true });
    let reject: (error: unknown) => void = () => undefined;
    const broken = new Promise<never>((_resolve, rejectBroken) => (reject = rejectBroken));
    giveUp.add(reject);
    try {
      const answer: unknown = await Promise.race([
        piscina.run(task, { name, signal: over.signal }).finally(() => (settled = true)),
        broken,
      ]);
      if (isOutgrown(answer)) throw new ComputeFailure('outgrown', new Error(answer.outgrown));
      if (typeof answer !== 'string') throw new TypeError(`compute ${name}: no text came back`);
      return answer;
    } catch (error) {
      if (isAborted()) throw new ComputeAborted(String(signal.reason), { cause: error });
      throw error instanceof ComputeFailure ? error : failureOf(error);
    } finally {
      giveUp.delete(reject);
      signal.removeEventListener('abort', abort);
      if (!settled) over.abort();
    }
  }

  return {
    shard: (task, signal) => inSlot(signal, () => run('shard', task, signal)),
    merge: (task, signal) => run('merge', task, signal),
    destroy: () => piscina.destroy(),
  };
}
