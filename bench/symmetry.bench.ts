/**
 * Enumeration with symmetries beside the same without: counts are compared, then processor time, in
 * alternating rounds of one run; writes `bench/symmetry.md`. `--print` prints it instead,
 * `--only=WORD` takes the rows whose name contains it. Ends with an error where counts differ; no
 * time is asserted.
 */
import { deepStrictEqual } from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { enumerationOf, type Tally } from '../src/engine/index.js';
import { machineLines, markdownTable, median } from './machine.js';
import { cases, type Case } from './symmetry/cases.js';

const FILE = new URL('../../bench/symmetry.md', import.meta.url);
const ROUNDS = 9;

interface Run {
  readonly visits: bigint;
  readonly by: string;
  readonly tally: Tally;
  readonly seconds: number;
}

/** Prepared, compiled and counted anew, as each job does it. */
function run({ network, proxies }: Case, symmetries: boolean): Run {
  const before = process.cpuUsage();
  // Networks that fall apart are otherwise enumerated part by part, and no symmetry is needed.
  const options = { symmetries, parts: false };
  const { visits, by, tallyOf, evened } = enumerationOf(network, proxies, options);
  const tally = evened(tallyOf(0n, visits, () => undefined));
  const { user, system } = process.cpuUsage(before);
  return { visits, by, tally, seconds: (user + system) / 1e6 };
}

function row(each: Case): string[] {
  const ratios: number[] = [];
  const seconds: [number[], number[]] = [[], []];
  let last: readonly [Run, Run] | null = null;
  for (let round = 0; round < ROUNDS; round += 1) {
    const all = run(each, false);
    const few = run(each, true);
    const counts = ({ tally }: Run): object => ({ ...tally, done: null, witnesses: null });
    deepStrictEqual(counts(few), counts(all));
    seconds[0].push(all.seconds);
    seconds[1].push(few.seconds);
    ratios.push(all.seconds / few.seconds);
    last = [all, few];
  }
  if (last === null) throw new Error('no round was run');
  const [all, few] = last;
  const time = (list: readonly number[]): string => `${(1000 * median(list)).toPrecision(3)} ms`;
  return [
    each.name,
    all.by,
    String(all.visits),
    String(few.visits),
    (Number(few.visits) / Number(all.visits)).toPrecision(3),
    time(seconds[0]),
    time(seconds[1]),
    median(ratios).toPrecision(3),
  ];
}

const only = process.argv.slice(2).flatMap((argument) => /^--only=(.+)$/.exec(argument)?.[1] ?? []);
const chosen = cases().filter(
  ({ name }) => only.length === 0 || only.some((word) => name.includes(word)),
);
const rows = chosen.map((each) => {
  process.stdout.write(`${each.name}\n`);
  return row(each);
});
const text = `${[
  '# Symmetries of an enumeration',
  '',
  'Made by `npm run bench -- symmetry`, which writes this file; nothing here is written by hand.',
  '',
  ...machineLines(`${String(ROUNDS)} rounds`).map((line) => `- ${line}`),
  `- ${new Date().toISOString().slice(0, 10)}`,
  '',
  'Every count and every neuron’s count are equal with and without. Processor time of preparing, compiling and counting; medians,',
  'and the median of the ratios of rounds. ReLU where nothing else is said, a bias in every unit;',
  'independent parts are not taken apart here.',
  '',
  markdownTable(
    ['network', 'by', 'points', 'visited', 'share', 'all', 'with symmetries', 'times as fast'],
    rows,
  ),
].join('\n')}\n`;
if (process.argv.includes('--print')) process.stdout.write(`\n${text}`);
else {
  writeFileSync(FILE, text);
  process.stdout.write('written: bench/symmetry.md\n');
}
