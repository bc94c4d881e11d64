/** The C sources of `bench/native/` that enumerate, built into a folder of their own, run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../../bench/native/', import.meta.url));

/** What a C program prints: counts in digits. */
export interface NativeRun {
  readonly points: string;
  readonly nonDifferentiable: string;
  readonly incorrect?: string;
  readonly seconds: number;
}

export interface NativeProgram {
  readonly run: (parameters: readonly string[]) => NativeRun;
  readonly remove: () => void;
}

/** A source, built with these flags; throws where it cannot be. */
export function build(source: string, flags: readonly string[]): NativeProgram {
  const folder = mkdtempSync(join(tmpdir(), 'enumerate-'));
  const binary = join(folder, 'program');
  const built = spawnSync('cc', [...flags, '-o', binary, join(SOURCES, source)], {
    encoding: 'utf8',
  });
  if (built.error !== undefined || built.status !== 0) {
    rmSync(folder, { recursive: true });
    throw built.error ?? new Error(`cc fails on ${source}:\n${built.stderr}`);
  }
  return {
    run: (parameters) => {
      const { status, stdout, stderr } = spawnSync(binary, parameters, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${source} fails: ${stderr}`);
      return JSON.parse(stdout) as NativeRun;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
