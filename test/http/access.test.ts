/**
 * Who may ask what: every route of the OpenAPI document is closed without a key unless it is named
 * public, tenants do not find each other's jobs on any of them, and budgets are counted in Redis.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';
import { Redis } from 'ioredis';
import { openKeyRing, type KeyRing } from '../../src/access/keys.js';
import { openApiDocument } from '../../src/http/openapi.js';
import { TooManyJobs } from '../../src/queue/job-queue.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { until } from '../until.js';
import { conforms, isProblem, REQUEST, service, STORED, type Service } from './harness.js';

let server: PrivateRedis;
let redis: Redis;
before(async () => {
  server = await privateRedis();
  redis = new Redis(server.url, { enableOfflineQueue: false });
  redis.on('error', () => undefined);
  await until('Redis is there', () => redis.status === 'ready');
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

interface Guarded extends Service {
  readonly keys: KeyRing;
  key(tenant: string, scope: string): Promise<string>;
}

async function guarded(
  context: TestContext,
  prefix: string,
  options: { readonly exposed?: boolean; readonly reads?: number; readonly writes?: number } = {},
): Promise<Guarded> {
  const keys = openKeyRing(redis, `{${prefix}}`);
  const { exposed = true, reads = 10_000, writes = 10_000 } = options;
  const fixture = await service(context, {
    access: { keys, exposed },
    rateLimits: { redis, keyPrefix: `{${prefix}}`, reads, writes },
  });
  return {
    ...fixture,
    keys,
    key: async (tenant, scope) => (await keys.create({ tenant, scope })).text,
  };
}

interface Operation {
  readonly method: 'get' | 'post' | 'delete' | 'put';
  readonly path: string;
  readonly isPublic: boolean;
}

/** Every operation of the document, with whether it says that it takes no key. */
function operations({ app }: Service): Operation[] {
  const { paths } = openApiDocument(app) as {
    paths: Record<string, Record<string, { security?: unknown[] }>>;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method as Operation['method'],
      path,
      isPublic: security?.length === 0,
    })),
  );
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

async function post(fixture: Guarded, key: string, change: object = {}): Promise<string> {
  const answer = await fixture.api
    .post('/analyze')
    .set(bearer(key))
    .send({ ...REQUEST, ...change })
    .expect(202);
  return (answer.body as { id: string }).id;
}

describe('without a key', () => {
  test('every route is closed but those that say they are open', async (t) => {
    const fixture = await guarded(t, 'closed');
    const all = operations(fixture);
    assert.deepEqual(
      all.filter(({ isPublic }) => isPublic).map(({ path }) => path),
      ['/healthz', '/readyz', '/problems', '/problems/{code}', '/openapi.json'],
    );
    for (const { method, path, isPublic } of all) {
      const answer = await fixture.api[method](path.replace(/\{\w+\}/, 'not-found'));
      if (isPublic) {
        assert.equal(answer.status, 200, path);
      } else {
        assert.equal(answer.status, 401, `${method} ${path}`);
        isProblem(answer, 'unauthorized');
        conforms(fixture.app, `${method.toUpperCase()} ${path}`, answer);
        assert.equal(answer.headers['www-authenticate'], 'Bearer realm="gradcert"');
      }
    }
    await fixture.api.get('/docs').expect(200);
    assert.equal(fixture.queue.enqueued(), 0);
  });

  test('a key that is none is told so, also where none is needed', async (t) => {
    for (const exposed of [true, false]) {
      const { api } = await guarded(t, 'none', { exposed });
      for (const authorization of [
        'Bearer gck_x',
        'Basic YTpi',
        'Bearer',
        `Bearer ${'x'.repeat(9000)}`,
      ]) {
        const answer = await api.get('/jobs').set({ authorization }).expect(401);
        assert.match(answer.headers['www-authenticate'] ?? '', /error="invalid_token"/);
      }
    }
  });

  test('loopback is open until the first key is made, and never again', async (t) => {
    const fixture = await guarded(t, 'loopback', { exposed: false });
    const posted = await fixture.api.post('/analyze').send(REQUEST).expect(202);
    const { id } = posted.body as { id: string };
    await fixture.api.get(`/jobs/${id}`).expect(200);
    const { key, text } = await fixture.keys.create({ tenant: 't', scope: 'admin' });
    await until('the door is closed', async () => (await fixture.api.get('/jobs')).status === 401);
    await fixture.api.get('/jobs').set(bearer(text)).expect(200);
    // What was asked while it was open is nobody's now.
    isProblem(await fixture.api.get(`/jobs/${id}`).set(bearer(text)).expect(404), 'not-found');
    await fixture.keys.revoke(key.id);
    await fixture.api.get('/jobs').expect(401);
    await fixture.api.get('/jobs').set(bearer(text)).expect(401);
  });
});

describe('scopes', () => {
  test('read reads, submit also asks and cancels, admin also sees the metrics', async (t) => {
    const fixture = await guarded(t, 'scopes');
    const [read, submit, admin] = await Promise.all(
      ['read', 'submit', 'admin'].map((scope) => fixture.key('t', scope)),
    );
    const refused = await fixture.api.post('/analyze').set(bearer(read!)).send(REQUEST).expect(403);
    isProblem(refused, 'forbidden');
    conforms(fixture.app, 'POST /analyze', refused);
    assert.match(refused.headers['www-authenticate'] ?? '', /insufficient_scope/);
    const id = await post(fixture, submit!);
    await fixture.api.get(`/jobs/${id}`).set(bearer(read!)).expect(200);
    await fixture.api.delete(`/jobs/${id}`).set(bearer(read!)).expect(403);
    await fixture.api.get('/metrics').set(bearer(submit!)).expect(403);
    await fixture.api.delete(`/jobs/${id}`).set(bearer(submit!)).expect(200);
    await fixture.api.get('/metrics').set(bearer(admin!)).expect(200);
    await fixture.api.get('/formats').set(bearer(read!)).expect(200);
  });
});

describe('tenants', () => {
  test('the same question is two jobs, and each sees its own', async (t) => {
    const fixture = await guarded(t, 'two');
    const [a, b] = [await fixture.key('a', 'admin'), await fixture.key('b', 'admin')];
    const ids = [await post(fixture, a), await post(fixture, b)];
    assert.notEqual(ids[0], ids[1]);
    for (const [key, id] of [
      [a, ids[0]],
      [b, ids[1]],
    ] as const) {
      const answer = await fixture.api.get('/jobs').set(bearer(key)).expect(200);
      assert.deepEqual(
        (answer.body as { jobs: { id: string }[] }).jobs.map((job) => job.id),
        [id],
      );
    }
  });

  test('a job of another is not there, on any route, exactly as one that never was', async (t) => {
    const fixture = await guarded(t, 'isolated');
    const [a, b] = [await fixture.key('a', 'admin'), await fixture.key('b', 'admin')];
    const id = await post(fixture, a, { policy: { incorrect: { maxDensity: '0' } } });
    fixture.queue.move(id, { state: 'succeeded' }, STORED);
    const never = id.replace(/.{4}$/, '0000');
    const routes = operations(fixture).filter(({ path }) => path.startsWith('/jobs/{id}'));
    assert.ok(routes.length >= 6);
    for (const { method, path } of routes) {
      const [theirs, none] = await Promise.all(
        [id, never].map((one) => fixture.api[method](path.replace('{id}', one)).set(bearer(b))),
      );
      assert.equal(theirs!.status, 404, `${method} ${path}`);
      const shape = (answer: { body: unknown; headers: object }, of: string): string =>
        JSON.stringify([answer.body, Object.keys(answer.headers).sort()])
          .replaceAll(of, 'ID')
          .replace(/urn:uuid:[0-9a-f-]+/, 'INSTANCE');
      assert.equal(shape(theirs!, id), shape(none!, never), `${method} ${path}`);
    }
    await fixture.api.get(`/jobs/${id}`).set(bearer(a)).expect(200);
    assert.equal(fixture.queue.subscriptions(), 0);
  });

  test('a tenant with as many live jobs as it may have waits', async (t) => {
    const fixture = await guarded(t, 'quota');
    const key = await fixture.key('a', 'submit');
    fixture.queue.submit = () => Promise.reject(new TooManyJobs(7));
    const answer = await fixture.api.post('/analyze').set(bearer(key)).send(REQUEST).expect(429);
    isProblem(answer, 'too-many-jobs');
    conforms(fixture.app, 'POST /analyze', answer);
    assert.equal((answer.body as { limit: number }).limit, 7);
    assert.match(answer.headers['retry-after'] ?? '', /^\d+$/);
  });
});

describe('rate limits', () => {
  test('count per key over all processes, reading apart from the rest', async (t) => {
    const one = await guarded(t, 'rates', { reads: 4, writes: 2 });
    const two = await guarded(t, 'rates', { reads: 4, writes: 2 });
    const [key, other] = [await one.key('a', 'submit'), await one.key('a', 'submit')];
    for (const [at, { api }] of [one, two, one, two].entries()) {
      const answer = await api.get('/jobs').set(bearer(key)).expect(200);
      assert.equal(answer.headers['ratelimit-policy'], '"default";q=4;w=60');
      assert.match(answer.headers['ratelimit'] ?? '', new RegExp(`^"default";r=${3 - at};t=\\d+$`));
      assert.equal(answer.headers['ratelimit-limit'], undefined);
    }
    for (const { api, app } of [one, two]) {
      const answer = await api.get('/jobs').set(bearer(key)).expect(429);
      isProblem(answer, 'rate-limited');
      conforms(app, 'GET /jobs', answer);
      assert.match(answer.headers['retry-after'] ?? '', /^([1-9]|[1-5]\d|60)$/);
    }
    // A budget that is used up for reading is none for asking, nor another key's.
    await one.api.post('/analyze').set(bearer(key)).send(REQUEST).expect(202);
    await one.api.get('/jobs').set(bearer(other)).expect(200);
    await one.api.get('/healthz').set(bearer(key)).expect(200);
  });

  test('an open service has none', async (t) => {
    const { api } = await guarded(t, 'open', { exposed: false, reads: 1 });
    for (let times = 0; times < 3; times += 1) {
      const answer = await api.get('/jobs').expect(200);
      assert.equal(answer.headers['ratelimit'], undefined);
    }
  });
});

// The last: it takes the Redis away.
test('while Redis is away no key gets in, and what is public stays so', async (t) => {
  const fixture = await guarded(t, 'away');
  const key = await fixture.key('a', 'admin');
  redis.disconnect();
  const answer = await fixture.api.get('/jobs').set(bearer(key)).expect(503);
  isProblem(answer, 'queue-unavailable');
  await fixture.api.get('/healthz').expect(200);
});
