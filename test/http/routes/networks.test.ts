/** Networks as a resource: stored by digest, counted while they come, asked about by name. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as send, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { describe } from 'node:test';
import { parseRequest } from '../../../src/plan/parse.js';
import { REQUEST, SETTINGS, conforms, isProblem, service, type Service } from '../harness.js';

const TEXT = JSON.stringify(REQUEST.network);
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const DIGEST = digestOf(TEXT);

const upload = ({ api }: Service, text: string, path = '/networks') =>
  (path === '/networks' ? api.post(path) : api.put(path)).type('application/json').send(text);

describe('uploading', () => {
  test('201 with where it is, 200 the second time, whichever way', async (t) => {
    const fixture = await service(t);
    const first = await upload(fixture, TEXT);
    assert.equal(first.status, 201);
    conforms(fixture.app, 'POST /networks', first);
    assert.equal(first.headers['location'], `/networks/${DIGEST}`);
    assert.equal((first.body as { ref: string }).ref, `sha256:${DIGEST}`);
    assert.equal((first.body as { bytes: number }).bytes, Buffer.byteLength(TEXT));
    const again = await upload(fixture, TEXT, `/networks/${DIGEST}`);
    assert.equal(again.status, 200);
    conforms(fixture.app, 'PUT /networks/{digest}', again);
    const found = await fixture.api.get(`/networks/${DIGEST}`).expect(200);
    conforms(fixture.app, 'GET /networks/{digest}', found);
    assert.deepEqual(found.body, first.body);
    await fixture.api.head(`/networks/${DIGEST}`).expect(200);
    await fixture.api.head(`/networks/${digestOf('x')}`).expect(404);
  });

  test('PUT refuses bytes of another digest and what is no digest', async (t) => {
    const fixture = await service(t);
    const wrong = await upload(fixture, `${TEXT} `, `/networks/sha256:${DIGEST}`);
    assert.equal(wrong.status, 400);
    conforms(fixture.app, 'PUT /networks/{digest}', wrong);
    isProblem(wrong, 'digest-mismatch');
    assert.equal((wrong.body as { actual: string }).actual, digestOf(`${TEXT} `));
    isProblem(await upload(fixture, TEXT, '/networks/abc'), 'invalid-request');
    const none = await fixture.api.get(`/networks/${DIGEST}`).expect(404);
    conforms(fixture.app, 'GET /networks/{digest}', none);
    isProblem(none, 'network-not-found');
  });

  for (const [name, text, pointer, code] of [
    ['a missing field', '{"inputs":[[1]]}', '/layers', 'missing-field'],
    ['a bad number', TEXT.replace('[[1]]', '[["x"]]'), '/inputs/0/0', 'wrong-form'],
    ['a duplicate key', TEXT.replace('{', '{"inputs":[[2]],'), '/inputs', 'duplicate-key'],
  ] as const) {
    test(`refuses ${name} with its pointer`, async (t) => {
      const fixture = await service(t);
      const answer = await upload(fixture, text);
      assert.equal(answer.status, 422);
      conforms(fixture.app, 'POST /networks', answer);
      isProblem(answer, 'invalid-network');
      const { errors } = answer.body as { errors: { pointer: string; code: string }[] };
      assert.deepEqual([errors[0]?.pointer, errors[0]?.code], [pointer, code]);
    });
  }

  test('refuses what the engine refuses, with pointers into the upload', async (t) => {
    const fixture = await service(t, {
      analysis: {
        parse: parseRequest,
        plan: () => assert.fail(),
        planning: () => assert.fail(),
        bounds: () => assert.fail(),
      },
    });
    const network = {
      inputs: [[1], [1, 2]],
      layers: [{ type: 'dense', units: 1 }],
    };
    const answer = await upload(fixture, JSON.stringify(network));
    assert.equal(answer.status, 422);
    isProblem(answer, 'invalid-network');
    const { errors } = answer.body as { errors: { pointer: string }[] };
    assert.equal(errors[0]?.pointer, '/inputs/1', JSON.stringify(errors));
    assert.equal((await upload(fixture, TEXT)).status, 201);
  });

  test('refuses no JSON, no body, other media types and codings', async (t) => {
    const fixture = await service(t);
    const { api, app } = fixture;
    isProblem(await upload(fixture, '{"inputs":'), 'invalid-network');
    isProblem(await api.post('/networks').expect(422), 'invalid-network');
    const text = await api.post('/networks').type('text/plain').send(TEXT).expect(415);
    conforms(app, 'POST /networks', text);
    isProblem(text, 'unsupported-media-type');
    const coded = await api
      .post('/networks')
      .type('application/json')
      .set('content-encoding', 'gzip')
      .send(TEXT)
      .expect(415);
    isProblem(coded, 'unsupported-media-type');
  });
});

describe('F3: the limit holds for a stream', () => {
  test('by Content-Length, before a byte is read', async (t) => {
    const fixture = await service(t);
    const answer = await upload(fixture, `${TEXT}${' '.repeat(SETTINGS.networkLimitBytes)}`);
    assert.equal(answer.status, 413);
    conforms(fixture.app, 'POST /networks', answer);
    isProblem(answer, 'payload-too-large');
    assert.equal((answer.body as { limit: number }).limit, SETTINGS.networkLimitBytes);
  });

  test('chunked, in the middle', async (t) => {
    const { app } = await service(t);
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const request = send({
      ...{ host: '127.0.0.1', port, path: '/networks', method: 'POST' },
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    });
    // The server stops reading; what the client then meets depends on the moment.
    request.on('error', () => undefined);
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    const piece = ' '.repeat(16_384);
    for (let sent = 0; sent <= SETTINGS.networkLimitBytes; sent += piece.length) {
      request.write(piece);
    }
    const [response] = await answered;
    assert.equal(response.statusCode, 413);
    assert.equal(response.headers.connection, 'close');
    request.destroy();
  });
});

describe('asking about a network by its digest', () => {
  test('is the same job as the network written out', async (t) => {
    const fixture = await service(t);
    const { api, app } = fixture;
    await upload(fixture, TEXT);
    const byRef = { ...REQUEST, network: { ref: `sha256:${DIGEST}` } };
    const first = await api.post('/analyze').send(byRef).expect(202);
    conforms(app, 'POST /analyze', first);
    const second = await api.post('/analyze').send(REQUEST).expect(200);
    assert.equal((second.body as { id: string }).id, (first.body as { id: string }).id);
    await api.post('/plan').send(byRef).expect(200);
    await api.post('/bounds').send(byRef).expect(200);
  });

  test('404 where it is not stored, 400 where the digest is none', async (t) => {
    const { api, app } = await service(t);
    for (const path of ['/analyze', '/plan', '/bounds'] as const) {
      const asked = { ...REQUEST, network: { ref: `sha256:${DIGEST}` } };
      const answer = await api.post(path).send(asked).expect(404);
      conforms(app, `POST ${path}`, answer);
      isProblem(answer, 'network-not-found');
      const [fault] = (answer.body as { errors: { pointer: string }[] }).errors;
      assert.equal(fault?.pointer, '/network/ref');
    }
    const bad = await api.post('/analyze').send({ ...REQUEST, network: { ref: 'sha256:abc' } });
    assert.equal(bad.status, 400);
    const [fault] = (bad.body as { errors: { pointer: string }[] }).errors;
    assert.equal(fault?.pointer, '/network/ref');
  });
});
