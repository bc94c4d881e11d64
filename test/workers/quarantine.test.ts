import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ending } from '../../workers/ending.js';
import { openQuarantine } from '../../workers/quarantine.js';

const never = new Ending();
/** All that can happen by itself has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a suspect waits for those that compute, is alone, and sends others back', async () => {
  const told: boolean[] = [];
  const quarantine = openQuarantine((here) => told.push(here));
  const [a, b] = [await quarantine.enter(false, never), await quarantine.enter(false, never)];
  let leave: (() => void) | null = null;
  void quarantine.enter(true, never).then((left) => (leave = left));
  a?.();
  a?.();
  await settled();
  assert.equal(leave, null, 'b still computes, and leaving twice is leaving once');
  assert.equal(await quarantine.enter(false, never), null, 'nobody joins a suspect that waits');
  b?.();
  await settled();
  assert.notEqual(leave, null);
  assert.equal(await quarantine.enter(false, never), null, 'nor one that computes');
  assert.equal(await quarantine.enter(true, never), null);
  (leave as (() => void) | null)?.();
  assert.deepEqual(told, [true, false]);
  assert.notEqual(await quarantine.enter(false, never), null);
});

test('a suspect that is ended while it waits holds nobody up', async () => {
  const told: boolean[] = [];
  const quarantine = openQuarantine((here) => told.push(here));
  const leave = await quarantine.enter(false, never);
  const ending = new Ending();
  const suspect = quarantine.enter(true, ending);
  ending.end('shutdown');
  await assert.rejects(suspect, /ended while it waited/);
  assert.deepEqual(told, [true, false]);
  (await quarantine.enter(false, never))?.();
  leave?.();
  (await quarantine.enter(true, never))?.();
  assert.deepEqual(told, [true, false, true, false]);
});
