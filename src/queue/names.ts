/**
 * Every name that lives in Redis, and every number that says how long it lives there.
 *
 * Invariant: all keys and both queues share one prefix in braces, so that a Redis cluster keeps
 * them in one slot and every script and flow stays atomic. A job's id says what it asks: equal
 * questions to equal engines have equal ids; a run after a failure gets a suffix of its own.
 */
import { createHash } from 'node:crypto';
import type { Plan, Shard } from '../plan/plan.js';
import type { Policy } from '../plan/policy.js';
import { canonicalText, planToText } from '../plan/wire.js';
import { jobIdPrefix, NO_TENANT } from './job-queue.js';

/** Parents: one merge per run of a job, waiting for its shards. */
export const MERGE_QUEUE = 'merges';
/** Children: one per shard. */
export const SHARD_QUEUE = 'shards';

const DAY_SECONDS = 24 * 3600;
/** How long a record, its events and its result stay after the job became final, unless set. */
export const RECORD_SECONDS = 30 * DAY_SECONDS;
/** Plans, tallies and results outlive every record that points to them, by this much. */
export const BLOB_EXTRA_SECONDS = DAY_SECONDS;
/** How long it is remembered of an id that its job is gone. */
export const GONE_SECONDS = 30 * DAY_SECONDS;
/** Progress of shards is only good while they run. */
export const PROGRESS_SECONDS = 7 * DAY_SECONDS;
/** Events kept per job; Redis trims approximately, never below. */
export const EVENTS_KEPT = 1000;
/** A record that is not final is looked at this long after it was made, then this often. */
export const FIRST_LOOK_MS = 15_000;
export const NEXT_LOOK_MS = 60_000;
/** A worker counts as alive this long after its last heartbeat. */
export const HEARTBEAT_TTL_MS = 15_000;
export const HEARTBEAT_EVERY_MS = 5_000;
/** A shard or a merge is tried this often where the fault may pass, e.g. a thread that vanished. */
export const ATTEMPTS = 3;
/** A job whose worker died is given to another this often before it fails. */
export const STALLS_ALLOWED = 6;
/** BullMQ's own: a larger number means later. */
export const PRIORITY_MAX = 2 ** 21;
/** Deadlines are enforced, and the clock is watched, this often by every process. */
export const CARE_EVERY_MS = 500;

/** Options of every queue job; set on parents and children alike, since none inherits them. */
export const JOB_OPTIONS = {
  attempts: ATTEMPTS,
  backoff: { type: 'exponential', delay: 500, jitter: 0.5 },
  sizeLimit: 65_536,
  // What a job is and was, the record says; the queue forgets what is done.
  removeOnComplete: true,
  removeOnFail: { age: DAY_SECONDS, count: 1_000 },
} as const;

export interface Names {
  readonly prefix: string;
  /** Hash: one job. */
  readonly record: (id: string) => string;
  /** Stream: what happened to one job. */
  readonly events: (id: string) => string;
  /** Hash: how much of its range is done, per shard of one job. */
  readonly progress: (id: string) => string;
  /** Hash: which job answers a question now, and which attempt that is. */
  readonly request: (baseId: string) => string;
  /** String: what is left of a job that expired or was erased, so that its id is gone, not unknown. */
  readonly gone: (id: string) => string;
  readonly plan: (planHash: string) => string;
  /** Hash: the tallies of a plan, by `tallyField`. */
  readonly tallies: (planHash: string) => string;
  readonly result: (planHash: string) => string;
  /** Set: the jobs that ask for a plan; as long as one is live, what belongs to the plan stays. */
  readonly holders: (planHash: string) => string;
  /** Hash: the webhooks of a job; hash: what was sent to them. Both live as long as its record. */
  readonly hooks: (id: string) => string;
  readonly deliveries: (id: string) => string;
  /** Sorted set: jobs whose webhooks are yet to be told, by the time at which to look. */
  readonly hooked: string;
  /** Counter: orders the jobs. */
  readonly sequence: string;
  /** Sorted set: the jobs of a tenant by sequence; a tenant is named by the prefix of its job ids. */
  readonly index: (idPrefix: string) => string;
  /** Sorted set: jobs that are not final, by the time at which to look after them. */
  readonly live: string;
  /** Sorted set: live jobs that have a deadline, by that. */
  readonly deadlines: string;
  /** Hash: live jobs per tenant. */
  readonly tenants: string;
  /** String: how far the clock of Redis was moved while somebody watched (clock.ts). */
  readonly clock: string;
  /** Set: workers that ever said they live; `worker` expires where one no longer does. */
  readonly workers: string;
  readonly worker: (workerId: string) => string;
  /** Expires by itself: a worker took something lately. */
  readonly taken: string;
  /** Hash: what all workers have done, ever. */
  readonly totals: string;
  /** Channel: ids of jobs that changed, for who follows them. */
  readonly changes: string;
  /** Channel: runs (`mergeJobId`) whose work is to stop, for the workers. */
  readonly stops: string;
}

/** Nothing for jobs without a tenant, whose keys have no part of their own for it. */
function ofTenant(idPrefix: string): string {
  return idPrefix === jobIdPrefix(NO_TENANT) ? '' : `:${idPrefix}`;
}

/** Every key under `prefix`, which must be in braces. */
export function namesOf(prefix: string): Names {
  return {
    prefix,
    record: (id) => `${prefix}:record:${id}`,
    events: (id) => `${prefix}:events:${id}`,
    progress: (id) => `${prefix}:progress:${id}`,
    request: (baseId) => `${prefix}:request:${baseId}`,
    gone: (id) => `${prefix}:gone:${id}`,
    plan: (planHash) => `${prefix}:plan:${planHash}`,
    tallies: (planHash) => `${prefix}:tallies:${planHash}`,
    result: (planHash) => `${prefix}:result:${planHash}`,
    holders: (planHash) => `${prefix}:holders:${planHash}`,
    hooks: (id) => `${prefix}:hooks:${id}`,
    deliveries: (id) => `${prefix}:deliveries:${id}`,
    hooked: `${prefix}:hooked`,
    sequence: `${prefix}:sequence`,
    index: (idPrefix) => `${prefix}:index${ofTenant(idPrefix)}`,
    live: `${prefix}:live`,
    deadlines: `${prefix}:deadlines`,
    tenants: `${prefix}:tenants`,
    clock: `${prefix}:clock`,
    workers: `${prefix}:workers`,
    worker: (workerId) => `${prefix}:worker:${workerId}`,
    taken: `${prefix}:taken`,
    totals: `${prefix}:totals`,
    changes: `${prefix}:changes`,
    stops: `${prefix}:stops`,
  };
}

/** The field of a shard's tally: its range, so that another cut of the same plan shares none. */
export function tallyField(shard: Pick<Shard, 'from' | 'to'>): string {
  return `${shard.from}:${shard.to}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** What was printed and hashed once of a plan; a plan never changes. */
interface Printed {
  /** Base ids, by the text of the policy. */
  readonly ids: Map<string, string>;
  blob?: PlanBlob;
}

const printed = new WeakMap<Plan, Printed>();

function printedOf(plan: Plan): Printed {
  const known = printed.get(plan) ?? { ids: new Map<string, string>() };
  printed.set(plan, known);
  return known;
}

/**
 * *Exact.* The same for equal questions of one tenant under equal policies to the same engine,
 * whatever the cut into shards.
 */
export function baseIdOf(plan: Plan, policy: Policy | null = null): string {
  const { ids } = printedOf(plan);
  const key = policy === null ? '' : canonicalText(policy);
  const id = ids.get(key) ?? baseIdAnew(plan, policy);
  ids.set(key, id);
  return id;
}

function baseIdAnew({ engine, question, tenant }: Plan, policy: Policy | null): string {
  const text = canonicalText({
    engine,
    question,
    ...(policy === null ? {} : { policy }),
    ...(tenant === undefined ? {} : { tenant }),
  });
  return `${jobIdPrefix(tenant ?? NO_TENANT)}${sha256(text).slice(0, 32)}`;
}

/** The plans of tenants, by the plan they were made of: so that each is printed and hashed once. */
const owned = new WeakMap<Plan, Map<string, Plan>>();

/** *Exact.* The plan as that of a tenant, which shares nothing with the same plan of another. */
export function planOfTenant(plan: Plan, tenant: string): Plan {
  if (tenant === NO_TENANT) return plan;
  const known = owned.get(plan) ?? new Map<string, Plan>();
  owned.set(plan, known);
  const theirs = known.get(tenant) ?? { ...plan, tenant };
  known.set(tenant, theirs);
  return theirs;
}

/** *Exact.* The content hash under which a plan, its tallies and its result are kept. */
export function planHashOf(planText: string): string {
  return sha256(planText);
}

/** A plan's canonical text beside its hash. */
export interface PlanBlob {
  readonly text: string;
  readonly hash: string;
}

/** *Exact.* What a plan is stored as, and where. */
export function planBlobOf(plan: Plan): PlanBlob {
  const known = printedOf(plan);
  if (known.blob === undefined) {
    const text = planToText(plan);
    known.blob = { text, hash: planHashOf(text) };
  }
  return known.blob;
}

/** Id of the queue's parent job of one run; `run` is never used twice. BullMQ forbids `:` here. */
export function mergeJobId(id: string, run: string): string {
  return `${id}.${run}`;
}

/** Id of the queue's child job of one shard: short, since a run has many; runs of all jobs differ. */
export function shardJobId(run: string, index: number): string {
  return `${run}.${String(index)}`;
}
