/** Webhooks of a request, and their log, as HTTP has them. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeWebhooks } from '../fake-stores.js';
import { REQUEST, conforms, isProblem, newJob, service } from '../harness.js';

const webhook = { url: 'https://receiver.example/hook', secret: `whsec_${'A'.repeat(32)}` };

test('a webhook is attached and makes no other job', async (t) => {
  const webhooks = fakeWebhooks();
  const fixture = await service(t, { webhooks });
  const { api, app, queue } = fixture;
  const answer = await api
    .post('/analyze')
    .send({ ...REQUEST, webhook })
    .expect(202);
  conforms(app, 'POST /analyze', answer);
  const { id } = answer.body as { id: string };
  assert.deepEqual(webhooks.attached, [{ jobId: id, webhook }]);
  const events = ['job.running'];
  await api
    .post('/analyze')
    .send({ ...REQUEST, webhook: { ...webhook, events } })
    .expect(200);
  assert.equal(queue.enqueued(), 1);
  const full = await api
    .post('/analyze')
    .send({ ...REQUEST, webhook })
    .expect(422);
  conforms(app, 'POST /analyze', full);
  isProblem(full, 'webhook-refused');
  assert.ok(!fixture.log.some((line) => line.includes('AAAAAAAA')), 'a secret was logged');
});

test('an address that no webhook goes to is refused before anything is enqueued', async (t) => {
  const { api, app, queue } = await service(t);
  const body = { ...REQUEST, webhook: { url: 'http://receiver.example/' } };
  const answer = await api.post('/analyze').send(body).expect(422);
  conforms(app, 'POST /analyze', answer);
  isProblem(answer, 'webhook-refused');
  const [fault] = (answer.body as { errors: { pointer: string }[] }).errors;
  assert.equal(fault?.pointer, '/webhook/url');
  assert.equal(queue.enqueued(), 0);
});

for (const [bad, pointer] of [
  [{}, '/webhook/url'],
  [{ ...webhook, secret: 'mine' }, '/webhook/secret'],
  [{ ...webhook, events: ['job.done'] }, '/webhook/events/0'],
  [{ ...webhook, headers: {} }, '/webhook/headers'],
] as const) {
  test(`the schema refuses ${pointer}`, async (t) => {
    const { api } = await service(t);
    const answer = await api
      .post('/analyze')
      .send({ ...REQUEST, webhook: bad })
      .expect(400);
    const { errors } = answer.body as { errors: { pointer: string }[] };
    assert.deepEqual(
      errors.map((fault) => fault.pointer),
      [pointer],
    );
  });
}

test('the log of a job, and sending again', async (t) => {
  const fixture = await service(t);
  const { api, app } = fixture;
  const without = await newJob(fixture);
  const none = await api.get(`/jobs/${without}/deliveries`).expect(200);
  assert.deepEqual(none.body, { deliveries: [] });
  const id = await newJob(fixture, { mode: 'bounds', webhook });
  const list = await api.get(`/jobs/${id}/deliveries`).expect(200);
  conforms(app, 'GET /jobs/{id}/deliveries', list);
  const [delivery] = (list.body as { deliveries: { id: string }[] }).deliveries;
  const again = await api.post(`/jobs/${id}/deliveries/${delivery!.id}/redeliver`).expect(202);
  conforms(app, 'POST /jobs/{id}/deliveries/{deliveryId}/redeliver', again);
  for (const path of [
    `/jobs/${id}/deliveries/msg_none/redeliver`,
    '/jobs/an_0/deliveries/x/redeliver',
  ]) {
    const unknown = await api.post(path).expect(404);
    conforms(app, 'POST /jobs/{id}/deliveries/{deliveryId}/redeliver', unknown);
  }
  isProblem(await api.get('/jobs/an_0/deliveries').expect(404), 'not-found');
});
