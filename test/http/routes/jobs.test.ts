/** The jobs as a resource: list, read, cancel. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Response } from 'supertest';
import type { Fault } from '../../../src/plan/question.js';
import type { Job } from '../../../src/schemas/job.js';
import { conforms, isProblem, newJob, service, type Service } from '../harness.js';

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
  test('cancels, and cancels again', async (t) => {
    const fixture = await service(t);
    const { api, app, queue } = fixture;
    const id = await newJob(fixture);
    queue.move(id, { state: 'running', done: '3' });
    for (let time = 0; time < 2; time += 1) {
      const answer = await api.delete(`/jobs/${id}`).expect(200);
      conforms(app, 'DELETE /jobs/{id}', answer);
      assert.equal((answer.body as Job).state, 'cancelled');
    }
    const read = await api.get(`/jobs/${id}`).expect(200);
    assert.equal((read.body as Job).state, 'cancelled');
  });

  for (const state of ['succeeded', 'failed'] as const) {
    test(`refuses a job that has ${state}`, async (t) => {
      const fixture = await service(t);
      const id = await newJob(fixture);
      fixture.queue.move(id, { state });
      const answer = await fixture.api.delete(`/jobs/${id}`).expect(409);
      conforms(fixture.app, 'DELETE /jobs/{id}', answer);
      isProblem(answer, 'already-finished');
      assert.equal((answer.body as { state: string }).state, state);
    });
  }

  test('knows no other jobs', async (t) => {
    const { api, app } = await service(t);
    const answer = await api.delete('/jobs/an_none').expect(404);
    conforms(app, 'DELETE /jobs/{id}', answer);
    isProblem(answer, 'not-found');
  });
});

test('every route that needs the queue says when it is away', async (t) => {
  const { api, app, queue } = await service(t);
  queue.unreachable = true;
  for (const [method, path, url] of [
    ['get', '/jobs', '/jobs'],
    ['get', '/jobs/{id}', '/jobs/an_1'],
    ['delete', '/jobs/{id}', '/jobs/an_1'],
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
