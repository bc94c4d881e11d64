/**
 * A real headless Chromium for the tests that look at pages.
 *
 * Order: CHROMIUM_BIN (and then nothing else is tried) -> `chromium`, `google-chrome` on PATH -> Debian's
 * package, unpacked once into the cache with whatever it needs that the machine lacks. The last
 * works as root and as anyone else and installs nothing, so there is no root-only way beside it.
 */
import { execFile } from 'node:child_process';
import { chmod, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadConfig } from '../src/config.js';
import { provisionDebianPackages, provisionDirectory } from '../src/debian.js';

const run = promisify(execFile);

/** Flags for a page of our own on a machine without network, display or namespaces of its own. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
] as const;

async function versionOf(program: string): Promise<string | null> {
  return run(program, ['--version'], { timeout: 30_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => null,
  );
}

/**
 * Chromium's own libraries lie beside it, the others in the tree; its fonts and their settings too,
 * where the machine has none. A script says so, because callers are given a path and no environment.
 */
async function unpacked(): Promise<string> {
  const directory = await provisionDirectory(loadConfig(), 'chromium');
  const tree = await provisionDebianPackages(
    ['chromium', 'chromium-common', 'fontconfig-config', 'fonts-dejavu-core'],
    directory,
  );
  const fonts = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${tree.root}/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias><family>sans-serif</family><prefer><family>DejaVu Sans</family></prefer></alias>
  <alias><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
</fontconfig>
`;
  const script = `#!/bin/sh
export LD_LIBRARY_PATH='${tree.libraryPath}'
export FONTCONFIG_FILE='${tree.root}/fonts.conf'
exec '${tree.root}/usr/lib/chromium/chromium' "$@"
`;
  const wrapper = join(tree.root, 'chromium.sh');
  for (const [file, text, mode] of [
    [join(tree.root, 'fonts.conf'), fonts, 0o644],
    [wrapper, script, 0o755],
  ] as const) {
    // Renamed into place: another test file may be starting the one before this very moment.
    const part = `${file}.${String(process.pid)}`;
    await writeFile(part, text);
    await chmod(part, mode);
    await rename(part, file);
  }
  return wrapper;
}

/** The path of a Chromium that answered --version; for playwright-core's `executablePath`. */
export async function chromiumPath(): Promise<string> {
  const named = process.env.CHROMIUM_BIN;
  if (named !== undefined && named !== '') {
    if ((await versionOf(named)) !== null) return named;
    throw new Error(`CHROMIUM_BIN="${named}" does not answer --version`);
  }
  for (const program of ['chromium', 'google-chrome']) {
    const found = await run('which', [program]).then(
      ({ stdout }) => stdout.trim(),
      () => null,
    );
    if (found !== null && (await versionOf(found)) !== null) return found;
  }
  const path = await unpacked();
  const { stdout } = await run(path, ['--version'], { timeout: 60_000 });
  if (!/chrom/i.test(stdout)) throw new Error(`${path} says "${stdout.trim()}"`);
  return path;
}
