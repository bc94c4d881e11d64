/**
 * What no test sees: formatting and lint. Prints one line per check that passes, the findings of
 * those that do not, and ends non-zero if any did not. Types are checked by the build before it.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');

const CHECKS = [
  ['format', join(MODULES, 'prettier', 'bin', 'prettier.cjs'), '--check', '--log-level=warn', '.'],
  ['lint', join(MODULES, 'eslint', 'bin', 'eslint.js'), '--max-warnings=0', '.'],
];

let failures = 0;
for (const [name, ...args] of CHECKS) {
  const start = Date.now();
  const { status, error } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) throw error;
  const took = `${((Date.now() - start) / 1000).toFixed(1)} s`;
  process.stdout.write(`check: ${name} ${status === 0 ? 'clean' : 'FAILED'} (${took})\n`);
  if (status !== 0) failures++;
}
process.exit(failures === 0 ? 0 : 1);
