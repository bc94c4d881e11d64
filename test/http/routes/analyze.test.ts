/** POST /analyze and POST /bounds: a question becomes a job, or one refusal that says why. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import type { Fault } from '../../../src/plan/question.js';
import type { Job } from '../../../src/schemas/job.js';
import { BOUNDS, REQUEST, conforms, isProblem, newJob, service } from '../harness.js';

const JSON_TYPE = 'application/json';

describe('POST /analyze', () => {
  test('answers 202 with the job, where it is and when to ask again', async (t) => {
    const { api, app, queue } = await service(t);
    const answer = await api.post('/analyze').send(REQUEST).expect(202);
    conforms(app, 'POST /analyze', answer);
    const job = answer.body as { id: string; state: string; links: Record<string, string> };
    assert.equal(job.state, 'queued');
    assert.equal(answer.headers['location'], `/jobs/${job.id}`);
    assert.match(answer.headers['retry-after'] ?? '', /^[1-9][0-9]*$/);
    assert.equal(answer.headers['etag'], `W/"${job.id}.1"`);
    for (const link of Object.values(job.links)) assert.ok(link.startsWith(`/jobs/${job.id}`));
    await api.get(answer.headers['location'] ?? '').expect(200);
    assert.equal(queue.enqueued(), 1);
  });

  test('the same question again is the same job, unless that one failed or was cancelled', async (t) => {
    const fixture = await service(t);
    const { api, app, queue } = fixture;
    const id = await newJob(fixture);
    const again = await api.post('/analyze').send(REQUEST).expect(200);
    conforms(app, 'POST /analyze', again);
    assert.equal((again.body as { id: string }).id, id);
    assert.equal(again.headers['location'], `/jobs/${id}`);
    assert.equal(queue.enqueued(), 1);

    queue.move(id, { state: 'succeeded', done: '81' }, '{}');
    const done = await api.post('/analyze').send(REQUEST).expect(200);
    assert.equal(done.headers['retry-after'], undefined);

    const other = await newJob(fixture, { mode: 'bounds' });
    queue.move(other, { state: 'failed', error: { code: 'shard-failed', detail: 'it broke' } });
    const retried = await newJob(fixture, { mode: 'bounds' });
    assert.notEqual(retried, other);
  });

  test('limits are of the job, not of the question', async (t) => {
    const { api, app, queue } = await service(t);
    const limits = { deadlineSeconds: 90, cpuSeconds: 1.5 };
    const first = await api
      .post('/analyze')
      .send({ ...REQUEST, ...limits })
      .expect(202);
    conforms(app, 'POST /analyze', first);
    const { id, deadlineAt, cpuSeconds } = first.body as Job;
    assert.equal(deadlineAt, '2026-01-01T00:01:30.000Z');
    assert.deepEqual(cpuSeconds, { spent: 0, limit: 1.5 });
    const again = await api.post('/analyze').send(REQUEST).expect(200);
    assert.equal((again.body as Job).id, id);
    assert.equal(queue.enqueued(), 1);
    for (const wrong of [{ deadlineSeconds: 0 }, { cpuSeconds: 'all' }, { deadlineSeconds: 1e9 }]) {
      const refused = await api
        .post('/analyze')
        .send({ ...REQUEST, ...wrong })
        .expect(400);
      conforms(app, 'POST /analyze', refused);
    }
  });

  test('refuses what the schema refuses with one entry per fault', async (t) => {
    const { api, app, queue } = await service(t);
    const bad = { ...REQUEST, mode: 'exhaustiv', colour: 1 };
    const answer = await api.post('/analyze').send(bad).expect(400);
    conforms(app, 'POST /analyze', answer);
    isProblem(answer, 'invalid-request');
    const { errors } = answer.body as { errors: Fault[] };
    assert.deepEqual(errors.map(({ pointer }) => pointer).sort(), ['/colour', '/mode']);
    assert.equal(queue.enqueued(), 0);
  });

  test('has a code of its own for unknown fields alone', async (t) => {
    const { api } = await service(t);
    const answer = await api
      .post('/analyze')
      .send({ ...REQUEST, fromat: 'e4m3' })
      .expect(400);
    isProblem(answer, 'unknown-field');
    assert.deepEqual((answer.body as { errors: Fault[] }).errors, [
      {
        pointer: '/fromat',
        code: 'unknown-field',
        detail: '"fromat" is no field of this object; did you mean "format"?',
      },
    ]);
  });

  for (const [name, text] of [
    ['a cut text', '{"network":'],
    ['an empty body', ''],
    ['NaN', '{"network":NaN}'],
    ['a prototype', '{"__proto__":{"mode":"bounds"}}'],
    ['a constructor', '{"constructor":{"prototype":{"mode":"bounds"}}}'],
  ] as const) {
    test(`refuses ${name} as no JSON`, async (t) => {
      const { api, app } = await service(t);
      const answer = await api.post('/analyze').type(JSON_TYPE).send(text).expect(400);
      conforms(app, 'POST /analyze', answer);
      isProblem(answer, 'invalid-json');
    });
  }

  test('refuses a number beyond binary64, which JSON reads as infinity', async (t) => {
    const { api } = await service(t);
    const text = JSON.stringify(REQUEST).replace('[[1]]', '[[1e400]]');
    const answer = await api.post('/analyze').type(JSON_TYPE).send(text).expect(400);
    const { errors } = answer.body as { errors: Fault[] };
    assert.deepEqual(
      errors.map(({ pointer, code }) => [pointer, code]),
      [['/network/inputs/0/0', 'not-finite']],
    );
  });

  test('refuses a body that is no object, and no body', async (t) => {
    const { api } = await service(t);
    for (const text of ['null', '[]', '"e4m3"', '4']) {
      const answer = await api.post('/analyze').type(JSON_TYPE).send(text).expect(400);
      isProblem(answer, 'invalid-request');
      assert.equal((answer.body as { errors: Fault[] }).errors[0]?.pointer, '');
    }
    isProblem(await api.post('/analyze').expect(400), 'invalid-request');
  });

  test('refuses a body over the limit, naming the limit', async (t) => {
    const { api, app } = await service(t);
    const answer = await api
      .post('/analyze')
      .send({ ...REQUEST, parameters: Array.from({ length: 5000 }, () => 0) })
      .expect(413);
    conforms(app, 'POST /analyze', answer);
    isProblem(answer, 'payload-too-large');
    assert.equal((answer.body as { limit: number }).limit, 4096);
  });

  for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x']) {
    test(`refuses a body of type ${type}`, async (t) => {
      const { api, app } = await service(t);
      const answer = await api.post('/analyze').set('content-type', type).send('x').expect(415);
      conforms(app, 'POST /analyze', answer);
      isProblem(answer, 'unsupported-media-type');
      assert.equal(answer.headers['accept-post'], JSON_TYPE);
    });
  }

  test('takes sampled mode, and refuses settings of the wrong shape', async (t) => {
    const { api, app, queue } = await service(t);
    const asked = (sampling: object): object => ({ ...REQUEST, mode: 'sampled', sampling });
    const taken = await api
      .post('/analyze')
      .send(asked({ samples: 10 }))
      .expect(202);
    conforms(app, 'POST /analyze', taken);
    assert.equal(queue.enqueued(), 1);
    for (const wrong of [
      { samples: 0 },
      { samples: '10' },
      { samples: 1.5 },
      { samples: 1e300 },
      { seed: 0.5 },
      { seed: null },
      { method: 'guess' },
      { confidence: true },
      { seconds: 0 },
      { seconds: 86_401 },
      { draws: 5 },
      { around: { radius: 1, parameters: [] } },
    ]) {
      const answer = await api.post('/analyze').send(asked(wrong)).expect(400);
      conforms(app, 'POST /analyze', answer);
      const [fault] = (answer.body as { errors: Fault[] }).errors;
      assert.match(fault?.pointer ?? '', /^\/sampling/, JSON.stringify(wrong));
    }
    for (const around of [{ radius: -1, parameters: [] }, { radius: 1 }, { parameters: [] }]) {
      const answer = await api
        .post('/analyze')
        .send({ ...REQUEST, around })
        .expect(400);
      assert.match((answer.body as { errors: Fault[] }).errors[0]?.pointer ?? '', /^\/around/);
    }
    assert.equal(queue.enqueued(), 1);
  });

  test('passes on what makes no sense and what is out of reach', async (t) => {
    const { api, app, queue } = await service(t);
    const nonsense = await api.post('/analyze').send({ ...REQUEST, proxies: 'nonsense' });
    assert.equal(nonsense.status, 422);
    conforms(app, 'POST /analyze', nonsense);
    isProblem(nonsense, 'invalid-question');
    assert.equal((nonsense.body as { errors: Fault[] }).errors[0]?.pointer, '/proxies');

    const large = await api.post('/analyze').send({ ...REQUEST, format: 'float64' });
    assert.equal(large.status, 422);
    conforms(app, 'POST /analyze', large);
    isProblem(large, 'unprocessable');
    const { size, largestMode } = large.body as Record<string, string>;
    assert.equal(size, '340282366920938463463374607431768211456');
    assert.equal(largestMode, 'bounds');
    assert.equal(queue.enqueued(), 0);
  });

  test('says when the queue is away, enqueues nothing and leaks no address', async (t) => {
    const { api, app, queue, log } = await service(t);
    queue.unreachable = true;
    const answer = await api.post('/analyze').send(REQUEST).expect(503);
    conforms(app, 'POST /analyze', answer);
    isProblem(answer, 'queue-unavailable');
    assert.equal(answer.headers['retry-after'], '5');
    assert.ok(!answer.text.includes('10.1.2.3'));
    assert.ok(log.some((line) => line.includes('10.1.2.3')));
  });

  test('an error of the service shows nothing of itself and is found in the log', async (t) => {
    const { api, app, log } = await service(t, {
      analysis: {
        parse: () => {
          throw new Error('secret path');
        },
        plan: () => {
          throw new Error('not reached');
        },
        planning: () => {
          throw new Error('not reached');
        },
        bounds: () => BOUNDS,
      },
    });
    const answer = await api.post('/analyze').send(REQUEST).expect(500);
    conforms(app, 'POST /analyze', answer);
    isProblem(answer, 'internal');
    assert.ok(!answer.text.includes('secret'));
    const { instance } = answer.body as { instance: string };
    assert.ok(log.some((line) => line.includes(instance) && line.includes('secret path')));
  });
});

describe('POST /bounds', () => {
  test('answers at once, without a job', async (t) => {
    const { api, app, queue } = await service(t);
    const answer = await api.post('/bounds').send(REQUEST).expect(200);
    conforms(app, 'POST /bounds', answer);
    assert.deepEqual(answer.body, BOUNDS);
    assert.equal(queue.enqueued(), 0);
  });

  test('takes a body without a mode, and any mode as the default one', async (t) => {
    const { api } = await service(t);
    const { mode, ...modeless } = REQUEST;
    assert.equal(mode, 'exhaustive');
    await api.post('/bounds').send(modeless).expect(200);
    await api
      .post('/bounds')
      .send({ ...modeless, mode: 'sampled' })
      .expect(200);
    isProblem(
      await api
        .post('/bounds')
        .send({ ...modeless, mode: 'all' })
        .expect(400),
      'invalid-request',
    );
  });

  test('does without the queue', async (t) => {
    const { api, queue } = await service(t);
    queue.unreachable = true;
    await api.post('/bounds').send(REQUEST).expect(200);
  });

  test('refuses as /analyze does', async (t) => {
    const { api, app } = await service(t);
    const answer = await api
      .post('/bounds')
      .send({ ...REQUEST, proxies: 'nonsense' })
      .expect(422);
    conforms(app, 'POST /bounds', answer);
    isProblem(answer, 'invalid-question');
  });
});
