/** A child that is made late writes what one made at once writes, whatever the level. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import { lateChild } from '../../src/http/request-log.js';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

type Log = FastifyBaseLogger;
type Child = (parent: Log, bindings: object, options?: { level?: string }) => Log;

const early: Child = (parent, bindings, options) =>
  options === undefined ? parent.child(bindings) : parent.child(bindings, options);

/** Lines of a log and its grandchild, the time of writing left out. */
function lines(level: string, child: Child, options?: { level?: string }): string[] {
  const written: string[] = [];
  const log = pino(
    { level, timestamp: false, base: null },
    { write: (line: string) => void written.push(line) },
  );
  const one = child(log, { reqId: '1' }, options);
  for (const each of LEVELS) one[each]({ at: each }, 'of %s', 'one');
  const other = child(one, { job: 'an_1' });
  for (const each of LEVELS) other[each]('of the other');
  one.info({ err: new Error('a fault').message });
  assert.equal(other.level, options?.level ?? level);
  return written;
}

describe('lateChild', () => {
  for (const level of [...LEVELS, 'silent']) {
    it(`writes at level ${level} what a child made at once writes`, () => {
      assert.deepEqual(lines(level, lateChild), lines(level, early));
      assert.deepEqual(lines(level, lateChild, {}), lines(level, early, {}));
      assert.deepEqual(
        lines(level, lateChild, { level: 'warn' }),
        lines(level, early, { level: 'warn' }),
      );
    });
  }

  it('makes no child where nothing is written', () => {
    let made = 0;
    const log = pino({ level: 'error', onChild: () => (made += 1) }, { write: () => true });
    const child = lateChild(lateChild(log, { reqId: '1' }), { job: 'an_1' });
    child.info('not asked for');
    assert.equal(made, 0);
    child.error('asked for');
    assert.equal(made, 2);
  });
});
