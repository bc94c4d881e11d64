/**
 * No text of a request becomes code: not through any string field, not through any key. Nothing in
 * the service makes code of text at all but the compiler of its own schemas.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { REQUEST_EXAMPLES } from '../../src/http/examples.js';
import { planOf, planningOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { runLocally } from '../../src/plan/local.js';
import { boundsOf } from '../../src/plan/result.js';
import { SETTINGS, service } from './harness.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CODE = 'globalThis.injected=(globalThis.injected??0)+1';
const PAYLOADS = [
  CODE,
  `");${CODE};//`,
  `'+(${CODE})+'`,
  `\`\${${CODE}}`,
  `1;${CODE}`,
  `1/1]);${CODE};([`,
  `x=>{${CODE}}`,
  `relu\n${CODE}`,
  `[${CODE}]`,
  `constructor.constructor("${CODE}")()`,
];

/** Files that compile schemas: constants of theirs, or those of the routes and the queue's jobs. */
const COMPILERS: ReadonlySet<string> = new Set([
  'src/http/validation.ts',
  'src/http/network-door.ts',
  'workers/work.ts',
]);

/** Every body that has the payload in the place of one string, value or key, of the body. */
function* injected(body: unknown, payload: string): Generator {
  const places: (readonly (string | number)[])[] = [];
  const walk = (node: unknown, path: readonly (string | number)[]): void => {
    if (typeof node === 'string') places.push(path);
    if (node === null || typeof node !== 'object') return;
    for (const [key, inner] of Object.entries(node)) walk(inner, [...path, key]);
  };
  walk(body, []);
  // Equal shapes twice tell nothing new: of a list, its first and last entry.
  const seen = new Set<string>();
  for (const path of places) {
    const shape = path.map((key) => (/^[0-9]+$/.test(String(key)) ? '*' : key)).join('/');
    if (seen.has(shape)) continue;
    seen.add(shape);
    const copy = structuredClone(body);
    let holder = copy as Record<string | number, unknown>;
    for (const key of path.slice(0, -1)) holder = holder[key] as typeof holder;
    const last = path.at(-1) ?? '';
    holder[last] = payload;
    yield copy;
    const renamed = structuredClone(copy);
    let parent = renamed as Record<string | number, unknown>;
    for (const key of path.slice(0, -1)) parent = parent[key] as typeof parent;
    if (!Array.isArray(parent)) parent[payload] = 1;
    yield renamed;
  }
}

/** Beyond the examples: every string field that a request may have. */
const EVERYTHING = {
  network: {
    inputs: [['1']],
    layers: [
      {
        type: 'dense',
        units: 1,
        weight: [[{ param: 'w', scale: '1' }]],
        bias: ['1'],
        activation: { type: 'piecewise', breakpoints: ['0'], pieces: [['0'], ['0', '1']] },
      },
      { type: 'dense', units: 1, activation: { type: 'leaky_relu', slope: '1/4' } },
      { type: 'dense', units: 1, activation: 'relu' },
    ],
  },
  format: { weights: 'int2', biases: { values: ['0', '1'] }, params: { w: 'int2' } },
  mode: 'point',
  proxies: { piecewise: ['1'], relu: 'right' },
  parameters: ['1', '0', '0', '0', '0'],
  sampling: { seed: 'x', confidence: '0.9', relativeError: '0.1' },
  webhook: {
    url: 'https://receiver.example/',
    secret: `whsec_${'A'.repeat(32)}`,
    events: ['job.failed'],
  },
};

test('no string of a request is run, over HTTP or past it', async (t) => {
  const { app } = await service(t, {
    config: { ...SETTINGS, bodyLimitBytes: 65_536 },
    analysis: { parse: parseRequest, plan: planOf, planning: planningOf, bounds: boundsOf },
  });
  let tried = 0;
  let ran = 0;
  for (const body of [
    EVERYTHING,
    ...Object.values(REQUEST_EXAMPLES).map(({ request }) => request),
  ]) {
    for (const payload of PAYLOADS) {
      for (const hostile of injected(body, payload)) {
        tried += 1;
        const answer = await app.inject({
          method: 'POST',
          url: '/analyze',
          payload: hostile as object,
        });
        assert.ok(answer.statusCode < 500, answer.payload);
        assert.ok([200, 202, 400, 422].includes(answer.statusCode), answer.payload);
        if (answer.statusCode >= 400) continue;
        // It was taken: the text is a name or no part of the question. Compute the answer as well.
        ran += 1;
        const parsed = parseRequest(hostile);
        assert.ok(parsed.ok);
        const planned = planOf(parsed.question, SETTINGS);
        if (planned.ok && BigInt(planned.plan.range) < 100n) runLocally(planned.plan);
      }
    }
  }
  assert.ok(tried > 500, String(tried));
  t.diagnostic(`${String(tried)} bodies, ${String(ran)} of them computed`);
  assert.equal('injected' in globalThis, false);
});

/** Makes code, of checked integers and pieces of its own: test/engine/count/compiled holds it to that. */
const GENERATED = 'src/engine/count/compiled/evaluate.ts';

test('one file makes code of text, of its own alone; no schema but the service’s is compiled', async () => {
  const makers =
    /(?<!redis\.)\beval\s*\(|\bnew\s+Function\b|\bFunction\s*\(|node:vm|runIn\w*Context|\bimport\s*\((?!')|setTimeout\s*\(\s*['"`]/;
  for (const folder of ['src', 'workers']) {
    for (const file of await readdir(join(ROOT, folder), { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      const text = (await readFile(join(ROOT, folder, file), 'utf8')).replace(
        /\/\*[\s\S]*?\*\/|\/\/.*$/gm,
        '',
      );
      if (`${folder}/${file}` === GENERATED) continue;
      assert.doesNotMatch(text, makers, `${folder}/${file}`);
      // TypeBox compiles schemas to code: constants of src/schemas and routes, never a request's.
      if (text.includes('TypeCompiler.Compile(')) {
        assert.ok(COMPILERS.has(`${folder}/${file}`), `${folder}/${file} compiles a schema`);
      }
    }
  }
});
