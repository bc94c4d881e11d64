/** The filter says exactly whether a point has a possible tie: the subject in rationals is asked too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainOf } from '../../../src/engine/net/chain.js';
import fc from 'fast-check';
import { judgeOf, spaceOf } from '../../../src/engine/index.js';
import { drawsOf } from '../../../src/engine/sample/draws.js';
import { exactSubject } from '../../../src/engine/sample/exact-subject.js';
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
