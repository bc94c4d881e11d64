/**
 * Counting beside brute force: checks that all count the same, measures, and writes
 * `bench/README.md`. `--only=WORD`, once or more, takes the cases whose name contains one of the
 * words, and prints their tables instead. Ends with 1 where counts differ; no time is asserted.
 */
import { writeFileSync } from 'node:fs';
import { agreements } from './count/agreement.js';
import {
  CASES,
  FORMATS,
  LARGEST,
  TABLE,
  WIDEST,
  WIDTHS,
  caseNamed,
  type Case,
} from './count/cases.js';
import { hiddenLawOf } from './count/hidden-law.js';
import { buildC, findNumpy, type Native } from './count/native.js';
import { document, sections, type Results } from './count/render.js';
import { refusals } from './count/refusals.js';
import { rowsOf } from './count/rounds.js';
import { scalingOf } from './count/workers.js';
import { machineLines } from './machine.js';

const README = new URL('../../bench/README.md', import.meta.url);

const only = process.argv.slice(2).flatMap((argument) => /^--only=(.+)$/.exec(argument)?.[1] ?? []);

function chosen(each: Case): boolean {
  return only.length === 0 || only.some((word) => each.name.includes(word));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function present(native: Native | string, what: string): Native | null {
  if (typeof native !== 'string') return native;
  say(`skipped: brute force in ${what}, for ${native}`);
  return null;
}

async function measure(c: Native | null, numpy: Native | null): Promise<Results> {
  const agreeing = agreements(c, numpy, chosen);
  say(`${agreeing.length} spaces visited to the end, with the engine's counts`);
  const table = TABLE.filter((row) => chosen(row.case));
  const rows = rowsOf(
    table.map((row) => row.case),
    c,
    numpy,
    { rounds: 5, enoughSeconds: 45 },
    say,
  );
  const largest = caseNamed(LARGEST);
  const scaling = chosen(largest) ? await scalingOf(largest, 9) : [];
  const growth = { rounds: 3, enoughSeconds: 15 };
  return {
    machine: machineLines(
      c === null ? 'no C compiler' : `${c.version}, \`-O3 -march=native\``,
      numpy === null ? 'no numpy' : numpy.version,
    ),
    agreements: agreeing,
    table: rows.map((row, index) => ({ ...row, goalSeconds: table[index]?.goalSeconds ?? NaN })),
    laws: [caseNamed(WIDEST)].filter(chosen).map(hiddenLawOf),
    refusals: only.length === 0 ? refusals(5) : [],
    scaling,
    formats: rowsOf(FORMATS.filter(chosen), c, numpy, growth, say),
    widths: rowsOf(WIDTHS.filter(chosen), c, numpy, growth, say),
    slabsCompared: c !== null && numpy !== null,
  };
}

if (!CASES.some(chosen)) {
  process.stderr.write(`no case's name contains ${only.join(' or ')}; they are\n`);
  process.stderr.write(CASES.map((each) => `  ${each.name}\n`).join(''));
  process.exit(1);
}
const builtC = present(buildC(), 'C');
const foundNumpy = present(findNumpy(), 'numpy');
try {
  const results = await measure(builtC, foundNumpy);
  if (only.length === 0) {
    writeFileSync(README, document(results));
    say('written: bench/README.md');
  } else {
    say(`\n${sections(results)}`);
  }
} finally {
  builtC?.remove();
}
