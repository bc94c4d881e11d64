/** Every example through the whole road in one process, compared with its answer file. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { brokenClaims } from '../examples/claims.js';
import { irisExample } from '../examples/iris/train.js';
import { WIDTHS, committedSamples, figureOf, sample } from '../examples/sampled-by-width.js';
import { seedP } from '../examples/seed-p.js';
import { layoutJson } from '../examples/write-json.js';
import { resultLocally } from '../src/plan/local.js';
import { planOf } from '../src/plan/make.js';
import { parseRequest } from '../src/plan/parse.js';
import { renderHtml } from '../src/report/html.js';
import { renderMarkdown } from '../src/report/markdown.js';
import type { Result } from '../src/schemas/result.js';

const FOLDER = new URL('../../examples/', import.meta.url);
const SUFFIX = '.request.json';
const LIMITS = { maxVisits: 1n << 24n, maxOperations: 1e12, maxShards: 8 };
const JOB = { id: 'example', createdAt: '2026-01-01T00:00:00.000Z', finishedAt: null };

const names = (await readdir(FOLDER))
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))
  .sort();

async function read(path: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(path, FOLDER), 'utf8')) as unknown;
}

function resultOf(body: unknown): Result {
  const parsed = parseRequest(body);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const planned = planOf(parsed.question, LIMITS);
  assert.ok(planned.ok, JSON.stringify(planned));
  return resultLocally(planned.plan);
}

/** The reports work witnesses and certificates out again; where that fails they say so. */
async function assertReportAgrees(result: Result): Promise<void> {
  for (const text of [renderMarkdown(result, JOB), await renderHtml(result, JOB)]) {
    assert.doesNotMatch(text, /please report it|DOES NOT HOLD|DO NOT ASCEND/i);
  }
}

test('there are examples, each with its answer', async () => {
  assert.ok(names.length >= 14, names.join(' '));
  const files = await readdir(FOLDER);
  for (const name of names) assert.ok(files.includes(`${name}.answer.json`), name);
});

for (const [name, request, answer] of [
  ...names.map((name) => [name, `${name}${SUFFIX}`, `${name}.answer.json`] as const),
  ['iris', 'iris/request.json', 'iris/answer.json'] as const,
]) {
  test(`${name}: the result is what its answer claims, and its report agrees with it`, async () => {
    const result = resultOf(await read(request));
    assert.deepEqual(brokenClaims(await read(answer), result), []);
    await assertReportAgrees(result);
  });
}

test('the tight family reaches at least half of the bound', async () => {
  const result = resultOf(await read(`tight-family${SUFFIX}`));
  assert.equal(result.mode, 'exhaustive');
  const bound = result.bounds.find(({ id }) => id === 'L-ndf');
  const [n, d] = result.density.nonDifferentiable.exact.split('/').map(BigInt);
  const [p, q] = (bound?.exact ?? '').split('/').map(BigInt);
  assert.ok(n !== undefined && d !== undefined && p !== undefined && q !== undefined);
  assert.ok(2n * n * q >= p * d);
});

test('the committed seeds are what their script writes', async () => {
  for (const [name, format] of [
    ['seed-p-e2m1', 'e2m1fn'],
    ['seed-p-e4m3fn', 'e4m3fn'],
  ] as const) {
    const committed = await readFile(new URL(`${name}${SUFFIX}`, FOLDER), 'utf8');
    assert.equal(committed, layoutJson(seedP(format)));
  }
});

test('training again gives the committed iris request and scores', async () => {
  const { request, training } = await irisExample();
  assert.deepEqual(await read('iris/request.json'), request);
  const { correct } = (await read('iris/training.json')) as { correct: unknown };
  // The loss and the unrounded parameters may differ in a last digit where Math.exp does.
  assert.deepEqual((training as { correct: unknown }).correct, correct);
});

test('the figure is drawn from its samples, and they are what their request gives', async () => {
  const rows = await committedSamples();
  const figure = await readFile(new URL('sampled-by-width.svg', FOLDER), 'utf8');
  assert.equal(figure, `${await figureOf(rows)}\n`);
  assert.deepEqual(
    rows.map(({ bits, format }) => [bits, format]),
    WIDTHS.map((row) => [...row]),
  );
  for (const row of rows.slice(0, 3)) assert.deepEqual(sample(row.bits, row.format), row);
});

test('a claim that does not hold is told with its place', () => {
  const result = { counts: { a: '1' }, bounds: [{ id: 'x', exact: '1' }, { id: 'y' }], list: [1] };
  assert.deepEqual(brokenClaims({ counts: { a: '1' }, bounds: [{ id: 'x' }] }, result), []);
  assert.deepEqual(brokenClaims({ counts: { a: '2' } }, result), [
    '.counts.a: claimed "2", got "1"',
  ]);
  assert.deepEqual(brokenClaims({ bounds: [{ id: 'z', exact: '1' }] }, result), [
    '.bounds[z].id: claimed "z", got nothing',
    '.bounds[z].exact: claimed "1", got nothing',
  ]);
  assert.deepEqual(brokenClaims({ list: [1, 2] }, result), ['.list: claimed 2 items, got [1]']);
  assert.deepEqual(brokenClaims({ list: [] }, result), ['.list: claimed 0 items, got [1]']);
});
