/** The filter says exactly whether a point has a possible tie: the subject in rationals is asked too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainOf } from '../../../src/engine/net/chain.js';
import fc from 'fast-check';
import { judgeOf, spaceOf } from '../../../src/engine/index.js';
import { drawsOf } from '../../../src/engine/sample/draws.js';
import { exactSubject } from '../../../src/engine/sample/exact-subject.js';
import { doubleFilterOf } from '../../../src/engine/sample/no-tie-doubles.js';
import { noTieFilterOf } from '../../../src/engine/sample/no-tie.js';
import { runs } from '../../arbitraries.js';
import { anyCase, caseOf, type Case } from '../../arbitraries-networks.js';

/** Compares filter and subject at some drawn points; gives how many had ties, or null without a filter. */
function compare({ network, proxies }: Case, seed: bigint, points: number): number | null {
  const filter = noTieFilterOf(chainOf(network));
  if (filter === null) return null;
  const space = spaceOf(network);
  const subject = exactSubject(network, space, judgeOf(network, proxies));
  const draws = drawsOf(seed);
  const ranks = new Float64Array(network.parameters.length);
  let tied = 0;
  for (let sample = 0; sample < points; sample += 1) {
    draws.begin(sample);
    subject.draw(draws);
    draws.begin(sample);
    for (const parameter of space.digits) {
      ranks[parameter] = draws.below(Number(network.parameters[parameter]?.values.size));
    }
    const ties = subject.possibleTies().length;
    assert.equal(filter(ranks), ties === 0);
    if (ties > 0) tied += 1;
  }
  return tied;
}

test('on any small network with dyadic numbers', () => {
  let [with_filter, tied] = [0, 0];
  fc.assert(
    fc.property(
      anyCase({ maxPoints: 10_000n }),
      fc.bigInt({ min: 0n, max: 99n }),
      (found, seed) => {
        const count = compare(found, seed, 8);
        if (count === null) return;
        with_filter += 1;
        tied += count;
      },
    ),
    runs(300),
  );
  assert.ok(with_filter > 50 && tied > 50, `${String(with_filter)} ${String(tied)}`);
});

const relu = (units: number, bias = true) => ({ type: 'dense', units, bias, activation: 'relu' });
const out = { type: 'dense', units: 1 };

test('on wide formats, with cancellation, subnormals and exponents far apart', () => {
  let tied = 0;
  for (const format of ['bfloat16', 'float16', 'e5m2', 'tf32', 'int16', 'float32']) {
    for (const layers of [
      [relu(2), out],
      [relu(3), relu(2), out],
      [relu(2, false), relu(2, false), out],
      [{ type: 'dense', units: 2, activation: 'relu6' }, relu(1), out],
      [{ type: 'dense', units: 2, activation: { type: 'leaky_relu', slope: '1/4' } }, out],
    ]) {
      const found = caseOf({ network: { inputs: [[1, '-2']], layers }, format, mode: 'bounds' });
      assert.ok(found !== null);
      const count = compare(found, 1n, format === 'float32' ? 8 : 25);
      assert.ok(count !== null, 'there is a filter');
      tied += count;
    }
  }
  assert.ok(tied > 50, String(tied));
});

/** Ranks of all parameters, drawn. */
function ranksOf({ network }: Case, seed: bigint, sample: number): Float64Array {
  const draws = drawsOf(seed);
  draws.begin(sample);
  return Float64Array.from(network.parameters, ({ values }) => draws.below(Number(values.size)));
}

/** The text of 2^k. */
function power(k: number): string {
  return k < 0 ? `1/${String(2n ** BigInt(-k))}` : String(2n ** BigInt(k));
}

const doubles = { answered: 0, tied: 0, open: 0 };

/** Where doubles answer, they answer as binary numbers do. */
function holdDoubles(found: Case, seed: bigint, points: number): boolean {
  const filter = doubleFilterOf(chainOf(found.network));
  const exact = noTieFilterOf(chainOf(found.network), { doubles: false });
  if (filter === null || exact === null) return false;
  for (let sample = 0; sample < points; sample += 1) {
    const ranks = ranksOf(found, seed, sample);
    const answer: boolean | null = filter(ranks);
    const truth: boolean = exact(ranks);
    if (answer === null) doubles.open += 1;
    else {
      assert.equal(answer, truth, `sample ${String(sample)}`);
      doubles.answered += 1;
      if (!truth) doubles.tied += 1;
    }
  }
  return true;
}

test('doubles answer as binary numbers do, on formats of every width', () => {
  for (const format of ['e4m3fn', 'e5m2', 'float16', 'bfloat16', 'int8']) {
    for (const layers of [
      [relu(2), out],
      [relu(4), relu(4), out],
      [relu(1), relu(2), relu(2), out],
      [relu(9), relu(3), out],
    ]) {
      const inputs = [[1, '-2', '3/8', 0]];
      const found = caseOf({ network: { inputs, layers }, format, mode: 'bounds' });
      assert.ok(found !== null && holdDoubles(found, 7n, 120));
    }
  }
  const { answered, tied, open } = doubles;
  assert.ok(tied > 100 && open * 10 < answered, JSON.stringify(doubles));
});

test('doubles answer as binary numbers do, on hostile sets', () => {
  const before = { ...doubles };
  // Values that cancel, that differ by far less than an ulp, and sums right beside a value.
  const magnitude = fc.constantFrom(
    '1',
    '3',
    '255',
    '5/8',
    power(60),
    power(-60),
    power(120),
    power(-120),
    String(16777215n * 2n ** 37n),
  );
  const signed = fc
    .tuple(magnitude, fc.boolean())
    .map(([text, minus]) => (minus ? `-${text}` : text));
  fc.assert(
    fc.property(
      fc.uniqueArray(signed, { minLength: 2, maxLength: 6 }),
      fc.boolean(),
      fc.constantFrom([relu(3), out], [relu(2), relu(2), out], [relu(2), relu(2), relu(2), out]),
      fc.bigInt({ min: 0n, max: 99n }),
      (values, zero, layers, seed) => {
        const format = { values: zero ? ['0', ...values] : values };
        const inputs = [['1', '-1', power(-40)]];
        const found = caseOf({ network: { inputs, layers }, format, mode: 'bounds' });
        assert.ok(found !== null && holdDoubles(found, seed, 30));
      },
    ),
    runs(200),
  );
  assert.ok(doubles.tied - before.tied > 300, JSON.stringify(doubles));
});

test('where doubles do not apply', () => {
  const of = (body: object): unknown => {
    const found = caseOf({ format: 'bfloat16', mode: 'bounds', ...body });
    assert.ok(found !== null);
    return doubleFilterOf(chainOf(found.network));
  };
  const network = { inputs: [[1]], layers: [relu(1), out] };
  assert.notEqual(of({ network }), null);
  assert.equal(of({ network, format: 'float32' }), null);
  assert.equal(of({ network: { inputs: [[1]], layers: [relu(1, false), out] } }), null);
  const abs = { type: 'dense', units: 1, activation: 'abs' };
  assert.equal(of({ network: { inputs: [[1]], layers: [abs, out] } }), null);
  // Three layers of numbers near 2^-400 leave the doubles.
  const deep = { inputs: [[1]], layers: [relu(1), relu(1), relu(1), out] };
  assert.equal(of({ network: deep, format: { values: [power(-400), '-1', '1'] } }), null);
  // Longer values than 26 bits have inexact products.
  assert.equal(of({ network, format: { values: ['0', '134217729'] } }), null);
});

test('where it does not apply', () => {
  const of = (body: object): unknown => {
    const found = caseOf({ format: 'bfloat16', mode: 'bounds', ...body });
    assert.ok(found !== null);
    return noTieFilterOf(chainOf(found.network));
  };
  assert.equal(of({ network: { inputs: [[1], [2]], layers: [relu(1), out] } }), null);
  assert.equal(of({ network: { inputs: [['1/3']], layers: [relu(1), out] } }), null);
  const network = { inputs: [[1]], layers: [relu(1), out] };
  assert.equal(of({ network, format: 'float64' }), null);
  assert.equal(of({ network, format: { values: ['1/3', '1'] } }), null);
  const third = { type: 'integer', bits: 20, scale: '1/3', zeroPoint: 1 };
  assert.equal(of({ network, format: third }), null);
  assert.notEqual(of({ network }), null);
});
