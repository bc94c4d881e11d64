/** Reading requests: defaults, canonical equality, and every fault with its pointer. */
import { log10Estimate } from '../../src/engine/index.js';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from '../../src/plan/make.js';
import { parseRequest } from '../../src/plan/parse.js';
import { canonicalText } from '../../src/plan/wire.js';

const LIMITS = { maxVisits: 1n << 32n, maxOperations: 1e12, maxShards: 16 };
const relu = { type: 'dense', units: 1, activation: 'relu' };
const out = { type: 'dense', units: 1 };
const base = {
  network: { inputs: [[1]], layers: [relu, out] },
  format: 'e2m1',
  mode: 'exhaustive',
};

function text(body: object): string {
  const parsed = parseRequest(body);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return canonicalText(parsed.question);
}

function faults(body: object): string[] {
  const parsed = parseRequest(body);
  assert.ok(!parsed.ok);
  assert.equal(parsed.status, 422);
  return parsed.faults.map(({ pointer, code }) => `${pointer} ${code}`);
}

test('the same question written otherwise is the same text', () => {
  const same: object[] = [
    { ...base, format: 'FP4' },
    { ...base, format: { weights: 'float4_e2m1fn', biases: 'E2M1FN' } },
    { ...base, proxies: 'pytorch' },
    { ...base, proxies: { relu: ['0'] } },
    { ...base, proxies: { relu: 0 } },
    { ...base, network: { inputs: [['1.0']], layers: [relu, out] } },
    {
      ...base,
      network: {
        inputs: [['2/2']],
        layers: [
          { ...relu, bias: true },
          { ...out, activation: 'identity' },
        ],
      },
    },
    {
      ...base,
      network: { inputs: [['1e0']], layers: [{ ...relu, activation: { type: 'relu' } }, out] },
    },
  ];
  for (const body of same) assert.equal(text(body), text(base));
});

test('another question is another text', () => {
  const others: object[] = [
    { ...base, format: 'e2m3' },
    { ...base, proxies: 'right' },
    { ...base, mode: 'bounds' },
    { ...base, network: { inputs: [[2]], layers: [relu, out] } },
    { ...base, network: { inputs: [[1]], layers: [{ ...relu, bias: false }, out] } },
  ];
  assert.equal(new Set([base, ...others].map(text)).size, others.length + 1);
});

test('a JSON number means exactly the double it parses to, a text the number it writes', () => {
  const inputs = (x: unknown): unknown => {
    const parsed = parseRequest({ ...base, network: { inputs: [[x]], layers: [relu, out] } });
    assert.ok(parsed.ok);
    return parsed.question.network.inputs[0]?.[0];
  };
  assert.equal(inputs(0.1), '3602879701896397/36028797018963968');
  assert.equal(inputs('0.1'), '1/10');
  assert.equal(inputs('-0.375'), '-3/8');
  assert.equal(inputs('1e-3'), '1/1000');
});

test('defaults are exact', () => {
  const activationOf = (activation: unknown): unknown => {
    const parsed = parseRequest({
      ...base,
      network: { inputs: [[1]], layers: [{ ...relu, activation }, out] },
    });
    assert.ok(parsed.ok);
    return parsed.question.network.layers[0]?.activation;
  };
  assert.deepEqual(activationOf('leaky_relu'), { type: 'leaky_relu', slope: '1/100' });
  assert.deepEqual(activationOf('hardtanh'), { type: 'hardtanh', min: '-1', max: '1' });
  assert.deepEqual(activationOf('hardsigmoid'), { type: 'hardsigmoid', alpha: '1/6', beta: '1/2' });
  assert.deepEqual(activationOf({ type: 'softshrink' }), { type: 'softshrink', lambda: '1/2' });
});

test('every fault names its field', () => {
  const layers = (...list: object[]): object => ({
    ...base,
    network: { inputs: [[1]], layers: list },
  });
  assert.deepEqual(faults(layers({ ...relu, weight: [['1', '2']] }, out)), [
    '/network/layers/0/weight/0 shape-mismatch',
  ]);
  assert.deepEqual(faults(layers({ ...relu, bias: ['1', '2'] }, out)), [
    '/network/layers/0/bias shape-mismatch',
  ]);
  assert.deepEqual(faults(layers({ ...relu, activation: 'sine' }, out)), [
    '/network/layers/0/activation unknown-activation',
  ]);
  assert.deepEqual(
    faults(
      layers(
        {
          ...relu,
          activation: {
            type: 'piecewise',
            breakpoints: ['0', '1'],
            pieces: [['0'], ['0', '1'], ['2']],
          },
        },
        out,
      ),
    ),
    ['/network/layers/0/activation/breakpoints/1 invalid-activation'],
  );
  assert.deepEqual(faults({ ...base, network: { inputs: [[1], [1, 2]], layers: [relu, out] } }), [
    '/network/inputs/1 shape-mismatch',
  ]);
  assert.deepEqual(faults({ ...base, network: { inputs: [['1/0']], layers: [relu, out] } }), [
    '/network/inputs/0/0 invalid-number',
  ]);
  assert.deepEqual(faults({ ...base, format: 'float7' }), ['/format unknown-format']);
  assert.deepEqual(faults({ ...base, format: { weights: 'e2m1' } }).slice(0, 1), [
    '/format/biases missing-format',
  ]);
  assert.deepEqual(
    faults({ ...base, format: { weights: 'e2m1', biases: 'e2m1', params: { 'a~/b': 'e2m1' } } }),
    ['/format/params/a~0~1b unknown-parameter'],
  );
  assert.deepEqual(faults({ ...base, proxies: 'torch' }), ['/proxies unknown-proxy']);
  assert.deepEqual(faults({ ...base, proxies: { relu: ['0', '1'] } }), [
    '/proxies/relu invalid-proxy',
  ]);
  assert.deepEqual(faults({ ...base, proxies: { sine: ['0'] } }), [
    '/proxies/sine unknown-activation',
  ]);
  assert.deepEqual(faults({ ...base, mode: 'point' }), ['/parameters missing-parameters']);
  assert.deepEqual(faults({ ...base, mode: 'point', parameters: ['0'] }), [
    '/parameters shape-mismatch',
  ]);
  assert.deepEqual(faults({ ...base, mode: 'point', parameters: ['0', '5', '0', '0'] }), [
    '/parameters/1 not-representable',
  ]);
  assert.deepEqual(
    faults({
      ...layers({ ...relu, activation: 'sine' }, { ...out, activation: 'cosine' }),
      proxies: 'torch',
    }),
    [
      '/network/layers/0/activation unknown-activation',
      '/network/layers/1/activation unknown-activation',
      '/proxies unknown-proxy',
    ],
  );
});

test('a preset that does not know an activation is a fault that names both', () => {
  const parsed = parseRequest({
    ...base,
    network: { inputs: [[1]], layers: [{ ...relu, activation: 'softshrink' }, out] },
    proxies: 'jax',
  });
  assert.ok(!parsed.ok);
  assert.match(parsed.detail, /"jax" does not know the activation "softshrink"/);
});

test('names of Object.prototype are names like others', () => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    const entry = { param: name };
    const body = JSON.parse(
      JSON.stringify({
        ...base,
        network: {
          inputs: [[1]],
          layers: [
            { ...relu, weight: [[entry]] },
            { ...out, weight: [[entry]] },
          ],
        },
      }),
    ) as object;
    const parsed = parseRequest(body);
    assert.ok(parsed.ok);
    const planned = planOf(parsed.question, LIMITS);
    assert.ok(planned.ok);
    assert.equal(planned.plan.parameters, 3);
  }
});

test('a network too large to plan a count of is refused unbuilt; other modes take it', () => {
  const network = {
    inputs: [Array.from({ length: 300 }, () => 1)],
    layers: [
      { ...relu, units: 500 },
      { ...out, units: 1 },
    ],
  };
  const refused = parseRequest({ ...base, network });
  assert.ok(!refused.ok);
  assert.equal(refused.code, 'space-too-large');
  assert.match(refused.detail, /up to 150000 weights and biases; this one has 151001/);
  assert.deepEqual(refused.extensions, {
    entries: '151001',
    maxEntries: '150000',
    largestMode: 'bounds',
    nearest: { mode: 'bounds', format: null },
  });
  assert.ok(parseRequest({ ...base, network, mode: 'bounds' }).ok);
});

test('a space out of reach is refused with its exact size, every cost and what fits', () => {
  const wide = parseRequest({
    ...base,
    network: {
      inputs: [Array.from({ length: 16 }, () => 1)],
      layers: [
        { ...relu, units: 20 },
        { ...relu, units: 20 },
        { ...out, units: 10 },
      ],
    },
  });
  assert.ok(wide.ok);
  const planned = planOf(wide.question, LIMITS);
  assert.ok(!planned.ok);
  const { code, extensions } = planned.refusal;
  assert.equal(code, 'space-too-large');
  assert.deepEqual(extensions['space'], {
    parameters: 970,
    size: String(15n ** 970n),
    log10: log10Estimate(15n ** 970n),
    value: null,
  });
  assert.equal(extensions['largestMode'], 'sampled');
  const methods = extensions['methods'] as readonly { method: string; affordable: boolean }[];
  assert.deepEqual(
    methods.map(({ method, affordable }) => [method, affordable]),
    [
      ['layered', false],
      ['enumeration', false],
    ],
  );
});

test('a network of too many parameters is refused before it is built', () => {
  const dense = (units: number) => ({ type: 'dense', units });
  const body = {
    network: { inputs: [[1]], layers: [dense(4096), dense(4096), dense(1)] },
    format: 'e2m1fn',
    mode: 'bounds',
  };
  const parsed = parseRequest(body);
  assert.ok(!parsed.ok);
  assert.deepEqual(
    parsed.faults.map(({ pointer, code }) => [pointer, code]),
    [['/network/layers', 'too-many-parameters']],
  );
  assert.match(parsed.detail, /16793601/);
});
