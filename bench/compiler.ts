/** C programs of `bench/native/`, built into a folder of their own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Built {
  /** Such as `cc (Debian …) 12.2.0`. */
  readonly version: string;
  /** Runs it; what it prints. Throws where it fails. */
  readonly run: (...parameters: readonly string[]) => string;
  /** A file beside it that goes with it. */
  readonly file: (name: string) => string;
  readonly remove: () => void;
}

/** The program of `name`.c; or, as text, why there is none. Throws where it does not compile. */
export function compiled(name: string): Built | string {
  const version = spawnSync('cc', ['--version'], { encoding: 'utf8' });
  if (version.error !== undefined) return 'no C compiler (cc) is found';
  const source = fileURLToPath(new URL(`../../bench/native/${name}.c`, import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const remove = (): void => rmSync(folder, { recursive: true });
  const binary = join(folder, name);
  const built = spawnSync('cc', ['-O3', '-march=native', '-o', binary, source, '-lm'], {
    encoding: 'utf8',
  });
  if (built.status !== 0) {
    remove();
    throw new Error(`cc fails on ${name}.c:\n${built.stderr}`);
  }
  return {
    version: version.stdout.split('\n')[0] ?? '',
    run(...parameters) {
      const run = spawnSync(binary, parameters, { encoding: 'utf8', maxBuffer: 2 ** 28 });
      if (run.error !== undefined) throw run.error;
      if (run.status !== 0) throw new Error(`${name} fails: ${run.stderr}`);
      return run.stdout;
    },
    file: (each) => join(folder, each),
    remove,
  };
}
