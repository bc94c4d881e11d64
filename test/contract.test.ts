/**
 * What is written down is what is served: the committed files are those the code makes, the
 * document is valid OpenAPI 3.1 and agrees with the validator, and every example is taken.
 */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Check } from '@sinclair/typebox/value';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { contractFiles } from '../openapi/contract-files.js';
import { REQUEST_EXAMPLES } from '../src/http/examples.js';
import { openApiDocument } from '../src/http/openapi.js';
import { AnalyzeSchema } from '../src/schemas/request.js';
import { SETTINGS, conforms, service } from './http/harness.js';

const OPENAPI = fileURLToPath(new URL('../../openapi', import.meta.url));

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { operationId?: string }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

describe('openapi/', () => {
  test('is what `npm run openapi` writes, file by file', async () => {
    const files = await contractFiles();
    const kept = [
      ...(await readdir(join(OPENAPI, 'examples'))).map((name) => `examples/${name}`),
      'openapi.json',
    ];
    assert.deepEqual([...files.keys()].sort(), kept.sort(), 'run `npm run openapi`');
    for (const [path, text] of files) {
      const committed = await readFile(join(OPENAPI, path), 'utf8');
      assert.ok(committed === text, `${path} has drifted: run \`npm run openapi\``);
    }
  });

  test('is valid OpenAPI 3.1', async (t) => {
    const { app } = await service(t);
    const validator = new Validator();
    const { valid, errors } = await validator.validate(
      structuredClone(openApiDocument(app)) as Record<string, unknown>,
    );
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(validator.version, '3.1');
  });

  test('passes the linter', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: {
        // Reading a catalogue takes no input that could be at fault.
        'operation-4xx-response': 'off',
      },
    });
    const absoluteRef = join(OPENAPI, 'openapi.json');
    const source = await readFile(absoluteRef, 'utf8');
    const found = await lintFromString({ source, absoluteRef, config });
    assert.deepEqual(
      found.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
      [],
    );
    // And it would have said so.
    const broken = source.replace('"operationId": "analyze"', '"operationId": "plan"');
    assert.notEqual(broken, source);
    assert.notDeepEqual(await lintFromString({ source: broken, absoluteRef, config }), []);
    // Every operation says whether it takes a key: of a document that does not, it says that too.
    const { security, ...open } = JSON.parse(source) as Record<string, unknown>;
    assert.notEqual(security, undefined);
    const told = await lintFromString({ source: JSON.stringify(open), absoluteRef, config });
    assert.ok(told.some(({ ruleId }) => ruleId === 'security-defined'));
  });

  test('every reference leads somewhere, every named schema is used and compiles', async (t) => {
    const { app } = await service(t);
    const document = openApiDocument(app) as Document;
    const text = JSON.stringify(document);
    const names = Object.keys(document.components.schemas);
    const referred = new Set(
      [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name!),
    );
    assert.deepEqual([...referred].sort(), names.sort());
    assert.ok(!text.includes('"x-schema"'));
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ ...document, $id: 'openapi:document' });
    for (const name of names) {
      ajv.compile({ $ref: `openapi:document#/components/schemas/${name}` });
    }
  });

  test('every operation has a name of its own', async (t) => {
    const { app } = await service(t);
    const { paths } = openApiDocument(app) as Document;
    const ids = Object.values(paths).flatMap((operations) =>
      Object.values(operations).map(({ operationId }) => operationId),
    );
    assert.ok(ids.every((id) => id !== undefined));
    assert.equal(new Set(ids).size, ids.length);
  });

  test('has every route, and no route but its own', async (t) => {
    const { app } = await service(t);
    const { paths } = openApiDocument(app) as Document;
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(operations.sort(), [
      'DELETE /jobs/{id}',
      'GET /activations',
      'GET /formats',
      'GET /formats/{name}',
      'GET /healthz',
      'GET /jobs',
      'GET /jobs/{id}',
      'GET /jobs/{id}/deliveries',
      'GET /jobs/{id}/events',
      'GET /jobs/{id}/gate',
      'GET /jobs/{id}/report',
      'GET /jobs/{id}/result',
      'GET /metrics',
      'GET /networks/{digest}',
      'GET /openapi.json',
      'GET /problems',
      'GET /problems/{code}',
      'GET /readyz',
      'POST /analyze',
      'POST /bounds',
      'POST /jobs/{id}/cancel',
      'POST /jobs/{id}/deliveries/{deliveryId}/redeliver',
      'POST /jobs/{id}/resume',
      'POST /networks',
      'POST /plan',
      'PUT /networks/{digest}',
    ]);
  });
});

describe('the document and the validator', () => {
  test('take and refuse the same bodies', async (t) => {
    const { app } = await service(t);
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ ...openApiDocument(app), $id: 'openapi:document' });
    const documented = ajv.compile({
      $ref: 'openapi:document#/components/schemas/AnalyzeRequest',
    });
    const requests = Object.values(REQUEST_EXAMPLES).map(({ request }) => JSON.stringify(request));
    fc.assert(
      fc.property(
        fc.constantFrom(...requests),
        fc.nat(),
        fc.oneof(
          fc.json({ maxDepth: 1 }),
          fc.constantFrom('"1/2"', '"4"', '-1', '{"type":"relu"}'),
        ),
        (text, place, value) => {
          // One value of the text, whichever, is replaced by another.
          const values = [...text.matchAll(/(?<=[:[,])(?:"[^"]*"(?!:)|-?[0-9.]+|true|false)/g)];
          const { 0: old, index } = values[place % values.length]!;
          const body: unknown = JSON.parse(
            `${text.slice(0, index)}${value}${text.slice(index + old.length)}`,
          );
          assert.equal(documented(body), Check(AnalyzeSchema, body), JSON.stringify(body));
        },
      ),
      { numRuns: 500 * Number(process.env['GRADCERT_TEST_SCALE'] ?? 1) },
    );
  });
});

describe('conforms', () => {
  test('refuses an answer that the document does not declare', async (t) => {
    const { app } = await service(t);
    const fine = { status: 200, type: 'application/json', body: { status: 'ok' }, headers: {} };
    conforms(app, 'GET /healthz', fine);
    assert.throws(() => {
      conforms(app, 'GET /healthz', { ...fine, body: { status: 'ill' } });
    });
    assert.throws(() => {
      conforms(app, 'GET /healthz', { ...fine, body: { status: 'ok', secret: 1 } });
    });
    assert.throws(() => {
      conforms(app, 'GET /healthz', { ...fine, status: 201 });
    });
    assert.throws(() => {
      conforms(app, 'GET /healthz', { ...fine, type: 'text/html' });
    });
    assert.throws(() => {
      conforms(app, 'GET /nowhere', fine);
    });
  });
});

describe('examples', () => {
  for (const [name, { request }] of Object.entries(REQUEST_EXAMPLES)) {
    test(`${name} is taken`, async (t) => {
      const { api, app } = await service(t, {
        config: { ...SETTINGS, bodyLimitBytes: 65_536 },
      });
      const answer = await api.post('/analyze').send(request).expect(202);
      conforms(app, 'POST /analyze', answer);
      await api.post('/bounds').send(request).expect(200);
    });
  }
});
