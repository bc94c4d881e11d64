/** The finder on sums, products and entries that doubles do not hold: it decides as the judge does. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { programOf } from '../../../src/engine/filter/program.js';
import { buildNetwork, type EntryDescription } from '../../../src/engine/net/build.js';
import { chainOf } from '../../../src/engine/net/chain.js';
import type { Network } from '../../../src/engine/net/ir.js';
import { fromDouble, nextDown, nextUp } from '../../../src/engine/num/float64.js';
import { integer, rational } from '../../../src/engine/num/rational.js';
import { FLOAT64, agrees, fullyConnected, relu } from './held-to-judge.js';

const third = rational(1n, 3n);

test('the neighbours of a sum that is zero, and the zero itself', () => {
  const network = fullyConnected([[1, 1, 1]], [1]);
  for (const [a, b, c] of [
    [0.1, 0.2, 0.3],
    [2 ** 1000, 1, 2 ** 1000],
    [2 ** -1000, 2 ** -1074, 2 ** -1000],
    [1 / 3, 2 ** -60, 1 / 3],
    [Number.MAX_VALUE, 2 ** 970, Number.MAX_VALUE],
  ] as const) {
    for (const bias of [
      0,
      Number.MIN_VALUE,
      -Number.MIN_VALUE,
      -b,
      nextUp(-b),
      nextDown(-b),
      c - a - b,
    ]) {
      agrees(network, [a, b, -c, bias].map(fromDouble));
    }
  }
});

test('products that vanish or overflow in doubles decide all the same', () => {
  const network = fullyConnected([[2 ** -600, 2 ** 1000, 2 ** 1000]], [1]);
  for (const point of [
    // 2^-1200, and nothing: the product is 0 in doubles.
    [2 ** -600, 0, 0, 0],
    [-(2 ** -600), 0, 0, 0],
    [0, 2 ** 1000, -(2 ** 1000), 0],
    [2 ** -600, 2 ** 1000, -(2 ** 1000), 0],
    [2 ** -474, 0, 0, -Number.MIN_VALUE],
  ]) {
    agrees(network, point.map(fromDouble));
  }
});

test('inputs that vanish when a bound multiplies them still bound their sum', () => {
  // In doubles -2^-84, in truth 2^-85 or 0: the bias is lost beside the first product.
  const network = fullyConnected([[2 ** -1030, 2 ** -1030, 2 ** -1030]], [1]);
  for (const bias of [1.5, 1]) {
    agrees(network, [2 ** 1000, -(2 ** 1000), -(2 ** 946), bias * 2 ** -84].map(fromDouble));
  }
});

test('what a layer may be wrong by goes into the bounds of the next', () => {
  // The hidden unit is 100·2^-54 in doubles and 101.5·2^-54 in truth; the next compares it with 101.
  const network = fullyConnected([[1, 1, 1]], [1, 1, 1]);
  const hidden = [1, -1, 100 * 2 ** -54, 1.5 * 2 ** -54];
  for (const bias of [-101, -101.5, -102]) {
    agrees(network, [...hidden, 1, bias * 2 ** -54, 1, 0].map(fromDouble));
  }
});

/** One unit with these weights, relu. */
function entries(weight: readonly EntryDescription[], inputs: readonly number[]): Network {
  return buildNetwork(
    {
      inputs: [inputs.map(fromDouble)],
      layers: [{ units: 1, weight: [weight], bias: true, activation: relu }],
    },
    { weights: FLOAT64, biases: FLOAT64, params: new Map() },
  );
}

test('scales: a product below the normal numbers is not trusted', () => {
  // Half the least double is 0 in doubles; times 2^1000 it outweighs the bias.
  const network = entries([{ param: 'a', scale: rational(1n, 2n) }], [2 ** 1000]);
  agrees(network, [Number.MIN_VALUE, -(2 ** -80)].map(fromDouble));
  agrees(network, [Number.MIN_VALUE, -(2 ** -75)].map(fromDouble));
});

test('entries that are no doubles: a zero in doubles is none', () => {
  const network = entries([third, { param: 'a', scale: integer(1) }], [1, 1]);
  for (const a of [-1 / 3, -nextUp(1 / 3)]) agrees(network, [a, 0].map(fromDouble));
  const scaled = entries([{ param: 'a', scale: third }, integer(1)], [1, -1 / 3]);
  agrees(scaled, [1, 0].map(fromDouble));
  // A point that is none of doubles.
  const plain = fullyConnected([[1, 1]], [1]);
  agrees(plain, [third, fromDouble(-1 / 3), integer(0)]);
  agrees(plain, [third, rational(-1n, 3n), integer(0)]);
});

test('entries are known within so many roundings', () => {
  for (const [entry, roundings] of [
    [integer(3), 0],
    [third, 1],
    [{ param: 'a', scale: integer(-1) }, 0],
    [{ param: 'a', scale: integer(0) }, 0],
    [{ param: 'a', scale: rational(1n, 2n) }, 1],
    [{ param: 'a', scale: third }, 2],
  ] as const) {
    const [step] = programOf(chainOf(entries([entry], [1]))).steps;
    assert.ok(step?.op === 'dense');
    assert.equal(step.roundings, roundings);
  }
});
