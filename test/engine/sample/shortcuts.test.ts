/** What is decided in doubles before exact arithmetic is asked changes no sum, of any method. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  samplingOf,
  type Network,
  type Proxies,
  type SampleMethod,
} from '../../../src/engine/index.js';
import { whyNotSampled } from '../../../src/engine/sample/sampling.js';
import { runs } from '../../arbitraries.js';
import { anyCase, caseOf } from '../../arbitraries-networks.js';

const SAMPLES = 24;

/** The sums of some samples with the filters are those without; how many of them were touched. */
function agree(
  network: Network,
  proxies: Proxies,
  seed: bigint,
  methods: readonly SampleMethod[] = ['plain', 'union'],
  samples: number = SAMPLES,
): bigint {
  let touched = 0n;
  for (const method of methods) {
    if (whyNotSampled(network, method) !== null) continue;
    const [quick, exact] = [true, false].map((filter) =>
      samplingOf(network, proxies, method, { seed, filter, kernel: false }).sumsOf(
        { from: 0, to: samples, samples },
        () => true,
      ),
    );
    assert.deepEqual(quick, exact);
    for (const { measures } of exact?.sums.values() ?? []) touched += measures[0]?.first ?? 0n;
  }
  return touched;
}

test('on any small network, batches among them', () => {
  let touched = 0n;
  fc.assert(
    fc.property(anyCase({ maxPoints: 4000n }), fc.bigInt(0n, 1000n), (found, seed) => {
      touched += agree(found.network, found.proxies, seed);
    }),
    runs(60),
  );
  assert.ok(touched > 0n, 'some samples are tied');
});

for (const format of ['bfloat16', 'float32', 'float64', 'e5m2']) {
  test(`on a batch of two over ${format}`, () => {
    const layers = [
      { type: 'dense', units: 3, activation: 'relu' },
      { type: 'dense', units: 2, activation: 'hardtanh' },
      { type: 'dense', units: 1 },
    ];
    const inputs = [
      [1, -2],
      [0, 3],
    ];
    const found = caseOf({ network: { inputs, layers }, format, mode: 'bounds' });
    assert.ok(found !== null);
    agree(found.network, found.proxies, 7n);
  });
}

test('over float32, where the last layer is integrated and what is in front of it is drawn', () => {
  const layers = [
    { type: 'dense', units: 2, activation: 'relu' },
    { type: 'dense', units: 2, activation: 'relu' },
    { type: 'dense', units: 1 },
  ];
  const inputs = [[1, -2]];
  const found = caseOf({ network: { inputs, layers }, format: 'float32', mode: 'bounds' });
  assert.ok(found !== null);
  const { network, proxies } = found;
  assert.ok(agree(network, proxies, 7n, ['conditional'], 400) > 0n);
});
