import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError, loadConfig, requireRedisUrl } from '../src/config.js';

test('an empty environment gives the documented defaults, frozen', () => {
  const config = loadConfig({});
  assert.ok(Object.isFrozen(config));
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 3000);
  assert.equal(config.redisUrl, null);
  assert.equal(config.redisServerBinary, null);
  assert.equal(config.dataDirectory, join(process.cwd(), '.gradcert'));
  assert.equal(config.role, 'all');
  assert.equal(config.threads, availableParallelism());
  assert.equal(config.logLevel, 'info');
  assert.equal(config.bodyLimitBytes, 4194304);
  assert.equal(config.networkLimitBytes, 16777216);
  assert.equal(config.planningMs, 10000);
  assert.equal(config.webhookSecret, null);
  assert.equal(config.webhookHttp, false);
  assert.deepEqual(config.webhookAllow, []);
  assert.equal(config.maxVisits, 4294967296n);
  assert.equal(config.maxShards, 256);
  assert.equal(config.lockDurationMs, 60000);
  assert.equal(config.stalledIntervalMs, 30000);
  assert.equal(config.retentionSeconds, 2592000);
  assert.equal(config.liveJobsMax, 20000);
  assert.equal(config.tracing, false);
  assert.equal(config.keyPrefix, '{gradcert}');
});

test('every variable is read', () => {
  const config = loadConfig({
    HOST: '0.0.0.0',
    PORT: '0',
    REDIS_URL: 'redis://localhost:6379/1',
    REDIS_SERVER_BIN: '/opt/redis/redis-server',
    GRADCERT_DATA_DIR: '/var/lib/gradcert',
    GRADCERT_CACHE_DIR: '/var/cache/gradcert',
    GRADCERT_ROLE: 'api',
    GRADCERT_THREADS: '7',
    GRADCERT_LOG_LEVEL: 'silent',
    GRADCERT_BODY_LIMIT: '65536',
    GRADCERT_NETWORK_LIMIT: '131072',
    GRADCERT_PLANNING_MS: '500',
    GRADCERT_MAX_EVENT_LOOP_DELAY_MS: '0',
    GRADCERT_MAX_IN_FLIGHT: '9',
    GRADCERT_SHUTDOWN_GRACE_MS: '0',
    GRADCERT_WEBHOOK_SECRET: `whsec_${'A'.repeat(32)}`,
    GRADCERT_WEBHOOK_HTTP: 'yes',
    GRADCERT_WEBHOOK_ALLOW: '10.0.0.0/8,fd00::/8',
    GRADCERT_MAX_VISITS: '1267650600228229401496703205376',
    GRADCERT_MAX_SHARDS: '1000',
    GRADCERT_LOCK_DURATION_MS: '3000',
    GRADCERT_STALLED_INTERVAL_MS: '1000',
    GRADCERT_RETENTION_SECONDS: '3600',
    GRADCERT_READS_PER_MINUTE: '100',
    GRADCERT_WRITES_PER_MINUTE: '10',
    GRADCERT_MAX_LIVE_JOBS: '5',
    GRADCERT_CONSUME_WITHIN_MS: '2000',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    GRADCERT_KEY_PREFIX: '{other}',
  });
  assert.deepEqual(config, {
    host: '0.0.0.0',
    port: 0,
    redisUrl: 'redis://localhost:6379/1',
    redisServerBinary: '/opt/redis/redis-server',
    dataDirectory: '/var/lib/gradcert',
    cacheDirectory: '/var/cache/gradcert',
    role: 'api',
    threads: 7,
    logLevel: 'silent',
    bodyLimitBytes: 65536,
    networkLimitBytes: 131072,
    planningMs: 500,
    maxEventLoopDelayMs: 0,
    maxInFlight: 9,
    shutdownGraceMs: 0,
    webhookSecret: `whsec_${'A'.repeat(32)}`,
    webhookHttp: true,
    webhookAllow: ['10.0.0.0/8', 'fd00::/8'],
    maxVisits: 2n ** 100n,
    maxOperations: 1e12,
    maxShards: 1000,
    lockDurationMs: 3000,
    stalledIntervalMs: 1000,
    retentionSeconds: 3600,
    readsPerMinute: 100,
    writesPerMinute: 10,
    liveJobsMax: 5,
    consumeWithinMs: 2000,
    tracing: true,
    keyPrefix: '{other}',
  });
});

test('an empty or blank variable counts as unset', () => {
  const config = loadConfig({ REDIS_URL: '', PORT: ' ', GRADCERT_THREADS: '' });
  assert.equal(config.redisUrl, null);
  assert.equal(config.port, 3000);
});

test('the cache follows XDG_CACHE_HOME, and GRADCERT_CACHE_DIR comes first', () => {
  assert.equal(loadConfig({ XDG_CACHE_HOME: '/c' }).cacheDirectory, '/c/gradcert');
  const both = loadConfig({ XDG_CACHE_HOME: '/c', GRADCERT_CACHE_DIR: '/d' });
  assert.equal(both.cacheDirectory, '/d');
});

const REFUSED: readonly [string, string][] = [
  ['GRADCERT_WEBHOOK_HTTP', 'true'],
  ['GRADCERT_WEBHOOK_ALLOW', '10.0.0.0'],
  ['PORT', 'http'],
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '30.5'],
  ['REDIS_URL', 'localhost:6379'],
  ['REDIS_URL', 'relative/redis.sock'],
  ['REDIS_SERVER_BIN', 'redis-server'],
  ['GRADCERT_ROLE', 'worker'],
  ['GRADCERT_THREADS', '0'],
  ['GRADCERT_LOG_LEVEL', 'loud'],
  ['GRADCERT_BODY_LIMIT', '12'],
  ['GRADCERT_MAX_VISITS', '1e9'],
  ['GRADCERT_MAX_VISITS', '0'],
  ['GRADCERT_MAX_SHARDS', '1001'],
  ['GRADCERT_LOCK_DURATION_MS', 'soon'],
  ['GRADCERT_STALLED_INTERVAL_MS', '1'],
  ['GRADCERT_KEY_PREFIX', 'gradcert'],
];

for (const [name, value] of REFUSED) {
  test(`${name}=${value} is refused, naming both`, () => {
    assert.throws(
      () => loadConfig({ [name]: value }),
      (error) => error instanceof ConfigError && error.message.startsWith(`${name}="${value}": `),
    );
  });
}

test('all faults are reported at once', () => {
  assert.throws(
    () => loadConfig({ PORT: 'x', GRADCERT_ROLE: 'y' }),
    (error) => error instanceof ConfigError && error.message.split('\n').length === 2,
  );
});

test('a password does not reach the message', () => {
  assert.throws(
    () => loadConfig({ REDIS_URL: 'https://user:secret@host' }),
    (error) => error instanceof ConfigError && !error.message.includes('secret'),
  );
});

test('a lone process is told that it needs a shared Redis', () => {
  assert.throws(() => requireRedisUrl(loadConfig({})), ConfigError);
  const url = 'redis://h:1';
  assert.equal(requireRedisUrl(loadConfig({ REDIS_URL: url })), url);
});
