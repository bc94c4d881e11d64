/**
 * The verdict against known answers (examples/), against a second way to compare (cross
 * multiplication of BigInts), and on every kind of doubt: undecided points, intervals, null.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { judge, judgedText } from '../../src/plan/gate.js';
import { resultLocally, runLocally } from '../../src/plan/local.js';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import type { Plan } from '../../src/plan/plan.js';
import { parsePolicy, type Policy } from '../../src/plan/policy.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ResultSchema, type Result } from '../../src/schemas/result.js';
import type { PolicyInput } from '../../src/schemas/policy.js';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const LIMITS = { maxVisits: 1n << 24n, maxOperations: 1e12, maxShards: 8 };

async function planFor(name: string, change: object = {}): Promise<Plan> {
  const body = JSON.parse(
    await readFile(new URL(/json$/.test(name) ? name : `${name}.request.json`, EXAMPLES), 'utf8'),
  ) as object;
  const parsed = parseRequest({ ...body, ...change });
  assert.ok(parsed.ok);
  const planned = planOf(parsed.question, LIMITS);
  assert.ok(planned.ok);
  return planned.plan;
}

const resultFor = async (name: string, change: object = {}): Promise<Result> =>
  resultLocally(await planFor(name, change));

function policyOf(input: PolicyInput, mode: Result['mode']): Policy {
  const parsed = parsePolicy(input, mode);
  assert.ok(parsed.ok && parsed.policy !== null);
  return parsed.policy;
}

function verdicts(input: PolicyInput, result: Result): Record<string, string> {
  const { rules, verdict } = judge(policyOf(input, result.mode), result);
  return { ...Object.fromEntries(rules.map((rule) => [rule.rule, rule.verdict])), all: verdict };
}

type Exhaustive = Extract<Result, { mode: 'exhaustive' }>;

function exhaustive(result: Result): Exhaustive {
  assert.equal(result.mode, 'exhaustive');
  return result;
}

describe('mode exhaustive', () => {
  test('18 of 81 points: the limit itself passes, the next fraction below fails', async () => {
    const result = await resultFor('ternary-1-1-1');
    assert.equal(exhaustive(result).density.nonDifferentiable.exact, '2/9');
    const at = (maxDensity: string): string =>
      verdicts({ nonDifferentiable: { maxDensity } }, result)['all']!;
    assert.equal(at('2/9'), 'pass');
    assert.equal(at('0.2222222222222222222'), 'fail');
    assert.equal(at('0.2222222222222222223'), 'pass');
    const { rules } = judge(
      policyOf({ nonDifferentiable: { maxDensity: '1/1000' } }, 'exhaustive'),
      result,
    );
    assert.deepEqual(
      rules.map(({ limit, figure }) => [limit, figure]),
      [['1/1000', '2/9']],
    );
  });

  test('the policy of the issue: L-inc and L-clarke hold, the density is too high', async () => {
    const result = await resultFor('ternary-1-1-1');
    assert.deepEqual(
      verdicts(
        {
          nonDifferentiable: { maxDensity: '1/1000' },
          incorrect: { maxDensity: '0' },
          clarke: 'certified',
        },
        result,
      ),
      {
        'nonDifferentiable.maxDensity': 'fail',
        'incorrect.maxDensity': 'pass',
        clarke: 'pass',
        all: 'fail',
      },
    );
  });

  test('AD wrong at 15 of 15 points: incorrect fails, Clarke is not certified by anything', async () => {
    const result = await resultFor('seed-p-e2m1');
    assert.deepEqual(
      verdicts({ incorrect: { maxDensity: '14/15' }, clarke: 'certified' }, result),
      { 'incorrect.maxDensity': 'fail', clarke: 'inconclusive', all: 'fail' },
    );
  });

  test('undecided points make an interval, and one that straddles the limit is inconclusive', async () => {
    const counted = exhaustive(await resultFor('ternary-1-1-1'));
    // 18 of 81 without a derivative, 9 more undecided: from 2/9 to 1/3.
    const result: Exhaustive = { ...counted, counts: { ...counted.counts, undecided: '9' } };
    const judged = (maxDensity: string): string =>
      verdicts({ nonDifferentiable: { maxDensity } }, result)['all']!;
    assert.equal(judged('1/3'), 'pass');
    assert.equal(judged('2/9'), 'inconclusive');
    assert.equal(judged('0.3333333333333333'), 'inconclusive');
    assert.equal(judged('0.2222222222222222'), 'fail');
    assert.equal(
      verdicts({ incorrect: { maxDensity: '0' } }, result)['all'],
      'inconclusive',
      'an undecided point may be one where AD is wrong',
    );
    const { rules } = judge(policyOf({ incorrect: { maxDensity: '0' } }, 'exhaustive'), result);
    assert.deepEqual(rules[0]?.figure, { lower: '0', upper: '1/9' });
  });

  test('densities compare as cross products of integers do', async () => {
    const counted = exhaustive(await resultFor('ternary-1-1-1'));
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 30n),
        fc.bigInt(0n, 10n ** 30n),
        fc.bigInt(0n, 10n ** 30n),
        fc.bigInt(1n, 10n ** 30n),
        fc.bigInt(0n, 10n ** 30n),
        (size, count, undecided, q, p) => {
          const [touched, open] = [
            count % (size + 1n),
            undecided % (size - (count % (size + 1n)) + 1n),
          ];
          const limit = p % (q + 1n);
          const result: Exhaustive = {
            ...counted,
            space: { ...counted.space, size: String(size) },
            counts: { ...counted.counts, incorrect: String(touched), undecided: String(open) },
            density: {
              ...counted.density,
              incorrect: { exact: `${String(touched)}/${String(size)}`, value: 0 },
            },
          };
          const policy = policyOf(
            { incorrect: { maxDensity: `${String(limit)}/${String(q)}` } },
            'exhaustive',
          );
          const expected =
            (touched + open) * q <= limit * size
              ? 'pass'
              : touched * q > limit * size
                ? 'fail'
                : 'inconclusive';
          assert.equal(judge(policy, result).verdict, expected);
        },
      ),
      { numRuns: 300 * Number(process.env['GRADCERT_TEST_SCALE'] ?? 1) },
    );
  });
});

describe('mode bounds', () => {
  test('a theorem proves what it can and nothing else', async () => {
    // A 1-2-1 network with biases in E2M1: ndf at most 2/15, inc empty, AD a Clarke element.
    const result = await resultFor('e2m1-1-2-1', { mode: 'bounds' });
    const policy = (maxDensity: string): PolicyInput => ({
      nonDifferentiable: { maxDensity },
      incorrect: { maxDensity: '0' },
      clarke: 'certified',
    });
    assert.equal(verdicts(policy('2/15'), result)['all'], 'pass');
    assert.deepEqual(verdicts(policy('2/16'), result), {
      'nonDifferentiable.maxDensity': 'inconclusive',
      'incorrect.maxDensity': 'pass',
      clarke: 'pass',
      all: 'inconclusive',
    });
  });

  test('a lower bound above the limit fails', async () => {
    const result = await resultFor('tight-family', { mode: 'bounds' });
    // L-tight: at least half of 4/15.
    assert.equal(verdicts({ nonDifferentiable: { maxDensity: '1/10' } }, result)['all'], 'fail');
    assert.equal(
      verdicts({ nonDifferentiable: { maxDensity: '1/5' } }, result)['all'],
      'inconclusive',
    );
  });
});

describe('mode point', () => {
  test('AD outside the Clarke subdifferential fails, and the figures say so', async () => {
    const result = await resultFor('refuted-no-bias');
    const { rules, verdict } = judge(
      policyOf({ differentiable: true, adCorrect: true, clarke: 'certified' }, 'point'),
      result,
    );
    assert.equal(verdict, 'fail');
    assert.deepEqual(
      rules.map((rule) => [rule.rule, rule.verdict, rule.figure]),
      [
        ['differentiable', 'pass', 'true'],
        ['adCorrect', 'fail', 'false'],
        ['clarke', 'fail', 'refuted'],
      ],
    );
  });

  test('the iris classifier: no derivative at the checkpoint, AD certified', async () => {
    const result = await resultFor('iris/request.json');
    assert.deepEqual(
      verdicts(
        {
          touched: { maxNeurons: 1 },
          differentiable: true,
          adCorrect: true,
          clarke: 'certified',
        },
        result,
      ),
      {
        'touched.maxNeurons': 'pass',
        differentiable: 'fail',
        // There is no derivative for AD to return.
        adCorrect: 'fail',
        clarke: 'pass',
        all: 'fail',
      },
    );
    assert.equal(verdicts({ touched: { maxNeurons: 0 } }, result)['all'], 'fail');
  });

  test('whatever is undecided is inconclusive', async () => {
    const result = await resultFor('refuted-no-bias');
    assert.equal(result.mode, 'point');
    const open: Result = {
      ...result,
      decidedBy: 'undecided',
      differentiable: null,
      adCorrect: null,
      derivative: null,
      clarke: { membership: 'undecided', why: 'too many pieces' },
    };
    assert.deepEqual(
      verdicts({ differentiable: true, adCorrect: true, clarke: 'certified' }, open),
      {
        differentiable: 'inconclusive',
        adCorrect: 'inconclusive',
        clarke: 'inconclusive',
        all: 'inconclusive',
      },
    );
  });
});

describe('mode sampled', () => {
  test('an interval that straddles the limit is inconclusive, whatever its estimate', async () => {
    const counted = exhaustive(await resultFor('ternary-1-1-1'));
    const density = {
      estimate: { exact: '1/5', value: 0.2 },
      lower: '1/10',
      upper: { exact: '3/10', value: 0.3 },
      confidence: '19/20',
    };
    const result = {
      ...counted,
      mode: 'sampled',
      density: { incorrect: density },
    } as unknown as Result;
    const judged = (maxDensity: string): string =>
      judge({ incorrect: { maxDensity } }, result).verdict;
    assert.equal(judged('3/10'), 'pass');
    assert.equal(judged('1/4'), 'inconclusive');
    assert.equal(judged('1/10'), 'inconclusive');
    assert.equal(judged('9/100'), 'fail');
    assert.deepEqual(judge({ incorrect: { maxDensity: '1/4' } }, result).rules[0]?.figure, {
      lower: '1/10',
      upper: '3/10',
      confidence: '19/20',
    });
    assert.equal(judge({ touched: { maxDensity: '0' } }, result).verdict, 'inconclusive');
    // Ends that are JSON numbers mean exactly the doubles they are.
    const doubles = { ...density, lower: 0.1, upper: 0.3, confidence: 0.95 };
    const rounded = { ...result, density: { incorrect: doubles } } as unknown as Result;
    const [rule] = judge({ incorrect: { maxDensity: '3/10' } }, rounded).rules;
    // 0.3 as a double is a little less than 3/10, 0.1 a little more than 1/10.
    assert.equal(rule?.verdict, 'pass');
    assert.equal(judge({ incorrect: { maxDensity: '1/10' } }, rounded).verdict, 'fail');
    assert.ok(typeof rule.figure === 'object');
    assert.equal(rule.figure.confidence, '19/20');
  });
});

describe('judgedText', () => {
  test('is the stored text without a policy, and canonical, valid and the same twice with one', async () => {
    const plan = await planFor('ternary-1-1-1');
    const stored = runLocally(plan);
    assert.equal(judgedText(null, stored), stored);
    const policy = policyOf({ incorrect: { maxDensity: '0' } }, 'exhaustive');
    const text = judgedText(policy, stored);
    assert.equal(judgedText(policy, stored), text);
    const result = JSON.parse(text) as Result;
    const ajv = new Ajv2020({ strict: false });
    assert.ok(ajv.validate(ResultSchema, result), ajv.errorsText());
    assert.equal(result.verdict, 'pass');
    const { verdict, rules, ...rest } = result;
    assert.ok(verdict === 'pass' && rules?.length === 1);
    assert.deepEqual(rest, JSON.parse(stored));
  });
});
