import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { loadConfig, type Config } from '../src/config.js';
import { provisionRedis, REDIS_PACKAGES, RedisUnavailable } from '../src/redis-binary.js';
import { openRedis, type RedisServer } from '../src/redis.js';

const run = promisify(execFile);
const NOBODY = 65534;

const root = await mkdtemp(join(tmpdir(), 'gradcert-test-'));
await chmod(root, 0o755);
after(() => rm(root, { recursive: true, force: true }));

let folders = 0;
/** A data directory that does not exist yet. */
function freshDirectory(): string {
  return join(root, String(folders++));
}

function configFor(directory: string, more: Record<string, string> = {}): Config {
  return loadConfig({
    XDG_CACHE_HOME: process.env.XDG_CACHE_HOME,
    GRADCERT_CACHE_DIR: process.env.GRADCERT_CACHE_DIR,
    GRADCERT_DATA_DIR: directory,
    ...more,
  });
}

async function withClient<T>(server: RedisServer, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(server.url, { maxRetriesPerRequest: null });
  // A server killed on purpose breaks connections; the client connects again by itself.
  client.on('error', () => undefined);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

async function pidOf(client: Redis): Promise<number> {
  const found = /process_id:(\d+)/.exec(await client.info('server'));
  assert.ok(found?.[1]);
  return Number(found[1]);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A process that has ended but was not waited for by its parent still answers kill(pid, 0). */
async function ended(pid: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (!lives(pid)) return;
    // Third field of the line, after the name in parentheses.
    const line = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => ') Z');
    const state = line.slice(line.lastIndexOf(')') + 2);
    if (state.startsWith('Z')) return;
    await delay(50);
  }
  assert.fail(`process ${String(pid)} did not end`);
}

test('an empty data directory becomes a durable server on a private socket', async () => {
  const directory = freshDirectory();
  const server = await openRedis(configFor(directory));
  try {
    assert.equal(server.embedded, true);
    assert.ok(server.url.startsWith('/') && Buffer.byteLength(server.url) < 100);
    assert.ok(server.describe.includes(join(directory, 'redis')));
    await withClient(server, async (client) => {
      const settings = [];
      for (const name of ['appendonly', 'appendfsync', 'save', 'maxmemory-policy', 'port', 'dir']) {
        settings.push(await client.config('GET', name));
      }
      assert.deepEqual(settings, [
        ['appendonly', 'yes'],
        ['appendfsync', 'everysec'],
        ['save', ''],
        ['maxmemory-policy', 'noeviction'],
        ['port', '0'],
        ['dir', join(directory, 'redis')],
      ]);
    });
  } finally {
    await server.stop();
  }
});

test('stop leaves neither process nor socket, and what was written is there at the next start', async () => {
  const config = configFor(freshDirectory());
  const first = await openRedis(config);
  const pid = await withClient(first, async (client) => {
    await client.set('kept', 'yes');
    return pidOf(client);
  });
  await first.stop();
  assert.equal(lives(pid), false);
  assert.equal(existsSync(first.url), false);

  const second = await openRedis(config);
  try {
    assert.equal(await withClient(second, (client) => client.get('kept')), 'yes');
  } finally {
    await second.stop();
  }
});

test('a server killed with SIGKILL comes back on the same socket with every key', async () => {
  const server = await openRedis(configFor(freshDirectory()));
  try {
    await withClient(server, async (client) => {
      for (let round = 1; round <= 2; round++) {
        await client.set(`key-${String(round)}`, 'acknowledged');
        const pid = await pidOf(client);
        process.kill(pid, 'SIGKILL');
        await ended(pid);
        assert.equal(await client.get(`key-${String(round)}`), 'acknowledged');
        assert.notEqual(await pidOf(client), pid);
      }
      assert.equal(await client.dbsize(), 2);
    });
  } finally {
    await server.stop();
  }
});

test('starts at once in one directory get stores of their own; the first store is found again', async () => {
  const config = configFor(freshDirectory());
  const servers = await Promise.all([openRedis(config), openRedis(config), openRedis(config)]);
  try {
    assert.equal(new Set(servers.map((server) => server.url)).size, 3);
    assert.equal(new Set(servers.map((server) => server.describe)).size, 3);
    for (const server of servers) {
      await withClient(server, async (client) => {
        assert.equal(await client.dbsize(), 0);
        await client.set('describe', server.describe);
      });
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
  const alone = await openRedis(config);
  try {
    assert.equal(await withClient(alone, (client) => client.get('describe')), alone.describe);
    assert.ok(alone.describe.endsWith(join(config.dataDirectory, 'redis')));
  } finally {
    await alone.stop();
  }
});

test('the server of a service killed with SIGKILL ends too; the next service has its jobs', async () => {
  const config = configFor(freshDirectory());
  const source = (name: string): string =>
    JSON.stringify(new URL(`../src/${name}`, import.meta.url).href);
  const service = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `const { loadConfig } = await import(${source('config.js')});
       const { openRedis } = await import(${source('redis.js')});
       const server = await openRedis(loadConfig());
       process.stdout.write(server.url + '\\n');
       setInterval(() => undefined, 1000);`,
    ],
    {
      env: { ...process.env, REDIS_URL: '', GRADCERT_DATA_DIR: config.dataDirectory },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = (await once(service.stdout, 'data')) as [Buffer];
  const url = line.toString().trim();
  const orphan: RedisServer = { url, embedded: true, describe: '', stop: async () => undefined };
  const pid = await withClient(orphan, async (client) => {
    await client.set('job', 'submitted');
    return pidOf(client);
  });
  service.kill('SIGKILL');
  await once(service, 'exit');

  // At once, while the old server may still be closing its files.
  const next = await openRedis(config);
  try {
    await ended(pid);
    assert.ok(next.describe.endsWith(join(config.dataDirectory, 'redis')));
    assert.equal(await withClient(next, (client) => client.get('job')), 'submitted');
    assert.equal(existsSync(url), false);
  } finally {
    await next.stop();
  }
});

test('two cold fetches at once both give a server that runs, and leave nothing half done', async () => {
  const directory = freshDirectory();
  const config = configFor(directory, { GRADCERT_CACHE_DIR: join(directory, 'cache') });
  const [one, two] = await Promise.all([provisionRedis(config), provisionRedis(config)]);
  assert.deepEqual(one, two);
  const server = await openRedis(config);
  try {
    assert.equal(await withClient(server, (client) => client.ping()), 'PONG');
  } finally {
    await server.stop();
  }
  const { stdout } = await run('ls', [join(directory, 'cache')]);
  assert.equal(stdout.trim(), `debian-redis-${process.arch}`);
});

test('someone without root unpacks a server that runs', async () => {
  const home = freshDirectory();
  await mkdir(home);
  // What `nobody` may not be able to read where it lies: the program and Node itself.
  await writeFile(join(home, 'package.json'), '{"type":"module"}');
  await copyFile(
    fileURLToPath(new URL('../src/debian.js', import.meta.url)),
    join(home, 'debian.js'),
  );
  await copyFile(process.execPath, join(home, 'node'));
  await writeFile(
    join(home, 'main.js'),
    `import { provisionDebianPackages } from './debian.js';
     const tree = await provisionDebianPackages(process.argv.slice(3), process.argv[2]);
     process.stdout.write(JSON.stringify({ ...tree, uid: process.getuid() }));`,
  );
  const command = [
    join(home, 'node'),
    join(home, 'main.js'),
    join(home, 'redis'),
    ...REDIS_PACKAGES,
  ];
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    await chown(home, NOBODY, NOBODY);
    const id = String(NOBODY);
    command.unshift('setpriv', `--reuid=${id}`, `--regid=${id}`, '--clear-groups');
  }
  const [program = '', ...args] = command;
  const { stdout } = await run(program, args, { cwd: home, env: { ...process.env, HOME: home } });
  const tree = JSON.parse(stdout) as { root: string; libraryPath: string; uid: number };
  assert.notEqual(tree.uid, 0);
  const binary = join(tree.root, 'usr', 'bin', 'redis-server');
  const version = await run(binary, ['--version'], { env: { LD_LIBRARY_PATH: tree.libraryPath } });
  assert.match(version.stdout, /v=\d+\.\d+\.\d+/);
});

test('a shared Redis is used as it is, and its password stays hidden', async () => {
  const url = 'redis://user:secret@db.example:6390/2';
  const directory = freshDirectory();
  const server = await openRedis(configFor(directory, { REDIS_URL: url }));
  assert.equal(server.url, url);
  assert.equal(server.embedded, false);
  assert.ok(!server.describe.includes('secret') && server.describe.includes('db.example:6390'));
  assert.equal(existsSync(directory), false);
  await server.stop();
});

test('a named server that cannot be used is an error, not a reason to take another', async () => {
  for (const binary of ['/nonexistent/redis-server', '/bin/true']) {
    const config = configFor(freshDirectory(), { REDIS_SERVER_BIN: binary });
    await assert.rejects(
      openRedis(config),
      (error) => error instanceof RedisUnavailable && error.message.includes(binary),
    );
  }
});

test('a server that does not start says why, in its own words', async () => {
  const directory = freshDirectory();
  const log = join(directory, 'redis', 'appendonlydir');
  await mkdir(log, { recursive: true });
  await writeFile(join(log, 'appendonly.aof.manifest'), 'not a manifest\n');
  await assert.rejects(openRedis(configFor(directory)), /did not start:[^]*manifest/);
});
