/**
 * What shards and merges have in common: how a queue job is taken in hand, and how it ends.
 *
 *   answered                         the queue job completes
 *   ended by `shutdown`              it goes back to the queue, unharmed, for another worker
 *   ended by `stopped`               it fails for good; the record says why already
 *   ended by `lost`                  somebody else has it; what is said here is not heard
 *   failed, and would fail again     the record fails at once, the other shards are stopped
 *   failed, perhaps by bad luck      tried again, a few times; then as above
 *
 * What a client reads of a failure are the fixed sentences below; messages, stacks and paths of the
 * machine go to the log only.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Type, type Static, type TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { UnrecoverableError, WaitingError, type Job, type Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { BaseLogger } from 'pino';
import type { JobError } from '../src/schemas/job.js';
import { isUnavailability } from '../src/queue/availability.js';
import { NotDeterministic, type Blobs } from '../src/queue/blobs.js';
import { stopRun } from '../src/queue/flow.js';
import { mergeJobId, type Names } from '../src/queue/names.js';
import type { Records } from '../src/queue/records.js';
import type { Shards } from '../src/queue/shards.js';
import { PlanMissing, type Plans } from './plans.js';
import { ComputeFailure, type Pool } from './pool.js';
import type { BegunRuns } from './begun.js';
import type { Numbers } from './cpu.js';
import type { Hands } from './hands.js';
import type { Quarantine } from './quarantine.js';
import type { Running, Task } from './running.js';
import type { Telling } from './telling.js';

export type Log = Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'>;

/** Everything a processor needs; one per process. */
export interface Work {
  readonly records: Records;
  readonly blobs: Blobs;
  readonly shards: Shards;
  readonly telling: Telling;
  readonly plans: Plans;
  readonly pool: Pool;
  readonly numbers: Numbers;
  readonly quarantine: Quarantine;
  readonly begunRuns: BegunRuns;
  readonly hands: Hands;
  readonly running: Running;
  readonly redis: Redis;
  readonly names: Names;
  readonly mergeQueue: Queue;
  readonly log: Log;
}

/** Thrown in a processor where the job's state leaves nothing to do. */
export class NothingToDo extends Error {
  override readonly name = 'NothingToDo';
}

/** Thrown where the shards of a job have computed for as long as they may. */
export class BudgetExhausted extends Error {
  override readonly name = 'BudgetExhausted';
}

/** Thrown where the work goes back to the queue, unharmed. */
class SentBack extends Error {
  override readonly name = 'SentBack';
}

/** Work that lost its worker this often may be what killed it. */
const SUSPECT_AFTER = 2;
/** How long work waits before it asks a Redis again that is there and cannot serve. */
const ASK_AGAIN_MS = 500;

/**
 * What `ask` gives, once Redis can serve: it may be there and refuse, its disk or memory full. What
 * has been computed is kept meanwhile. Ends with the task.
 */
export async function whenAble<T>(task: Task, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnavailability(error) || task.ended() !== null) throw error;
    }
    await delay(ASK_AGAIN_MS, undefined, { signal: task.signal });
  }
}

type Kind = 'shard' | 'merge';
/** What every queue job says. */
const ReferenceSchema = Type.Object({
  job: Type.String(),
  run: Type.String(),
  index: Type.Optional(Type.Integer()),
});
type Reference = Static<typeof ReferenceSchema>;
const isReference = TypeCompiler.Compile(ReferenceSchema);

function subjectOf(kind: Kind, index: number | undefined): string {
  return kind === 'merge' ? 'The merge' : `Shard ${String(index ?? '')}`.trimEnd();
}

/** The error a client sees, and whether it would only come again. */
function faultOf(
  kind: Kind,
  index: number | undefined,
  error: unknown,
): JobError & { sure: boolean } {
  const subject = subjectOf(kind, index);
  if (error instanceof ComputeFailure && error.kind === 'out-of-memory') {
    const detail = `${subject} needed more memory than a compute thread has.`;
    return { code: `${kind}-out-of-memory`, detail, sure: true };
  }
  if (error instanceof ComputeFailure && error.kind === 'outgrown') {
    const why = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    const detail = `${subject} outgrew what its plan allows${why}. POST /plan tells what a question costs.`;
    return { code: 'count-outgrown', detail, sure: true };
  }
  if (error instanceof ComputeFailure && error.kind === 'threw') {
    const detail = `${subject} could not be computed: the engine met a fault of its own.`;
    return { code: `${kind}-failed`, detail, sure: true };
  }
  if (error instanceof ComputeFailure) {
    const detail = `The compute thread ended unexpectedly each time ${subject.toLowerCase()} was tried.`;
    return { code: `${kind}-failed`, detail, sure: false };
  }
  if (error instanceof NotDeterministic) {
    const detail = `${subject} gave two different answers; none of them can be trusted.`;
    return { code: `${kind}-not-deterministic`, detail, sure: true };
  }
  if (error instanceof PlanMissing) {
    const detail = 'The plan of this job is no longer stored; submit the request again.';
    return { code: 'plan-missing', detail, sure: true };
  }
  if (error instanceof BudgetExhausted) {
    const detail =
      'The shards of the job have computed for as long as its budget allows. What they have finished is kept; resume it, or ask again.';
    return { code: 'budget-exhausted', detail, sure: true };
  }
  return { code: `${kind}-failed`, detail: `${subject} could not be finished.`, sure: false };
}

/** Fails the record of the reference's run, once, and stops the work that is left of it. */
export async function failJob(work: Work, reference: Reference, error: JobError): Promise<void> {
  const { job: id, run } = reference;
  // The failure of a run that was given up says nothing about the one that took its place.
  const { moved } = await work.records.fail(id, error, run);
  if (!moved) return;
  work.log.error({ job: id, error }, 'job failed');
  await stopRun(work, { id, run });
}

/** For failures that BullMQ itself decides on, without asking a processor. */
export async function failedByQueue(work: Work, kind: Kind, job: Job, error: Error): Promise<void> {
  const reference: unknown = job.data;
  if (job.finishedOn === undefined || !isReference.Check(reference)) return;
  const subject = subjectOf(kind, reference.index);
  const stalled = /stalled more than|started more than/.test(error.message);
  await failJob(work, reference, {
    code: stalled ? `${kind}-stalled` : `${kind}-failed`,
    detail: stalled
      ? `${subject} was begun several times and each time its worker died.`
      : `${subject} could not be finished.`,
    ...(reference.index === undefined ? {} : { shard: reference.index }),
  });
}

/**
 * A BullMQ processor. `run` answers a few bytes, or throws; it must be idempotent, since a queue
 * job is delivered at least once.
 */
export function processorOf<Schema extends TSchema>(
  work: Work,
  kind: Kind,
  schema: Schema,
  run: (data: Static<Schema> & Reference, task: Task, first: boolean) => Promise<string>,
): (job: Job, token?: string) => Promise<string> {
  const isOurs = TypeCompiler.Compile(schema);
  return async (job, token) => {
    const data: unknown = job.data;
    if (!isOurs.Check(data)) {
      work.log.error({ queueJob: job.id }, 'queue job with foreign data');
      throw new UnrecoverableError('foreign data');
    }
    const reference = data as Static<Schema> & Reference;
    const task = work.running.begin(job.id ?? '', mergeJobId(reference.job, reference.run));
    let leave: (() => void) | null = null;
    try {
      const suspect = job.stalledCounter >= SUSPECT_AFTER;
      // Merges are fetched by themselves and would only come back: one may be beside a suspect,
      // twice, and is one itself then.
      if (kind === 'shard' || suspect) {
        leave = await work.quarantine.enter(suspect, task);
        if (leave === null) {
          if (kind === 'merge') await delay(ASK_AGAIN_MS, undefined, { signal: task.signal });
          throw new SentBack('a suspect computes alone');
        }
      }
      // Neither failed before, nor lost its worker, nor was put back.
      return await run(reference, task, job.attemptsStarted === 1);
    } catch (error) {
      // A budget is spent by all shards together: whichever notices ends the others too.
      const ended = error instanceof BudgetExhausted ? null : task.ended();
      if (ended === 'shutdown' || error instanceof SentBack) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      if (ended === 'lost') throw new Error('lock lost', { cause: error });
      if (ended === 'stopped' || error instanceof NothingToDo) {
        throw new UnrecoverableError('stopped');
      }
      const { sure, ...fault } = faultOf(kind, reference.index, error);
      const last = sure || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
      work.log.error({ err: error, queueJob: job.id, last }, `${kind} failed`);
      if (!last) throw error;
      // A spent budget is nobody's fault.
      const index = error instanceof BudgetExhausted ? undefined : reference.index;
      const shard = index === undefined ? {} : { shard: index };
      await failJob(work, reference, { ...fault, ...shard });
      throw new UnrecoverableError(fault.code);
    } finally {
      leave?.();
      work.running.release(task);
    }
  };
}
