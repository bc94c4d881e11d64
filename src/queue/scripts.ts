/**
 * The Lua scripts that change job records. Each is atomic, so that of several racing changes (a
 * cancel and a finish, two submissions of one question) exactly one wins. Every change of a record
 * raises its version, is appended to the job's own event stream and announced on a channel.
 *
 * Times are milliseconds of the Redis server's clock: one clock, however many machines. What must
 * come after so and so long (deadlines, looks) is told by `clock()`, which does not follow when
 * that clock is set (clock.ts). Keys are made from the prefix, ARGV[1]; all of them share its hash
 * tag, so that KEYS[1] alone tells a cluster where to run a script.
 */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { EVENTS_KEPT, type Names } from './names.js';

/** A script and the name under which Redis keeps it compiled. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

function scriptOf(body: string): Script {
  const text = `${SHARED}${body}`;
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}

const SHARED = `
local prefix = ARGV[1]
local function key(kind, id) return prefix .. ':' .. kind .. ':' .. id end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function clock() return now() - tonumber(redis.call('GET', prefix .. ':clock') or '0') end
local function text(number) return string.format('%.0f', number) end
local function live(state) return state == 'queued' or state == 'running' end
local function announce(kind, id)
  redis.call('HINCRBY', key('record', id), 'version', 1)
  redis.call('XADD', key('events', id), 'MAXLEN', '~', ${String(EVENTS_KEPT)}, '*', 'event', kind,
    unpack(redis.call('HGETALL', key('record', id))))
  redis.call('PUBLISH', prefix .. ':changes', id)
end
-- What belongs to a plan stays while a job that asks for it is live, else for so many seconds.
local function settle(plan, seconds)
  local blobs = { key('plan', plan), key('tallies', plan), key('result', plan), key('holders', plan) }
  local needed = false
  for _, id in ipairs(redis.call('SMEMBERS', blobs[4])) do
    local state = redis.call('HGET', key('record', id), 'state')
    if not state then redis.call('SREM', blobs[4], id) elseif live(state) then needed = true end
  end
  for _, blob in ipairs(blobs) do
    if needed then redis.call('PERSIST', blob) else redis.call('EXPIRE', blob, seconds) end
  end
end
-- Limits count from now on; '' is none.
local function limit(id, milliseconds, budget)
  local record = key('record', id)
  if milliseconds == '' then
    redis.call('ZREM', prefix .. ':deadlines', id)
    redis.call('HSET', record, 'deadlineAt', '', 'budget', budget)
  else
    redis.call('ZADD', prefix .. ':deadlines', text(clock() + milliseconds), id)
    redis.call('HSET', record, 'deadlineAt', text(now() + milliseconds), 'budget', budget)
  end
end
local function many(tenant, most)
  return tonumber(redis.call('HGET', prefix .. ':tenants', tenant) or '0') >= tonumber(most)
end
local function begin(id, plan, tenant, look)
  redis.call('SADD', key('holders', plan), id)
  settle(plan, 0)
  redis.call('ZADD', prefix .. ':live', text(clock() + look), id)
  redis.call('HINCRBY', prefix .. ':tenants', tenant, 1)
end
`;

/**
 * Answers the job of a question, or makes it where there is none or it failed, was cancelled or is
 * gone. A live job that is asked for again keeps the widest of all limits: nobody's work is
 * stopped by a limit of somebody else's.
 *   ARGV  2 base id, 3 mode, 4 total, 5 plan hash, 6 plan, 7 milliseconds until somebody looks after
 *         the job, 8 milliseconds of its deadline or '', 9 microseconds of its budget or '', 10 tenant,
 *         11 most live jobs of the tenant, 12 its index, 13 policy as JSON or ''
 *   Gives { 1 where made, 0 where it was there or -1 where the tenant has too many, id }
 */
export const CREATE = scriptOf(`
local request = key('request', ARGV[2])
local current = redis.call('HMGET', request, 'id', 'attempt')
if current[1] then
  local record = key('record', current[1])
  local was = redis.call('HMGET', record, 'state', 'deadlineAt', 'budget')
  if live(was[1]) then
    local deadline, budget = was[2] or '', was[3] or ''
    local wider = deadline ~= '' and (ARGV[8] == '' or now() + ARGV[8] > tonumber(deadline))
    local more = budget ~= '' and (ARGV[9] == '' or tonumber(ARGV[9]) > tonumber(budget))
    if more then redis.call('HSET', record, 'budget', ARGV[9]) end
    if wider then limit(current[1], ARGV[8], redis.call('HGET', record, 'budget')) end
    if more or wider then announce('progress', current[1]) end
    return { 0, current[1] }
  end
  if was[1] == 'succeeded' then return { 0, current[1] } end
end
if many(ARGV[10], ARGV[11]) then return { -1, '' } end
local attempt = tonumber(current[2] or '0') + 1
local id = ARGV[2]
if attempt > 1 then id = id .. '-' .. attempt end
local sequence = redis.call('INCR', prefix .. ':sequence')
redis.call('HSET', request, 'id', id, 'attempt', attempt)
redis.call('PERSIST', request)
redis.call('DEL', key('record', id), key('events', id), key('progress', id), key('gone', id),
  key('hooks', id), key('deliveries', id))
redis.call('HSET', key('record', id), 'id', id, 'base', ARGV[2], 'run', sequence, 'plan', ARGV[5],
  'state', 'queued', 'mode', ARGV[3], 'done', '0', 'total', ARGV[4], 'createdAt', text(now()),
  'startedAt', '', 'finishedAt', '', 'expiresAt', '', 'error', '', 'spent', 0, 'tenant', ARGV[10],
  'policy', ARGV[13], 'version', 0)
redis.call('SET', key('plan', ARGV[5]), ARGV[6])
redis.call('ZADD', ARGV[12], sequence, id)
begin(id, ARGV[5], ARGV[10], ARGV[7])
limit(id, ARGV[8], ARGV[9])
announce('state', id)
return { 1, id }
`);

/**
 * Puts a job that failed or was cancelled back into `queued`, with a run and limits of its own.
 *   ARGV  2 id, 3 points that its stored tallies have decided, 4 milliseconds until the first look,
 *         5 and 6 limits as above, 7 most live jobs of the tenant
 *   Gives { 1 where resumed, 0 or, where the tenant has too many, -1, state as it was ('' where the job is unknown), present run }
 */
export const RESUME = scriptOf(`
local record = key('record', ARGV[2])
local was = redis.call('HMGET', record, 'state', 'base', 'plan', 'tenant', 'run')
if was[1] ~= 'failed' and was[1] ~= 'cancelled' then return { 0, was[1] or '', was[5] or '' } end
if many(was[4] or '', ARGV[7]) then return { -1, was[1], was[5] } end
local run = redis.call('INCR', prefix .. ':sequence')
redis.call('HSET', record, 'state', 'queued', 'run', run,
  'done', ARGV[3], 'startedAt', '', 'finishedAt', '', 'expiresAt', '', 'error', '', 'spent', 0)
redis.call('DEL', key('progress', ARGV[2]), key('gone', ARGV[2]))
for _, mine in ipairs({ 'record', 'events', 'hooks', 'deliveries' }) do
  redis.call('PERSIST', key(mine, ARGV[2]))
end
-- Its webhooks are told of it again.
if redis.call('EXISTS', key('hooks', ARGV[2])) == 1 then
  redis.call('ZADD', prefix .. ':hooked', 0, ARGV[2])
end
local request = key('request', was[2])
local current = redis.call('HGET', request, 'id')
local other = current and redis.call('HGET', key('record', current), 'state')
if not other or not (live(other) or other == 'succeeded') then
  redis.call('HSET', request, 'id', ARGV[2])
  redis.call('PERSIST', request)
end
begin(ARGV[2], was[3], was[4] or '', ARGV[4])
limit(ARGV[2], ARGV[5], ARGV[6])
announce('state', ARGV[2])
return { 1, was[1], tostring(run) }
`);

/**
 * Moves a live record to another state, if it is in one of the states named.
 *   ARGV  2 id, 3 states to leave as ',a,b,', 4 state to enter, 5 error as JSON or '', 6 seconds that
 *         a final record stays, 7 how many more what belongs to its plan stays, 8 seconds that an
 *         expired id is remembered, 9 the run that this is about, or '' for whichever is present
 *   Gives { 1 where moved or 0, state now ('' where the record is unknown), present run }
 */
export const TRANSITION = scriptOf(`
local id, to = ARGV[2], ARGV[4]
local record = key('record', id)
local was = redis.call('HMGET', record, 'state', 'base', 'plan', 'tenant', 'total', 'run')
if not was[1] then return { 0, '', '' } end
local other = ARGV[9] ~= '' and ARGV[9] ~= was[6]
if other or not string.find(ARGV[3], ',' .. was[1] .. ',', 1, true) then
  return { 0, was[1], was[6] }
end
redis.call('HSET', record, 'state', to)
if to == 'running' then
  redis.call('HSET', record, 'startedAt', text(now()))
  announce('state', id)
  return { 1, to, was[6] }
end
local at = now()
redis.call('HSET', record, 'finishedAt', text(at), 'error', ARGV[5],
  'expiresAt', text(at + 1000 * ARGV[6]))
if to == 'succeeded' then redis.call('HSET', record, 'done', was[5]) end
redis.call('ZREM', prefix .. ':live', id)
redis.call('ZREM', prefix .. ':deadlines', id)
if redis.call('HINCRBY', prefix .. ':tenants', was[4] or '', -1) <= 0 then
  redis.call('HDEL', prefix .. ':tenants', was[4] or '')
end
announce('state', id)
for _, mine in ipairs({ 'record', 'events', 'progress', 'hooks', 'deliveries' }) do
  redis.call('EXPIRE', key(mine, id), ARGV[6])
end
local request = key('request', was[2])
if redis.call('HGET', request, 'id') == id then redis.call('EXPIRE', request, ARGV[6] + ARGV[8]) end
redis.call('SET', key('gone', id), 'expired', 'EX', text(ARGV[6] + ARGV[8]))
settle(was[3], text(ARGV[6] + ARGV[7]))
return { 1, to, was[6] }
`);

/**
 * Erases a final record and, where no other record needs them, plan, tallies and result.
 *   ARGV  2 id, 3 seconds that the id is remembered, 4 index of its tenant
 *   Gives the state that the record had ('' where it is unknown); a live one stays.
 */
export const ERASE = scriptOf(`
local id = ARGV[2]
local was = redis.call('HMGET', key('record', id), 'state', 'base', 'plan')
if not was[1] or live(was[1]) then return was[1] or '' end
for _, mine in ipairs({ 'record', 'events', 'progress', 'hooks', 'deliveries' }) do
  redis.call('DEL', key(mine, id))
end
redis.call('ZREM', ARGV[4], id)
redis.call('SET', key('gone', id), 'erased', 'EX', ARGV[3])
local request = key('request', was[2])
if redis.call('HGET', request, 'id') == id then redis.call('HDEL', request, 'id') end
local holders = key('holders', was[3])
redis.call('SREM', holders, id)
for _, other in ipairs(redis.call('SMEMBERS', holders)) do
  if redis.call('EXISTS', key('record', other)) == 1 then return was[1] end
end
redis.call('DEL', key('plan', was[3]), key('tallies', was[3]), key('result', was[3]), holders)
return was[1]
`);

/**
 * Raises the points done of a running record; never lowers them, so that a shard that starts over
 * takes nothing back. The numbers are decimal text without sign and may exceed any double.
 *   ARGV  2 id, 3 points done, 4 microseconds of computing to add
 *   Gives { state ('' where the record is unknown), 1 where the budget is spent or 0 }
 */
export const PROGRESS = scriptOf(`
local record = key('record', ARGV[2])
local was = redis.call('HMGET', record, 'state', 'done', 'budget')
if not was[1] then return { '', 0 } end
local spent = redis.call('HINCRBY', record, 'spent', ARGV[4])
local before, after = was[2], ARGV[3]
local more = #after > #before or (#after == #before and after > before)
if was[1] == 'running' and more then
  redis.call('HSET', record, 'done', after)
  announce('progress', ARGV[2])
end
local budget = was[3] or ''
return { was[1], (budget ~= '' and spent >= tonumber(budget)) and 1 or 0 }
`);

/**
 * A worker takes a shard in hand: a queued record runs from now on.
 *   ARGV  2 id, 3 plan hash, 4 field of the tally
 *   Gives { state ('' where the record is unknown), 1 where the budget is spent or 0, 1 where the
 *   tally is there or 0, 1 where there is a budget or 0 }
 */
export const BEGIN_SHARD = scriptOf(`
local id = ARGV[2]
local record = key('record', id)
local was = redis.call('HMGET', record, 'state', 'budget', 'spent')
if not was[1] then return { '', 0, 0, 0 } end
if was[1] == 'queued' then
  redis.call('HSET', record, 'state', 'running', 'startedAt', text(now()))
  announce('state', id)
  was[1] = 'running'
end
local budget = was[2] or ''
local over = budget ~= '' and tonumber(was[3] or '0') >= tonumber(budget)
local known = redis.call('HEXISTS', key('tallies', ARGV[3]), ARGV[4])
return { was[1], over and 1 or 0, known, budget ~= '' and 1 or 0 }
`);

/**
 * Stores the tallies of shards, and notes that they are done. Stores nothing of a plan that is erased.
 *   ARGV  2 seconds that progress stays; then for each shard 7: id, plan hash, field of the tally,
 *         tally, index, length of its range, microseconds of computing to add
 *   Gives for each '', or the other tally that is there already and stays
 */
export const FINISH_SHARDS = scriptOf(`
local others, left, parts, spent = {}, {}, {}, {}
for at = 3, #ARGV, 7 do
  local id, hash, field, tally, index, length, took = unpack(ARGV, at, at + 6)
  local tallies, other = key('tallies', hash), ''
  left[hash] = left[hash] or redis.call('PTTL', key('plan', hash))
  if left[hash] ~= -2 then
    if redis.call('HSETNX', tallies, field, tally) == 1 then
      if left[hash] > 0 then redis.call('PEXPIRE', tallies, left[hash]) end
    else
      local before = redis.call('HGET', tallies, field)
      if before ~= tally then other = before end
    end
    parts[id] = parts[id] or {}
    table.insert(parts[id], index)
    table.insert(parts[id], length)
    spent[id] = (spent[id] or 0) + took
  end
  table.insert(others, other)
end
for id, done in pairs(parts) do
  if redis.call('EXISTS', key('record', id)) == 1 then
    redis.call('HSET', key('progress', id), unpack(done))
    redis.call('EXPIRE', key('progress', id), ARGV[2])
    redis.call('HINCRBY', key('record', id), 'spent', text(spent[id]))
  end
end
return others
`);

/**
 * Stores the result of a plan, for as long as the plan itself. Of an erased plan nothing is stored.
 *   ARGV  2 plan hash, 3 result
 *   Gives 1, or 0 where another result is there already
 */
export const PUT_RESULT = scriptOf(`
local left = redis.call('PTTL', key('plan', ARGV[2]))
if left == -2 then return 1 end
local result = key('result', ARGV[2])
local before = redis.call('GET', result)
if before then return before == ARGV[3] and 1 or 0 end
redis.call('SET', result, ARGV[3])
if left > 0 then redis.call('PEXPIRE', result, left) end
return 1
`);

/**
 * Takes one live job that is due to be looked after, for the caller alone. One that is due later
 * than any look can be was noted before the clock went back: it is due.
 *   ARGV  2 id or '' for any, 3 milliseconds until the next look
 *   Gives the id, or '' where none is due
 */
export const CLAIM = scriptOf(`
local looks, id, at = prefix .. ':live', ARGV[2], clock()
if id == '' then
  id = redis.call('ZRANGEBYSCORE', looks, '-inf', text(at), 'LIMIT', 0, 1)[1]
    or redis.call('ZRANGEBYSCORE', looks, '(' .. text(at + ARGV[3]), '+inf', 'LIMIT', 0, 1)[1]
  if not id then return '' end
else
  local due = redis.call('ZSCORE', looks, id)
  if not due or (tonumber(due) > at and tonumber(due) <= at + ARGV[3]) then return '' end
end
redis.call('ZADD', looks, text(at + ARGV[3]), id)
return id
`);

/**
 * Gives a record that is not final a new run, whose queue jobs share no id with any before.
 *   ARGV  2 id
 *   Gives the run, or '' where the record is final or unknown
 */
export const RERUN = scriptOf(`
local record = key('record', ARGV[2])
if not live(redis.call('HGET', record, 'state')) then return '' end
local run = redis.call('INCR', prefix .. ':sequence')
redis.call('HSET', record, 'run', run)
return tostring(run)
`);

/**
 * A live job whose deadline has passed. None where the clock is not what the caller expects: it was
 * set, and nobody has seen it yet.
 *   ARGV  2 milliseconds of `clock()` that the caller expects, 3 how far it may be off
 *   Gives its id, or '' where there is none
 */
export const OVERDUE = scriptOf(`
local deadlines, at = prefix .. ':deadlines', clock()
if math.abs(at - tonumber(ARGV[2])) > tonumber(ARGV[3]) then return '' end
local id = redis.call('ZRANGEBYSCORE', deadlines, '-inf', text(at), 'LIMIT', 0, 1)[1]
if not id then return '' end
if live(redis.call('HGET', key('record', id), 'state')) then return id end
redis.call('ZREM', deadlines, id)
return ''
`);

/**
 * Reads the clock, and moves its offset from `ARGV[2]` by `ARGV[3]` where nobody did before.
 *   Gives { milliseconds of the server's clock, offset }, as text
 */
export const CLOCK = scriptOf(`
local offset = redis.call('GET', prefix .. ':clock') or '0'
if ARGV[3] ~= '0' and offset == ARGV[2] then
  offset = text(tonumber(offset) + ARGV[3])
  redis.call('SET', prefix .. ':clock', offset)
end
return { text(now()), offset }
`);

/** Runs one of the scripts above, by its name where Redis has it already. */
export async function runScript(
  redis: Redis,
  names: Names,
  { text, sha1 }: Script,
  args: readonly string[],
): Promise<unknown> {
  try {
    return await redis.evalsha(sha1, 1, names.live, names.prefix, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return await redis.eval(text, 1, names.live, names.prefix, ...args);
  }
}
