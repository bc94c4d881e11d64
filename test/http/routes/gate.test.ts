/** The gate opens on a proved pass alone; everything else is a refusal that says which. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { conforms, isProblem, newJob, REQUEST, service, type Service } from '../harness.js';

const POLICY = { nonDifferentiable: { maxDensity: '0.1' }, incorrect: { maxDensity: 0 } };
const ROUTE = 'GET /jobs/{id}/gate';

const stored = (nonDifferentiable: string, undecided: string): string =>
  JSON.stringify({
    mode: 'exhaustive',
    method: 'enumeration',
    engine: 'fake',
    question: {},
    space: { parameters: 4, size: '81', log10: 1.9, value: 81 },
    visited: '81',
    counts: { touched: '9', nonDifferentiable, incorrect: '0', undecided, tiesUndecided: '0' },
    density: {
      touched: { exact: '1/9', value: 0.1 },
      nonDifferentiable: { exact: `${nonDifferentiable}/81`, value: 0.1 },
      incorrect: { exact: '0', value: 0 },
    },
    firstMoment: { exact: '0', value: 0 },
    secondMoment: null,
    slack: null,
    bounds: [],
    neurons: [],
    witnesses: [],
  });

async function gate(
  fixture: Service,
  id: string,
  status: number,
): Promise<{ [key: string]: unknown }> {
  const answer = await fixture.api.get(`/jobs/${id}/gate`).expect(status);
  conforms(fixture.app, ROUTE, answer);
  return answer as never;
}

describe('GET /jobs/{id}/gate', () => {
  test('200 where every rule holds', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture, { policy: POLICY });
    fixture.queue.move(id, { state: 'succeeded' }, stored('8', '0'));
    const { body } = await gate(fixture, id, 200);
    assert.deepEqual(body, {
      job: id,
      verdict: 'pass',
      rules: [
        {
          rule: 'nonDifferentiable.maxDensity',
          verdict: 'pass',
          limit: '1/10',
          figure: '8/81',
          why: 'counted, every point decided',
        },
        {
          rule: 'incorrect.maxDensity',
          verdict: 'pass',
          limit: '0',
          figure: '0',
          why: 'counted, every point decided',
        },
      ],
    });
    const result = await fixture.api.get(`/jobs/${id}/result`).expect(200);
    conforms(fixture.app, 'GET /jobs/{id}/result', result);
    assert.equal((result.body as { verdict: string }).verdict, 'pass');
  });

  test('412 where a rule is broken, and where one is open', async (t) => {
    const fixture = await service(t);
    for (const [count, undecided, verdict] of [
      ['9', '0', 'fail'],
      ['8', '1', 'inconclusive'],
    ] as const) {
      const policy = { ...POLICY, touched: { maxDensity: count === '9' ? '1' : '1/2' } };
      const id = await newJob(fixture, { policy });
      fixture.queue.move(id, { state: 'succeeded' }, stored(count, undecided));
      const answer = await gate(fixture, id, 412);
      isProblem(answer as never, verdict === 'fail' ? 'gate-failed' : 'gate-inconclusive');
      const body = answer['body'] as { verdict: string; rules: { verdict: string }[] };
      assert.equal(body.verdict, verdict);
      assert.ok(body.rules.some((rule) => rule.verdict === verdict));
    }
  });

  test('409 without a policy, even where everything is right', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture);
    fixture.queue.move(id, { state: 'succeeded' }, stored('0', '0'));
    isProblem((await gate(fixture, id, 409)) as never, 'no-policy');
  });

  test('409 where there is no result, with Retry-After while there may be one', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture, { policy: POLICY });
    for (const state of ['queued', 'running'] as const) {
      fixture.queue.move(id, { state });
      const answer = await fixture.api.get(`/jobs/${id}/gate`).expect(409);
      isProblem(answer, 'not-ready');
      assert.match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
    }
    fixture.queue.move(id, { state: 'failed', error: { code: 'x', detail: 'It broke.' } });
    isProblem((await gate(fixture, id, 409)) as never, 'job-failed');
    fixture.queue.move(id, { state: 'cancelled' });
    isProblem((await gate(fixture, id, 409)) as never, 'job-cancelled');
    fixture.queue.move(id, { state: 'succeeded' }, stored('0', '0'));
    fixture.queue.forgetResult(id);
    isProblem((await gate(fixture, id, 410)) as never, 'result-gone');
    isProblem((await gate(fixture, 'an_none', 404)) as never, 'not-found');
  });
});

describe('Prefer: wait', () => {
  test('the gate answers when the job is final, not before', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture, { policy: POLICY });
    const answering = fixture.api.get(`/jobs/${id}/gate`).set('prefer', 'wait=30').expect(200);
    const answered = answering.then((answer) => answer);
    while (fixture.queue.waiters() === 0) await new Promise(setImmediate);
    fixture.queue.move(id, { state: 'running' });
    fixture.queue.move(id, { state: 'succeeded' }, stored('0', '0'));
    const answer = await answered;
    assert.equal(answer.headers['preference-applied'], 'wait=30');
    while (fixture.queue.waiters() !== 0) await new Promise(setImmediate);
  });

  test('a wait that is over, a client that leaves and a service that ends free the waiter', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture, { policy: POLICY });
    await fixture.api.get(`/jobs/${id}/gate`).set('prefer', 'wait=0').expect(409);
    assert.equal(fixture.queue.waiters(), 0);
    const left = fixture.api.get(`/jobs/${id}/gate`).set('prefer', 'wait=60');
    left.end(() => undefined);
    while (fixture.queue.waiters() === 0) await new Promise(setImmediate);
    left.abort();
    while (fixture.queue.waiters() !== 0) await new Promise(setImmediate);
    const last = fixture.api.get(`/jobs/${id}/gate`).set('prefer', 'wait=60').expect(409);
    const answered = last.then((answer) => answer);
    while (fixture.queue.waiters() === 0) await new Promise(setImmediate);
    await fixture.app.close();
    isProblem(await answered, 'not-ready');
  });
});

describe('policy in POST /analyze', () => {
  test('another policy is another job, the same policy in other words the same', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture, { policy: POLICY });
    const same = { incorrect: { maxDensity: '0' }, nonDifferentiable: { maxDensity: '2/20' } };
    const again = await fixture.api
      .post('/analyze')
      .send({ ...REQUEST, policy: same })
      .expect(200);
    assert.equal((again.body as { id: string }).id, id);
    conforms(fixture.app, 'POST /analyze', again);
    assert.notEqual(await newJob(fixture), id);
    assert.notEqual(await newJob(fixture, { policy: { incorrect: { maxDensity: 1 } } }), id);
  });

  test('is strict: 400 for a form that is none, 422 for a rule that can never apply', async (t) => {
    const { api, app, queue } = await service(t);
    for (const policy of [
      {},
      { nonDifferentiable: {} },
      { nonDifferentiable: { maxDensity: '0', min: 0 } },
      { clarke: 'refuted' },
      { differentiable: false },
      { touched: { maxDensity: '0', maxNeurons: 1 } },
      { speed: 1 },
      'none',
    ]) {
      const answer = await api
        .post('/analyze')
        .send({ ...REQUEST, policy })
        .expect(400);
      conforms(app, 'POST /analyze', answer);
    }
    const policy = { differentiable: true, incorrect: { maxDensity: '-1' } };
    const answer = await api
      .post('/analyze')
      .send({ ...REQUEST, policy })
      .expect(422);
    conforms(app, 'POST /analyze', answer);
    isProblem(answer, 'invalid-policy');
    assert.deepEqual(
      (answer.body as { errors: { pointer: string; code: string }[] }).errors.map(
        ({ pointer, code }) => [pointer, code],
      ),
      [
        ['/policy/incorrect/maxDensity', 'out-of-range'],
        ['/policy/differentiable', 'rule-never-applies'],
      ],
    );
    assert.equal(queue.enqueued(), 0);
  });

  test('POST /bounds judges by the theorems alone', async (t) => {
    const { api, app } = await service(t);
    const policy = { incorrect: { maxDensity: '0' } };
    const answer = await api
      .post('/bounds')
      .send({ ...REQUEST, policy })
      .expect(200);
    conforms(app, 'POST /bounds', answer);
    assert.equal((answer.body as { verdict: string }).verdict, 'inconclusive');
  });
});

describe('GET /jobs/{id}/report for pipelines', () => {
  test('SARIF and JUnit by Accept and by format, which wins', async (t) => {
    const fixture = await service(t);
    const id = await newJob(fixture, { policy: POLICY });
    fixture.queue.move(id, { state: 'succeeded' }, stored('9', '0'));
    for (const [format, type] of [
      ['sarif', 'application/sarif+json'],
      ['junit', 'application/xml'],
    ] as const) {
      const url = `/jobs/${id}/report`;
      const byAccept = await fixture.app.inject({ url, headers: { accept: type } });
      const byFormat = await fixture.app.inject({
        url: `${url}?format=${format}`,
        headers: { accept: 'text/html' },
      });
      for (const { headers, payload, statusCode } of [byAccept, byFormat]) {
        assert.equal(statusCode, 200);
        assert.equal(headers['content-type'], `${type}; charset=utf-8`);
        assert.match(payload, /nonDifferentiable\.maxDensity/);
      }
    }
    const wrong = await fixture.api.get(`/jobs/${id}/report?format=pdf`).expect(400);
    conforms(fixture.app, 'GET /jobs/{id}/report', wrong);
  });
});
