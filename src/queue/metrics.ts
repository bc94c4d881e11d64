/**
 * What is measured of the queue and its Redis, as Prometheus text. The totals are kept in Redis by
 * the workers and are those of the whole installation: every API process tells the same, so take
 * their maximum, not their sum.
 */
import { Counter, Gauge, Registry } from 'prom-client';
import type { Redis } from 'ioredis';
import type { Consumption } from './consumption.js';
import type { Names } from './names.js';

/** Fields of the hash that workers add to. */
export const SHARD_OUTCOMES = ['computed', 'known', 'failed', 'retried'] as const;
export type ShardOutcome = (typeof SHARD_OUTCOMES)[number];
export const shardsField = (outcome: ShardOutcome): string => `shards:${outcome}`;
export const partsField = (method: string): string => `parts:${method}`;
export const secondsField = (method: string): string => `seconds:${method}`;
const METHODS = ['enumeration', 'layered', 'closed-form', 'sampled', 'point', 'bounds'] as const;

/** Of the answer of INFO. */
const REDIS_GAUGES: readonly (readonly [string, string, string])[] = [
  ['used_memory', 'gradcert_redis_used_memory_bytes', 'Memory that Redis uses.'],
  ['maxmemory', 'gradcert_redis_max_memory_bytes', 'Memory that Redis may use; 0 is no limit.'],
  ['connected_clients', 'gradcert_redis_connected_clients', 'Connections to Redis.'],
  ['instantaneous_ops_per_sec', 'gradcert_redis_operations_per_second', 'Commands per second.'],
  ['uptime_in_seconds', 'gradcert_redis_uptime_seconds', 'Time since Redis was started.'],
];

export interface Measured {
  readonly consumption: Consumption;
  readonly workers: number;
}

/** The text of one scrape. */
export async function queueMetrics(
  redis: Redis,
  names: Names,
  { consumption, workers }: Measured,
): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, value: number): void => {
    new Gauge({ name, help, registers: [registry] }).set(value);
  };
  const asked = performance.now();
  await redis.ping();
  const pingSeconds = (performance.now() - asked) / 1000;
  const [info, totals, live] = await Promise.all([
    redis.info(),
    redis.hgetall(names.totals),
    redis.zcard(names.live),
  ]);
  const total = (field: string): number => Number(totals[field] ?? 0);

  gauge('gradcert_jobs_live', 'Jobs that are queued or running.', live);
  gauge('gradcert_workers', 'Worker processes that said lately that they live.', workers);
  gauge(
    'gradcert_queue_consuming',
    '0 where shards or merges wait and nobody takes any.',
    consumption.consuming ? 1 : 0,
  );
  gauge('gradcert_queue_waiting', 'Shards and merges that nobody has taken.', consumption.waiting);
  gauge('gradcert_queue_active', 'Shards and merges in hand.', consumption.active);
  gauge(
    'gradcert_queue_idle_seconds',
    'How long shards or merges have been seen waiting while none was taken.',
    consumption.idleSeconds,
  );
  const shards = new Counter({
    name: 'gradcert_shards_total',
    help: 'Shards by outcome: computed, known (found computed before), failed, retried.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  for (const outcome of SHARD_OUTCOMES) shards.inc({ outcome }, total(shardsField(outcome)));
  const parts = new Counter({
    name: 'gradcert_engine_parts_total',
    help: 'Parts of the work computed: points visited (enumeration), parts of a layered count, draws.',
    labelNames: ['method'],
    registers: [registry],
  });
  const seconds = new Counter({
    name: 'gradcert_engine_seconds_total',
    help: 'Time that shards were in hand, by method.',
    labelNames: ['method'],
    registers: [registry],
  });
  for (const method of METHODS) {
    parts.inc({ method }, total(partsField(method)));
    seconds.inc({ method }, total(secondsField(method)));
  }
  gauge('gradcert_redis_ping_seconds', 'How long Redis took to answer a PING.', pingSeconds);
  for (const [field, name, help] of REDIS_GAUGES) {
    const value = new RegExp(`^${field}:([0-9]+)`, 'm').exec(info)?.[1];
    if (value !== undefined) gauge(name, help, Number(value));
  }
  const appending = /^aof_last_write_status:ok/m.test(info) && /^aof_enabled:1/m.test(info);
  gauge(
    'gradcert_redis_append_only_ok',
    '1 where Redis appends to its file and the last write went well.',
    appending ? 1 : 0,
  );
  return registry.metrics();
}
