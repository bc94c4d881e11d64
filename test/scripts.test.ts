/**
 * What npm is asked to run. The service is often started and ended through npm, which signals the
 * shell it started, not what that runs.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WORKER_OPTIONS } from '../src/worker-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>;
};

const home = await mkdtemp(join(tmpdir(), 'gradcert-test-'));
after(() => rm(home, { recursive: true, force: true }));

test('every script runs something that is there', () => {
  for (const [name, command] of Object.entries(scripts)) {
    for (const [path] of command.matchAll(/\b(?:dist|scripts)\/\S+/g)) {
      const source = path.replace(/^dist\/(.*)\.js$/, '$1.ts');
      assert.ok(existsSync(join(ROOT, source)), `${name}: ${path}`);
    }
  }
});

test('a command from a fresh clone sets up first', () => {
  for (const name of [
    'test',
    'test:slow',
    'start',
    'start:api',
    'worker',
    'demo',
    'openapi',
    'chaos',
  ]) {
    assert.ok(name in scripts, name);
    assert.equal(scripts[`pre${name}`], 'exec node scripts/setup.mjs');
  }
});

test('npm starts a worker as the all-in-one service does', () => {
  const options = WORKER_OPTIONS.join(' ');
  assert.equal(scripts['worker'], `exec node ${options} dist/workers/main.js`);
});

test('SIGTERM to npm ends what npm started, cleanly', async () => {
  const entry = join(home, 'entry.mjs');
  const command = scripts['start']?.replace('dist/src/server.js', entry) ?? '';
  assert.ok(command.includes(entry));
  await writeFile(join(home, 'package.json'), JSON.stringify({ scripts: { start: command } }));
  await writeFile(
    entry,
    `process.once('SIGTERM', () => process.stdout.write('ended\\n', () => process.exit(0)));
     setInterval(() => undefined, 1000);
     process.stdout.write('started\\n');`,
  );
  const npm = spawn('npm', ['start'], { cwd: home, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  npm.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!said.includes('started') && `${said}${text}`.includes('started')) npm.kill('SIGTERM');
    said += text;
  });
  const [code] = (await once(npm, 'close')) as [number | null];
  assert.match(said, /started\n[^]*ended\n/);
  assert.equal(code, 0);
});
