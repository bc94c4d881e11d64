/**
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a request that was answered is
 * answered the same again, byte for byte, for 24 hours.
 *
 * Same key and same body: the stored status and body, with `Idempotent-Replayed: true`; while the
 * first is still being answered, 409. Same key and another body: 422. Bodies are the same when they
 * are equal as canonical JSON. A key belongs to one tenant and one route. Kept are answers that say
 * something of the request for good (2xx and 422); after any other the key is free again.
 */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ParseError, parseItem } from 'structured-headers';
import type { App } from './dependencies.js';
import { ProblemError } from './problem.js';
import type { ReplyStore } from './stores.js';

const KEY_MAX = 255;
/** Header fields that are part of the stored answer. */
const KEPT_FIELDS = ['content-type', 'location', 'etag', 'retry-after', 'preference-applied'];

interface Held {
  readonly key: string;
  readonly token: string;
  readonly fingerprint: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The key that a field holds, quoted (a structured string) or bare; null where it holds none. */
export function keyOf(field: string): string | null {
  const text = field.trim();
  let key = text;
  if (text.startsWith('"')) {
    try {
      const value: unknown = parseItem(text)[0];
      if (typeof value !== 'string') return null;
      key = value;
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      return null;
    }
  }
  return /^[\x20-\x7e]+$/.test(key) && key.length <= KEY_MAX ? key : null;
}

function refusal(): ProblemError {
  return new ProblemError('invalid-request', 'The Idempotency-Key is no key.', {
    errors: [
      {
        pointer: '/idempotency-key',
        code: 'wrong-form',
        detail: `must be 1 to ${String(KEY_MAX)} printable ASCII characters, quoted or bare`,
        in: 'headers',
      },
    ],
  });
}

function headersOf(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(
    KEPT_FIELDS.flatMap((name) => {
      const value = reply.getHeader(name);
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}

/**
 * The hooks of a route whose answers are kept under the client's key. Without a key they are over at
 * once: nothing is waited for.
 */
export interface Idempotent {
  readonly preHandler: (
    request: FastifyRequest,
    reply: FastifyReply,
    done: (error?: Error) => void,
  ) => void;
  readonly onSend: (
    request: FastifyRequest,
    reply: FastifyReply,
    payload: unknown,
    done: (error: Error | null, payload?: unknown) => void,
  ) => void;
}

/** Call it once per instance. */
export function idempotentRoutes(app: App, replies: ReplyStore): Idempotent {
  const held = new WeakMap<FastifyRequest, Held>();

  /** Whether the request is to be handled; else it is answered. */
  async function begin(
    request: FastifyRequest,
    reply: FastifyReply,
    field: string | readonly string[],
  ): Promise<boolean> {
    const clientKey = typeof field === 'string' ? keyOf(field) : null;
    if (clientKey === null) throw refusal();
    const route = `${request.method} ${request.routeOptions.url ?? ''}`;
    const key = sha256(JSON.stringify([request.tenant, route, clientKey]));
    const fingerprint = sha256(canonicalize(request.body) ?? '');
    const begun = await replies.begin(key, fingerprint);
    switch (begun.is) {
      case 'new':
        held.set(request, { key, token: begun.token, fingerprint });
        return true;
      case 'in-progress':
        throw new ProblemError(
          'idempotency-in-progress',
          'A request with this Idempotency-Key is still being answered.',
          { headers: { 'retry-after': '1' } },
        );
      case 'other-request':
        throw new ProblemError(
          'idempotency-key-reused',
          'This Idempotency-Key was sent before with another body.',
        );
      case 'done':
        void reply
          .code(begun.reply.status)
          .headers({ ...begun.reply.headers, 'idempotent-replayed': 'true' })
          .send(begun.reply.body);
        return false;
    }
  }

  async function keep(mine: Held, reply: FastifyReply, payload: unknown): Promise<void> {
    const { key, token, fingerprint } = mine;
    const forGood = reply.statusCode < 300 || reply.statusCode === 422;
    try {
      if (forGood && typeof payload === 'string') {
        const reply_ = { status: reply.statusCode, headers: headersOf(reply), body: payload };
        await replies.finish(key, token, fingerprint, reply_);
      } else {
        await replies.release(key, token);
      }
    } catch (error) {
      // The answer is right all the same; the key frees itself after a while.
      app.log.warn({ err: error }, 'an answer could not be kept under its idempotency key');
    }
  }

  return {
    preHandler(request, reply, done) {
      const field = request.headers['idempotency-key'];
      if (field === undefined) {
        done();
        return;
      }
      begin(request, reply, field).then((isNew) => {
        if (isNew) done();
      }, done);
    },
    onSend(request, reply, payload, done) {
      const mine = held.get(request);
      if (mine === undefined) {
        done(null, payload);
        return;
      }
      held.delete(request);
      keep(mine, reply, payload).then(() => {
        done(null, payload);
      }, done);
    },
  };
}
