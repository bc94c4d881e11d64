/**
 * Brings a clone to where everything can run: Node's version, packages as the lock says, compiled
 * sources. Runs before `npm test`, `npm start`, `npm run demo`, ...; needs nothing but Node and
 * npm, does only what is missing, prints one line per step, and ends non-zero where a step fails.
 *
 * Two at once in one clone do not collide: all of it happens under a kernel lock on package.json
 * where the machine has flock(1).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OLDEST_NODE = [20, 19];

function say(line) {
  process.stdout.write(`setup: ${line}\n`);
}

function fail(line) {
  process.stderr.write(`setup: ${line}\n`);
  process.exit(1);
}

function run(what, command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) fail(`${what}: ${error.message}`);
  if (status !== 0) fail(`${what} failed (${command} ${args.join(' ')})`);
}

function seconds(since) {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

/** Everything below runs in a child of this process, while flock holds the lock for it. */
function underLock() {
  if (process.argv.includes('--locked')) return;
  const child = [join(ROOT, 'package.json'), process.execPath, process.argv[1], '--locked'];
  const busy = 75;
  for (const wait of [['--nonblock', '--conflict-exit-code', String(busy)], []]) {
    const { status, error } = spawnSync('flock', [...wait, ...child], { stdio: 'inherit' });
    if (error?.code === 'ENOENT') return; // no flock here: one at a time is up to the user
    if (status !== busy) process.exit(status ?? 1);
    say('another setup is under way in this clone; waiting for it');
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = OLDEST_NODE;
  if (major < wantedMajor || (major === wantedMajor && minor < wantedMinor)) {
    fail(`Node ${process.versions.node} is too old: ${OLDEST_NODE.join('.')} or newer is needed`);
  }
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/** Why node_modules is not what the lock says; null where it is. npm keeps its own record inside. */
function whyInstall() {
  const record = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return 'no packages yet';
  const wanted = readPackages(join(ROOT, 'package-lock.json'));
  const found = readPackages(record);
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    // Optional packages may be of other platforms; npm leaves those out.
    if (path === '' || (optional && found[path] === undefined)) continue;
    if (found[path]?.version !== version) return `${path} is not at ${version}`;
  }
  return null;
}

function installPackages() {
  const why = whyInstall();
  if (why === null) return;
  if (
    existsSync(join(ROOT, 'node_modules')) &&
    lstatSync(join(ROOT, 'node_modules')).isSymbolicLink()
  ) {
    fail(`node_modules is a link and not as the lock says (${why}): run npm ci where it leads`);
  }
  const start = Date.now();
  say(`installing packages: ${why}`);
  run('installing packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  say(`packages installed in ${seconds(start)}`);
}

/** A test whose source was deleted must not go on passing. */
function removeStaleOutput() {
  const dist = join(ROOT, 'dist');
  if (!existsSync(dist)) return;
  const files = readdirSync(dist, { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile())) {
    const path = join(file.parentPath, file.name);
    const stem = path.slice(dist.length + 1).replace(/(\.d\.ts|\.js)(\.map)?$/, '');
    const source = [stem, `${stem}.ts`].some((each) => existsSync(join(ROOT, each)));
    if (source || file.name.endsWith('.tsbuildinfo')) continue;
    rmSync(path);
    say(`removed ${path.slice(ROOT.length)}: its source is gone`);
  }
}

function compile() {
  const start = Date.now();
  removeStaleOutput();
  run('compiling', process.execPath, [
    join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-b',
  ]);
  say(`compiled in ${seconds(start)}`);
}

checkNode();
underLock();
installPackages();
compile();
