/** Keys on a real Redis: what is kept of them, who is let in, and the command that makes them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import { isLoopback } from '../../src/access/address.js';
import { covers, openKeyRing, SCOPES } from '../../src/access/keys.js';
import { runKeysCommand, UsageError } from '../../src/keys.js';
import { privateRedis, type PrivateRedis } from '../redis-fixture.js';
import { until } from '../until.js';

let server: PrivateRedis;
let redis: Redis;
before(async () => {
  server = await privateRedis();
  redis = new Redis(server.url);
  await until('Redis is there', () => redis.status === 'ready');
});
after(async () => {
  redis.disconnect();
  await server.stop();
});

/** Everything Redis holds, as text. */
async function everything(): Promise<string> {
  const parts: string[] = [];
  for (const name of await redis.keys('*')) {
    parts.push(name, (await redis.dumpBuffer(name))?.toString('latin1') ?? '');
    if ((await redis.type(name)) === 'hash') parts.push(JSON.stringify(await redis.hgetall(name)));
  }
  return parts.join('\n');
}

describe('a key', () => {
  test('is found by its text, and Redis never has it', async () => {
    const keys = openKeyRing(redis, '{at-rest}');
    assert.equal(await keys.isClosed(), false);
    const { key, text } = await keys.create({ tenant: 'vision', scope: 'submit', note: 'ci' });
    assert.match(text, /^gck_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/);
    assert.deepEqual(await keys.find(text), key);
    assert.equal(await keys.isClosed(), true);
    const secret = text.split('_').slice(2).join('_');
    const kept = await everything();
    assert.ok(kept.includes(key.id));
    assert.ok(!kept.includes(secret));
    assert.ok(!kept.includes(Buffer.from(secret, 'base64url').toString('latin1')));
  });

  test('is refused where any part of it is another', async () => {
    const keys = openKeyRing(redis, '{wrong}');
    const one = await keys.create({ tenant: 'a', scope: 'admin' });
    const other = await keys.create({ tenant: 'b', scope: 'admin' });
    const secretOf = (text: string): string => text.slice('gck_0123456789abcdef_'.length);
    for (const text of [
      '',
      'gck_',
      one.key.id,
      `gck_${one.key.id}_`,
      `gck_${one.key.id}_${secretOf(other.text)}`,
      `gck_${'0'.repeat(16)}_${secretOf(one.text)}`,
      `${one.text}=`,
      one.text.slice(0, -1),
      one.text.toUpperCase(),
      ` ${one.text}`,
    ]) {
      assert.equal(await keys.find(text), null, JSON.stringify(text));
    }
    assert.equal(await openKeyRing(redis, '{elsewhere}').find(one.text), null);
  });

  test('is refused from the moment it is revoked, and the door stays closed', async () => {
    const keys = openKeyRing(redis, '{revoked}');
    const { key, text } = await keys.create({ tenant: 'a', scope: 'read' });
    assert.equal(await keys.revoke(key.id), true);
    assert.equal(await keys.find(text), null);
    const [listed] = await keys.list();
    assert.match(listed?.revokedAt ?? '', /^\d{4}-/);
    assert.equal(await keys.revoke(key.id), true);
    assert.deepEqual(await keys.list(), [listed]);
    assert.equal(await keys.revoke('0123456789abcdef'), false);
    assert.equal(await keys.isClosed(), true);
  });

  test('names a tenant and a scope that there are', async () => {
    const keys = openKeyRing(redis, '{strict}');
    for (const tenant of ['', 'A', '-a', 'public', 'a b', 'a:b', 'ä', 'a'.repeat(65)]) {
      await assert.rejects(keys.create({ tenant, scope: 'read' }), RangeError, tenant);
    }
    await assert.rejects(keys.create({ tenant: 'a', scope: 'root' }), RangeError);
    assert.deepEqual(await keys.list(), []);
  });

  test('may do what the scopes below its own may', () => {
    assert.deepEqual(
      SCOPES.map((scope) => SCOPES.filter((wanted) => covers(scope, wanted))),
      [['read'], ['read', 'submit'], ['read', 'submit', 'admin']],
    );
  });
});

describe('the command', () => {
  test('creates, lists and revokes; the text of a key is shown once', async () => {
    const keys = openKeyRing(redis, '{command}');
    const made = await runKeysCommand(['create', '--tenant', 't', '--scope', 'submit'], keys);
    const text = made.at(-1) ?? '';
    const found = await keys.find(text);
    assert.equal(found?.tenant, 't');
    const listed = await runKeysCommand(['list'], keys);
    assert.equal(listed.length, 1);
    assert.match(listed[0] ?? '', new RegExp(`^${found.id}  t  submit  .*  valid$`));
    assert.ok(!listed.join('').includes(text.slice(22)));
    await runKeysCommand(['revoke', found.id], keys);
    assert.match((await runKeysCommand(['list'], keys))[0] ?? '', /revoked 2/);
    assert.equal(await keys.find(text), null);
  });

  test('refuses whatever else it is told', async () => {
    const keys = openKeyRing(redis, '{usage}');
    for (const args of [
      [],
      ['create'],
      ['create', '--tenant', 't'],
      ['create', '--tenant', 't', '--scope', 'everything'],
      ['create', '--tenant', 'T', '--scope', 'read'],
      ['create', 'more', '--tenant', 't', '--scope', 'read'],
      ['list', 'more'],
      ['list', '--tenant', 't'],
      ['revoke'],
      ['revoke', 'none'],
      ['--help'],
    ]) {
      await assert.rejects(runKeysCommand(args, keys), UsageError, args.join(' '));
    }
    assert.deepEqual(await keys.list(), []);
  });
});

test('loopback is what only this machine can reach', () => {
  for (const host of ['127.0.0.1', '127.8.9.10', '::1', 'localhost', '::ffff:127.0.0.1']) {
    assert.ok(isLoopback(host), host);
  }
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '192.168.1.1',
    'example.org',
    'localhost.x',
    '',
  ]) {
    assert.ok(!isLoopback(host), host);
  }
});
