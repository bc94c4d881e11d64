/**
 * Exact decisions of every neuron beside a plain forward pass: checks that both decide the same as the
 * judge and as C, measures, and writes `bench/filter.md`. `--print` prints it instead, for a machine
 * that is busy. Ends with 1 where decisions differ; no time is asserted.
 */
import { writeFileSync } from 'node:fs';
import { compiled } from './compiler.js';
import { cases, tiedCase } from './filter/cases.js';
import { measure, measureTied } from './filter/measure.js';
import { document } from './filter/render.js';
import { machineLines } from './machine.js';

const FILE = new URL('../../bench/filter.md', import.meta.url);

const program = compiled('filter');
const c = typeof program === 'string' ? null : program;
if (typeof program === 'string') process.stdout.write(`skipped: the same in C, for ${program}\n`);
try {
  const all = cases();
  const measured = all.map((each) => {
    process.stdout.write(`${each.format}\n`);
    return measure(each, c);
  });
  const text = document({
    machine: machineLines(c === null ? 'no C compiler' : `${c.version}, \`-O3 -march=native\``),
    date: new Date().toISOString().slice(0, 10),
    javascript: measured.flatMap(({ javascript }) => javascript),
    tied: all.slice(0, 1).flatMap((each) => measureTied(tiedCase(each))),
    native: measured.flatMap(({ native }) => native),
  });
  if (process.argv.includes('--print')) {
    process.stdout.write(`\n${text}`);
  } else {
    writeFileSync(FILE, text);
    process.stdout.write('written: bench/filter.md\n');
  }
} finally {
  c?.remove();
}
