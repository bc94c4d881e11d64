/**
 * API keys: who may ask, for which tenant, how much.
 *
 * A key is `gck_<id>_<secret>`: a public id that logs and lists may show, and 32 random bytes. Redis
 * has the SHA-256 of the secret alone. A slow hash would add nothing: it protects secrets that can
 * be guessed, and 256 random bits cannot. Comparisons take the same time whatever differs.
 *
 * Promise: a revoked key is refused from the next request on, in every process; a key that was shown
 * once is never shown again; once a key was ever made, a service without valid keys lets nobody in.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Redis } from 'ioredis';
import { whileAvailable } from '../queue/availability.js';

/** Each may do what those before it may. */
export const SCOPES = ['read', 'submit', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export const TENANT_PATTERN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** What stores call the one tenant of an open service; no key may be of it. */
const RESERVED = 'public';

export interface ApiKey {
  /** Public. */
  readonly id: string;
  readonly tenant: string;
  readonly scope: Scope;
  /** What it is for; free text of its maker. */
  readonly note: string;
  /** RFC 3339, UTC. */
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

export interface KeyRing {
  /** The key and, for the only time, its text. Throws a RangeError on a tenant or scope that is none. */
  create(options: {
    readonly tenant: string;
    readonly scope: string;
    readonly note?: string;
  }): Promise<{ readonly key: ApiKey; readonly text: string }>;
  /** Oldest first, revoked ones too. */
  list(): Promise<ApiKey[]>;
  /** False where there is no such key; revoking twice changes nothing. */
  revoke(id: string): Promise<boolean>;
  /** The valid key of a text; null where there is none. */
  find(text: string): Promise<ApiKey | null>;
  /** Whether a key was ever made, revoked or not. */
  isClosed(): Promise<boolean>;
}

const KEY_TEXT = /^gck_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;
const NOTE_MAX = 200;

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

function keyOf(id: string, fields: Readonly<Record<string, string>>): ApiKey | null {
  const { tenant, scope, note = '', createdAt, revokedAt = '' } = fields;
  if (tenant === undefined || scope === undefined || createdAt === undefined) return null;
  if (!isScope(scope)) throw new TypeError(`keyOf: key ${id} has no scope of ours`);
  return Object.freeze({
    ...{ id, tenant, scope, note, createdAt },
    revokedAt: revokedAt === '' ? null : revokedAt,
  });
}

/** *Exact.* Whether a key of one scope may do what another is asked for. */
export function covers(scope: Scope, wanted: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(wanted);
}

/**
 * The keys under a prefix, through a connection that stays the caller's. Every call throws
 * QueueUnavailable while Redis is away.
 */
export function openKeyRing(redis: Redis, prefix: string): KeyRing {
  const all = `${prefix}:keys`;
  const nameOf = (id: string): string => `${prefix}:key:${id}`;
  /** Compared where there is no such key, so that the time does not tell. */
  const nothing = sha256('');
  const available = <T>(work: () => Promise<T>): Promise<T> => whileAvailable(redis, work);

  return {
    async create({ tenant, scope, note = '' }) {
      if (!TENANT_PATTERN.test(tenant) || tenant === RESERVED) {
        throw new RangeError(
          `tenant ${JSON.stringify(tenant)}: up to 64 of a-z 0-9 . _ -, beginning with a letter or digit, and not ${RESERVED}`,
        );
      }
      if (!isScope(scope)) {
        throw new RangeError(`scope ${JSON.stringify(scope)}: one of ${SCOPES.join(', ')}`);
      }
      if (note.length > NOTE_MAX) throw new RangeError(`note: at most ${NOTE_MAX} characters`);
      const id = randomBytes(8).toString('hex');
      const secret = randomBytes(32).toString('base64url');
      const createdAt = new Date().toISOString();
      const fields = { tenant, scope, note, createdAt, revokedAt: '' };
      const hash = sha256(secret).toString('hex');
      await available(() =>
        redis
          .multi()
          .hset(nameOf(id), { ...fields, hash })
          .zadd(all, String(Date.parse(createdAt)), id)
          .exec(),
      );
      const key = { id, tenant, scope, note, createdAt, revokedAt: null };
      return { key, text: `gck_${id}_${secret}` };
    },
    list: () =>
      available(async () => {
        const ids = await redis.zrange(all, '0', '-1');
        const keys = await Promise.all(
          ids.map(async (id) => keyOf(id, await redis.hgetall(nameOf(id)))),
        );
        return keys.filter((key) => key !== null);
      }),
    revoke: (id) =>
      available(async () => {
        if ((await redis.zscore(all, id)) === null) return false;
        if ((await redis.hget(nameOf(id), 'revokedAt')) === '') {
          await redis.hset(nameOf(id), 'revokedAt', new Date().toISOString());
        }
        return true;
      }),
    async find(text) {
      const [, id = '', secret = ''] = KEY_TEXT.exec(text) ?? [];
      const fields = id === '' ? {} : await available(() => redis.hgetall(nameOf(id)));
      const stored = Buffer.from(fields['hash'] ?? '', 'hex');
      const isRight = timingSafeEqual(
        sha256(secret),
        stored.length === nothing.length ? stored : nothing,
      );
      const key = keyOf(id, fields);
      // The hash of nothing stands for a missing key and must not let an empty secret in.
      return isRight && secret !== '' && key?.revokedAt === null ? key : null;
    },
    async isClosed() {
      return (await available(() => redis.zcard(all))) > 0;
    },
  };
}
