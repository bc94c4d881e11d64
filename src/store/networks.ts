/**
 * Uploaded networks in Redis, by tenant and digest.
 *
 * What arrives is appended piece by piece to a key of its own, hashed on the way, so that this
 * process never holds more than PIECE_BYTES of it; only a whole and checked network gets its name.
 * Invariant: the content under a digest never changes, so that storing it twice is harmless.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { KeptNetwork, NetworkFacts, NetworkStore, Upload } from '../http/stores.js';
import { whileAvailable } from '../queue/availability.js';
import { RECORD_SECONDS } from '../queue/names.js';

const PIECE_BYTES = 262_144;
/** An upload that nobody finished is gone after this. */
const UPLOAD_SECONDS = 3600;

/** Through a connection that stays the caller's. */
export function openNetworkStore(redis: Redis, prefix: string): NetworkStore {
  const contentKey = (tenant: string, digest: string): string =>
    `${prefix}:network:${tenant}:${digest}`;
  const factsKey = (tenant: string, digest: string): string =>
    `${prefix}:network-facts:${tenant}:${digest}`;
  const available = <T>(work: () => Promise<T>): Promise<T> => whileAvailable(redis, work);

  async function find(tenant: string, digest: string): Promise<KeptNetwork | null> {
    const fields = await redis.hgetall(factsKey(tenant, digest));
    const { bytes, samples, layers, createdAt } = fields;
    if (bytes === undefined || createdAt === undefined) return null;
    return {
      digest,
      bytes: Number(bytes),
      samples: Number(samples),
      layers: Number(layers),
      createdAt,
    };
  }

  async function keep(
    uploadKey: string,
    network: Omit<KeptNetwork, 'createdAt' | keyof NetworkFacts>,
    tenant: string,
    facts: NetworkFacts,
  ): Promise<{ network: KeptNetwork; created: boolean }> {
    const { digest, bytes } = network;
    const key = factsKey(tenant, digest);
    const answers = await redis
      .multi()
      .rename(uploadKey, contentKey(tenant, digest))
      .expire(contentKey(tenant, digest), RECORD_SECONDS)
      .hsetnx(key, 'createdAt', new Date().toISOString())
      .hset(key, { bytes, samples: facts.samples, layers: facts.layers })
      .expire(key, RECORD_SECONDS)
      .exec();
    for (const [failure] of answers ?? []) if (failure !== null) throw failure;
    const kept = await find(tenant, digest);
    if (kept === null) throw new Error(`keep: network ${digest} vanished`);
    return { network: kept, created: answers?.[2]?.[1] === 1 };
  }

  return {
    async receive(chunks): Promise<Upload> {
      const key = `${prefix}:upload:${randomUUID()}`;
      const hash = createHash('sha256');
      let bytes = 0;
      let pieces: Buffer[] = [];
      let waiting = 0;
      const discard = async (): Promise<void> => {
        await available(() => redis.del(key));
      };
      const append = async (): Promise<void> => {
        const piece = Buffer.concat(pieces);
        pieces = [];
        waiting = 0;
        await available(() => redis.multi().append(key, piece).expire(key, UPLOAD_SECONDS).exec());
      };
      try {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          pieces.push(chunk);
          waiting += chunk.length;
          if (waiting >= PIECE_BYTES) await append();
        }
        await append();
      } catch (error) {
        // Where Redis is away the piece vanishes by itself.
        await discard().catch(() => undefined);
        throw error;
      }
      const digest = hash.digest('hex');
      return {
        digest,
        bytes,
        content: () => available(async () => (await redis.getBuffer(key)) ?? Buffer.alloc(0)),
        keep: (tenant, facts) => available(() => keep(key, { digest, bytes }, tenant, facts)),
        discard,
      };
    },
    find: (tenant, digest) => available(() => find(tenant, digest)),
    content: (tenant, digest) =>
      available(async () => {
        await redis.expire(factsKey(tenant, digest), RECORD_SECONDS);
        return await redis.getexBuffer(contentKey(tenant, digest), 'EX', RECORD_SECONDS);
      }),
  };
}
