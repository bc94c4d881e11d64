/**
 * The compute threads of one worker process: piscina, with the ways a task can die told apart.
 *
 * Promises: an aborted task ends at once, even in the middle of a tight loop, since its thread is
 * killed; a task that eats its memory kills its thread and nothing else; the main thread never
 * computes, so that locks and heartbeats are always in time.
 *
 * Waking a thread costs more than a very short shard does. So shards that wait together go to a
 * thread in one message, as many as `together` allows, in the order in which they came. They end
 * together, too: where one is aborted, or the thread fails, the others are to be asked for alone.
 */
import { Piscina } from 'piscina';
import { Bag } from './bag.js';
import type { MergeTask, OutgrownAnswer, ShardTask } from './compute.js';
import type { Ending } from './ending.js';
import type { Together } from './hands.js';

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

/** Thrown where the task was ended. */
export class ComputeAborted extends Error {
  override readonly name = 'ComputeAborted';
}

/** Thrown where a thread that had several shards in hand ended by another's abort, or failed: by whose fault is not known. */
export class FailedTogether extends Error {
  override readonly name = 'FailedTogether';
}

export interface Pool {
  /** In one go with others where `inCompany`, and then may throw FailedTogether; else alone. */
  shard(task: ShardTask, ending: Ending<unknown>, inCompany?: boolean): Promise<string>;
  merge(task: MergeTask, ending: Ending<unknown>): Promise<string>;
  /** Kills every thread. */
  destroy(): Promise<void>;
}

export interface PoolOptions {
  /** Absolute path of the thread entry, emitted JavaScript that exports `shards` and `merge`. */
  readonly computePath: string;
  readonly threads: number;
  /** Heap of one thread. */
  readonly threadMemoryMb: number;
  /** How many shards one message brings to a thread, at this moment; 1 where absent. */
  readonly together?: () => Together;
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

const ALONE: Together = { least: 1, most: 1 };

/** A shard that waits for a thread, or for its answer. */
interface Asked {
  readonly task: ShardTask;
  readonly inCompany: boolean;
  readonly answer: (text: string) => void;
  readonly fail: (error: unknown) => void;
  /** What its abort does: leaving those that wait, then leaving those that compute. */
  aborted: () => void;
}

function textOf(name: string, answer: unknown): string {
  if (isOutgrown(answer)) throw new ComputeFailure('outgrown', new Error(answer.outgrown));
  if (typeof answer !== 'string') throw new TypeError(`compute ${name}: no text came back`);
  return answer;
}

/** Starts no thread before the first task; never more than `threads` shards and one merge. */
export function openPool(options: PoolOptions): Pool {
  const { computePath, threads, threadMemoryMb, together = () => ALONE } = options;
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
  const giveUp = new Bag<{ place: number; reject: (error: unknown) => void }>();
  piscina.on('error', (error: unknown) => {
    for (const { reject } of giveUp.items()) reject(new ComputeFailure('crashed', error));
  });

  /** What a thread answers; the abort of `over` kills it. */
  async function onThread(name: string, task: unknown, over: AbortController): Promise<unknown> {
    let settled = false;
    let reject: (error: unknown) => void = () => undefined;
    const broken = new Promise<never>((_resolve, rejectBroken) => (reject = rejectBroken));
    const inHand = { place: -1, reject };
    giveUp.add(inHand);
    try {
      return await Promise.race([
        piscina.run(task, { name, signal: over.signal }).finally(() => (settled = true)),
        broken,
      ]);
    } catch (error) {
      throw error instanceof ComputeFailure ? error : failureOf(error);
    } finally {
      giveUp.remove(inHand);
      if (!settled) over.abort();
    }
  }

  const waiting: Asked[] = [];
  let free = threads;
  let looking = false;

  /** The next in line, with those behind it that a thread takes along: an equal share of all. */
  function nextInLine(): Asked[] {
    const { least, most } = together();
    const share = Math.min(most, Math.max(least, Math.ceil(waiting.length / free)));
    const loner = waiting.findIndex(({ inCompany }) => !inCompany);
    return waiting.splice(0, Math.max(1, loner < 0 ? share : Math.min(share, loner)));
  }

  async function computeAll(batch: readonly Asked[]): Promise<void> {
    const over = new AbortController();
    for (const asked of batch) {
      asked.aborted = () => {
        over.abort();
      };
    }
    try {
      const tasks = batch.map(({ task }) => task);
      const answers = (await onThread('shards', tasks, over)) as readonly unknown[];
      for (const [at, asked] of batch.entries()) {
        try {
          asked.answer(textOf('shard', answers[at]));
        } catch (error) {
          asked.fail(error);
        }
      }
    } catch (error) {
      const why = batch.length === 1 ? error : new FailedTogether('shards', { cause: error });
      for (const asked of batch) asked.fail(why);
    }
  }

  function look(): void {
    looking = false;
    while (free > 0 && waiting.length > 0) {
      const batch = nextInLine();
      free--;
      void computeAll(batch).then(() => {
        free++;
        look();
      });
    }
  }

  return {
    async shard(task, ending, inCompany = false) {
      const aborted = (): ComputeAborted => new ComputeAborted(String(ending.ended()));
      if (ending.ended() !== null) throw aborted();
      let end = (): void => undefined;
      try {
        return await new Promise<string>((answer, fail) => {
          const asked: Asked = {
            task,
            inCompany,
            answer,
            fail,
            aborted: () => {
              waiting.splice(waiting.indexOf(asked), 1);
            },
          };
          end = () => {
            fail(aborted());
            asked.aborted();
          };
          ending.onEnd(end);
          waiting.push(asked);
          // Those that come in the same moment are to be seen together.
          if (!looking) process.nextTick(look);
          looking = true;
        });
      } finally {
        ending.forget(end);
      }
    },
    async merge(task, ending) {
      const aborted = (cause?: unknown): ComputeAborted =>
        new ComputeAborted(String(ending.ended()), { cause });
      if (ending.ended() !== null) throw aborted();
      const over = new AbortController();
      const end = (): void => {
        over.abort();
      };
      ending.onEnd(end);
      try {
        return textOf('merge', await onThread('merge', task, over));
      } catch (error) {
        throw ending.ended() === null ? error : aborted(error);
      } finally {
        ending.forget(end);
      }
    },
    destroy: () => piscina.destroy(),
  };
}
