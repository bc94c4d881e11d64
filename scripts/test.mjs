/**
 * Runs the checks (format, lint), then the compiled tests in node's own runner, whose summary ends
 * the output and whose verdict is the exit code.
 *
 *   npm test                 all but test/slow
 *   npm test -- queue http   only test files whose path contains one of the words, no checks
 *   npm run test:slow        only test/slow
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TESTS = join(ROOT, 'dist', 'test');
/** Long enough for the slowest honest file on a busy machine; a hanging one must not hang CI. */
const FILE_TIMEOUT_MS = { fast: 15 * 60_000, slow: 120 * 60_000 };

const slow = process.argv.includes('--slow');
const words = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));

function run(args) {
  const { status, error } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) throw error;
  return status ?? 1;
}

function testFiles() {
  const all = existsSync(TESTS) ? readdirSync(TESTS, { recursive: true }).sort() : [];
  return all
    .filter((file) => file.endsWith('.test.js') && file.split(sep).includes('slow') === slow)
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .map((file) => relative(ROOT, join(TESTS, file)));
}

const files = testFiles();
if (files.length === 0) {
  process.stderr.write('no test file matches\n');
  process.exit(1);
}
if (!slow && words.length === 0) {
  const failed = run([join('scripts', 'check.mjs')]);
  if (failed !== 0) process.exit(failed);
}
process.exit(
  run([
    '--enable-source-maps',
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=2',
    `--test-timeout=${slow ? FILE_TIMEOUT_MS.slow : FILE_TIMEOUT_MS.fast}`,
    ...files,
  ]),
);
