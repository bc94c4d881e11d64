/** Writes openapi/openapi.json and openapi/examples anew: `npm run openapi`. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contractFiles } from './contract-files.js';

// Started by npm, whose working directory is the repository.
const root = join(process.cwd(), 'openapi');
const files = await contractFiles();
await mkdir(join(root, 'examples'), { recursive: true });
for (const name of await readdir(join(root, 'examples'))) {
  if (!files.has(`examples/${name}`)) await rm(join(root, 'examples', name));
}
for (const [path, text] of files) await writeFile(join(root, path), text);
process.stdout.write(`wrote ${String(files.size)} files under openapi/\n`);
