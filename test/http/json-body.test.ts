/** What JSON.parse takes and this service does not. */
import assert from 'node:assert/strict';
import test, { describe } from 'node:test';
import fc from 'fast-check';
import { DEPTH_MAX, SIZE_SHARED, jsonFaults, readJson } from '../../src/http/json-body.js';
import { ProblemError } from '../../src/http/problem.js';

const faults = (text: string): [string, string][] =>
  jsonFaults(text).map(({ pointer, code }) => [pointer, code]);

describe('readJson', () => {
  test('gives what JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5, noUnicodeString: false }), (value) => {
        const text = JSON.stringify(value, null, 1);
        if (/__proto__|constructor/.test(text)) return;
        assert.deepEqual(readJson(Buffer.from(text)), JSON.parse(text));
      }),
      { numRuns: 300 },
    );
  });

  for (const [name, bytes] of [
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['half a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['nothing', Buffer.alloc(0)],
    ['a comment', Buffer.from('{} // x')],
    ['a trailing comma', Buffer.from('[1,]')],
    ['NaN', Buffer.from('[NaN]')],
    ['a prototype, escaped', Buffer.from('{"\\u005f_proto__":{}}')],
    ['a nested constructor', Buffer.from('[{"constructor":{"prototype":{}}}]')],
    ['two texts', Buffer.from('{}{}')],
  ] as const) {
    test(`refuses ${name}`, () => {
      assert.throws(
        () => readJson(bytes),
        (error) => error instanceof ProblemError && error.code === 'invalid-json',
      );
    });
  }
});

describe('jsonFaults', () => {
  for (const [name, text, expected] of [
    [
      'equal keys',
      '{"a":1,"b":{"c":[{"d":1,"d":1}]},"a":2}',
      [
        ['/b/c/0/d', 'duplicate-key'],
        ['/a', 'duplicate-key'],
      ],
    ],
    ['equal keys, one escaped', '{"mode":1,"m\\u006fde":2}', [['/mode', 'duplicate-key']]],
    ['equal texts that are no keys', '{"a":["x","x"],"b":"a"}', []],
    ['a key with / and ~', '{"a/b~":1,"a/b~":2}', [['/a~1b~0', 'duplicate-key']]],
    ['a lone surrogate', '{"a":["\\ud800"]}', [['/a/0', 'lone-surrogate']]],
    ['a lone surrogate in a key', '{"\\udfff":1}', [['/\udfff', 'lone-surrogate']]],
    ['a pair', '["\\ud83d\\ude00"]', []],
    ['the same key in different objects', '[{"a":1},{"a":1}]', []],
  ] as const) {
    test(name, () => {
      assert.deepEqual(faults(text), expected);
    });
  }

  test('nesting is bounded, however deep', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    assert.deepEqual(faults(nested(DEPTH_MAX)), []);
    assert.equal(faults(nested(DEPTH_MAX + 1))[0]?.[1], 'too-deep');
    assert.equal(faults('{"a":'.repeat(500_000) + '1' + '}'.repeat(500_000)).length, 1);
    assert.equal(faults(nested(1_000_000))[0]?.[1], 'too-deep');
  });

  test('digits are counted with their exponents, and shared', () => {
    const many = (number: string, count: number): string =>
      JSON.stringify(Array.from({ length: count }, () => number));
    const each = 9999 + '1e9999'.length - 64;
    const fits = Math.floor(SIZE_SHARED / each);
    assert.deepEqual(faults(many('1e9999', fits)), []);
    assert.deepEqual(faults(many('1e9999', fits + 5)), [[`/${String(fits)}`, 'too-many-digits']]);
    assert.deepEqual(faults(many('1e-9999', fits + 5)), [[`/${String(fits)}`, 'too-many-digits']]);
    assert.deepEqual(faults(many('-0.123456789e-38', 100_000)), []);
    assert.deepEqual(faults(`[${'7'.repeat(1_000_000)}]`), []); // a double: beyond binary64
    assert.deepEqual(faults(`["${'7'.repeat(1_000_000)}"]`), [['/0', 'too-many-digits']]);
    assert.deepEqual(faults('[1e400000,1e-400000]'), []);
  });
});
