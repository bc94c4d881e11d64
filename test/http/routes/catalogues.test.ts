import assert from 'node:assert/strict';
import test from 'node:test';
import { conforms, isProblem, service } from '../harness.js';

test('GET /formats lists every format with where the rest is', async (t) => {
  const { api, app } = await service(t);
  const answer = await api.get('/formats').expect(200);
  conforms(app, 'GET /formats', answer);
  const [format] = (answer.body as { formats: { id: string; link: string }[] }).formats;
  assert.equal(format?.id, 'ternary');
  conforms(app, 'GET /formats/{name}', await api.get(format.link).expect(200));
});

test('GET /formats/{name} takes aliases and suggests where it knows none', async (t) => {
  const { api, app } = await service(t);
  const alias = await api.get('/formats/TRIT').expect(200);
  conforms(app, 'GET /formats/{name}', alias);
  assert.equal((alias.body as { cardinality: string }).cardinality, '3');
  const unknown = await api.get('/formats/ternry').expect(404);
  conforms(app, 'GET /formats/{name}', unknown);
  isProblem(unknown, 'not-found');
  assert.deepEqual((unknown.body as { suggestions: string[] }).suggestions, ['ternary']);
});

test('GET /activations lists every activation', async (t) => {
  const { api, app } = await service(t);
  const answer = await api.get('/activations').expect(200);
  conforms(app, 'GET /activations', answer);
  assert.equal((answer.body as { activations: unknown[] }).activations.length, 1);
});
