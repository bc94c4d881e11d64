/** What routes keep for their clients, in memory: the interfaces of src/http/stores.ts. */
import { createHash, randomUUID } from 'node:crypto';
import type {
  KeptNetwork,
  NetworkStore,
  ReplyStore,
  StoredReply,
  WebhookDesk,
} from '../../src/http/stores.js';
import type { Delivery, WebhookInput } from '../../src/schemas/webhook.js';

interface Held {
  readonly fingerprint: string;
  readonly token?: string;
  readonly reply?: StoredReply;
}

export function fakeReplies(): ReplyStore {
  const held = new Map<string, Held>();
  return {
    async begin(key, fingerprint) {
      const known = held.get(key);
      if (known === undefined) {
        const token = randomUUID();
        held.set(key, { fingerprint, token });
        return { is: 'new', token };
      }
      if (known.fingerprint !== fingerprint) return { is: 'other-request' };
      return known.reply === undefined ? { is: 'in-progress' } : { is: 'done', reply: known.reply };
    },
    async finish(key, token, fingerprint, reply) {
      if (held.get(key)?.token === token) held.set(key, { fingerprint, reply });
    },
    async release(key, token) {
      if (held.get(key)?.token === token) held.delete(key);
    },
  };
}

export function fakeNetworks(): NetworkStore {
  const kept = new Map<string, { network: KeptNetwork; content: Buffer }>();
  return {
    async receive(chunks) {
      const all: Buffer[] = [];
      for await (const chunk of chunks) all.push(chunk);
      const content = Buffer.concat(all);
      const digest = createHash('sha256').update(content).digest('hex');
      return {
        digest,
        bytes: content.length,
        content: async () => content,
        async keep(tenant, facts) {
          const key = `${tenant} ${digest}`;
          const known = kept.get(key);
          if (known !== undefined) return { network: known.network, created: false };
          const createdAt = '2026-01-01T00:00:00.000Z';
          const network = { ...facts, digest, bytes: content.length, createdAt };
          kept.set(key, { network, content });
          return { network, created: true };
        },
        discard: async () => undefined,
      };
    },
    find: async (tenant, digest) => kept.get(`${tenant} ${digest}`)?.network ?? null,
    content: async (tenant, digest) => kept.get(`${tenant} ${digest}`)?.content ?? null,
  };
}

export interface FakeWebhooks extends WebhookDesk {
  readonly attached: { readonly jobId: string; readonly webhook: WebhookInput }[];
}

export function fakeWebhooks(): FakeWebhooks {
  const attached: { jobId: string; webhook: WebhookInput }[] = [];
  const deliveryOf = (jobId: string): Delivery => ({
    id: `msg_${jobId}`,
    event: 'job.succeeded',
    url: 'https://receiver.example/hook',
    state: 'delivered',
    createdAt: '2026-01-01T00:00:00.000Z',
    attempts: [
      { at: '2026-01-01T00:00:01.000Z', status: null, error: 'ECONNREFUSED', milliseconds: 3 },
      { at: '2026-01-01T00:00:06.000Z', status: 200, error: null, milliseconds: 12 },
    ],
  });
  return {
    attached,
    refusal: ({ url }) => (url.startsWith('https:') ? null : 'its scheme is http; https is wanted'),
    async attach(jobId, webhook) {
      if (attached.filter((each) => each.jobId === jobId).length >= 2) return false;
      attached.push({ jobId, webhook });
      return true;
    },
    deliveries: async (jobId) =>
      attached.some((each) => each.jobId === jobId) ? [deliveryOf(jobId)] : [],
    redeliver: async (jobId, deliveryId) =>
      deliveryId === `msg_${jobId}` ? { ...deliveryOf(jobId), state: 'pending' } : null,
  };
}
