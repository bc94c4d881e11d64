/**
 * One run of a job as a BullMQ flow: a parent that merges, and one child per shard.
 *
 * Queue jobs are tiny: they name the job, the plan by hash and a part of its range. A run's queue job
 * ids are its own, so that adding a run twice adds nothing (BullMQ ignores an id it has) and a new
 * run meets no leftovers. Priority = index + 1 makes jobs take turns, shard by shard, instead of
 * one with a thousand shards holding up all that come after it.
 */
import { Type, type Static } from '@sinclair/typebox';
import { Job, type FlowJob, type FlowProducer, type Queue } from 'bullmq';
import { shardsOf, type Plan } from '../plan/plan.js';
import { planFromText } from '../plan/wire.js';
import type { Blobs } from './blobs.js';
import { JOB_OPTIONS, MERGE_QUEUE, mergeJobId, SHARD_QUEUE, shardJobId } from './names.js';
import type { Records, StoredRecord } from './records.js';

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

/** The flow of the record's present run. */
export function flowOf(record: Pick<StoredRecord, 'id' | 'run' | 'plan'>, plan: Plan): FlowJob {
  const shared = { job: record.id, run: record.run, plan: record.plan };
  return {
    name: 'merge',
    queueName: MERGE_QUEUE,
    data: shared satisfies MergeJob,
    opts: { ...JOB_OPTIONS, jobId: mergeJobId(record.id, record.run) },
    children: shardsOf(plan).map((shard) => ({
      name: 'shard',
      queueName: SHARD_QUEUE,
      data: { ...shared, ...shard } satisfies ShardJob,
      opts: {
        ...JOB_OPTIONS,
        jobId: shardJobId(record.id, record.run, shard.index),
        priority: shard.index + 1,
        // Without it a failed child would leave its parent waiting for ever.
        failParentOnFailure: true,
      },
    })),
  };
}

/** Takes back the shards of a run that nobody has begun. Those begun are stopped by their worker. */
export async function removeUnbegun(
  mergeQueue: Queue,
  record: Pick<StoredRecord, 'id' | 'run'>,
): Promise<void> {
  const parent = await Job.fromId(mergeQueue, mergeJobId(record.id, record.run));
  await parent?.removeUnprocessedChildren();
}

/** What looking after a job needs. */
export interface Caretaking {
  readonly records: Records;
  readonly blobs: Blobs;
  readonly mergeQueue: Queue;
  readonly flows: FlowProducer;
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
    await care.records.fail(id, {
      code: 'run-failed',
      detail: 'The run ended in the queue without a result.',
    });
    return 'ended';
  }
  const text = await care.blobs.plan(record.plan);
  if (text === null) {
    await care.records.fail(id, {
      code: 'plan-missing',
      detail: 'The plan of this job is no longer stored; submit the request again.',
    });
    return 'ended';
  }
  const run = await care.records.rerun(id);
  if (run === null) return 'ended';
  await care.flows.add(flowOf({ ...record, run }, planFromText(text)));
  return 'rerun';
}

/** Looks after every job that is due. Safe to call from any number of processes at once. */
export async function sweep(care: Caretaking): Promise<void> {
  for (let id = await care.records.claim(); id !== null; id = await care.records.claim()) {
    await lookAfter(care, id);
  }
}
