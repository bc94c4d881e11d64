/** A body whose network is written out, or fetched where the body names an uploaded one. */
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { Static } from '@sinclair/typebox';
import type { FastifyRequest } from 'fastify';
import { NetworkSchema, type NetworkInput, type NetworkRefSchema } from '../schemas/network.js';
import { ProblemError } from './problem.js';
import type { NetworkStore } from './stores.js';

const checked = TypeCompiler.Compile(NetworkSchema);

type Given = NetworkInput | Static<typeof NetworkRefSchema>;

/** What a body may carry that changes no question. */
interface NoQuestion {
  readonly webhook?: unknown;
  readonly policy?: unknown;
  readonly deadlineSeconds?: unknown;
  readonly cpuSeconds?: unknown;
}

/** What was made of bodies that nothing can change (known-bodies.ts): then it does not change either. */
const written = new WeakMap<object, object>();

/**
 * The body with its network in place and without what is no part of the question. An uploaded
 * network asks the same question as the same network written out. Throws `network-not-found`.
 */
export async function withNetwork<Body extends { network: Given } & NoQuestion>(
  body: Body,
  request: FastifyRequest,
  networks: NetworkStore,
): Promise<Omit<Body, keyof NoQuestion | 'network'> & { network: NetworkInput }> {
  type Written = Omit<Body, keyof NoQuestion | 'network'> & { network: NetworkInput };
  const before = written.get(body);
  if (before !== undefined) return before as Written;
  const { network: given } = body;
  const none = { webhook: undefined, policy: undefined };
  const question = { ...body, ...none, deadlineSeconds: undefined, cpuSeconds: undefined };
  if (!('ref' in given)) {
    const whole = { ...question, network: given };
    if (Object.isFrozen(body)) written.set(body, Object.freeze(whole));
    return whole;
  }
  const { ref } = given;
  const bytes = await networks.content(request.tenant, ref.slice('sha256:'.length));
  const network: unknown = bytes === null ? null : JSON.parse(bytes.toString('utf8'));
  // It was checked when it came; a later version of the service may know better.
  if (!checked.Check(network)) {
    throw new ProblemError('network-not-found', `There is no network ${ref}; upload it.`, {
      errors: [
        {
          pointer: '/network/ref',
          code: 'network-not-found',
          detail: `no network ${ref} is stored; PUT /networks/${ref.slice(7)} stores it`,
        },
      ],
    });
  }
  return { ...question, network };
}
