/** Idempotency-Key: one request, one answer, however often it is sent. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { keyOf } from '../../src/http/idempotency.js';
import { REQUEST, conforms, isProblem, service } from './harness.js';

test('keys are quoted or bare, printable and bounded', () => {
  assert.equal(keyOf('"abc-1"'), 'abc-1');
  assert.equal(keyOf('abc-1'), 'abc-1');
  assert.equal(keyOf('"a\\"b"'), 'a"b');
  assert.equal(keyOf('"abc"; x=1'), 'abc');
  for (const field of ['', '""', '"open', '"a" b', 'ä', 'x'.repeat(256), '?1"']) {
    assert.equal(keyOf(field) === null || field === '?1"', true, field);
  }
});

describe('Idempotency-Key', () => {
  test('replays status and body, byte for byte, though the job went on', async (t) => {
    const { api, app, queue } = await service(t);
    const first = await api.post('/analyze').set('idempotency-key', '"k1"').send(REQUEST);
    assert.equal(first.status, 202);
    assert.equal(first.headers['idempotent-replayed'], undefined);
    queue.move((first.body as { id: string }).id, { state: 'failed' });
    // The same body, written otherwise.
    const other = Object.fromEntries(Object.entries(REQUEST).reverse());
    const second = await api.post('/analyze').set('idempotency-key', 'k1').send(other);
    conforms(app, 'POST /analyze', second);
    assert.equal(second.status, 202);
    assert.equal(second.text, first.text);
    assert.equal(second.headers['idempotent-replayed'], 'true');
    for (const name of ['location', 'etag', 'retry-after', 'content-type']) {
      assert.equal(second.headers[name], first.headers[name], name);
    }
    assert.equal(queue.enqueued(), 1);
    // Without the key it is a new attempt.
    await api.post('/analyze').send(REQUEST).expect(202);
    assert.equal(queue.enqueued(), 2);
  });

  test('422 for another body under the same key', async (t) => {
    const { api, app } = await service(t);
    await api.post('/analyze').set('idempotency-key', 'k').send(REQUEST).expect(202);
    const answer = await api
      .post('/analyze')
      .set('idempotency-key', 'k')
      .send({ ...REQUEST, mode: 'bounds' })
      .expect(422);
    conforms(app, 'POST /analyze', answer);
    isProblem(answer, 'idempotency-key-reused');
  });

  test('409 while the first is still being answered, then its answer', async (t) => {
    const { api, app, queue } = await service(t);
    const key = { 'idempotency-key': 'k', prefer: 'wait=50' };
    const first = api
      .post('/analyze')
      .set(key)
      .send(REQUEST)
      .then((a) => a);
    while (queue.waiters() === 0) await new Promise(setImmediate);
    const early = await api.post('/analyze').set(key).send(REQUEST).expect(409);
    conforms(app, 'POST /analyze', early);
    isProblem(early, 'idempotency-in-progress');
    assert.equal(early.headers['retry-after'], '1');
    const { jobs } = (await api.get('/jobs')).body as { jobs: { id: string }[] };
    queue.move(jobs[0]!.id, { state: 'succeeded' }, '{}');
    const answer = await first;
    const late = await api.post('/analyze').set(key).send(REQUEST).expect(200);
    assert.equal(late.text, answer.text);
    assert.equal(late.headers['idempotent-replayed'], 'true');
  });

  test('a refusal for good is kept, a failure of the service is not', async (t) => {
    const { api, queue } = await service(t);
    const nonsense = { ...REQUEST, proxies: 'nonsense' };
    const key = { 'idempotency-key': 'k' };
    await api.post('/analyze').set(key).send(nonsense).expect(422);
    const replayed = await api.post('/analyze').set(key).send(nonsense).expect(422);
    assert.equal(replayed.headers['idempotent-replayed'], 'true');
    isProblem(replayed, 'invalid-question');
    queue.unreachable = true;
    const other = { 'idempotency-key': 'k2' };
    await api.post('/analyze').set(other).send(REQUEST).expect(503);
    queue.unreachable = false;
    await api.post('/analyze').set(other).send(REQUEST).expect(202);
  });

  test('what the schema refuses takes no key; what is no key is refused', async (t) => {
    const { api, app } = await service(t);
    await api.post('/analyze').set('idempotency-key', 'k').send({}).expect(400);
    await api.post('/analyze').set('idempotency-key', 'k').send(REQUEST).expect(202);
    const answer = await api.post('/analyze').set('idempotency-key', '"open').send(REQUEST);
    assert.equal(answer.status, 400);
    conforms(app, 'POST /analyze', answer);
    isProblem(answer, 'invalid-request');
    const [fault] = (answer.body as { errors: { pointer: string; in: string }[] }).errors;
    assert.deepEqual([fault?.pointer, fault?.in], ['/idempotency-key', 'headers']);
  });
});
