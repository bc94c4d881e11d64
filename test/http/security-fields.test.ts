/** The fields that are made once are those that helmet makes for every answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { securityFields } from '../../src/http/security-fields.js';

test('the fields of helmet that browsers heed, with the strictest policy and without HSTS', () => {
  assert.deepEqual(securityFields(), {
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'SAMEORIGIN',
  });
});
