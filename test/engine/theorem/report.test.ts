/** Every theorem that claims to apply is held against exact counts and against the judge. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compare, examine, reportTheorems } from '../../../src/engine/index.js';
import { planOf } from '../../../src/plan/make.js';
import { resultLocally } from '../../../src/plan/local.js';
import { runs } from '../../arbitraries.js';
import { anyCase, caseOf, pointsOf } from '../../arbitraries-networks.js';

test('every bound holds against the exact density', () => {
  const applied = new Map<string, number>();
  fc.assert(
    fc.property(anyCase({ maxPoints: 1500n }), ({ question }) => {
      const planned = planOf(question, { maxVisits: 1n << 32n, maxOperations: 1e12, maxShards: 4 });
      assert.ok(planned.ok);
      const result = resultLocally(planned.plan);
      assert.equal(result.mode, 'exhaustive');
      for (const bound of result.bounds) {
        assert.notEqual(bound.holds, false, bound.id);
        if (bound.exact !== null) {
          assert.equal(bound.holds, true, bound.id);
          applied.set(bound.id, (applied.get(bound.id) ?? 0) + 1);
        }
      }
    }),
    runs(150),
  );
  for (const id of ['L-inc', 'L-ndf', 'L-nobias']) assert.ok((applied.get(id) ?? 0) > 0, id);
});

test('where a Clarke theorem applies, AD is certified; where L-suff does, AD is right', () => {
  fc.assert(
    fc.property(anyCase({ maxPoints: 60n }), ({ network, proxies }) => {
      for (const point of pointsOf(network)) {
        const { clarke, theorems, verdict } = examine(network, proxies, point);
        for (const { id, on, applies } of theorems) {
          if (!applies) continue;
          if (on === 'clarke') assert.equal(clarke.membership, 'certified', id);
          if (id === 'L-suff') assert.equal(verdict.adCorrect, true);
          if (id === 'L-inc') assert.notEqual(verdict.adCorrect, false);
        }
      }
    }),
    runs(100),
  );
});

function findings(
  body: object,
): Map<string, { applies: boolean; why: string; exact: string | null }> {
  const found = caseOf({ mode: 'bounds', format: { values: ['-1', '0', '1'] }, ...body });
  assert.ok(found !== null);
  return new Map(
    reportTheorems(found.network, found.proxies).map(({ id, applies, why, exact }) => [
      id,
      { applies, why, exact: exact === null ? null : `${String(exact.n)}/${String(exact.d)}` },
    ]),
  );
}

const relu = { type: 'dense', units: 2, activation: 'relu' };
const out = { type: 'dense', units: 1 };

test('a hypothesis that fails is named', () => {
  const batch = findings({ network: { inputs: [[1], [2]], layers: [relu, out] } });
  assert.match(batch.get('L-inc')?.why ?? '', /batch of 2/);
  const constant = findings({
    network: { inputs: [[1]], layers: [{ ...relu, bias: ['0', '1'] }, out] },
  });
  assert.match(constant.get('L-ndf')?.why ?? '', /layer 0: the bias of unit 0 is a constant/);
  const shared = findings({
    network: { inputs: [[1]], layers: [{ ...relu, bias: [{ param: 'b' }, { param: 'b' }] }, out] },
  });
  assert.match(shared.get('L-ndf')?.why ?? '', /unit 0 is used elsewhere too/);
  const fixed = findings({
    network: { inputs: [[1]], layers: [{ ...relu, bias: false, weight: [['1'], ['2']] }, out] },
  });
  assert.match(fixed.get('L-nobias')?.why ?? '', /weight \[0\]\[0\] is a constant/);
  const middle = findings({
    network: { inputs: [[1]], layers: [relu, out] },
    proxies: { relu: ['1/2'] },
  });
  assert.equal(middle.get('L-clarke')?.applies, false);
  assert.equal(middle.get('P-1')?.applies, true);
});

test('with sets of their own, each bias counts its own set', () => {
  const mixed = findings({
    network: { inputs: [[1]], layers: [{ ...relu, bias: [{ param: 'p' }, { param: 'q' }] }, out] },
    format: {
      weights: { values: ['0', '1'] },
      biases: { values: ['0', '1'] },
      params: { p: { values: ['0', '1', '2'] }, q: { values: ['0', '1', '2', '3', '4'] } },
    },
  });
  assert.equal(mixed.get('L-ndf')?.exact, '8/15');
});

test('a bound above 1 is reported as it is', () => {
  const found = caseOf({
    mode: 'exhaustive',
    network: { inputs: [[1]], layers: [{ ...relu, units: 4 }, out] },
    format: { values: ['-1', '0', '1'] },
  });
  assert.ok(found !== null);
  const bound = reportTheorems(found.network, found.proxies).find(({ id }) => id === 'L-ndf');
  assert.ok(bound?.exact !== null && bound?.exact !== undefined);
  assert.ok(compare(bound.exact, { n: 1n, d: 1n }) > 0);
});
