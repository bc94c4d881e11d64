/**
 * One run of a job as a BullMQ flow: a parent that merges, and one child per shard that is missing.
 *
 * Queue jobs are tiny: they name the job, the plan by hash and a part of its range. A run's queue job
 * ids are its own, so that adding a run twice adds nothing (BullMQ ignores an id it has) and a new
 * run meets no leftovers. Whose turn it is (`turnsOf`) is told by the queue's priorities.
 */
import { Type, type Static } from '@sinclair/typebox';
import { Job, type FlowJob, type FlowProducer, type Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { shardsOf, type Plan, type Shard } from '../plan/plan.js';
import { planFromText } from '../plan/wire.js';
import type { Blobs } from './blobs.js';
import type { Clock } from './clock.js';
import { shardsField } from './metrics.js';
import {
  JOB_OPTIONS,
  MERGE_QUEUE,
  mergeJobId,
  PRIORITY_MAX,
  SHARD_QUEUE,
  shardJobId,
  type Names,
} from './names.js';
import type { Records, StoredRecord } from './records.js';
import type { Shards } from './shards.js';

const Text = Type.String({ minLength: 1 });
const Rank = Type.String({ pattern: '^(0|[1-9][0-9]*)$' });

export const MergeJobSchema = Type.Object(
  { job: Text, run: Text, plan: Text },
  { additionalProperties: false },
);
/** Data of a parent. */
export type MergeJob = Static<typeof MergeJobSchema>;

export const ShardJobSchema = Type.Object(
  {
    job: Text,
    run: Text,
    plan: Text,
    index: Type.Integer({ minimum: 0 }),
    from: Rank,
    to: Rank,
  },
  { additionalProperties: false },
);
/** Data of a child. */
export type ShardJob = Static<typeof ShardJobSchema>;

/**
 * Exact. The priorities of a run's shards, from the first that is missing on: `step` apart, after
 * the one that is next now. With a step of 1 jobs take turns shard by shard, whatever their sizes
 * and whenever they came: a job of a thousand shards neither holds up those that come after it nor
 * is held up by them for ever. A tenant's job takes steps as large as the tenant's live jobs are
 * many, so that its jobs share one turn. At the queue's largest priority the order is that of arrival.
 */
export function turnsOf(shards: number, next: number, step: number): number[] {
  return Array.from({ length: shards }, (_, index) =>
    Math.min(PRIORITY_MAX, next + step * (index + 1)),
  );
}

/** The flow of the record's present run: the shards that are missing, at these priorities. */
export function flowOf(
  record: Pick<StoredRecord, 'id' | 'run' | 'plan'>,
  missing: readonly Shard[],
  turns: readonly number[],
): FlowJob {
  const { id: job, run, plan } = record;
  return {
    name: 'merge',
    queueName: MERGE_QUEUE,
    data: { job, run, plan } satisfies MergeJob,
    // Parents without a priority are served last come, first served.
    opts: { ...JOB_OPTIONS, jobId: mergeJobId(job, run), priority: 1 },
    children: missing.map(({ index, from, to }, at) => ({
      name: 'shard',
      queueName: SHARD_QUEUE,
      data: { job, run, plan, index, from, to } satisfies ShardJob,
      // What is the same for all comes last: added to, a spread object becomes a slow dictionary.
      opts: {
        jobId: shardJobId(run, index),
        priority: turns[at] ?? PRIORITY_MAX,
        // Without it a failed child would leave its parent waiting for ever.
        failParentOnFailure: true,
        ...JOB_OPTIONS,
      },
    })),
  };
}

/** What adding a run needs. */
export interface Runs {
  readonly redis: Redis;
  readonly names: Names;
  readonly records: Records;
  readonly shards: Shards;
  readonly shardQueue: Queue;
  readonly flows: FlowProducer;
}

/** Adds the record's present run to the queue: the shards whose tally is not stored, and the merge. */
export async function addRun(runs: Runs, record: StoredRecord, plan: Plan): Promise<void> {
  const shards = shardsOf(plan);
  const [finished, [head], live] = await Promise.all([
    runs.shards.finished(record.plan, shards),
    runs.shardQueue.getJobs(['prioritized'], 0, 0, true),
    record.tenant === '' ? null : runs.redis.hget(runs.names.tenants, record.tenant),
  ]);
  await runs.records.known(record.id, finished);
  if (finished.length > 0) {
    await runs.redis.hincrby(runs.names.totals, shardsField('known'), finished.length);
  }
  const done = new Set(finished.map(({ index }) => index));
  const missing = shards.filter(({ index }) => !done.has(index));
  // Who came before may have finished in between: then the tenant has no other live job.
  const step = Math.max(1, Number(live ?? 1));
  // The head's own round is under way: whoever comes now takes part in it.
  const next = Math.max(0, (head?.opts.priority ?? 0) - 1);
  await runs.flows.add(flowOf(record, missing, turnsOf(missing.length, next, step)));
}

/** Takes back the shards of a run that nobody has begun. Those begun are stopped by their worker. */
export async function removeUnbegun(
  mergeQueue: Queue,
  record: Pick<StoredRecord, 'id' | 'run'>,
): Promise<void> {
  const parent = await Job.fromId(mergeQueue, mergeJobId(record.id, record.run));
  await parent?.removeUnprocessedChildren();
}

/** Stops what a job that has just become final has left: running shards, and those not begun. */
export async function stopRun(
  care: { readonly redis: Redis; readonly names: Names; readonly mergeQueue: Queue },
  record: Pick<StoredRecord, 'id' | 'run'>,
): Promise<void> {
  await care.redis.publish(care.names.stops, mergeJobId(record.id, record.run));
  await removeUnbegun(care.mergeQueue, record);
}

/** What looking after jobs needs. */
export interface Caretaking extends Runs {
  readonly blobs: Blobs;
  readonly mergeQueue: Queue;
}

/** States of a parent in which the run goes on by itself. */
const ALIVE = new Set(['waiting-children', 'waiting', 'prioritized', 'delayed', 'active']);

/**
 * Sees that a job which is not final has a living run: adds one where a submission died between
 * record and queue, or the queue lost it; ends the job where its run ended without telling.
 * Idempotent; shards computed before are not computed again.
 */
export async function lookAfter(
  care: Caretaking,
  id: string,
): Promise<'alive' | 'ended' | 'rerun'> {
  const record = await care.records.get(id);
  if (record === null || record.finishedAt !== null) return 'ended';
  const state = await care.mergeQueue.getJobState(mergeJobId(record.id, record.run));
  if (ALIVE.has(state)) return 'alive';
  if (state === 'failed') {
    const detail = 'The run ended in the queue without a result.';
    await care.records.fail(id, { code: 'run-failed', detail }, record.run);
    return 'ended';
  }
  const text = await care.blobs.plan(record.plan);
  if (text === null) {
    const detail = 'The plan of this job is no longer stored; submit the request again.';
    await care.records.fail(id, { code: 'plan-missing', detail }, record.run);
    return 'ended';
  }
  const run = await care.records.rerun(id);
  if (run === null) return 'ended';
  await addRun(care, { ...record, run }, planFromText(text));
  return 'rerun';
}

/**
 * Fails every job whose deadline has passed, unless the clock is not what this process expects. Safe
 * to call from any number of processes at once.
 */
export async function endOverdue(care: Caretaking, clock: Clock): Promise<void> {
  const next = async (): Promise<string | null> => {
    const expected = clock.expected();
    return expected === null ? null : await care.records.overdue(expected);
  };
  for (let id = await next(); id !== null; id = await next()) {
    const record = await care.records.get(id);
    if (record === null) continue;
    const error = {
      code: 'deadline-exceeded',
      detail:
        'The deadline of the job passed before it was done. What its shards have finished is kept; resume it, or ask again.',
    };
    const { moved } = await care.records.fail(id, error, record.run);
    if (moved) await stopRun(care, record);
  }
}

/** Looks after every job that is due. Safe to call from any number of processes at once. */
export async function sweep(care: Caretaking): Promise<void> {
  for (let id = await care.records.claim(); id !== null; id = await care.records.claim()) {
    await lookAfter(care, id);
  }
}
