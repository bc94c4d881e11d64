/** The results of the counting benchmark as Markdown. Only writes: measures nothing. */
import type { Agreement } from './agreement.js';
import type { Finished } from './measured.js';
import type { Row } from './rounds.js';

export interface Results {
  /** Lines about machine and versions. */
  readonly machine: readonly string[];
  readonly agreements: readonly Agreement[];
  readonly table: readonly (Row & { readonly goalSeconds: number })[];
  readonly formats: readonly Row[];
  readonly widths: readonly Row[];
  /** Whether C and numpy were compared on slabs of the rows. */
  readonly slabsCompared: boolean;
}

/** The whole of `bench/README.md`. */
export function document(results: Results): string {
  return `${[
    '# Benchmarks',
    '',
    'Made by `npm run bench -- count`, which writes this file; nothing here is written by hand.',
    'Parts of it, printed and not kept: `npm run bench -- count --only=1-2-1 --only=MNIST`.',
    '',
    ...results.machine.map((line) => `- ${line}`),
    '',
    sections(results),
  ].join('\n')}\n`;
}

/** The tables alone, those that have rows. */
export function sections(results: Results): string {
  return [
    section('Counting exactly, one core', TABLE_NOTES, results.table, tableOf),
    section('As the format widens', FORMAT_NOTES, results.formats, growthOf),
    section('As each width grows by one', WIDTH_NOTES, results.widths, growthOf),
    section(
      'Brute force counts the same',
      results.slabsCompared ? `${AGREEMENT_NOTES}\n${SLAB_NOTES}` : AGREEMENT_NOTES,
      results.agreements,
      agreementsOf,
    ),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

const TABLE_NOTES = `Each network has a bias in every unit, ReLU inside, one sample (in brackets). *First*: the first count of a
fresh process, planning included, code not yet compiled; *later*: the same again in that process. Medians of
as many fresh processes as *runs* says, one round of all rows after the other. Points per second are |Ω| by the
first count; the C brute force (\`native/brute-force.c\`) and the numpy one visit slabs of the same network in
the same rounds, C from a random point on. Memory is the process's resident peak, and what of it stood before
counting. A dash: not told, or not repeated since the first count took a second or more.`;

const FORMAT_NOTES = `From 3 values to 253.`;

const WIDTH_NOTES = `The first row is what the others are compared with.`;

const AGREEMENT_NOTES = `Every point visited; \`touched\`, \`nonDifferentiable\` and \`incorrect\` are equal digit for digit, or the run
would have failed. A dash: not run.`;

const SLAB_NOTES = `C and numpy agree on a slab of every network above as well.`;

function section<T>(
  title: string,
  notes: string,
  rows: readonly T[],
  table: (rows: readonly T[]) => string,
): string {
  return rows.length === 0 ? '' : [`## ${title}`, '', notes, '', table(rows)].join('\n');
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_, column) => (column === 0 ? '---' : '--:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

function tableOf(rows: Results['table']): string {
  return markdownTable(
    [
      ...['network (sample) format', '\\|Ω\\|', 'ndf / \\|Ω\\|', 'goal', 'first', 'later', 'runs'],
      ...['method', 'states (estimate)', 'operations (estimate)', 'memory (before)'],
      ...['points/s', 'C, points/s', 'numpy, points/s', '× C'],
    ],
    rows.map((row) => {
      const [run] = row.runs;
      const start = [row.case.name, power(row.size)];
      const native = [rate(row.cRates), rate(row.numpyRates)];
      const goal = seconds(row.goalSeconds);
      if (run === undefined) {
        const why = `not counted: ${row.refused ?? ''}`;
        return [...start, '–', goal, why, ...Array<string>(6).fill('–'), ...native, '–'];
      }
      const perSecond = row.size - Math.log10(median(row.runs.map((each) => each.firstSeconds)));
      const { estimate } = run;
      return [
        ...start,
        run.density.toPrecision(4),
        goal,
        ...times(row.runs),
        String(row.runs.length),
        run.method,
        besideEstimate(run.states, estimate?.states),
        besideEstimate(run.operations, estimate?.operations),
        `${mebibytes(row.runs.map((each) => each.residentPeak))} (${mebibytes(row.runs.map((each) => each.residentBefore))})`,
        power(perSecond),
        ...native,
        row.cRates.length === 0 ? '–' : power(perSecond - Math.log10(median(row.cRates))),
      ];
    }),
  );
}

function growthOf(rows: readonly Row[]): string {
  return markdownTable(
    ['network (sample) format', '\\|Ω\\|', 'first', 'later', 'states', 'points/s', '× C'],
    rows.map((row) => {
      const [run] = row.runs;
      if (run === undefined) {
        return [
          row.case.name,
          power(row.size),
          `not counted: ${row.refused ?? ''}`,
          '–',
          '–',
          '–',
          '–',
        ];
      }
      const perSecond = row.size - Math.log10(median(row.runs.map((each) => each.firstSeconds)));
      return [
        row.case.name,
        power(row.size),
        ...times(row.runs),
        String(run.states),
        power(perSecond),
        row.cRates.length === 0 ? '–' : power(perSecond - Math.log10(median(row.cRates))),
      ];
    }),
  );
}

function agreementsOf(rows: readonly Agreement[]): string {
  return markdownTable(
    ['network (sample) format', 'points visited', 'nonDifferentiable', 'C', 'numpy', 'first count'],
    rows.map((row) => [
      row.name,
      row.points,
      row.nonDifferentiable,
      row.cSeconds === null ? '–' : seconds(row.cSeconds),
      row.numpySeconds === null ? '–' : seconds(row.numpySeconds),
      seconds(row.seconds),
    ]),
  );
}

function times(runs: readonly Finished[]): [string, string] {
  const again = runs.flatMap((run) => run.againSeconds);
  return [
    seconds(median(runs.map((run) => run.firstSeconds))),
    again.length === 0 ? '–' : seconds(median(again)),
  ];
}

function besideEstimate(actual: number | null, estimate: string | undefined): string {
  if (actual === null) return '–';
  const short = (n: number): string => (n < 1e6 ? String(n) : power(Math.log10(n)));
  return `${short(actual)} (${estimate === undefined ? '–' : short(Number(estimate))})`;
}

function rate(rates: readonly number[]): string {
  return rates.length === 0 ? '–' : power(Math.log10(median(rates)));
}

function mebibytes(bytes: readonly number[]): string {
  return `${Math.round(median(bytes) / 2 ** 20)} MiB`;
}

/** Three digits and a unit. */
function seconds(time: number): string {
  if (time < 1e-3) return `${(time * 1e6).toPrecision(3)} µs`;
  if (time < 1) return `${(time * 1e3).toPrecision(3)} ms`;
  return `${time < 100 ? time.toPrecision(3) : time.toFixed(0)} s`;
}

/** 10^log10 as `4.2·10⁷`, as it is where it is short; without a front where the exponent says enough. */
function power(log10: number): string {
  if (Math.abs(log10) < 4) {
    const plain = 10 ** log10;
    return plain < 100 ? plain.toPrecision(2) : plain.toFixed(0);
  }
  let exponent = Math.floor(log10);
  let front = (10 ** (log10 - exponent)).toFixed(1);
  if (front === '10.0') {
    exponent += 1;
    front = '1.0';
  }
  const raised = `10${String(exponent).replace(/./g, superscript)}`;
  return exponent < 1000 ? `${front}·${raised}` : raised;
}

function superscript(digit: string): string {
  return '⁰¹²³⁴⁵⁶⁷⁸⁹'['0123456789'.indexOf(digit)] ?? '⁻';
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
