import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRunning } from '../../workers/running.js';

test('work is ended by job, by queue job, or all of it, each with its reason', () => {
  const running = openRunning();
  const [a0, a1, b0, c0] = [
    running.begin('a.0', 'a'),
    running.begin('a.1', 'a'),
    running.begin('b.0', 'b'),
    running.begin('c.0', 'c'),
  ];
  running.stop('a');
  running.lose('b.0');
  const reasons = (): unknown[] => [a0, a1, b0, c0].map((task) => task.ended());
  assert.deepEqual(reasons(), ['stopped', 'stopped', 'lost', null]);
  c0.end('stopped');
  running.shutdown();
  assert.deepEqual(reasons(), ['stopped', 'stopped', 'lost', 'stopped'], 'the first reason stays');
});

test('what begins after the shutdown is born ended; what was released is left alone', () => {
  const running = openRunning();
  const released = running.begin('a.0', 'a');
  running.release(released);
  running.shutdown();
  assert.equal(released.ended(), null);
  const late = running.begin('b.0', 'b');
  assert.equal(late.ended(), 'shutdown');
  assert.equal(late.signal.aborted, true);
});
