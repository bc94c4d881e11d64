/** POST /plan: the estimate alone, through the real planner; nothing is enqueued. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { planOf, planningOf } from '../../../src/plan/make.js';
import { parseRequest } from '../../../src/plan/parse.js';
import { boundsOf } from '../../../src/plan/result.js';
import type { Planning } from '../../../src/schemas/plan.js';
import { REQUEST, conforms, isProblem, service } from '../harness.js';

const real = {
  analysis: { parse: parseRequest, plan: planOf, planning: planningOf, bounds: boundsOf },
};

test('answers every method with its cost, and enqueues nothing', async (t) => {
  const { api, app, queue } = await service(t, real);
  const answer = await api.post('/plan').send(REQUEST).expect(200);
  conforms(app, 'POST /plan', answer);
  const planning = answer.body as Planning;
  assert.equal(planning.accepted, true);
  assert.equal(planning.method, 'closed-form');
  assert.deepEqual(
    planning.methods.map(({ method }) => method),
    ['closed-form', 'enumeration'],
  );
  assert.ok((planning.methods[0]?.estimate?.operations ?? 0) > 0);
  assert.equal(queue.enqueued(), 0);
});

test('what POST /analyze would refuse is answered, with the refusal and what fits', async (t) => {
  const { api, app } = await service(t, real);
  const layers = [40, 40, 1].map((units) => ({ type: 'dense', units, activation: 'relu' }));
  const body = { ...REQUEST, network: { inputs: [[1]], layers } };
  const answer = await api.post('/plan').send(body).expect(200);
  conforms(app, 'POST /plan', answer);
  const { accepted, refusal } = answer.body as Planning;
  assert.equal(accepted, false);
  assert.equal(refusal?.code, 'space-too-large');
  isProblem(await api.post('/analyze').send(body).expect(422), 'space-too-large');
});

test('a network too large to plan is refused, with what fits', async (t) => {
  const { api, app } = await service(t, real);
  const layers = [400, 400, 1].map((units) => ({ type: 'dense', units, activation: 'relu' }));
  const answer = await api
    .post('/plan')
    .send({ ...REQUEST, network: { inputs: [[1]], layers } })
    .expect(422);
  isProblem(answer, 'space-too-large');
  conforms(app, 'POST /plan', answer);
  assert.equal((answer.body as { largestMode: string }).largestMode, 'bounds');
});

test('a question that makes no sense has no plan', async (t) => {
  const { api, app } = await service(t, real);
  const answer = await api
    .post('/plan')
    .send({ ...REQUEST, format: 'float63' })
    .expect(422);
  isProblem(answer, 'invalid-question');
  conforms(app, 'POST /plan', answer);
});
