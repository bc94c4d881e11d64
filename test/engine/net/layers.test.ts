/** The checker on the primitives that layers are lowered to, and lowerings worked out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError, buildNetwork, integer, resolveFormat } from '../../../src/engine/index.js';
import { ACTIVATIONS } from '../../../src/engine/net/activations.js';
import { checkNetwork } from '../../../src/engine/net/check.js';
import type {
  AffineEquation,
  DenseEquation,
  Equation,
  MaxEquation,
  Network,
} from '../../../src/engine/net/ir.js';
import type { Conv2dDescription, LayerDescription } from '../../../src/engine/net/layers/layer.js';
import { toText } from '../../../src/engine/num/text.js';

const ternary = resolveFormat({ values: ['-1', '0', '1'] }).values;
const domain = { weights: ternary, biases: ternary, params: new Map() };
const identity = ACTIVATIONS.get('identity')?.build({});
assert.ok(identity !== undefined);

function built(inputShape: readonly number[], layers: readonly LayerDescription[]): Network {
  const size = inputShape.reduce((a, b) => a * b, 1);
  const inputs = [Array.from({ length: size }, (_, k) => integer(k + 1))];
  return buildNetwork({ inputs, inputShape, layers }, domain);
}

const convolution: Conv2dDescription = {
  type: 'conv2d',
  filters: 2,
  kernelSize: [2, 2],
  stride: [1, 1],
  padding: [0, 0],
  dilation: [1, 1],
  groups: 1,
  weight: null,
  bias: true,
  activation: identity,
};

function conv(change: Partial<Conv2dDescription>): Conv2dDescription {
  return { ...convolution, ...change };
}

/** Rows of a dense equation, as `p3` for parameter 3 and `.` for nothing. */
function rowsOf(equation: Equation | undefined): string[] {
  assert.ok(equation?.op === 'dense');
  return equation.weight.map((row) =>
    row.map((entry) => ('parameter' in entry ? `p${String(entry.parameter)}` : '.')).join(' '),
  );
}

test('a convolution is a dense equation whose rows share the filter', () => {
  const { equations, parameters } = built([1, 2, 3], [conv({ filters: 1 })]);
  assert.deepEqual(rowsOf(equations[0]), ['p0 p1 . p2 p3 .', '. p0 p1 . p2 p3']);
  const bias = (equations[0] as DenseEquation).bias;
  assert.deepEqual(
    bias.map((entry) => ('parameter' in entry ? entry.parameter : null)),
    [4, 4],
  );
  assert.equal(parameters.length, 5);
});

test('stride, padding, dilation and groups read where they should', () => {
  const strided = built(
    [1, 1, 3],
    [conv({ filters: 1, kernelSize: [1, 2], stride: [1, 2], padding: [0, 1] })],
  );
  assert.deepEqual(rowsOf(strided.equations[0]), ['p1 . .', '. p0 p1']);
  const dilated = built([1, 1, 4], [conv({ filters: 1, kernelSize: [1, 2], dilation: [1, 2] })]);
  assert.deepEqual(rowsOf(dilated.equations[0]), ['p0 . p1 .', '. p0 . p1']);
  const grouped = built([2, 1, 2], [conv({ kernelSize: [1, 2], groups: 2 })]);
  assert.deepEqual(rowsOf(grouped.equations[0]), ['p0 p1 . .', '. . p2 p3']);
});

test('pooling reads windows row by row and leaves padding out', () => {
  const pool = { kernelSize: [2, 2], stride: [2, 2], padding: [1, 1] } as const;
  const max = built([1, 2, 3], [{ type: 'maxPool2d', ...pool }]);
  assert.deepEqual((max.equations[0] as MaxEquation).windows, [[0], [1, 2], [3], [4, 5]]);
  const average = (countIncludePad: boolean): string[] => {
    const { equations } = built([1, 2, 3], [{ type: 'avgPool2d', ...pool, countIncludePad }]);
    return (equations[0] as AffineEquation).terms.map((row) =>
      row.map(({ unit, coefficient }) => `${toText(coefficient)}·${String(unit)}`).join(' '),
    );
  };
  assert.deepEqual(average(true), ['1/4·0', '1/4·1 1/4·2', '1/4·3', '1/4·4 1/4·5']);
  assert.deepEqual(average(false), ['1·0', '1/2·1 1/2·2', '1·3', '1/2·4 1/2·5']);
});

test('a layer that is added twice counts twice', () => {
  const { equations } = built([1], [{ type: 'add', from: ['input', 'input'] }]);
  const [[term] = []] = (equations[0] as AffineEquation).terms;
  assert.deepEqual(term, { variable: 0, unit: 0, coefficient: integer(2) });
});

test('a convolution that is too large to lower is refused before it is', () => {
  const large = conv({ filters: 4096, kernelSize: [1, 1] });
  assert.throws(
    () => built([1, 64, 64], [large]),
    (error: unknown) => error instanceof EngineError && /at most 4000000 pairs/.test(error.message),
  );
});

function faultsOf(network: Network): string[] {
  try {
    checkNetwork(network);
    return [];
  } catch (error) {
    assert.ok(error instanceof EngineError);
    return error.faults.map(({ path, detail }) => `/${path.join('/')} ${detail}`);
  }
}

function changed(network: Network, index: number, change: object): Network {
  return {
    ...network,
    equations: network.equations.map((equation, k) =>
      k === index ? { ...equation, ...change } : equation,
    ),
  };
}

test('the checker finds what breaks the grammar of the new primitives', () => {
  const max = built([3], [{ type: 'max', of: [[0, 1]] }]);
  const sum = built([2], [{ type: 'add', from: ['input', 'input'] }]);
  const term = { variable: 0, unit: 0, coefficient: integer(1) };
  const cases: readonly (readonly [Network, string])[] = [
    [changed(max, 0, { windows: [[]] }), '/equations/0/windows/0 is empty'],
    [changed(max, 0, { windows: [[3]] }), 'reads unit 3, which does not exist'],
    [changed(max, 0, { windows: [[0, 0]] }), 'holds a unit twice'],
    [changed(max, 0, { windows: [[0], [1]] }), 'windows and width differ'],
    [changed(sum, 0, { offset: [] }), 'offsets and width differ'],
    [changed(sum, 0, { terms: [[term]] }), 'rows and width differ'],
    [changed(sum, 0, { terms: [[term, term], []] }), 'reads a unit twice'],
    [changed(sum, 0, { terms: [[{ ...term, unit: 2 }], []] }), 'reads unit 2'],
    [changed(sum, 0, { terms: [[{ ...term, variable: 1 }], []] }), 'before it is assigned'],
    [{ ...sum, loss: { type: 'mse', targets: [] } }, '/loss targets and samples differ'],
    [{ ...sum, loss: { type: 'mse', targets: [[]] } }, '/loss/targets/0 targets and outputs'],
  ];
  for (const [network, wanted] of cases) {
    const found = faultsOf(network);
    assert.ok(
      found.some((fault) => fault.includes(wanted)),
      `${wanted}: ${found.join('; ')}`,
    );
  }
});

test('a pre-activation that is read twice is refused: its ties would not be free', () => {
  const dense = { units: 1, weight: null, bias: true, activation: identity } as const;
  const network = built([1], [dense, dense]);
  const twice = changed(network, 2, { in: 1 });
  assert.deepEqual(faultsOf(twice), ['/equations/0 is not read by exactly one activation']);
});
