/** The generator against its authors' known answers, and draws that favour no rank. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SEED_MAX, drawsOf } from '../../../src/engine/sample/draws.js';
import { philoxBlock } from '../../../src/engine/sample/philox.js';
import { runs } from '../../arbitraries.js';

/** philox4x32 with 10 rounds in the file kat_vectors of Random123: counter, key, block. */
const KNOWN: readonly (readonly [string, string, string])[] = [
  [
    '00000000 00000000 00000000 00000000',
    '00000000 00000000',
    '6627e8d5 e169c58d bc57ac4c 9b00dbd8',
  ],
  [
    'ffffffff ffffffff ffffffff ffffffff',
    'ffffffff ffffffff',
    '408f276d 41c83b0e a20bc7c6 6d5451fd',
  ],
  [
    '243f6a88 85a308d3 13198a2e 03707344',
    'a4093822 299f31d0',
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  ],
];

function words(text: string): number[] {
  return text.split(' ').map((word) => parseInt(word, 16));
}

test('the known answers of Philox4x32-10', () => {
  for (const [counter, key, block] of KNOWN) {
    const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = words(counter);
    const [k0 = 0, k1 = 0] = words(key);
    const out = new Uint32Array(4);
    philoxBlock(c0, c1, c2, c3, k0, k1, out);
    assert.deepEqual([...out], words(block));
  }
});

/** The round function again, in BigInt, from the paper's definition. */
function philoxSlowly(counter: readonly number[], key: readonly number[]): number[] {
  let [x0 = 0n, x1 = 0n, x2 = 0n, x3 = 0n] = counter.map(BigInt);
  let [k0 = 0n, k1 = 0n] = key.map(BigInt);
  const mask = 0xffffffffn;
  for (let round = 0; round < 10; round += 1) {
    const p0 = 0xd2511f53n * x0;
    const p1 = 0xcd9e8d57n * x2;
    [x0, x1, x2, x3] = [(p1 >> 32n) ^ x1 ^ k0, p1 & mask, (p0 >> 32n) ^ x3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [x0, x1, x2, x3].map(Number);
}

const word = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constantFrom(0, 0xffffffff));

test('blocks in 32-bit arithmetic are those in integers', () => {
  fc.assert(
    fc.property(
      fc.tuple(word, word, word, word),
      fc.tuple(word, word),
      ([c0, c1, c2, c3], [k0, k1]) => {
        const out = new Uint32Array(4);
        philoxBlock(c0, c1, c2, c3, k0, k1, out);
        assert.deepEqual([...out], philoxSlowly([c0, c1, c2, c3], [k0, k1]));
      },
    ),
    runs(500),
  );
});

test('a sample is the same whatever was drawn before', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: SEED_MAX }),
      fc.array(fc.integer({ min: 0, max: 2 ** 53 - 1 }), { minLength: 1, maxLength: 5 }),
      fc.bigInt({ min: 1n, max: 1n << 80n }),
      (seed, samples, size) => {
        const draws = drawsOf(seed);
        const drawn = (sample: number): bigint[] => {
          draws.begin(sample);
          return [draws.belowBig(size), BigInt(draws.below(253)), draws.belowBig(size)];
        };
        const once = samples.map(drawn);
        assert.deepEqual([...samples].reverse().map(drawn).reverse(), once);
        for (const ranks of once) {
          assert.ok(ranks.every((rank, k) => rank >= 0n && rank < (k === 1 ? 253n : size)));
        }
      },
    ),
    runs(200),
  );
  assert.throws(() => drawsOf(-1n), /not in \[0, 2\^64\)/);
  assert.throws(() => drawsOf(SEED_MAX + 1n), RangeError);
});

test('neighbouring seeds and samples are different streams', () => {
  const seen = new Set<string>();
  for (const seed of [0n, 1n, 2n ** 32n, SEED_MAX]) {
    const draws = drawsOf(seed);
    for (const sample of [0, 1, 2 ** 32, 2 ** 32 + 1]) {
      draws.begin(sample);
      seen.add(String(draws.belowBig(1n << 128n)));
    }
  }
  assert.equal(seen.size, 16);
});

/**
 * The chance that a chi-squared variable of d degrees exceeds d + 6·sqrt(2d) is below 10^-6 for the d
 * here; the draws are seeded, so the test either always passes or never.
 */
test('every rank is drawn about equally often, for sizes that are no power of two', () => {
  for (const size of [3, 5, 253, 1000]) {
    const draws = drawsOf(7n);
    const counts = new Float64Array(size);
    const total = 200 * size;
    for (let sample = 0; sample < total; sample += 1) {
      draws.begin(sample);
      const rank = draws.below(size);
      counts[rank] = (counts[rank] ?? 0) + 1;
    }
    const spread = counts.reduce((sum, count) => sum + (count - 200) ** 2 / 200, 0);
    const degrees = size - 1;
    assert.ok(Math.abs(spread - degrees) < 6 * Math.sqrt(2 * degrees) + 6, String(spread));
  }
});

test('sizes just above a power of two: a modulus would favour the low ranks twice over', () => {
  // With 3·2^30 ranks the lower third of them would be twice as likely under a reduction modulo.
  const size = 3 * 2 ** 30;
  const draws = drawsOf(11n);
  let low = 0;
  const total = 30_000;
  for (let sample = 0; sample < total; sample += 1) {
    draws.begin(sample);
    if (draws.below(size) < 2 ** 30) low += 1;
  }
  // Six standard deviations around a third; a half is far outside.
  assert.ok(Math.abs(low - total / 3) < 6 * Math.sqrt((total * 2) / 9), String(low));
  let big = 0;
  for (let sample = 0; sample < total; sample += 1) {
    draws.begin(sample);
    if (draws.belowBig(3n << 70n) < 1n << 70n) big += 1;
  }
  assert.ok(Math.abs(big - total / 3) < 6 * Math.sqrt((total * 2) / 9), String(big));
});
