/**
 * What routes keep for their clients, as interfaces: answers under an Idempotency-Key, uploaded
 * networks, webhooks. `src/store` and `src/webhooks` implement them over Redis, tests in memory.
 * All of them throw QueueUnavailable where Redis is away. `tenant` keeps clients apart.
 */
import type { Delivery, WebhookInput } from '../schemas/webhook.js';

export interface StoredReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Begun =
  | { readonly is: 'new'; readonly token: string }
  | { readonly is: 'in-progress' }
  | { readonly is: 'other-request' }
  | { readonly is: 'done'; readonly reply: StoredReply };

export interface ReplyStore {
  /** Atomic: of equal requests at once, one is `new`. `fingerprint` tells requests apart. */
  begin(key: string, fingerprint: string): Promise<Begun>;
  /** Keeps the answer, if the token still holds the key. */
  finish(key: string, token: string, fingerprint: string, reply: StoredReply): Promise<void>;
  /** Frees the key, if the token still holds it. */
  release(key: string, token: string): Promise<void>;
}

export interface NetworkFacts {
  readonly samples: number;
  readonly layers: number;
}

export interface KeptNetwork extends NetworkFacts {
  /** SHA-256 of the bytes, in 64 lower-case hex digits. */
  readonly digest: string;
  readonly bytes: number;
  readonly createdAt: string;
}

/** Bytes that have arrived and belong to nobody yet; they vanish by themselves. */
export interface Upload {
  readonly digest: string;
  readonly bytes: number;
  content(): Promise<Buffer>;
  /** Makes them the tenant's network; `created` is false where it had them. */
  keep(
    tenant: string,
    facts: NetworkFacts,
  ): Promise<{ readonly network: KeptNetwork; readonly created: boolean }>;
  discard(): Promise<void>;
}

export interface NetworkStore {
  /** Reads to the end in bounded memory; what the chunks throw is thrown, and nothing stays. */
  receive(chunks: AsyncIterable<Buffer>): Promise<Upload>;
  find(tenant: string, digest: string): Promise<KeptNetwork | null>;
  /** The bytes as they were uploaded; keeps them for as long as new ones. */
  content(tenant: string, digest: string): Promise<Buffer | null>;
}

export interface WebhookDesk {
  /** Why no webhook is sent there, as far as the URL alone tells; null where it may be. */
  refusal(webhook: WebhookInput): string | null;
  /** False where the job has as many as it may have. The same webhook again changes nothing. */
  attach(jobId: string, webhook: WebhookInput): Promise<boolean>;
  /** Oldest first. */
  deliveries(jobId: string): Promise<readonly Delivery[]>;
  /** Sends it once more; null where the job has no such delivery. */
  redeliver(jobId: string, deliveryId: string): Promise<Delivery | null>;
}
