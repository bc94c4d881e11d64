/** Every mistake is one entry, at the pointer where it was made. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import { Check } from '@sinclair/typebox/value';
import fc from 'fast-check';
import { FAULTS_MAX, faultsOf } from '../../src/http/faults.js';
import { AnalyzeSchema } from '../../src/schemas/request.js';
import { REQUEST_EXAMPLES } from '../../src/http/examples.js';

const GOOD = {
  network: { inputs: [[1, '-2/3']], layers: [{ type: 'dense', units: 1 }] },
  format: 'e4m3fn',
  mode: 'exhaustive',
};
const layer = (change: object): object => ({
  ...GOOD,
  network: { ...GOOD.network, layers: [{ type: 'dense', units: 1, ...change }] },
});
const inputs = (...vector: unknown[]): object => ({
  ...GOOD,
  network: { ...GOOD.network, inputs: [vector] },
});

/** Name, body, and the faults it has: pointer and code. */
const CASES: readonly [string, unknown, readonly [string, string][]][] = [
  ['an array', [], [['', 'wrong-type']]],
  ['null', null, [['', 'wrong-type']]],
  ['a text', 'e4m3fn', [['', 'wrong-type']]],
  [
    'nothing of it',
    {},
    [
      ['/network', 'missing-field'],
      ['/format', 'missing-field'],
      ['/mode', 'missing-field'],
    ],
  ],
  ['an unknown field', { ...GOOD, colour: 1 }, [['/colour', 'unknown-field']]],
  ['a field with / and ~', { ...GOOD, 'a/b~c': 1 }, [['/a~1b~0c', 'unknown-field']]],
  ['an unknown mode', { ...GOOD, mode: 'exhaustiv' }, [['/mode', 'not-allowed']]],
  ['a mode of another type', { ...GOOD, mode: 1 }, [['/mode', 'wrong-type']]],
  [
    'no samples',
    { ...GOOD, network: { ...GOOD.network, inputs: [] } },
    [['/network/inputs', 'wrong-size']],
  ],
  [
    'no layers',
    { ...GOOD, network: { ...GOOD.network, layers: [] } },
    [['/network/layers', 'wrong-size']],
  ],
  ['a coercible integer', layer({ units: '4' }), [['/network/layers/0/units', 'wrong-type']]],
  ['a coercible boolean', layer({ bias: 'true' }), [['/network/layers/0/bias', 'wrong-type']]],
  ['a boolean as 1', layer({ bias: 1 }), [['/network/layers/0/bias', 'wrong-type']]],
  ['null for a default', layer({ bias: null }), [['/network/layers/0/bias', 'wrong-type']]],
  ['a fraction of units', layer({ units: 1.5 }), [['/network/layers/0/units', 'wrong-type']]],
  ['no units', layer({ units: 0 }), [['/network/layers/0/units', 'out-of-range']]],
  ['too many units', layer({ units: 4097 }), [['/network/layers/0/units', 'out-of-range']]],
  [
    'another kind of layer',
    layer({ type: 'conv3d', kernel: 3 }),
    [['/network/layers/0/type', 'not-allowed']],
  ],
  [
    'a misspelt field of a convolution',
    {
      ...GOOD,
      network: { ...GOOD.network, layers: [{ type: 'conv2d', filters: 1, kernelsize: 3 }] },
    },
    [['/network/layers/0/kernelsize', 'unknown-field']],
  ],
  [
    'a window of three extents',
    {
      ...GOOD,
      network: { ...GOOD.network, layers: [{ type: 'maxPool2d', kernelSize: [1, 2, 3] }] },
    },
    [['/network/layers/0/kernelSize', 'wrong-size']],
  ],
  [
    'a misspelt field of a layer',
    layer({ activaton: 'relu' }),
    [['/network/layers/0/activaton', 'unknown-field']],
  ],
  [
    'a misspelt required field is one fault',
    { ...GOOD, network: { ...GOOD.network, layers: [{ type: 'dense', unit: 1 }] } },
    [['/network/layers/0/unit', 'unknown-field']],
  ],
  ['infinity', inputs(Number.POSITIVE_INFINITY), [['/network/inputs/0/0', 'not-finite']]],
  ['not a number', inputs('NaN'), [['/network/inputs/0/0', 'wrong-form']]],
  ['a text that is no number', inputs(1, '0x10'), [['/network/inputs/0/1', 'wrong-form']]],
  ['an empty text', inputs(''), [['/network/inputs/0/0', 'wrong-size']]],
  ['a nested vector', inputs([1]), [['/network/inputs/0/0', 'wrong-type']]],
  ['a bad entry of a bias', layer({ bias: [null] }), [['/network/layers/0/bias/0', 'wrong-type']]],
  [
    'a bad constant of a weight',
    layer({ weight: [[1, 'x']] }),
    [['/network/layers/0/weight/0/1', 'wrong-form']],
  ],
  [
    'a misspelt scale',
    layer({ weight: [[{ param: 'w', scle: 2 }]] }),
    [['/network/layers/0/weight/0/0/scle', 'unknown-field']],
  ],
  [
    'a bad parameter name',
    layer({ weight: [[{ param: '1w' }]] }),
    [['/network/layers/0/weight/0/0/param', 'wrong-form']],
  ],
  [
    'an unknown activation type',
    layer({ activation: { type: 'glu' } }),
    [['/network/layers/0/activation/type', 'not-allowed']],
  ],
  [
    'a setting of another activation',
    layer({ activation: { type: 'leaky_relu', lambda: '1/2' } }),
    [['/network/layers/0/activation/lambda', 'unknown-field']],
  ],
  [
    'a bad setting',
    layer({ activation: { type: 'hardtanh', min: 'low' } }),
    [['/network/layers/0/activation/min', 'wrong-form']],
  ],
  [
    'pieces that are no lists',
    layer({ activation: { type: 'piecewise', breakpoints: ['0'], pieces: [['0'], '1'] } }),
    [['/network/layers/0/activation/pieces/1', 'wrong-type']],
  ],
  ['a format of another type', { ...GOOD, format: 8 }, [['/format', 'wrong-type']]],
  [
    'an unknown format type',
    { ...GOOD, format: { type: 'posit' } },
    [['/format/type', 'not-allowed']],
  ],
  [
    'an empty list of values',
    { ...GOOD, format: { values: [] } },
    [['/format/values', 'wrong-size']],
  ],
  [
    'a bad value',
    { ...GOOD, format: { values: ['0', 'one'] } },
    [['/format/values/1', 'wrong-form']],
  ],
  [
    'a minifloat that is misspelt',
    { ...GOOD, format: { type: 'minifloat', exponentBits: 4, mantisaBits: 3 } },
    [['/format/mantisaBits', 'unknown-field']],
  ],
  [
    'a bad width in mixed precision',
    { ...GOOD, format: { weights: { type: 'integer', bits: 65 }, biases: 'float16' } },
    [['/format/weights/bits', 'out-of-range']],
  ],
  [
    'an unknown part of mixed precision',
    { ...GOOD, format: { weights: 'float16', bias: 'float16' } },
    [['/format/bias', 'unknown-field']],
  ],
  [
    'a format for what is no parameter name',
    { ...GOOD, format: { params: { 'a b': 'float16' } } },
    [['/format/params/a b', 'not-allowed']],
  ],
  [
    'a proxy that is no number',
    { ...GOOD, proxies: { relu: true } },
    [['/proxies/relu', 'wrong-type']],
  ],
  [
    'a bad proxy of a kink',
    { ...GOOD, proxies: { relu6: ['0', {}] } },
    [['/proxies/relu6/1', 'wrong-type']],
  ],
  [
    'a bad parameter',
    { ...GOOD, mode: 'point', parameters: [1, null] },
    [['/parameters/1', 'wrong-type']],
  ],
  [
    'several mistakes',
    { ...layer({ units: '1', activation: { type: 'rleu' } }), colour: 'red' },
    [
      ['/colour', 'unknown-field'],
      ['/network/layers/0/units', 'wrong-type'],
      ['/network/layers/0/activation/type', 'not-allowed'],
    ],
  ],
];

describe('faultsOf', () => {
  for (const [name, body, expected] of CASES) {
    test(`${name}: ${expected.map(([pointer]) => pointer).join(' ')}`, () => {
      const found = faultsOf(AnalyzeSchema, body);
      assert.deepEqual(
        found.map(({ pointer, code }) => [pointer, code]),
        expected,
        JSON.stringify(found, null, 1),
      );
    });
  }

  test('a fault names the value and what is allowed', () => {
    const [units] = faultsOf(AnalyzeSchema, layer({ units: '4' }));
    assert.equal(
      units?.detail,
      'must be an integer from 1 to 4096, not "4"; values are not coerced',
    );
    const [type] = faultsOf(AnalyzeSchema, layer({ activation: { type: 'leaky_rely' } }));
    assert.match(
      type?.detail ?? '',
      /"leaky_relu".* not "leaky_rely"; did you mean "leaky_relu"\?$/,
    );
    const [field] = faultsOf(AnalyzeSchema, layer({ activaton: 1 }));
    assert.equal(
      field?.detail,
      '"activaton" is no field of this object; did you mean "activation"?',
    );
  });

  test('at most FAULTS_MAX are reported, however many there are', () => {
    const found = faultsOf(AnalyzeSchema, inputs(...Array.from({ length: 4000 }, () => null)));
    assert.equal(found.length, FAULTS_MAX);
  });

  test('a long value is cut in the message', () => {
    const [fault] = faultsOf(AnalyzeSchema, inputs('x'.repeat(2000)));
    assert.ok((fault?.detail.length ?? 0) < 250, fault?.detail);
  });

  test('the examples have no fault', () => {
    for (const { request } of Object.values(REQUEST_EXAMPLES)) {
      assert.deepEqual(faultsOf(AnalyzeSchema, request), []);
    }
  });
});

describe('faultsOf, over mutations of good requests', () => {
  interface Place {
    readonly holder: Record<string, unknown>;
    readonly key: string;
  }
  const placesOf = (node: unknown): Place[] =>
    node === null || typeof node !== 'object'
      ? []
      : Object.keys(node).flatMap((key) => {
          const holder = node as Record<string, unknown>;
          return [{ holder, key }, ...placesOf(holder[key])];
        });
  const resolves = (body: unknown, pointer: string): boolean => {
    const steps = pointer.split('/').slice(1);
    let node = body;
    for (const [at, step] of steps.entries()) {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
      if (node === null || typeof node !== 'object') return false;
      if (!Object.hasOwn(node, key)) return at === steps.length - 1;
      node = (node as Record<string, unknown>)[key];
    }
    return true;
  };
  const bodies = Object.values(REQUEST_EXAMPLES).map(({ request }) => request);
  const runs = 300 * Number(process.env['GRADCERT_TEST_SCALE'] ?? 1);

  test('a fault exactly where the schema refuses; every pointer leads somewhere, none twice', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...bodies),
        fc.nat(),
        fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(Number.NEGATIVE_INFINITY)),
        fc.constantFrom('replace', 'remove', 'add'),
        (original, choice, value, action) => {
          const body = structuredClone(original);
          const places = placesOf(body);
          const { holder, key } = places[choice % places.length]!;
          if (action === 'replace' || Array.isArray(holder)) holder[key] = value;
          else if (action === 'remove') Reflect.deleteProperty(holder, key);
          else holder[`${key}x`] = value;
          const found = faultsOf(AnalyzeSchema, body);
          assert.equal(found.length === 0, Check(AnalyzeSchema, body), JSON.stringify(found));
          const pointers = found.map(({ pointer }) => pointer);
          assert.equal(new Set(pointers).size, pointers.length);
          for (const pointer of pointers) assert.ok(resolves(body, pointer), pointer);
        },
      ),
      { numRuns: runs },
    );
  });
});
