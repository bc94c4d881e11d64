import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handsFor, openHands } from '../../workers/hands.js';

test('a worker holds more shards than threads only while they are short', () => {
  assert.equal(handsFor(2, 5_000), 2);
  assert.ok(handsFor(2, 1) > 2);
  const held: number[] = [];
  const hands = openHands(3, (shards) => held.push(shards));
  for (let shard = 0; shard < 100; shard++) hands.took(0.5);
  assert.deepEqual(held, [handsFor(3, 1)]);
  hands.took(60_000);
  assert.deepEqual(held, [handsFor(3, 1), 3], 'one long shard is enough');
  for (let shard = 0; shard < 9; shard++) hands.took(60_000);
  for (let shard = 0; shard < 100; shard++) hands.took(0.5);
  assert.deepEqual(held, [handsFor(3, 1), 3, handsFor(3, 1)], 'and it changes back');
});
