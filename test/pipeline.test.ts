/** The whole road without Redis: any cut, in any order, gives the same bytes, and they are a Result. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { planOf } from '../src/plan/make.js';
import { parseRequest } from '../src/plan/parse.js';
import { shardsOf, type Plan } from '../src/plan/plan.js';
import { mergeTallies, resultText } from '../src/plan/result.js';
import { runShard } from '../src/plan/run.js';
import { runLocally } from '../src/plan/local.js';
import { canonicalText, planFromText, planToText } from '../src/plan/wire.js';
import { ResultSchema, type Result } from '../src/schemas/result.js';
import { runs } from './arbitraries.js';
import { anyCase } from './arbitraries-networks.js';

function planned(body: object): Plan {
  const parsed = parseRequest(body);
  assert.ok(parsed.ok);
  const made = planOf(parsed.question, {
    maxVisits: 1n << 32n,
    maxOperations: 1e12,
    maxShards: 64,
  });
  assert.ok(made.ok);
  return made.plan;
}

function tallies(plan: Plan): string[] {
  return shardsOf(plan).map((shard) => runShard(plan, shard, () => undefined));
}

test('any number of shards, in any order, gives the same result text', () => {
  fc.assert(
    fc.property(
      anyCase({ maxPoints: 2000n }),
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.integer(), { minLength: 40, maxLength: 40 }),
      ({ body }, shards, order) => {
        const plan = planned(body);
        const whole = runLocally(plan);
        const cut = { ...plan, shards };
        const parts = tallies(cut)
          .map((tally, k) => ({ tally, at: order[k] ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ tally }) => tally);
        assert.equal(resultText(cut, mergeTallies(cut, parts)), whole);
      },
    ),
    runs(60),
  );
});

const isResult = new Ajv2020({ strict: false, validateFormats: false }).compile(ResultSchema);

test('a result is what its schema says, and its question asks the same again', () => {
  fc.assert(
    fc.property(anyCase({ maxPoints: 500n }), ({ body, question }) => {
      const result = JSON.parse(runLocally(planned(body))) as Result;
      assert.ok(isResult(result), JSON.stringify(isResult.errors?.slice(0, 3)));
      assert.equal(canonicalText(result.question), canonicalText(question));
      assert.deepEqual(planFromText(planToText(planned(body))), planned(body));
    }),
    runs(60),
  );
});

test('a missing or repeated shard is refused', () => {
  const plan = {
    ...planned({
      network: {
        inputs: [[1]],
        layers: [
          { type: 'dense', units: 1, activation: 'relu' },
          { type: 'dense', units: 1, activation: 'relu' },
          { type: 'dense', units: 1 },
        ],
      },
      format: 'e2m1',
      mode: 'exhaustive',
    }),
    shards: 5,
  };
  const parts = tallies(plan);
  assert.throws(() => mergeTallies(plan, parts.slice(1)), /parts were done/);
  assert.throws(() => mergeTallies(plan, [...parts, parts[0] ?? '']), /parts were done/);
  assert.throws(() => mergeTallies(plan, []), /at least one shard/);
});
