import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handsFor, openHands, togetherFor } from '../../workers/hands.js';

test('a worker holds more shards than threads only while they are short', () => {
  for (const usual of [21, 5_000]) assert.equal(handsFor(2, usual), 2);
  for (const usual of [0, 0.1, 1, 5, 20]) {
    const spare = handsFor(2, usual) - 2;
    assert.ok(spare >= 1 && spare <= 128 && spare * usual <= 20, String(spare));
  }
  const held: number[] = [];
  const hands = openHands(3, (shards) => held.push(shards));
  for (let shard = 0; shard < 200; shard++) hands.took(0.5);
  assert.ok((held.at(-1) ?? 0) > 3 + 30);
  assert.deepEqual(
    held,
    [...held].sort((a, b) => a - b),
    'the shorter, the more',
  );
  hands.took(60_000);
  assert.ok((held.at(-1) ?? Infinity) <= 5, 'one long shard is enough');
  for (let shard = 0; shard < 9; shard++) hands.took(60_000);
  assert.equal(held.at(-1), 3);
  for (let shard = 0; shard < 200; shard++) hands.took(0.5);
  assert.ok((held.at(-1) ?? 0) > 3 + 30, 'and it changes back');
});

test('a thread gets several shards at once only while they are very short', () => {
  for (const usual of [20, 200]) assert.deepEqual(togetherFor(usual), { least: 1, most: 1 });
  for (const usual of [0.1, 1, 5]) {
    assert.equal(togetherFor(usual).least, 1, 'work is shared out');
    assert.ok(togetherFor(usual).most * usual <= 10);
  }
  assert.ok(togetherFor(1).most > 1 && togetherFor(0).least > 1);
  const hands = openHands(2, () => undefined);
  assert.equal(hands.together().most, 1, 'as long as nothing is known');
  for (let shard = 0; shard < 100; shard++) hands.took(0.5);
  assert.ok(hands.together().most > 1);
  hands.took(60_000);
  assert.equal(hands.together().most, 1);
});
