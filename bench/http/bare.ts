/**
 * The least that could answer the same: Fastify without a schema, hook, plugin or log, the Redis
 * calls that the service makes for it, through a connection set up as the service's is and read the
 * same way, and the same JSON body. It leaves out what the service is for: the question is read and
 * planned once, at the start, and no body, key or header field is looked at after that; security
 * header fields, request ids, entity tags, metrics, load shedding and refusals are not there.
 */
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { loadConfig, requireRedisUrl } from '../../src/config.js';
import { jobBody } from '../../src/http/job-body.js';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { connectProducer } from '../../src/queue/availability.js';
import { baseIdOf, namesOf, planBlobOf } from '../../src/queue/names.js';
import { openRecords } from '../../src/queue/records.js';
import type { Job } from '../../src/schemas/job.js';

const config = loadConfig();
const redis = connectProducer(requireRedisUrl(config));
const names = namesOf(config.keyPrefix);
const records = openRecords(redis, names);
const parsed = parseRequest(JSON.parse(process.env['BENCH_BODY'] ?? ''));
if (!parsed.ok) throw new Error(parsed.detail);
const planned = planOf(parsed.question, config);
if (!planned.ok) throw new Error(planned.refusal.detail);
const { plan } = planned;
const blob = planBlobOf(plan);
const job = { baseId: baseIdOf(plan), plan, planHash: blob.hash, planText: blob.text };

async function bodyOf(id: string): Promise<Job> {
  const record = await records.get(id);
  if (record === null) throw new Error(`job ${id} is gone`);
  return jobBody(record);
}

const app = fastify();
app.post('/analyze', async () => {
  const { id } = await records.create(job);
  await records.claim(id);
  return bodyOf(id);
});
app.get<{ Params: { id: string } }>('/jobs/:id', (request) => bodyOf(request.params.id));
await app.listen({ host: '127.0.0.1', port: 0 });
const { port } = app.server.address() as AddressInfo;
process.send?.({ url: `http://127.0.0.1:${String(port)}` });
for (const end of ['SIGTERM', 'disconnect']) process.once(end, () => process.exit(0));
