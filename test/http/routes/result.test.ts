/** The result and its report: the stored bytes, or a page, or the refusal until there is one. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { STORED, conforms, isProblem, newJob, service, type Service } from '../harness.js';

async function finished(fixture: Service): Promise<string> {
  const id = await newJob(fixture);
  fixture.queue.move(id, { state: 'succeeded', done: '81' }, STORED);
  return id;
}

describe('GET /jobs/{id}/result', () => {
  test('sends the stored text byte for byte', async (t) => {
    const fixture = await service(t);
    const id = await finished(fixture);
    const answer = await fixture.api.get(`/jobs/${id}/result`).expect(200);
    conforms(fixture.app, 'GET /jobs/{id}/result', answer);
    assert.equal(answer.text, STORED);
    assert.equal(answer.headers['content-length'], String(Buffer.byteLength(STORED)));
  });

  test('answers 304 to whoever has it', async (t) => {
    const fixture = await service(t);
    const id = await finished(fixture);
    const { headers } = await fixture.api.get(`/jobs/${id}/result`).expect(200);
    const tag = headers['etag'] ?? '';
    assert.match(tag, /^"/);
    await fixture.api.get(`/jobs/${id}/result`).set('if-none-match', tag).expect(304);
  });
});

for (const what of ['result', 'report'] as const) {
  describe(`GET /jobs/{id}/${what} without a result`, () => {
    test('409 while the job is queued or running, with how long to wait', async (t) => {
      const fixture = await service(t);
      const id = await newJob(fixture);
      for (const state of ['queued', 'running'] as const) {
        fixture.queue.move(id, { state });
        const answer = await fixture.api.get(`/jobs/${id}/${what}`).expect(409);
        conforms(fixture.app, `GET /jobs/{id}/${what}`, answer);
        isProblem(answer, 'not-ready');
        assert.match(answer.headers['retry-after'] ?? '', /^[1-9]/);
        assert.equal((answer.body as { state: string }).state, state);
      }
    });

    test('409 for a job that failed, with its error, and for one that was cancelled', async (t) => {
      const fixture = await service(t);
      const failed = await newJob(fixture);
      const error = { code: 'shard-failed', detail: 'shard 3 ran out of memory', shard: 3 };
      fixture.queue.move(failed, { state: 'failed', error });
      const answer = await fixture.api.get(`/jobs/${failed}/${what}`).expect(409);
      conforms(fixture.app, `GET /jobs/{id}/${what}`, answer);
      isProblem(answer, 'job-failed');
      assert.deepEqual((answer.body as { jobError: unknown }).jobError, error);
      assert.equal(answer.headers['retry-after'], undefined);

      const cancelled = await newJob(fixture, { mode: 'bounds' });
      await fixture.api.delete(`/jobs/${cancelled}`).expect(200);
      const refused = await fixture.api.get(`/jobs/${cancelled}/${what}`).expect(409);
      conforms(fixture.app, `GET /jobs/{id}/${what}`, refused);
      isProblem(refused, 'job-cancelled');
    });

    test('410 where the result is no longer kept, 404 where there is no job', async (t) => {
      const fixture = await service(t);
      const id = await finished(fixture);
      fixture.queue.forgetResult(id);
      const gone = await fixture.api.get(`/jobs/${id}/${what}`).expect(410);
      conforms(fixture.app, `GET /jobs/{id}/${what}`, gone);
      isProblem(gone, 'result-gone');
      const none = await fixture.api.get(`/jobs/an_none/${what}`).expect(404);
      conforms(fixture.app, `GET /jobs/{id}/${what}`, none);
    });
  });
}

describe('GET /jobs/{id}/report', () => {
  /** What real browsers send for a page. */
  const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  for (const [accept, type] of [
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    [BROWSER, 'text/html'],
    ['text/html', 'text/html'],
    ['text/markdown', 'text/markdown'],
    ['text/*', 'text/html'],
    ['application/json', 'application/json'],
    ['text/html;q=0.2, text/markdown;q=0.9', 'text/markdown'],
    ['application/json;q=0, */*', 'text/html'],
    ['text/html; q=0.5, application/json; q=0.4', 'text/html'],
  ] as const) {
    test(`Accept: ${accept ?? '(none)'} gets ${type}`, async (t) => {
      const fixture = await service(t);
      const id = await finished(fixture);
      const request = fixture.api.get(`/jobs/${id}/report`);
      const answer = await (accept === undefined ? request : request.set('accept', accept));
      assert.equal(answer.status, 200);
      conforms(fixture.app, 'GET /jobs/{id}/report', answer);
      assert.equal(answer.type, type);
      assert.match(answer.headers['vary'] ?? '', /Accept/);
    });
  }

  test('the page has the policy it was made for, and the rest has the strictest', async (t) => {
    const fixture = await service(t);
    const id = await finished(fixture);
    const page = await fixture.api.get(`/jobs/${id}/report`).set('accept', 'text/html');
    assert.equal(page.text, `<!doctype html><title>${id} bounds</title>`);
    assert.equal(
      page.headers['content-security-policy'],
      "default-src 'none'; style-src 'sha256-abc'",
    );
    const text = await fixture.api.get(`/jobs/${id}/report`).set('accept', 'text/markdown');
    assert.equal(text.text, `# ${id}: bounds\n`);
    assert.match(text.headers['content-security-policy'] ?? '', /default-src 'none'/);
    const json = await fixture.api.get(`/jobs/${id}/report`);
    assert.equal(json.text, STORED);
  });

  for (const accept of ['image/png', 'application/json;q=0, text/*;q=0', 'application/pdf']) {
    test(`Accept: ${accept} is refused, naming what there is`, async (t) => {
      const fixture = await service(t);
      const id = await finished(fixture);
      const answer = await fixture.api.get(`/jobs/${id}/report`).set('accept', accept).expect(406);
      conforms(fixture.app, 'GET /jobs/{id}/report', answer);
      isProblem(answer, 'not-acceptable');
      assert.deepEqual((answer.body as { available: string[] }).available, [
        'application/json',
        'text/html',
        'text/markdown',
        'application/sarif+json',
        'application/xml',
      ]);
    });
  }
});
