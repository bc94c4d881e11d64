/** Which symmetries are found, and which must not be: by how many points are visited, and by the keys. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  candidatesOf,
  countingOf,
  emptyTally,
  enumerationOf,
  type Network,
  type Proxies,
} from '../../../../src/engine/index.js';
import { spaceOf } from '../../../../src/engine/count/space.js';
import { orbitSpaceOf } from '../../../../src/engine/count/symmetry/orbit-space.js';
import { evenedOver } from '../../../../src/engine/count/symmetry/orbits.js';
import { withDistinctSamples } from '../../../../src/engine/count/symmetry/samples.js';
import { symmetriesOf, type KeyClass } from '../../../../src/engine/count/symmetry/symmetries.js';
import { resultLocally } from '../../../../src/plan/local.js';
import { planOf } from '../../../../src/plan/make.js';
import { caseOf, type Case } from '../../../arbitraries-networks.js';

const TERNARY = { values: ['-1', '0', '1'] };
const p = (param: string, scale = '1'): object => ({ param, scale });
const dense = (units: number, activation: unknown, rest: object = {}): object => ({
  type: 'dense',
  units,
  activation,
  ...rest,
});
const out = dense(1, 'identity');

function found(network: object, rest: object = {}): Case {
  const made = caseOf({ network, format: TERNARY, mode: 'exhaustive', ...rest });
  assert.ok(made !== null);
  return made;
}

function classesOf({ network, proxies }: { network: Network; proxies: Proxies }): KeyClass[] {
  return [...symmetriesOf(network, proxies, spaceOf(network)).classes];
}

const exchanged = (...starts: number[]): KeyClass => ({ starts, length: 1, signed: false });
const turned = (start: number): KeyClass => ({ starts: [start], length: 1, signed: true });

const one = { inputs: [['1']] };
const two = { inputs: [['1', '2']] };

/** What is asked, and the keys that are found: positions among the digits. */
const CASES: readonly (readonly [string, Case, readonly KeyClass[]])[] = [
  ['three units', found({ ...one, layers: [dense(3, 'relu'), out] }), [exchanged(0, 1, 2)]],
  [
    'units without biases',
    found({ ...one, layers: [dense(2, 'relu', { bias: false }), out] }),
    [exchanged(0, 1)],
  ],
  [
    'two layers of two units: rows of the second are columns of nothing that is keyed',
    found({ ...one, layers: [dense(2, 'relu'), dense(2, 'relu'), out] }),
    [exchanged(0, 1), { starts: [4, 6], length: 2, signed: false }],
  ],
  [
    'an odd activation, mirrored proxies',
    found({ ...one, layers: [dense(2, 'hardtanh'), out] }, { proxies: 'pytorch' }),
    [{ starts: [0, 1], length: 1, signed: true }],
  ],
  [
    'an odd activation, proxies that are not mirrored',
    found({ ...one, layers: [dense(2, 'hardtanh'), out] }, { proxies: { hardtanh: ['0', '1'] } }),
    [exchanged(0, 1)],
  ],
  [
    'an odd function of an interval that is not mirrored',
    found(
      { ...one, layers: [dense(2, { type: 'hardtanh', min: '0', max: '1' }), out] },
      { proxies: 'pytorch' },
    ),
    [exchanged(0, 1)],
  ],
  [
    'the absolute value with the proxy 0',
    found({ ...one, layers: [dense(1, 'abs'), out] }, { proxies: 'pytorch' }),
    [turned(0)],
  ],
  [
    'the absolute value with the proxy of JAX, which is no odd derivative',
    found({ ...one, layers: [dense(1, 'abs'), out] }, { proxies: 'jax' }),
    [],
  ],
  [
    'an even activation: what reads it needs no mirror images',
    found(
      { ...one, layers: [dense(1, 'abs', { weight: [[p('a')]], bias: false }), out] },
      {
        proxies: 'pytorch',
        format: { weights: { values: ['0', '1'] }, biases: TERNARY, params: { a: TERNARY } },
      },
    ),
    [turned(0)],
  ],
  [
    'an odd activation: what reads it needs them',
    found(
      { ...one, layers: [dense(1, 'hardtanh', { weight: [[p('a')]], bias: false }), out] },
      {
        proxies: 'pytorch',
        format: { weights: { values: ['0', '1'] }, biases: TERNARY, params: { a: TERNARY } },
      },
    ),
    [],
  ],
  [
    'sets without mirror images',
    found(
      { ...one, layers: [dense(1, 'abs'), out] },
      { proxies: 'pytorch', format: { values: ['0', '1', '2'] } },
    ),
    [],
  ],
  [
    'sets that differ by unit',
    found(
      {
        ...one,
        layers: [dense(2, 'relu', { weight: [[p('a')], [p('b')]], bias: ['0', '0'] }), out],
      },
      {
        format: {
          weights: TERNARY,
          biases: TERNARY,
          params: { a: { values: ['-1', '1', '2'] }, b: TERNARY },
        },
      },
    ),
    [],
  ],
  [
    'constant weights behind that are equal',
    found({
      ...one,
      layers: [dense(2, 'relu'), dense(1, 'relu', { weight: [['1', '1']] })],
    }),
    [exchanged(0, 1)],
  ],
  [
    'constant weights behind that differ',
    found({
      ...one,
      layers: [dense(2, 'relu'), dense(1, 'relu', { weight: [['1', '2']] })],
    }),
    [],
  ],
  [
    'a reader of a single unit',
    found({
      ...one,
      layers: [
        dense(2, 'relu', { bias: false }),
        { type: 'max', of: [[0]] },
        { type: 'concat', from: [0, 1] },
        dense(1, 'identity', { weight: [['1', '1', '1']] }),
      ],
    }),
    [],
  ],
  [
    'a maximum whose first unit takes all',
    found(
      { ...one, layers: [dense(2, 'relu'), { type: 'max' }] },
      { proxies: { relu: ['0'], max: 'first' } },
    ),
    [],
  ],
  [
    'a maximum whose units share',
    found(
      { ...one, layers: [dense(2, 'relu'), { type: 'max' }] },
      { proxies: { relu: ['0'], max: 'even' } },
    ),
    [exchanged(0, 1)],
  ],
  [
    'a frozen scale with equal factors',
    found({
      ...one,
      layers: [
        dense(2, 'relu'),
        { type: 'scale', scale: ['2', '2'], shift: ['1', '1'], activation: 'relu' },
        out,
      ],
    }),
    [exchanged(0, 1)],
  ],
  [
    'a frozen scale with different factors',
    found({
      ...one,
      layers: [
        dense(2, 'relu'),
        { type: 'scale', scale: ['1', '2'], shift: ['1', '1'], activation: 'relu' },
        out,
      ],
    }),
    [],
  ],
  [
    'two layers side by side, joined: each has its own two units, none is one of the other layer',
    found({
      ...one,
      layers: [
        dense(2, 'relu'),
        dense(2, 'relu', { from: 'input', bias: false }),
        { type: 'concat', from: [0, 1] },
        out,
      ],
    }),
    [exchanged(0, 1), exchanged(4, 5)],
  ],
  [
    'two layers side by side, added: their units are paired, and are not exchanged alone',
    found({
      ...one,
      layers: [
        dense(2, 'relu'),
        dense(2, 'relu', { from: 'input', bias: false }),
        { type: 'add', from: [0, 1], activation: 'relu' },
        out,
      ],
    }),
    [],
  ],
  [
    'filters behind a pool and a dense layer; three taps of each are keys enough',
    found({
      inputs: [['1', '0', '-1', '2', '1', '1', '0', '-1', '2']],
      inputShape: [1, 3, 3],
      layers: [
        { type: 'conv2d', filters: 2, kernelSize: [2, 2], activation: 'relu' },
        { type: 'avgPool2d', kernelSize: [2, 2], stride: 1 },
        { type: 'flatten' },
        out,
      ],
    }),
    [{ starts: [0, 4], length: 3, signed: false }],
  ],
  [
    'inputs that are equal',
    found({ inputs: [['2', '2']], layers: [dense(1, 'relu'), out] }),
    [exchanged(0, 1)],
  ],
  ['inputs that differ', found({ ...two, layers: [dense(1, 'relu'), out] }), []],
  [
    'samples that mirror each other',
    found({ inputs: [['1'], ['-1']], layers: [dense(1, 'relu'), out] }),
    [turned(0)],
  ],
  [
    'samples that mirror each other, targets that do not',
    found({
      inputs: [['1'], ['-1']],
      layers: [dense(1, 'relu'), out],
      loss: { type: 'mse', targets: [['0'], ['1']] },
    }),
    [],
  ],
  [
    'digits behind the last tie alone',
    found({ ...one, layers: [dense(1, 'relu'), dense(2, 'identity')] }),
    [],
  ],
];

for (const [name, each, expected] of CASES) {
  test(`symmetries of ${name}`, () => {
    assert.deepEqual(classesOf(each), expected);
  });
}

/** An output that is no sum of parts. */
const bent = dense(1, 'relu');

test('what is visited: of n keys of r values, r + n − 1 over n; of signs, half', () => {
  const visits = ({ network, proxies }: Case): bigint =>
    enumerationOf(network, proxies, { symmetries: true }).visits;
  // Three weights of 3 values are 10 lists; three biases and what stands behind are free.
  assert.equal(visits(found({ ...one, layers: [dense(3, 'relu'), bent] })), 10n * 3n ** 7n);
  // E2M1 has 15 values, of which 8 are not positive: 36 pairs.
  const odd = found(
    { ...one, layers: [dense(2, 'hardtanh'), bent] },
    { proxies: 'pytorch', format: 'e2m1fn' },
  );
  assert.equal(visits(odd), 36n * 15n ** 5n);
  const even = found(
    { ...one, layers: [dense(1, 'abs'), bent] },
    { proxies: 'pytorch', format: { values: ['-2', '-1', '1', '2'] } },
  );
  assert.equal(visits(even), 2n * 4n ** 3n);
});

test('boxes hold as many points as are visited, and their weights sum to all points', () => {
  for (const [, each] of CASES) {
    const space = spaceOf(each.network);
    const orbits = orbitSpaceOf(space, classesOf(each));
    let [points, visited] = [0n, 0n];
    for (const { box, weight } of orbits.boxesOf(0n, orbits.visits)) {
      const volume = [...box.lo].reduce(
        (size, from, k) => size * BigInt((box.hi[k] as number) - from),
        1n,
      );
      visited += volume;
      points += weight * volume;
    }
    assert.equal(visited, orbits.visits);
    assert.equal(points, space.visits);
  }
});

test('equal samples are taken once, unless a loss weighs them', () => {
  const samples = (inputs: readonly string[], rest: object = {}): number =>
    withDistinctSamples(
      found({ inputs: inputs.map((x) => [x]), layers: [dense(1, 'relu'), out], ...rest }).network,
    ).inputs.length;
  assert.equal(samples(['1', '2', '1']), 2);
  assert.equal(samples(['1', '2', '1'], { loss: { type: 'sum' } }), 3);
  assert.equal(samples(['1', '2', '1', '2'], { loss: { type: 'sum' } }), 2);
  const targets = (...values: string[]): object => ({
    loss: { type: 'mse', targets: values.map((t) => [t]) },
  });
  assert.equal(samples(['1', '1'], targets('0', '0')), 1);
  assert.equal(samples(['1', '1'], targets('0', '1')), 2);
  assert.equal(samples(['1', '1', '2'], targets('0', '0', '0')), 3);
});

test('a plan tells what is visited, and its result is that of all points, however it is cut', () => {
  const { question, network, proxies } = found({
    inputs: [['1'], ['2']],
    layers: [dense(2, 'relu'), bent],
  });
  const planned = planOf(question, { maxVisits: 2000n, maxOperations: 1e9, maxShards: 1 });
  assert.ok(planned.ok);
  const { plan } = planned;
  assert.equal(plan.method, 'enumeration');
  // 3^7 are 2187, more than this installation visits; six of nine are visited.
  assert.equal(plan.range, '1458');
  const whole = resultLocally(plan);
  assert.ok(whole.mode === 'exhaustive');
  assert.equal(whole.visited, '1458');
  for (const shards of [2, 7, 486]) assert.deepEqual(resultLocally({ ...plan, shards }), whole);
  const all = enumerationOf(network, proxies);
  const tally = all.tallyOf(0n, all.visits, () => undefined);
  const points = (visits: bigint): string => String(visits * all.space.multiplicity);
  assert.equal(whole.counts.nonDifferentiable, points(tally.nonDifferentiable));
  assert.equal(whole.counts.incorrect, points(tally.incorrect));
  assert.deepEqual(
    whole.neurons.map(({ touched, relevant }) => [touched, relevant]),
    tally.neurons.map(({ touched, relevant }) => [points(touched), points(relevant)]),
  );
});

test('what an enumeration would cost is told of the visits that it makes', () => {
  const { network, proxies } = found({ ...one, layers: [dense(3, 'relu'), bent] });
  const candidate = candidatesOf(network, proxies, 1e6).find(
    ({ method }) => method === 'enumeration',
  );
  const limits = { maxOperations: 1e10, maxBytes: 1e8, maxWalks: 1000 };
  const counting = countingOf(network, proxies, 'enumeration', limits);
  assert.equal(candidate?.parts, counting.parts);
  assert.equal(counting.parts, 10n * 3n ** 7n);
  assert.equal(candidate?.why, 'visits one of all points that symmetries exchange');
});

test('counts of an orbit that do not divide are no counts of its neurons', () => {
  const tally = {
    ...emptyTally(2),
    neurons: [
      { touched: 2n, relevant: 1n },
      { touched: 1n, relevant: 1n },
    ],
  };
  assert.throws(() => evenedOver([[0, 1]], tally), /3 touched points do not divide among 2/);
  assert.deepEqual(evenedOver([], tally), tally);
});
