/**
 * One attempt to deliver: an HTTP POST that cannot be turned against the inside of the network.
 *
 * The address is checked where the connection is made, not where the name is looked up first: a
 * name that answers something else the second time (DNS rebinding) gains nothing. Redirects are not
 * followed, the answer is not read beyond a few bytes, and all of it is over in ATTEMPT_MS.
 */
import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, request, type Dispatcher } from 'undici';
import type { AddressPolicy } from './address.js';

const ATTEMPT_MS = 10_000;
const CONNECT_MS = 5_000;
/** Of an answer no more is read than this; nobody looks at it. */
const ANSWER_BYTES_MAX = 65_536;

/** Thrown where the address behind a name is none that may be reached. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

export interface Answered {
  /** Null where there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
  readonly milliseconds: number;
}

export interface Sender {
  /** Never throws: what went wrong is in the answer. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Answered>;
  close(): Promise<void>;
}

/** The addresses of a name, or AddressRefused where one of them is refused. */
function guardedLookup(policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = (addresses as readonly LookupAddress[] | undefined) ?? [];
      if (error !== null || first === undefined) {
        callback(error ?? new Error(`${hostname} has no address`), '');
        return;
      }
      for (const { address } of addresses) {
        const why = policy(address);
        if (why !== null) {
          callback(new AddressRefused(`${hostname}: ${why}`), '');
          return;
        }
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** A connector that refuses before it connects, and again once it has. */
function guardedConnector(policy: AddressPolicy): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_MS, lookup: guardedLookup(policy) });
  return (options, callback) => {
    // A literal address is never looked up.
    const host = options.hostname.replace(/^\[|\]$/g, '');
    const literal = isIP(host) === 0 ? null : policy(host);
    if (literal !== null) {
      callback(new AddressRefused(literal), null);
      return;
    }
    connect(options, (error, socket) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      const why = policy(socket.remoteAddress ?? '');
      if (why === null) {
        callback(null, socket);
        return;
      }
      socket.destroy();
      callback(new AddressRefused(why), null);
    });
  };
}

/** What a failed attempt is called in the log; no stack, nothing of the request. */
function errorText(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError') return `no answer within ${String(ATTEMPT_MS)} ms`;
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  return `${code}${error.message}`.slice(0, 300);
}

/** Sends through connections of its own. */
export function openSender(policy: AddressPolicy): Sender {
  const agent: Dispatcher = new Agent({
    connect: guardedConnector(policy),
    keepAliveTimeout: 1_000,
    headersTimeout: ATTEMPT_MS,
    bodyTimeout: ATTEMPT_MS,
    maxResponseSize: ANSWER_BYTES_MAX,
  });
  return {
    async post(url, headers, body) {
      const start = performance.now();
      const answered = (status: number | null, error: string | null): Answered => ({
        status,
        error,
        milliseconds: Math.round(performance.now() - start),
      });
      try {
        const response = await request(url, {
          method: 'POST',
          headers,
          body,
          dispatcher: agent,
          signal: AbortSignal.timeout(ATTEMPT_MS),
        });
        const { statusCode } = response;
        // What it says beyond its status is of no interest, also where it is too long.
        await response.body.dump({ limit: ANSWER_BYTES_MAX }).catch(() => undefined);
        if (statusCode >= 200 && statusCode < 300) return answered(statusCode, null);
        const redirect = statusCode >= 300 && statusCode < 400;
        return answered(
          statusCode,
          redirect ? 'redirects are not followed' : `answered ${String(statusCode)}`,
        );
      } catch (error) {
        return answered(null, errorText(error));
      }
    },
    close: () => agent.destroy(),
  };
}
