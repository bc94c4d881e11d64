import assert from 'node:assert/strict';
import test from 'node:test';
import { contentTag, matches } from '../../src/http/etag.js';

test('If-None-Match names a tag weakly, in a list, or all of them', () => {
  const tag = 'W/"an_1.3"';
  assert.ok(matches('W/"an_1.3"', tag));
  assert.ok(matches('"an_1.3"', tag));
  assert.ok(matches('"x", W/"an_1.3"', tag));
  assert.ok(matches('*', tag));
  assert.ok(!matches('W/"an_1.4"', tag));
  assert.ok(!matches(undefined, tag));
});

test('equal bytes have equal tags, other bytes have others', () => {
  assert.equal(contentTag('{"a":1}'), contentTag('{"a":1}'));
  assert.notEqual(contentTag('{"a":1}'), contentTag('{"a":1.0}'));
  assert.match(contentTag(''), /^"[A-Za-z0-9_-]{43}"$/);
});
