/** The two brute forces of `bench/native/`: found, built into a folder of their own, run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { valuesOf, type Case } from './cases.js';

const SOURCES = fileURLToPath(new URL('../../../bench/native/', import.meta.url));

/** The points visited, and the counts over them, in digits. */
export interface Visited {
  readonly points: string;
  /** Whether these are all points of Ω. */
  readonly whole: boolean;
  readonly touched: string;
  readonly nonDifferentiable: string;
  readonly incorrect: string;
  readonly seconds: number;
}

export interface Native {
  /** Such as `cc (Debian …) 12.2.0`. */
  readonly version: string;
  /** Visits Ω, or a slab of so many points (or a few more) that begins where the seed says. */
  readonly visit: (each: Case, slab?: { points: number; seed: number }) => Visited;
  readonly remove: () => void;
}

/** The C brute force, built; or, as text, why there is none. */
export function buildC(): Native | string {
  const version = spawnSync('cc', ['--version'], { encoding: 'utf8' });
  if (version.error !== undefined) return 'no C compiler (cc) is found';
  const folder = mkdtempSync(join(tmpdir(), 'brute-force-'));
  const binary = join(folder, 'brute-force');
  const remove = (): void => rmSync(folder, { recursive: true });
  const built = spawnSync(
    'cc',
    ['-O3', '-march=native', '-o', binary, join(SOURCES, 'brute-force.c')],
    { encoding: 'utf8' },
  );
  if (built.status !== 0) {
    remove();
    throw new Error(`cc fails on brute-force.c:\n${built.stderr}`);
  }
  return { version: firstLine(version.stdout), visit: visitor(binary, []), remove };
}

/** The numpy brute force; or, as text, why there is none. */
export function findNumpy(): Native | string {
  const script =
    'import sys, numpy; print("Python", sys.version.split()[0] + ", numpy", numpy.__version__)';
  const version = spawnSync('python3', ['-c', script], { encoding: 'utf8' });
  if (version.error !== undefined) return 'no python3 is found';
  if (version.status !== 0) return 'python3 has no numpy';
  return {
    version: firstLine(version.stdout),
    visit: visitor('python3', [join(SOURCES, 'brute-force.py')]),
    remove: () => undefined,
  };
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

function visitor(command: string, before: readonly string[]): Native['visit'] {
  return (each, slab) => {
    const { values, scale } = integerValues(each);
    const run = spawnSync(
      command,
      [
        ...before,
        each.inputs.join(','),
        String(each.inputScale),
        each.widths.join(','),
        String(scale),
        values.join(','),
        ...(slab === undefined ? [] : [String(slab.points), String(slab.seed)]),
      ],
      { encoding: 'utf8' },
    );
    if (run.error !== undefined) throw run.error;
    if (run.status !== 0) throw new Error(`${command} fails on ${each.name}: ${run.stderr}`);
    return JSON.parse(run.stdout) as Visited;
  };
}

/** *Exact.* The format's values as integers over one scale, ascending. */
function integerValues(each: Case): { values: readonly bigint[]; scale: bigint } {
  const set = valuesOf(each);
  const list = Array.from({ length: Number(set.size) }, (_, rank) => set.at(BigInt(rank)));
  const scale = list.reduce((most, value) => (value.d > most ? value.d : most), 1n);
  return {
    values: list.map((value) => {
      if (scale % value.d !== 0n) throw new Error(`${each.name}: the values have no common grid`);
      return value.n * (scale / value.d);
    }),
    scale,
  };
}
