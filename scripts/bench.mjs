/**
 * Runs the benchmarks one after the other, each in a process of its own.
 *
 *   npm run bench            all of them
 *   npm run bench -- count   those whose path contains one of the words
 *
 * What begins with `--` is passed on to each: `npm run bench -- count --only=1-2-1`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BENCH = join(ROOT, 'dist', 'bench');

const options = process.argv.slice(2).filter((word) => word.startsWith('--'));
const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const files = (existsSync(BENCH) ? readdirSync(BENCH, { recursive: true }) : [])
  .filter((file) => file.endsWith('.bench.js'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  process.stderr.write('no bench/**/*.bench.ts matches\n');
  process.exit(1);
}
let failures = 0;
for (const file of files) {
  process.stdout.write(`\n# ${file}\n`);
  const { status } = spawnSync(process.execPath, [join(BENCH, file), ...options], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) failures++;
}
process.exit(failures === 0 ? 0 : 1);
