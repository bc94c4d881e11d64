/** Policies are read strictly and canonically; a rule its mode can never decide is refused by name. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { parsePolicy } from '../../src/plan/policy.js';
import type { PolicyInput } from '../../src/schemas/policy.js';
import type { Mode } from '../../src/schemas/request.js';

function pointers(policy: PolicyInput, mode: Mode): string[] {
  const parsed = parsePolicy(policy, mode);
  assert.ok(!parsed.ok);
  return parsed.faults.map(({ pointer }) => pointer);
}

describe('parsePolicy', () => {
  test('no policy is none, and limits are brought to lowest terms', () => {
    assert.deepEqual(parsePolicy(undefined, 'point'), { ok: true, policy: null });
    for (const maxDensity of ['1/4', '2/8', '0.25', 0.25, '25e-2']) {
      assert.deepEqual(parsePolicy({ incorrect: { maxDensity } }, 'exhaustive'), {
        ok: true,
        policy: { incorrect: { maxDensity: '1/4' } },
      });
    }
  });

  test('the policy of the issue fits every mode of the whole space', () => {
    const policy = {
      nonDifferentiable: { maxDensity: '1/1000' },
      incorrect: { maxDensity: '0' },
      clarke: 'certified',
    } as const;
    for (const mode of ['exhaustive', 'sampled', 'bounds'] as const) {
      assert.deepEqual(parsePolicy(policy, mode), { ok: true, policy });
    }
  });

  test('a rule that can never apply is named, each of them', () => {
    const density = { maxDensity: '0' };
    assert.deepEqual(
      pointers(
        { nonDifferentiable: density, incorrect: density, touched: density, adCorrect: true },
        'point',
      ),
      [
        '/policy/nonDifferentiable/maxDensity',
        '/policy/incorrect/maxDensity',
        '/policy/touched/maxDensity',
      ],
    );
    for (const mode of ['exhaustive', 'sampled', 'bounds'] as const) {
      assert.deepEqual(
        pointers({ touched: { maxNeurons: 0 }, differentiable: true, adCorrect: true }, mode),
        ['/policy/touched/maxNeurons', '/policy/differentiable', '/policy/adCorrect'],
      );
    }
    assert.deepEqual(pointers({ touched: density }, 'bounds'), ['/policy/touched/maxDensity']);
  });

  test('a limit that is no density is refused', () => {
    for (const maxDensity of ['-1/1000', '1001/1000', 2, '1/0']) {
      assert.deepEqual(pointers({ incorrect: { maxDensity } }, 'exhaustive'), [
        '/policy/incorrect/maxDensity',
      ]);
    }
  });
});
