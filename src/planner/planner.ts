/**
 * Reading and planning questions in threads of their own, so that no question holds up the process.
 *
 * A request of two hundred bytes may take minutes to plan: exact arithmetic over formats and
 * networks that nobody meant seriously. So a thread that takes longer than `deadlineMs`, or more
 * memory than it has, is killed, and the question is refused with PlanningTooLong. More questions
 * than QUEUE_MAX do not wait: PlannerBusy. The time a question waits for a thread does not count.
 *
 * What was asked before is not read again: small questions and their plans are remembered. That
 * changes no answer, since both follow from the request alone.
 */
import { fileURLToPath } from 'node:url';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { Piscina } from 'piscina';
import type { Planned } from '../plan/make.js';
import type { Parsed } from '../plan/parse.js';
import type { Limits } from '../plan/plan.js';
import type { Question } from '../plan/question.js';
import type { Planning } from '../schemas/plan.js';
import type { Mode } from '../schemas/request.js';
import type { BoundsResult } from '../schemas/result.js';
import { PlannerBusy, PlanningTooLong } from './refusals.js';

export interface Planner {
  parse(body: unknown, mode?: Mode): Promise<Parsed>;
  plan(question: Question, limits: Limits): Promise<Planned>;
  planning(question: Question, limits: Limits): Promise<Planning>;
  bounds(question: Question): Promise<BoundsResult>;
  /** Kills every thread. */
  close(): Promise<void>;
}

export interface PlannerOptions {
  readonly threads: number;
  readonly deadlineMs: number;
}

/** Most questions that wait for a thread. */
const QUEUE_MAX = 200;
const IDLE_MS = 60_000;
const THREAD_MEMORY_MB = 1024;
/** Bodies of at most this many characters are remembered, that many of them. */
const REMEMBERED_TEXT_MAX = 65_536;
const REMEMBERED_MAX = 500;
/** As in workers/pool.ts: a thread that is killed while it loads must not end the process. */
const EXEC_ARGV = [
  // A thread refuses the flags of V8 that its process may have been started with.
  ...process.execArgv.filter((flag) => flag === '--enable-source-maps'),
  '--no-experimental-require-module',
];

/** Starts one thread at once, the others when they are needed. */
export function openPlanner({ threads, deadlineMs }: PlannerOptions): Planner {
  const piscina = new Piscina({
    filename: fileURLToPath(new URL('work.js', import.meta.url)),
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: IDLE_MS,
    execArgv: EXEC_ARGV,
    resourceLimits: { maxOldGenerationSizeMb: THREAD_MEMORY_MB },
  });
  // A thread that died before it took its task; the deadline ends the task.
  piscina.on('error', () => undefined);
  const limit = pLimit(threads);
  const questions = new LRUCache<string, Promise<Parsed>>({ max: REMEMBERED_MAX });
  const texts = new WeakMap<object, string>();
  const plans = new WeakMap<
    Question,
    { readonly limits: Limits; readonly plan: Promise<Planned> }
  >();

  /** A body that nothing can change is printed once. */
  function textOf(body: unknown): string {
    if (typeof body !== 'object' || body === null) return JSON.stringify(body);
    const text = texts.get(body) ?? JSON.stringify(body);
    if (Object.isFrozen(body)) texts.set(body, text);
    return text;
  }

  async function inThread(name: string, task: object): Promise<unknown> {
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
    }, deadlineMs);
    try {
      return await piscina.run(task, { name, signal: late.signal });
    } catch (error) {
      const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
      if (late.signal.aborted || code === 'ERR_WORKER_OUT_OF_MEMORY') {
        throw new PlanningTooLong(`${name} was ended`, { cause: error });
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function run<T>(name: string, task: object): Promise<T> {
    if (limit.pendingCount >= QUEUE_MAX) throw new PlannerBusy('too many questions wait');
    return (await limit(() => inThread(name, task))) as T;
  }

  return {
    parse(body, mode) {
      const key = `${mode ?? ''} ${textOf(body)}`;
      if (key.length > REMEMBERED_TEXT_MAX) return run<Parsed>('parse', { body, mode });
      const known = questions.get(key);
      if (known !== undefined) return known;
      const made = run<Parsed>('parse', { body, mode });
      questions.set(key, made);
      made.catch(() => questions.delete(key));
      return made;
    },
    plan(question, limits) {
      const known = plans.get(question);
      if (known?.limits === limits) return known.plan;
      const plan = run<Planned>('plan', { question, limits: limitsOf(limits) });
      plans.set(question, { limits, plan });
      plan.catch(() => plans.delete(question));
      return plan;
    },
    planning: (question, limits) =>
      run<Planning>('planning', { question, limits: limitsOf(limits) }),
    bounds: (question) => run<BoundsResult>('bounds', { question }),
    close: () => piscina.destroy(),
  };
}

/** The limits alone: what else the settings hold is none of a thread's business. */
function limitsOf({ maxVisits, maxOperations, maxShards }: Limits): Limits {
  return { maxVisits, maxOperations, maxShards };
}
