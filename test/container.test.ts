/**
 * The container files, without an engine to run them: linted, and checked against what they name.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';
import { loadConfig, requireRedisUrl, SETTING_NAMES } from '../src/config.js';
import { WORKER_OPTIONS } from '../src/worker-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly volumes?: readonly string[];
  readonly healthcheck?: object;
}

const dockerfile = read('Dockerfile');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<'redis' | 'api' | 'worker', Service>>;
};
const { redis, api, worker } = compose.services;

/** As compose does for variables that are not set: `${NAME:-default}` is its default. */
function environmentOf(service: Service): Record<string, string> {
  const given = Object.entries(service.environment ?? {});
  return Object.fromEntries(
    given.map(([name, value]) => [name, value.replace(/\$\{\w+:-([^}]*)\}/g, '$1')]),
  );
}

test('the linter finds nothing in the Dockerfile, and would find something', () => {
  assert.deepEqual(validate(dockerfile), []);
  assert.notDeepEqual(validate('FROM node:20\nCPOY . .\n'), []);
});

test('the image copies what there is, and the ignore file lets it through', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
    (match[1] ?? '').split(' '),
  );
  assert.ok(copied.length > 5);
  const allowed = new Set(read('.dockerignore').split('\n'));
  for (const name of copied) {
    assert.ok(existsSync(join(ROOT, name)), name);
    assert.ok(allowed.has(`!${name.replace(/^\.\//, '')}`), `${name} in .dockerignore`);
  }
});

test('the image does not run as root, and both commands are there', () => {
  const users = [...dockerfile.matchAll(/^USER (\S+)$/gm)].map((match) => match[1]);
  assert.deepEqual(users, ['node']);
  const inImage = /^CMD (.+)$/m.exec(dockerfile)?.[1] ?? '';
  for (const command of [JSON.parse(inImage) as string[], worker.command ?? []]) {
    const entry = command.at(-1) ?? '';
    assert.match(entry, /^dist\/.*\.js$/);
    const source = entry.replace('dist/', '').replace(/js$/, 'ts');
    assert.ok(existsSync(join(ROOT, source)), source);
  }
  const options = (worker.command ?? []).slice(1, -1);
  for (const option of WORKER_OPTIONS) assert.ok(options.includes(option), option);
});

test('Node in the image is one that package.json allows', () => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  assert.equal(engines.node, '>=20.19');
  for (const match of dockerfile.matchAll(/^FROM node:(\d+)/gm)) assert.equal(match[1], '20');
});

test('every variable of the image and of compose is a setting, and they make a configuration', () => {
  const inImage = [...dockerfile.matchAll(/^(?:ENV| {3}) ([A-Z_]+)=/gm)].map((match) => match[1]);
  assert.ok(inImage.includes('GRADCERT_DATA_DIR'));
  for (const name of inImage) {
    assert.ok(name === 'NODE_ENV' || SETTING_NAMES.includes(name ?? ''), name);
  }
  for (const service of [api, worker]) {
    const environment = environmentOf(service);
    for (const name of Object.keys(environment)) assert.ok(SETTING_NAMES.includes(name), name);
    assert.equal(requireRedisUrl(loadConfig(environment)), 'redis://redis:6379');
  }
  assert.equal(loadConfig(environmentOf(api)).role, 'api');
  assert.equal(loadConfig(environmentOf(api)).host, '0.0.0.0');
});

test('Redis keeps every acknowledged job: append-only, nothing evicted, on a volume', () => {
  const command = redis.command ?? [];
  const flag = (name: string): string | undefined => command[command.indexOf(name) + 1];
  assert.equal(command[0], 'redis-server');
  assert.equal(flag('--appendonly'), 'yes');
  assert.equal(flag('--maxmemory-policy'), 'noeviction');
  assert.deepEqual(redis.volumes, ['redis-data:/data']);
  assert.ok(redis.healthcheck !== undefined);
});

test('API and workers are one image and wait for Redis', () => {
  assert.equal(api.image, worker.image);
  for (const service of [api, worker]) {
    assert.equal(service.depends_on?.['redis']?.condition, 'service_healthy');
  }
});
