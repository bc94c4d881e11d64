/** The table, GET /problems and the OpenAPI document agree in both directions. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { openApiDocument } from '../../src/http/openapi.js';
import { PROBLEMS, problemBody } from '../../src/http/problem.js';
import { conforms, isProblem, service } from './harness.js';

interface Operations {
  readonly [method: string]: {
    readonly responses: Readonly<Record<string, { readonly description: string }>>;
  };
}
interface Document {
  readonly paths: Readonly<Record<string, Operations>>;
  readonly components: { readonly schemas: { readonly Problem: { 'x-problems': unknown } } };
}

/** Answered before there is a route to declare them. */
const BEFORE_ROUTING = [
  'headers-too-large',
  'malformed-http',
  'method-not-allowed',
  'request-timeout',
];

describe('problems', () => {
  test('every code is declared by some operation under its status, and no other is', async (t) => {
    const { app } = await service(t);
    const document = openApiDocument(app) as Document;
    const declared = new Map<string, Set<string>>();
    for (const operations of Object.values(document.paths)) {
      for (const { responses } of Object.values(operations)) {
        for (const [status, { description }] of Object.entries(responses)) {
          if (Number(status) < 400) continue;
          const codes = [...description.matchAll(/`([a-z-]+)`:/g)].map(([, code]) => code!);
          assert.ok(codes.length > 0, `${status}: ${description}`);
          for (const code of codes) {
            declared.set(code, (declared.get(code) ?? new Set()).add(status));
          }
        }
      }
    }
    assert.deepEqual([...declared.keys(), ...BEFORE_ROUTING].sort(), Object.keys(PROBLEMS).sort());
    for (const [code, statuses] of declared) {
      const { status } = PROBLEMS[code as keyof typeof PROBLEMS];
      assert.deepEqual([...statuses], [String(status)], code);
    }
  });

  test('the document carries the table', async (t) => {
    const { app } = await service(t);
    const { components } = openApiDocument(app) as Document;
    assert.deepEqual(components.schemas.Problem['x-problems'], PROBLEMS);
  });

  test('GET /problems lists the table, GET /problems/{code} each row', async (t) => {
    const { api, app } = await service(t);
    const list = await api.get('/problems').expect(200);
    conforms(app, 'GET /problems', list);
    assert.deepEqual(
      (list.body as { problems: { code: string }[] }).problems,
      Object.entries(PROBLEMS).map(([code, row]) => ({ code, ...row })),
    );
    for (const [code, row] of Object.entries(PROBLEMS)) {
      const one = await api.get(`/problems/${code}`).expect(200);
      conforms(app, 'GET /problems/{code}', one);
      assert.deepEqual(one.body, { code, ...row });
    }
  });

  test('a code that is none is refused with what was meant', async (t) => {
    const { api, app } = await service(t);
    const answer = await api.get('/problems/not-redy').expect(404);
    conforms(app, 'GET /problems/{code}', answer);
    isProblem(answer, 'not-found');
    assert.deepEqual((answer.body as { suggestions: string[] }).suggestions, ['not-ready']);
  });

  test('no name of Object.prototype is a code', async (t) => {
    const { api } = await service(t);
    await api.get('/problems/constructor').expect(404);
    await api.get('/problems/__proto__').expect(404);
  });

  test('extensions cannot shadow the standard members', () => {
    const body = problemBody('not-found', 'gone', 'urn:x', {
      extensions: { status: 200, code: 'fine', size: '3' },
    });
    assert.equal(body.status, 404);
    assert.equal(body.code, 'not-found');
    assert.equal((body as Record<string, unknown>)['size'], '3');
  });
});
