import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openQuarantine } from '../../workers/quarantine.js';

const never = new AbortController().signal;
/** All that can happen by itself has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a suspect is alone, and everybody has a turn in the order of arrival', async () => {
  const quarantine = openQuarantine();
  const order: string[] = [];
  const leave = new Map<string, () => void>();
  const come = (name: string, suspect: boolean): void => {
    void quarantine.enter(suspect, never).then((left) => {
      order.push(name);
      leave.set(name, left);
    });
  };
  for (const name of ['a', 'b']) come(name, false);
  come('suspect', true);
  come('c', false);
  come('other suspect', true);
  come('d', false);
  await settled();
  assert.deepEqual(order, ['a', 'b'], 'the suspect waits for both, and c does not overtake it');
  leave.get('a')?.();
  leave.get('a')?.();
  await settled();
  assert.deepEqual(order, ['a', 'b'], 'leaving twice is leaving once');
  for (const [left, next] of [
    ['b', 'suspect'],
    ['suspect', 'c'],
    ['c', 'other suspect'],
    ['other suspect', 'd'],
  ] as const) {
    leave.get(left)?.();
    await settled();
    assert.equal(order.at(-1), next);
  }
});

test('who is ended while it waits holds nobody up', async () => {
  const quarantine = openQuarantine();
  const enter = (suspect: boolean, signal: AbortSignal): Promise<() => void> =>
    quarantine.enter(suspect, signal);
  const leave = await enter(false, never);
  const ending = new AbortController();
  const suspect = enter(true, ending.signal);
  const after = enter(false, never);
  ending.abort('shutdown');
  await assert.rejects(suspect, /ended while it waited/);
  (await after)();
  leave();
  await assert.rejects(enter(false, ending.signal), /ended before it began/);
  (await enter(true, never))();
});
