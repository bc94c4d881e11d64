/** The networks of the counting table that take seconds to count: every estimator agrees with the count. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { parseExact, toDouble } from '../../src/engine/index.js';
import { resultLocally } from '../../src/plan/local.js';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import type { Result } from '../../src/schemas/result.js';

const relu = (units: number) => ({ type: 'dense', units, activation: 'relu' });
const out = (units: number) => ({ type: 'dense', units });
const ternary = { values: ['-1', '0', '1'] };

function answer(body: object): Result | null {
  const parsed = parseRequest(body);
  // A method that does not apply is refused where the request is read.
  if (!parsed.ok) return null;
  const limits = { maxVisits: 1n << 32n, maxOperations: 1e12, maxShards: 64 };
  const planned = planOf(parsed.question, limits);
  assert.ok(planned.ok, JSON.stringify(planned));
  return resultLocally(planned.plan);
}

async function digit(): Promise<number[]> {
  const path = new URL('../../../bench/count/mnist-digit.txt', import.meta.url);
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => !line.startsWith('#'));
  return lines.join(' ').trim().split(/\s+/).map(Number);
}

const CASES: readonly (readonly [string, number, () => Promise<object>])[] = [
  [
    '1-2-2-1 in E2M3FN',
    5000,
    async () => ({
      network: { inputs: [[1]], layers: [relu(2), relu(2), out(1)] },
      format: 'e2m3fn',
    }),
  ],
  [
    '2-4-4-1 in E2M1FN',
    5000,
    async () => ({
      network: { inputs: [[1, -2]], layers: [relu(4), relu(4), out(1)] },
      format: 'e2m1fn',
    }),
  ],
  [
    '1-3-3-3-1 in ternary',
    5000,
    async () => ({
      network: { inputs: [[1]], layers: [relu(3), relu(3), relu(3), out(1)] },
      format: ternary,
    }),
  ],
  [
    '784-128-10 on a digit, in E2M1FN',
    64,
    async () => ({
      network: { inputs: [await digit()], layers: [relu(128), out(10)] },
      format: 'e2m1fn',
    }),
  ],
];

for (const [name, samples, body] of CASES) {
  test(`${name}: every estimator agrees with the exact count`, async () => {
    const request = await body();
    const exact = answer({ ...request, mode: 'exhaustive' });
    assert.equal(exact?.mode, 'exhaustive');
    let methods = 0;
    for (const method of ['plain', 'conditional', 'union']) {
      const sampling = { method, samples, confidence: '9999999/10000000', seed: 1 };
      const result = answer({ ...request, mode: 'sampled', sampling });
      if (result === null) continue;
      assert.equal(result.mode, 'sampled');
      methods += 1;
      for (const set of ['touched', 'nonDifferentiable', 'incorrect'] as const) {
        const { lower, upper } = result.density[set];
        const density = toDouble(parseExact(exact.density[set].exact));
        assert.ok(lower <= density && density <= upper, `${method} ${set}: ${String(density)}`);
      }
    }
    assert.ok(methods >= 2);
  });
}
