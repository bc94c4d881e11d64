/**
 * Estimates of densities beside plain Monte Carlo in C: checks that C decides as the engine does,
 * measures, and writes `bench/sample.md`. `--print` prints it instead, for a machine that is busy;
 * `--only=WORD` takes the cases whose name contains a word, and prints. Ends with 1 where counts
 * differ; no time is asserted.
 */
import { writeFileSync } from 'node:fs';
import { compiled } from './compiler.js';
import { machineLines } from './machine.js';
import { FORMATS, TABLE, type SampleCase } from './sample/cases.js';
import { agreements } from './sample/native.js';
import { document } from './sample/render.js';
import { rowsOf, type Settings } from './sample/rounds.js';

const FILE = new URL('../../bench/sample.md', import.meta.url);

const only = process.argv.slice(2).flatMap((argument) => /^--only=(.+)$/.exec(argument)?.[1] ?? []);
const isPrinted = only.length > 0 || process.argv.includes('--print');

function chosen(of: SampleCase): boolean {
  return only.length === 0 || only.some((word) => of.name.includes(word));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const program = compiled('monte-carlo');
const c = typeof program === 'string' ? null : program;
if (typeof program === 'string') say(`skipped: plain Monte Carlo in C, for ${program}`);
try {
  const agreeing = c === null ? [] : agreements(c, 1);
  say(`C and the engine decide alike on ${agreeing.length} networks`);
  const measured = <T extends { readonly case: SampleCase }>(
    list: readonly T[],
    settingsOf: (each: T) => Settings,
  ) =>
    list
      .filter((each) => chosen(each.case))
      .flatMap((each) =>
        rowsOf(each.case, settingsOf(each), c, say).map((row) => ({ ...each, ...row })),
      );
  const text = document({
    machine: machineLines(c === null ? 'no C compiler' : `${c.version}, \`-O3 -march=native\``),
    date: new Date().toISOString().slice(0, 10),
    table: measured(TABLE, (each) => each),
    formats: measured(FORMATS, () => ({
      methods: ['conditional'],
      rounds: 1,
      relativeError: '1/100',
    })),
    agreements: agreeing,
  });
  if (isPrinted) {
    say(`\n${text}`);
  } else {
    writeFileSync(FILE, text);
    say('written: bench/sample.md');
  }
} finally {
  c?.remove();
}
