/**
 * Answers under an Idempotency-Key, in Redis.
 *
 * A key is held by a token while its request is being answered, so that an answer that comes late,
 * after the hold has run out, takes nothing from whoever came next. A process that dies frees its
 * keys by their expiry. Every step is one command or one script.
 */
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Begun, ReplyStore, StoredReply } from '../http/stores.js';
import { whileAvailable } from '../queue/availability.js';

/** How long an answer is kept. */
export const REPLY_SECONDS = 24 * 3600;
/** Longer than any request is answered: planning and the longest wait together. */
const HOLD_SECONDS = 180;

interface Stored {
  readonly fingerprint: string;
  readonly token?: string;
  readonly reply?: StoredReply;
}

/** Does its work only while the token holds the key. KEYS 1 key; ARGV 1 token, 2 value or '', 3 seconds. */
const IF_HELD = `
local held = redis.call('GET', KEYS[1])
if not held or cjson.decode(held).token ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
return 1
`;

/** Through a connection that stays the caller's. */
export function openReplyStore(redis: Redis, prefix: string): ReplyStore {
  const keyOf = (key: string): string => `${prefix}:reply:${key}`;
  const ifHeld = async (key: string, token: string, value: string): Promise<void> => {
    await whileAvailable(redis, () =>
      redis.eval(IF_HELD, 1, keyOf(key), token, value, String(REPLY_SECONDS)),
    );
  };
  return {
    begin: (key, fingerprint): Promise<Begun> =>
      whileAvailable(redis, async () => {
        const token = randomUUID();
        const hold = JSON.stringify({ fingerprint, token } satisfies Stored);
        // What is there, or null where this request holds the key now.
        const there = await redis.set(keyOf(key), hold, 'EX', HOLD_SECONDS, 'NX', 'GET');
        if (there === null) return { is: 'new', token };
        const known = JSON.parse(there) as Stored;
        if (known.fingerprint !== fingerprint) return { is: 'other-request' };
        return known.reply === undefined
          ? { is: 'in-progress' }
          : { is: 'done', reply: known.reply };
      }),
    finish: (key, token, fingerprint, reply) =>
      ifHeld(key, token, JSON.stringify({ fingerprint, reply } satisfies Stored)),
    release: (key, token) => ifHeld(key, token, ''),
  };
}
