/** Questions with exponentials, from the body of a request to the result: plans, texts, refusals. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parseExact } from '../../src/engine/index.js';
import { compare } from '../../src/engine/num/rational.js';
import { activationEntries } from '../../src/plan/catalogue.js';
import { judge } from '../../src/plan/gate.js';
import { resultLocally } from '../../src/plan/local.js';
import { planOf, planningOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { parsePolicy } from '../../src/plan/policy.js';
import type { Question } from '../../src/plan/question.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { enclosureText, realNumber } from '../../src/report/real-text.js';
import { ActivationListSchema } from '../../src/schemas/catalogue.js';
import { ACTIVATION_NAMES } from '../../src/schemas/network.js';
import type { PolicyInput } from '../../src/schemas/policy.js';
import { ResultSchema, type Result } from '../../src/schemas/result.js';
import { JOB } from '../report/results.js';

const ajv = new Ajv({ strict: false });
const isResult = ajv.compile(ResultSchema);
const isActivationList = ajv.compile(ActivationListSchema);

const LIMITS = { maxVisits: 1n << 24n, maxOperations: 1e12, maxShards: 4 };

function asked(body: object): Question {
  const parsed = parseRequest(body);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.question;
}

function resultOf(body: object): Result {
  const planned = planOf(asked(body), LIMITS);
  assert.ok(planned.ok, JSON.stringify(planned));
  const result = resultLocally(planned.plan);
  assert.ok(isResult(result), JSON.stringify(isResult.errors));
  return result;
}

function dense(activation: unknown, units = 1): object {
  return { type: 'dense', units, activation };
}

function body(mode: string, layers: readonly object[], rest: object = {}): object {
  return { network: { inputs: [['1']], layers }, format: 'e2m1fn', mode, ...rest };
}

test('the catalogue, the schema and the engine have the same activations', () => {
  const entries = activationEntries();
  assert.deepEqual(
    entries.map(({ type }) => type),
    [...ACTIVATION_NAMES],
  );
  assert.ok(isActivationList({ activations: entries }));
  const selu = entries.find(({ type }) => type === 'selu');
  assert.equal(selu?.kinks.length, 1);
  assert.ok(selu.proxies['pytorch'] !== null && selu.proxies['tensorflow'] !== null);
});

test('without kinks the plan is one part whatever the space, and says why', () => {
  const question = asked(
    body('exhaustive', [dense('gelu', 20), dense('mish', 10)], { format: 'float64' }),
  );
  const planning = planningOf(question, LIMITS);
  assert.ok(planning.accepted);
  assert.equal(planning.method, 'closed-form');
  assert.equal(planning.shards, 1);
  assert.match(planning.methods[0]?.why ?? '', /no activation has a kink/);
  const result = resultOf(
    body('exhaustive', [dense('gelu', 20), dense('mish', 10)], { format: 'float64' }),
  );
  assert.ok(result.mode === 'exhaustive');
  assert.deepEqual(result.counts, {
    touched: '0',
    nonDifferentiable: '0',
    incorrect: '0',
    undecided: '0',
    tiesUndecided: '0',
  });
  assert.deepEqual(result.neurons, []);
  assert.equal(result.bounds.find(({ id }) => id === 'L-ndf')?.exact, '0');
});

test('with kinks the layered method says that it is not for exponentials; the cut does not matter', () => {
  const question = asked(
    body('exhaustive', [dense('tanh'), dense('relu')], { format: { values: ['-1', '0', '1'] } }),
  );
  const { methods } = planningOf(question, LIMITS);
  assert.deepEqual(
    methods.map(({ method, applies }) => [method, applies]),
    [
      ['layered', false],
      ['enumeration', true],
    ],
  );
  assert.match(methods[0]?.why ?? '', /exponentials/);
  const planned = planOf(question, LIMITS);
  assert.ok(planned.ok);
  const [whole, cut] = [1, 4].map((shards) => resultLocally({ ...planned.plan, shards }));
  assert.deepEqual(cut, whole);
  assert.ok(whole?.mode === 'exhaustive');
  // v·tanh(w + b) + c = 0 with v = c = 0, or c = 0 and w + b = 0.
  assert.equal(whole.counts.touched, '15');
  const bound = whole.bounds.find(({ id }) => id === 'L-ndf');
  assert.equal(bound?.exact, '1/3');
  assert.equal(bound.holds, true);
});

test('a space that cannot be visited is refused before anything is enqueued', () => {
  const planned = planOf(
    asked(body('exhaustive', [dense('tanh', 3), dense('relu', 2)], { format: 'float32' })),
    LIMITS,
  );
  assert.ok(!planned.ok);
  assert.equal(planned.refusal.code, 'space-too-large');
  assert.match(planned.refusal.detail, /Method "layered" does not apply: needs values on a grid/);
});

test('numbers of a point are texts where rational, else bounds that hold them', () => {
  const result = resultOf(body('point', [dense('sigmoid')], { parameters: ['1', '0'] }));
  assert.ok(result.mode === 'point');
  assert.deepEqual([result.differentiable, result.adCorrect], [true, true]);
  const [value] = result.value;
  assert.ok(value !== undefined && typeof value !== 'string');
  assert.equal(value.form, '(e^(1))/(e^(1) + 1)');
  // 1/(1 + 1/e) = 0.731058578630004879251159241821836274366… (NIST DLMF digits of e)
  assert.ok(value.lower !== null && value.upper !== null);
  const known = parseExact('0.7310585786300048792511592418218362743');
  assert.ok(compare(parseExact(value.lower), known) <= 0);
  assert.ok(compare(known, parseExact(value.upper)) <= 0);
  assert.deepEqual(result.derivative, result.ad);
  assert.match(enclosureText(value), /^\(e\^\(1\)\)\/\(e\^\(1\) \+ 1\) = 0\.73105857863\d+…$/);
  assert.deepEqual(realNumber('1/2'), { kind: 'number', exact: '1/2', rounded: true });
  const rational = resultOf(body('point', [dense('sigmoid')], { parameters: ['0', '0'] }));
  assert.ok(rational.mode === 'point');
  assert.deepEqual([rational.value, rational.ad], [['1/2'], [['1/4', '1/4']]]);
});

/** e^softplus(w) = 1 + e^w: the ReLU is tied at every w, which is not decided. */
const W = { param: 'w' };
const OPEN = [
  { type: 'dense', units: 1, weight: [[W]], bias: false, activation: 'softplus' },
  { type: 'dense', units: 1, weight: [['1']], bias: false, activation: 'exp' },
  { type: 'dense', from: 'input', units: 1, weight: [[W]], bias: false, activation: 'exp' },
  { type: 'concat', from: [1, 2] },
  { type: 'dense', units: 1, weight: [['1', '-1']], bias: ['-1'], activation: 'relu' },
];

test('where no tie is decided nothing says that nothing is tied', () => {
  const demand = (mode: 'exhaustive' | 'point', policy: PolicyInput): string => {
    const parsed = parsePolicy(policy, mode);
    assert.ok(parsed.ok && parsed.policy !== null);
    const more = mode === 'point' ? { parameters: ['1'] } : {};
    return judge(parsed.policy, resultOf(body(mode, OPEN, more))).verdict;
  };
  assert.equal(demand('exhaustive', { touched: { maxDensity: '1/2' } }), 'inconclusive');
  assert.equal(demand('exhaustive', { touched: { maxDensity: '1' } }), 'pass');
  assert.equal(demand('point', { touched: { maxNeurons: 0 } }), 'inconclusive');
  const counted = resultOf(body('exhaustive', OPEN));
  assert.ok(counted.mode === 'exhaustive');
  assert.equal(counted.counts.touched, '0');
  assert.equal(counted.counts.tiesUndecided, counted.counts.undecided);
  assert.notEqual(counted.counts.undecided, '0');
  const text = renderMarkdown(resultOf(body('point', OPEN, { parameters: ['1'] })), JOB);
  assert.match(text, /What lies on a kink could not be decided/);
  assert.doesNotMatch(text, /No pre-activation lies on a kink/);
  assert.match(renderMarkdown(counted, JOB), /of those, whether touched undecided/);
});

test('an undecided point has unknown numbers, its reason, and no verdict', () => {
  const result = resultOf(body('point', OPEN, { parameters: ['1'] }));
  assert.ok(result.mode === 'point');
  assert.deepEqual([result.tiesDecided, result.touched], [false, []]);
  assert.equal(result.decidedBy, 'undecided');
  assert.deepEqual(
    [result.differentiable, result.adCorrect, result.derivative],
    [null, null, null],
  );
  assert.deepEqual(result.value, [{ lower: null, upper: null, form: null }]);
  assert.match(result.limit ?? '', /not decided/);
  assert.equal(enclosureText({ lower: null, upper: null, form: null }), 'between −∞ and ∞');
});

test('settings are read, and refused by pointer', () => {
  const question = asked(body('bounds', [dense({ type: 'elu', alpha: 0.5 })]));
  assert.deepEqual(question.network.layers[0]?.activation, { type: 'elu', alpha: '1/2' });
  const zero = parseRequest(body('bounds', [dense({ type: 'celu', alpha: '0' })]));
  assert.ok(!zero.ok);
  assert.deepEqual(
    zero.faults.map(({ pointer, code }) => [pointer, code]),
    [['/network/layers/0/activation', 'invalid-activation']],
  );
  const unknown = parseRequest(
    body('bounds', [dense({ type: 'elu', alpha: 2 })], { proxies: 'tensorflow' }),
  );
  assert.ok(!unknown.ok);
  assert.deepEqual(
    unknown.faults.map(({ pointer, code }) => [pointer, code]),
    [['/proxies', 'unknown-proxy']],
  );
  assert.ok(parseRequest(body('bounds', [dense('elu')], { proxies: 'tensorflow' })).ok);
});

test('of networks with exponentials only plain samples are drawn', () => {
  const layers = [dense('tanh', 2), dense('relu'), dense('gelu')];
  const result = resultOf(body('sampled', layers, { sampling: { samples: 50 } }));
  assert.ok(result.mode === 'sampled');
  assert.equal(result.method, 'plain');
  const parsed = parseRequest(body('sampled', layers, { sampling: { method: 'union' } }));
  assert.ok(!parsed.ok);
  assert.deepEqual(
    parsed.faults.map(({ pointer, code }) => [pointer, code]),
    [['/sampling/method', 'method-does-not-apply']],
  );
  assert.match(parsed.faults[0]?.detail ?? '', /has exponentials/);
});

test('around a point only its neighbours are visited', () => {
  const layers = [dense('tanh'), dense('relu')];
  const around = { parameters: ['1', '0', '1', '0'], radius: 1 };
  const result = resultOf(body('exhaustive', layers, { around }));
  assert.ok(result.mode === 'exhaustive');
  assert.equal(result.space.size, '81');
  // relu(v·tanh(w + b) + c) is tied with a parameter of its own where v·tanh(w + b) = −c: c = 0 and
  // w + b = 0, which neighbours of 1 and 0 (±1/2) meet at 1/2 − 1/2; or v = 0, which is no neighbour of 1.
  assert.equal(result.counts.touched, '3');
  assert.equal(result.counts.nonDifferentiable, '3');
  assert.equal(result.counts.undecided, '0');
});

test('a network without kinks is answered beyond the size at which counts are planned', () => {
  const large = (activation: string): unknown =>
    parseRequest({
      network: {
        inputs: [Array.from({ length: 1000 }, () => '1')],
        layers: [dense(activation, 151), dense('identity')],
      },
      format: 'e2m1fn',
      mode: 'exhaustive',
    });
  assert.equal((large('relu') as { code?: string }).code, 'space-too-large');
  assert.equal((large('selu') as { code?: string }).code, 'space-too-large');
  assert.equal((large('gelu') as { ok: boolean }).ok, true);
});
