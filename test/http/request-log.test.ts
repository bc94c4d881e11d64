/**
 * A child that is made late writes what one made at once writes, whatever the level; and both, of a
 * log as the service opens it, mask what is secret.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FastifyBaseLogger } from 'fastify';
import { pino } from 'pino';
import { lateChild } from '../../src/http/request-log.js';
import { openLog } from '../../src/log.js';

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
type Level = (typeof LEVELS)[number] | 'silent';

/** Of a key the id may be shown, its secret never. */
const SECRET = 'c2VjcmV0IHRoYXQgbm9ib2R5IHNlZXM';
const KEY = `gck_0123456789abcdef_${SECRET}`;
const MASKED = 'gck_0123456789abcdef_***';

/** What a client of the queue or of Redis may throw: a key in its words, its cause and its command. */
function faultWithKey(): Error {
  const cause = new Error(`refused: ${KEY}`);
  const command = { name: 'get', args: [KEY] };
  return Object.assign(new Error(`no such key: ${KEY}`, { cause }), { command });
}

type Log = FastifyBaseLogger;
type Child = (parent: Log, bindings: object, options?: { level?: string }) => Log;

const early: Child = (parent, bindings, options) =>
  options === undefined ? parent.child(bindings) : parent.child(bindings, options);

/** Lines of a log and its grandchild, the time of writing and the place of the fault left out. */
function lines(level: Level, child: Child, options?: { level?: string }): unknown[] {
  const written: string[] = [];
  const log = openLog(level, { write: (line) => void written.push(line) });
  const one = child(log, { reqId: '1', token: KEY }, options);
  for (const each of LEVELS) one[each]({ at: each }, 'of %s', 'one');
  const other = child(one, { job: 'an_1' });
  for (const each of LEVELS) other[each]('of the other');
  const fault = faultWithKey();
  for (const each of LEVELS) other[each]({ err: fault }, 'by %s', KEY);
  one.info(fault);
  assert.equal(other.level, options?.level ?? level);
  for (const line of written) assert.doesNotMatch(line, new RegExp(SECRET));
  return written.map((line) => {
    const { time, err, ...fields } = JSON.parse(line) as Record<string, unknown>;
    assert.equal(typeof time, 'number');
    const { stack, ...words } = (err ?? {}) as Record<string, unknown>;
    return { ...fields, err: words, stack: typeof stack };
  });
}

describe('lateChild', () => {
  for (const level of [...LEVELS, 'silent'] as const) {
    it(`writes at level ${level} what a child made at once writes`, () => {
      assert.deepEqual(lines(level, lateChild), lines(level, early));
      assert.deepEqual(lines(level, lateChild, {}), lines(level, early, {}));
      assert.deepEqual(
        lines(level, lateChild, { level: 'warn' }),
        lines(level, early, { level: 'warn' }),
      );
    });
  }

  it('writes of an error its words, with the secret of a key in them masked', () => {
    for (const child of [lateChild, early]) {
      const [first] = lines('error', child).filter((line) =>
        (line as { msg?: string }).msg?.startsWith('by '),
      );
      assert.ok(first !== undefined);
      const { msg, token, err } = first as Record<string, unknown>;
      assert.deepEqual([msg, token], [`by ${MASKED}`, MASKED]);
      assert.deepEqual(err, {
        type: 'Error',
        message: `no such key: ${MASKED}: refused: ${MASKED}`,
        command: 'get',
      });
    }
  });

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
