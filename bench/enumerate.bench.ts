/**
 * Enumeration beside C on the same slabs, the seed's P, two workers, the walk: counts are compared, then
 * rates, in alternating rounds of one run; writes `bench/enumerate.md`. `--print` prints it instead, for
 * a machine that is busy; `--only=WORD` takes the rows whose name contains it, and prints. Ends with an
 * error where counts differ or there is no C compiler; no time is asserted.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { DENSE } from './enumerate/cases.js';
import { build } from './enumerate/native.js';
import { document, type Results } from './enumerate/render.js';
import { seedRow } from './enumerate/seed.js';
import { convRow, denseRow, type SlabRow } from './enumerate/slabs.js';
import { walkRows } from './enumerate/walk.js';
import { scalingOf } from './enumerate/workers.js';
import { machineLines } from './machine.js';

const FILE = new URL('../../bench/enumerate.md', import.meta.url);
const ROUNDS = 3;
const SCALING_ROUNDS = 11;

const only = process.argv.slice(2).flatMap((argument) => /^--only=(.+)$/.exec(argument)?.[1] ?? []);
const isPrinted = only.length > 0 || process.argv.includes('--print');

function chosen(name: string): boolean {
  return only.length === 0 || only.some((word) => name.includes(word));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function said(row: SlabRow): SlabRow {
  say(row.name);
  return row;
}

const VECTORS = ['-O3', '-march=native'];
const SCALAR = ['-O2', '-fno-tree-vectorize'];
const dense = build('dense.c', VECTORS);
const conv = build('conv.c', VECTORS);
const seed = build('seed-p.c', SCALAR);
try {
  const [version] = spawnSync('cc', ['--version'], { encoding: 'utf8' }).stdout.split('\n');
  const slabs = DENSE.filter(({ name }) => chosen(name)).map((each) =>
    said(denseRow(each, dense, ROUNDS)),
  );
  if (chosen('conv')) slabs.push(said(convRow(conv, ROUNDS)));
  const results: Results = {
    machine: machineLines(
      `${version ?? 'cc'}, \`${VECTORS.join(' ')}\`; the seed's P \`${SCALAR.join(' ')}\``,
    ),
    date: new Date().toISOString().slice(0, 10),
    slabs,
    seed: chosen('seed') ? seedRow(seed) : null,
    scaling: chosen('workers') ? await scalingOf(SCALING_ROUNDS) : null,
    walk: chosen('walk') ? walkRows() : [],
  };
  const text = document(results);
  if (isPrinted) {
    say(`\n${text}`);
  } else {
    writeFileSync(FILE, text);
    say('written: bench/enumerate.md');
  }
} finally {
  for (const program of [dense, conv, seed]) program.remove();
}
