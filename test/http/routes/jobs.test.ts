/** The jobs as a resource: list, read, cancel. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Response } from 'supertest';
import type { Fault } from '../../../src/plan/question.js';
import type { Job } from '../../../src/schemas/job.js';
import { conforms, isProblem, newJob, service, STORED, type Service } from '../harness.js';

async function jobs(fixture: Service, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    ids.push(await newJob(fixture, { format: { values: [String(n)] } }));
  }
  return ids;
}

describe('GET /jobs', () => {
  test('is empty at first', async (t) => {
    const { api, app } = await service(t);
    const answer = await api.get('/jobs').expect(200);
    conforms(app, 'GET /jobs', answer);
    assert.deepEqual(answer.body, { jobs: [], nextCursor: null });
    assert.equal(answer.headers['link'], undefined);
  });

  test('turns pages, newest first, by cursor and by Link, through every job once', async (t) => {
    const fixture = await service(t);
    const ids = await jobs(fixture, 5);
    const seen: string[] = [];
    let next: string | undefined = '/jobs?limit=2';
    while (next !== undefined) {
      const answer: Response = await fixture.api.get(next).expect(200);
      conforms(fixture.app, 'GET /jobs', answer);
      const page = answer.body as { jobs: Job[]; nextCursor: string | null };
      seen.push(...page.jobs.map(({ id }) => id));
      next = /^<([^>]+)>; rel="next"$/.exec(answer.headers['link'] ?? '')?.[1];
      assert.equal(page.nextCursor === null, next === undefined);
    }
    assert.deepEqual(seen, ids.reverse());
  });

  test('has 20 jobs on a page by default', async (t) => {
    const fixture = await service(t);
    await jobs(fixture, 21);
    const answer = await fixture.api.get('/jobs').expect(200);
    assert.equal((answer.body as { jobs: Job[] }).jobs.length, 20);
    assert.match(answer.headers['link'] ?? '', /limit=20&cursor=/);
  });

  for (const [query, pointer] of [
    ['limit=0', '/limit'],
    ['limit=101', '/limit'],
    ['limit=1.5', '/limit'],
    ['limit=many', '/limit'],
    ['limit=', '/limit'],
    ['cursor=', '/cursor'],
    ['cursor=made-up', '/cursor'],
    ['state=queued', '/state'],
    ['limit=1&limit=2', '/limit'],
  ] as const) {
    test(`refuses ?${query}`, async (t) => {
      const { api, app } = await service(t);
      const answer = await api.get(`/jobs?${query}`).expect(400);
      conforms(app, 'GET /jobs', answer);
      const { errors } = answer.body as { errors: (Fault & { in: string })[] };
      assert.deepEqual(
        errors.map((fault) => [fault.pointer, fault.in]),
        [[pointer, 'query']],
      );
    });
  }
});

describe('GET /jobs/{id}', () => {
  test('tells state and progress, and how long to wait until the state is final', async (t) => {
    const fixture = await service(t);
    const { api, app, queue } = fixture;
    const id = await newJob(fixture);
    queue.move(id, { state: 'running', done: '27' });
    const running = await api.get(`/jobs/${id}`).expect(200);
    conforms(app, 'GET /jobs/{id}', running);
    const job = running.body as Job;
    assert.deepEqual(job.progress, { done: '27', total: '81', fraction: 0.3333 });
    assert.match(running.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);

    queue.move(id, { state: 'failed', error: { code: 'shard-failed', detail: 'broke', shard: 3 } });
    const failed = await api.get(`/jobs/${id}`).expect(200);
    conforms(app, 'GET /jobs/{id}', failed);
    assert.equal(failed.headers['retry-after'], undefined);
    assert.deepEqual((failed.body as Job).error, {
      code: 'shard-failed',
      detail: 'broke',
      shard: 3,
    });
  });

  test('answers 304 until the record changes', async (t) => {
    const fixture = await service(t);
    const { api, app, queue } = fixture;
    const id = await newJob(fixture);
    const { headers } = await api.get(`/jobs/${id}`).expect(200);
    const tag = headers['etag'] ?? '';
    const same = await api.get(`/jobs/${id}`).set('if-none-match', tag).expect(304);
    conforms(app, 'GET /jobs/{id}', same);
    assert.equal(same.text, '');
    assert.equal(same.headers['etag'], tag);
    queue.move(id, { done: '1' });
    await api.get(`/jobs/${id}`).set('if-none-match', tag).expect(200);
  });

  test('knows no other jobs', async (t) => {
    const { api, app } = await service(t);
    for (const id of ['an_none', '..', '%2e%2e', 'x'.repeat(99), 'x'.repeat(500)]) {
      const answer = await api.get(`/jobs/${id}`).expect(404);
      isProblem(answer, 'not-found');
    }
    const answer = await api.get('/jobs/an_none').expect(404);
    conforms(app, 'GET /jobs/{id}', answer);
  });
});

describe('DELETE /jobs/{id}', () => {
  test('cancels what is live; the job stays', async (t) => {
    const fixture = await service(t);
    const { api, app, queue } = fixture;
    const id = await newJob(fixture);
    queue.move(id, { state: 'running', done: '3' });
    const answer = await api.delete(`/jobs/${id}`).expect(200);
    conforms(app, 'DELETE /jobs/{id}', answer);
    assert.equal((answer.body as Job).state, 'cancelled');
    const read = await api.get(`/jobs/${id}`).expect(200);
    assert.equal((read.body as Job).state, 'cancelled');
    assert.equal((read.body as Job).expiresAt, '2026-02-01T00:00:00.000Z');
  });

  for (const state of ['succeeded', 'failed', 'cancelled'] as const) {
    test(`erases a job that has ${state}; from then on it is gone`, async (t) => {
      const fixture = await service(t);
      const { api, app, queue } = fixture;
      const id = await newJob(fixture);
      queue.move(id, { state }, state === 'succeeded' ? STORED : undefined);
      const answer = await api.delete(`/jobs/${id}`).expect(204);
      conforms(app, 'DELETE /jobs/{id}', answer);
      assert.equal(answer.text, '');
      for (const [method, path, url] of [
        ['get', '/jobs/{id}', `/jobs/${id}`],
        ['delete', '/jobs/{id}', `/jobs/${id}`],
        ['get', '/jobs/{id}/result', `/jobs/${id}/result`],
        ['get', '/jobs/{id}/report', `/jobs/${id}/report`],
        ['get', '/jobs/{id}/events', `/jobs/${id}/events`],
        ['post', '/jobs/{id}/cancel', `/jobs/${id}/cancel`],
        ['post', '/jobs/{id}/resume', `/jobs/${id}/resume`],
      ] as const) {
        const gone = await api[method](url).expect(410);
        conforms(app, `${method.toUpperCase()} ${path}`, gone);
        isProblem(gone, 'job-gone');
        assert.equal((gone.body as { reason: string }).reason, 'erased');
      }
    });
  }

  test('a job that finishes in the very moment is neither cancelled nor erased', async (t) => {
    const fixture = await service(t);
    const { api, app, queue } = fixture;
    const id = await newJob(fixture);
    const get = queue.get.bind(queue);
    queue.get = async (asked) => {
      const seen = await get(asked);
      if (seen?.state === 'queued') queue.move(id, { state: 'succeeded' }, STORED);
      return seen;
    };
    const answer = await api.delete(`/jobs/${id}`).expect(409);
    conforms(app, 'DELETE /jobs/{id}', answer);
    isProblem(answer, 'already-finished');
    await api.get(`/jobs/${id}/result`).expect(200);
  });

  test('knows no other jobs', async (t) => {
    const { api, app } = await service(t);
    const answer = await api.delete('/jobs/an_none').expect(404);
    conforms(app, 'DELETE /jobs/{id}', answer);
    isProblem(answer, 'not-found');
  });
});

describe('POST /jobs/{id}/cancel', () => {
  test('cancels, and cancels again, and erases nothing', async (t) => {
    const fixture = await service(t);
    const { api, app } = fixture;
    const id = await newJob(fixture);
    for (let time = 0; time < 2; time += 1) {
      const answer = await api.post(`/jobs/${id}/cancel`).expect(200);
      conforms(app, 'POST /jobs/{id}/cancel', answer);
      assert.equal((answer.body as Job).state, 'cancelled');
    }
    await api.get(`/jobs/${id}`).expect(200);
    isProblem(await api.post('/jobs/an_none/cancel').expect(404), 'not-found');
  });

  for (const state of ['succeeded', 'failed'] as const) {
    test(`refuses a job that has ${state}`, async (t) => {
      const fixture = await service(t);
      const id = await newJob(fixture);
      fixture.queue.move(id, { state });
      const answer = await fixture.api.post(`/jobs/${id}/cancel`).expect(409);
      conforms(fixture.app, 'POST /jobs/{id}/cancel', answer);
      isProblem(answer, 'already-finished');
      assert.equal((answer.body as { state: string }).state, state);
    });
  }
});

describe('POST /jobs/{id}/resume', () => {
  test('queues a failed or cancelled job again, under its own id', async (t) => {
    const fixture = await service(t);
    const { api, app, queue } = fixture;
    const id = await newJob(fixture);
    for (const state of ['failed', 'cancelled'] as const) {
      queue.move(id, { state });
      const answer = await api.post(`/jobs/${id}/resume`).expect(202);
      conforms(app, 'POST /jobs/{id}/resume', answer);
      assert.equal(answer.headers['location'], `/jobs/${id}`);
      const { state: now, id: same } = answer.body as Job;
      assert.deepEqual([same, now], [id, 'queued']);
    }
    queue.move(id, { state: 'failed' });
    const limited = await api.post(`/jobs/${id}/resume`).send({ cpuSeconds: 7 }).expect(202);
    assert.deepEqual((limited.body as Job).cpuSeconds, { spent: 0, limit: 7 });
  });

  test('refuses what is live, has succeeded, or is unknown', async (t) => {
    const fixture = await service(t);
    const { api, app, queue } = fixture;
    const id = await newJob(fixture);
    for (const state of ['queued', 'running', 'succeeded'] as const) {
      queue.move(id, { state });
      const answer = await api.post(`/jobs/${id}/resume`).expect(409);
      conforms(app, 'POST /jobs/{id}/resume', answer);
      isProblem(answer, 'not-resumable');
      assert.equal((answer.body as { state: string }).state, state);
    }
    isProblem(await api.post('/jobs/an_none/resume').expect(404), 'not-found');
  });

  for (const [body, pointer] of [
    [{ deadlineSeconds: 0 }, '/deadlineSeconds'],
    [{ deadlineSeconds: '5' }, '/deadlineSeconds'],
    [{ cpuSeconds: -1 }, '/cpuSeconds'],
    [{ other: 1 }, '/other'],
  ] as const) {
    test(`refuses ${JSON.stringify(body)}`, async (t) => {
      const fixture = await service(t);
      const id = await newJob(fixture);
      fixture.queue.move(id, { state: 'failed' });
      const answer = await fixture.api.post(`/jobs/${id}/resume`).send(body).expect(400);
      conforms(fixture.app, 'POST /jobs/{id}/resume', answer);
      const { errors } = answer.body as { errors: Fault[] };
      assert.deepEqual(
        errors.map((fault) => fault.pointer),
        [pointer],
      );
    });
  }
});

test('an expired job is gone, and says why', async (t) => {
  const fixture = await service(t);
  const id = await newJob(fixture);
  fixture.queue.forget(id, 'expired');
  const answer = await fixture.api.get(`/jobs/${id}`).expect(410);
  conforms(fixture.app, 'GET /jobs/{id}', answer);
  isProblem(answer, 'job-gone');
  assert.equal((answer.body as { reason: string }).reason, 'expired');
});

test('every route that needs the queue says when it is away', async (t) => {
  const { api, app, queue } = await service(t);
  queue.unreachable = true;
  for (const [method, path, url] of [
    ['get', '/jobs', '/jobs'],
    ['get', '/jobs/{id}', '/jobs/an_1'],
    ['delete', '/jobs/{id}', '/jobs/an_1'],
    ['post', '/jobs/{id}/cancel', '/jobs/an_1/cancel'],
    ['post', '/jobs/{id}/resume', '/jobs/an_1/resume'],
    ['get', '/jobs/{id}/result', '/jobs/an_1/result'],
    ['get', '/jobs/{id}/report', '/jobs/an_1/report'],
    ['get', '/jobs/{id}/events', '/jobs/an_1/events'],
    ['get', '/readyz', '/readyz'],
  ] as const) {
    const answer = await api[method](url).expect(503);
    conforms(app, `${method.toUpperCase()} ${path}`, answer);
    isProblem(answer, 'queue-unavailable');
    assert.equal(answer.headers['retry-after'], '5');
  }
});
