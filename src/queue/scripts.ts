/**
 * The Lua scripts that change job records. Each is atomic, so that of several racing changes (a
 * cancel and a finish, two submissions of one question) exactly one wins. Every change of a record
 * raises its version, is appended to the job's own event stream and announced on a channel.
 *
 * Times are milliseconds of the Redis server's clock: one clock, however many machines.
 */
import type { Redis } from 'ioredis';

const SHARED = `
local function now()
  local time = redis.call('TIME')
  return string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
end
local function announce(record, events, kind, id, channel, kept)
  redis.call('HINCRBY', record, 'version', 1)
  redis.call('XADD', events, 'MAXLEN', '~', kept, '*', 'event', kind, unpack(redis.call('HGETALL', record)))
  redis.call('PUBLISH', channel, id)
end
`;

/**
 * Answers the job of a question, or makes it where there is none or it failed or was cancelled.
 *   KEYS  1 request, 2 sequence, 3 index of the tenant, 4 live, 5 live of the tenant
 *   ARGV  1 key of records without id, 2 the same of events, 3 base id, 4 mode, 5 total, 6 plan
 *         hash, 7 channel, 8 events kept, 9 milliseconds until somebody looks after the job,
 *         10 most live jobs of the tenant, 11 policy as JSON or ''
 *   Gives { 1 where made, 0 where it was there or -1 where the tenant has too many, id }
 */
export const CREATE = `${SHARED}
local current = redis.call('HMGET', KEYS[1], 'id', 'attempt')
if current[1] then
  local state = redis.call('HGET', ARGV[1] .. current[1], 'state')
  if state and state ~= 'failed' and state ~= 'cancelled' then return { 0, current[1] } end
end
if redis.call('SCARD', KEYS[5]) >= tonumber(ARGV[10]) then return { -1, '' } end
local attempt = tonumber(current[2] or '0') + 1
local id = ARGV[3]
if attempt > 1 then id = id .. '-' .. attempt end
local sequence = redis.call('INCR', KEYS[2])
local at = now()
local record, events = ARGV[1] .. id, ARGV[2] .. id
redis.call('HSET', KEYS[1], 'id', id, 'attempt', attempt)
redis.call('PERSIST', KEYS[1])
redis.call('DEL', record, events)
redis.call('HSET', record, 'id', id, 'base', ARGV[3], 'run', sequence, 'plan', ARGV[6],
  'state', 'queued', 'mode', ARGV[4], 'done', '0', 'total', ARGV[5], 'createdAt', at,
  'startedAt', '', 'finishedAt', '', 'error', '', 'policy', ARGV[11], 'version', 0)
redis.call('ZADD', KEYS[3], sequence, id)
redis.call('ZADD', KEYS[4], at + ARGV[9], id)
redis.call('SADD', KEYS[5], id)
announce(record, events, 'state', id, ARGV[7], ARGV[8])
return { 1, id }
`;

/**
 * Moves a record to another state, if it is in one of the states named.
 *   KEYS  1 record, 2 events, 3 progress, 4 request, 5 live, 6 live of the tenant
 *   ARGV  1 id, 2 states to leave as ',a,b,', 3 state to enter, 4 error as JSON or '', 5 channel,
 *         6 events kept, 7 seconds that a final record stays
 *   Gives { 1 where moved or 0, state now ('' where the record is unknown) }
 */
export const TRANSITION = `${SHARED}
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return { 0, '' } end
if not string.find(ARGV[2], ',' .. state .. ',', 1, true) then return { 0, state } end
redis.call('HSET', KEYS[1], 'state', ARGV[3])
if ARGV[3] == 'running' then
  redis.call('HSET', KEYS[1], 'startedAt', now())
else
  redis.call('HSET', KEYS[1], 'finishedAt', now(), 'error', ARGV[4])
  if ARGV[3] == 'succeeded' then
    redis.call('HSET', KEYS[1], 'done', redis.call('HGET', KEYS[1], 'total'))
  end
  redis.call('ZREM', KEYS[5], ARGV[1])
  redis.call('SREM', KEYS[6], ARGV[1])
end
announce(KEYS[1], KEYS[2], 'state', ARGV[1], ARGV[5], ARGV[6])
if ARGV[3] ~= 'running' then
  for index = 1, 4 do redis.call('EXPIRE', KEYS[index], ARGV[7]) end
end
return { 1, ARGV[3] }
`;

/**
 * Raises the points done of a running record; never lowers them, so that a shard that starts over
 * takes nothing back. The numbers are decimal text without sign and may exceed any double.
 *   KEYS  1 record, 2 events
 *   ARGV  1 id, 2 points done, 3 channel, 4 events kept
 *   Gives the state ('' where the record is unknown)
 */
export const PROGRESS = `${SHARED}
local fields = redis.call('HMGET', KEYS[1], 'state', 'done')
if not fields[1] then return '' end
local before, after = fields[2], ARGV[2]
local more = #after > #before or (#after == #before and after > before)
if fields[1] == 'running' and more then
  redis.call('HSET', KEYS[1], 'done', after)
  announce(KEYS[1], KEYS[2], 'progress', ARGV[1], ARGV[3], ARGV[4])
end
return fields[1]
`;

/**
 * Takes one live job that is due to be looked after, for the caller alone.
 *   KEYS  1 live
 *   ARGV  1 id or '' for any, 2 milliseconds until the next look
 *   Gives the id, or '' where none is due
 */
export const CLAIM = `${SHARED}
local id, at = ARGV[1], now()
if id == '' then
  id = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', at, 'LIMIT', 0, 1)[1]
  if not id then return '' end
else
  local due = redis.call('ZSCORE', KEYS[1], id)
  if not due or tonumber(due) > tonumber(at) then return '' end
end
redis.call('ZADD', KEYS[1], at + ARGV[2], id)
return id
`;

/**
 * Gives a record that is not final a new run, whose queue jobs share no id with any before.
 *   KEYS  1 record, 2 sequence
 *   Gives the run, or '' where the record is final or unknown
 */
export const RERUN = `
local state = redis.call('HGET', KEYS[1], 'state')
if state ~= 'queued' and state ~= 'running' then return '' end
local run = redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[1], 'run', run)
return tostring(run)
`;

/** Runs one of the scripts above; Redis keeps it compiled. */
export async function runScript(
  redis: Redis,
  script: string,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  return await redis.eval(script, keys.length, ...keys, ...args);
}
