import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ending } from '../../workers/ending.js';

test('an ending has one reason, and tells it once to all who still listen', () => {
  const ending = new Ending();
  const heard: string[] = [];
  const forgotten = (): void => {
    heard.push('forgotten');
  };
  ending.onEnd(forgotten);
  for (const name of ['a', 'b']) {
    ending.onEnd(() => {
      heard.push(`${name}: ${String(ending.ended())}`);
      ending.forget(forgotten);
    });
  }
  ending.forget(forgotten);
  assert.equal(ending.ended(), null);
  ending.end('first');
  ending.end('second');
  assert.deepEqual(heard, ['a: first', 'b: first']);
  assert.equal(ending.ended(), 'first');
});

test('its signal aborts with the reason, whether it was asked for before the end or after', () => {
  const before = new Ending();
  const { signal } = before;
  assert.equal(signal.aborted, false);
  before.end('late');
  assert.deepEqual([signal.aborted, signal.reason], [true, 'late']);
  const after = new Ending();
  after.end('early');
  assert.deepEqual([after.signal.aborted, after.signal.reason], [true, 'early']);
  assert.equal(after.signal, after.signal);
});
