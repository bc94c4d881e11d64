/**
 * The service while it is being written: the compiler in watch mode beside a server that starts
 * again with every new output. Ends both on Ctrl-C, or when either of them ends.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const children = [
  [join('node_modules', 'typescript', 'bin', 'tsc'), '-b', '--watch', '--preserveWatchOutput'],
  ['--watch', '--enable-source-maps', join('dist', 'src', 'server.js')],
].map((args) => spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }));

function end() {
  for (const child of children) child.kill('SIGTERM');
}
for (const child of children) child.once('exit', end);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, end);
