/** Prefer: wait=n: parsed leniently, waited for together, ended by whatever comes first. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { WAIT_MAX_SECONDS, waitSeconds } from '../../src/http/prefer.js';
import type { Job } from '../../src/schemas/job.js';
import { REQUEST, conforms, newJob, service, type Service } from './harness.js';

test('waitSeconds reads what RFC 7240 allows and ignores the rest', () => {
  for (const [field, seconds] of [
    ['wait=10', 10],
    ['respond-async, wait=0', 0],
    ['Wait=3', 3],
    ['wait=5; x=1, return=minimal', 5],
    ['wait=100000', WAIT_MAX_SECONDS],
    ['respond-async', null],
    ['wait', null],
    ['wait=soon', null],
    ['wait=-1', null],
    ['wait=1.5', null],
    ['WAIT = "7"', 7],
    ['wait="5"', 5],
    ['wait="soon"', null],
    ['return=minimal', null],
    [undefined, null],
    [',,;=', null],
    ['', null],
  ] as const) {
    assert.equal(waitSeconds(field), seconds, field);
  }
});

async function waiters({ queue }: Service, count: number): Promise<void> {
  while (queue.waiters() !== count) await new Promise(setImmediate);
}

describe('Prefer: wait', () => {
  test('POST /analyze answers 200 with the final job, GET /jobs/{id} too', async (t) => {
    const fixture = await service(t);
    const { api, app, queue } = fixture;
    const posted = api
      .post('/analyze')
      .set('prefer', 'wait=50')
      .send(REQUEST)
      .then((a) => a);
    await waiters(fixture, 1);
    const { jobs } = (await api.get('/jobs')).body as { jobs: Job[] };
    const { id } = jobs[0]!;
    const got = api
      .get(`/jobs/${id}`)
      .set('prefer', 'respond-async, wait=100')
      .then((a) => a);
    await waiters(fixture, 2);
    queue.move(id, { state: 'succeeded', done: '81' }, '{}');
    const [created, read] = await Promise.all([posted, got]);
    conforms(app, 'POST /analyze', created);
    assert.equal(created.status, 200);
    assert.equal((created.body as Job).state, 'succeeded');
    assert.equal(created.headers['preference-applied'], 'wait=50');
    assert.equal(created.headers['retry-after'], undefined);
    assert.equal(created.headers['vary'], 'Prefer');
    assert.equal(read.status, 200);
    assert.equal(read.headers['preference-applied'], 'wait=60');
    assert.equal((read.body as Job).state, 'succeeded');
    await waiters(fixture, 0);
  });

  test('the time is over: the job as it is, 202 for a new one', async (t) => {
    const { api } = await service(t);
    const answer = await api.post('/analyze').set('prefer', 'wait=0').send(REQUEST).expect(202);
    assert.equal(answer.headers['preference-applied'], 'wait=0');
    assert.equal((answer.body as Job).state, 'queued');
  });

  test('a client that goes away waits no longer', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture);
    const request = fixture.api.get(`/jobs/${id}`).set('prefer', 'wait=50');
    request.end(() => undefined);
    await waiters(fixture, 1);
    request.abort();
    await waiters(fixture, 0);
  });

  test('whoever waits is answered when the service closes', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture);
    await fixture.app.listen({ host: '127.0.0.1', port: 0 });
    const waiting = fixture.api
      .get(`/jobs/${id}`)
      .set('prefer', 'wait=50')
      .then((a) => a);
    await waiters(fixture, 1);
    const [answer] = await Promise.all([waiting, fixture.app.close()]);
    assert.equal(answer.status, 200);
    assert.equal((answer.body as Job).state, 'queued');
    assert.equal(answer.headers['connection'], 'close');
  });

  test('what cannot be honoured is ignored', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture);
    const answer = await fixture.api.get(`/jobs/${id}`).set('prefer', 'wait=soon').expect(200);
    assert.equal(answer.headers['preference-applied'], undefined);
  });

  test('ETag and If-None-Match are looked at after the wait', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture);
    const { headers } = await fixture.api.get(`/jobs/${id}`).expect(200);
    const tag = headers['etag'] ?? '';
    const waiting = fixture.api
      .get(`/jobs/${id}`)
      .set({ prefer: 'wait=50', 'if-none-match': tag })
      .then((a) => a);
    await waiters(fixture, 1);
    fixture.queue.move(id, { state: 'cancelled' });
    const answer = await waiting;
    assert.equal(answer.status, 200);
    assert.notEqual(answer.headers['etag'], tag);
  });
});
