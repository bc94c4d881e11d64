/** The results of the counting benchmark as Markdown. Only writes: measures nothing. */
import type { Agreement } from './agreement.js';
import { leastRatio, markdownTable, median, medianRatio } from '../machine.js';
import type { HiddenLaw } from './hidden-law.js';
import type { Finished } from './measured.js';
import type { Refused } from './refusals.js';
import type { Row } from './rounds.js';
import type { Scaling } from './workers.js';

export interface Results {
  /** Lines about machine and versions. */
  readonly machine: readonly string[];
  readonly agreements: readonly Agreement[];
  readonly table: readonly (Row & { readonly goalSeconds: number })[];
  readonly laws: readonly HiddenLaw[];
  readonly refusals: readonly Refused[];
  readonly scaling: readonly Scaling[];
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
    'Elsewhere: [enumeration](enumerate.md), [symmetries](symmetry.md), [sampling](sample.md), [exact decisions in doubles](filter.md), [the service](service.md).',
    '',
    ...results.machine.map((line) => `- ${line}`),
    '',
    sections(results),
  ].join('\n')}\n`;
}

/** The tables alone, those that have rows. */
export function sections(results: Results): string {
  return [
    section('Counting exactly, one core', TIME_NOTES, results.table, tableOf(TIMES)),
    section('What it took', COST_NOTES, results.table, tableOf(COSTS)),
    section('The exact law of a hidden layer', LAW_NOTES, results.laws, lawTable),
    section('Two threads of one worker', SCALING_NOTES, results.scaling, scalingTable),
    section('Refused', REFUSAL_NOTES, results.refusals, refusalTable),
    section('As the format widens', FORMAT_NOTES, results.formats, tableOf(GROWTH)),
    section('As each width grows by one', WIDTH_NOTES, results.widths, tableOf(GROWTH)),
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

const TIME_NOTES = `Each network has a bias in every unit, ReLU inside, one sample (in brackets). *First*: in a fresh process, whose
code is not yet compiled; *later*: the same again in that process. Medians of as many fresh processes as *runs*
says, one round of all rows after the other. Points per second are |Ω| by the first planning and counting; the C brute
force (\`native/brute-force.c\`) and the numpy one visit slabs of the same network in the same rounds, from a
random point on. A dash: not told, or not repeated since the first count took a second or more.`;

const COST_NOTES = `In brackets what the planner expected. Memory is the process's resident peak; the estimate is of what counting adds
to what stood there before.`;

const LAW_NOTES = `How many choices of a hidden neuron's weights and bias give each pre-activation; the neurons are alike and
independent, and weights on pixels that are 0, which move nothing, are left out. The counts add up to all choices, and the one at the kink is that of the table above, or the run
would have failed.`;

const SCALING_NOTES = `The shards of one job, as a worker's compute threads run them; rounds alternate, and the merged tallies are
equal to the byte. Running threads have counted before, as those of a worker have, but never this plan; new ones
are started in the round, and each loads and compiles the engine for itself. The goal is at most 0.6, for
workers that run. Least times of the rounds: whoever else uses the cores only adds to them, and most to that of two.`;

const REFUSAL_NOTES = `Reading the request and planning it, until the refusal; medians in one process. The goal is less than a second.`;

const FORMAT_NOTES = `From 3 values to 253.`;

const WIDTH_NOTES = `The first row is what the others are compared with.`;

const AGREEMENT_NOTES = `Every point visited; \`touched\`, \`nonDifferentiable\` and \`incorrect\` are equal digit for digit, or the run
would have failed. A dash: not run.`;

const SLAB_NOTES = `C and numpy agree on a slab of every network above as well.`;

/** Not told. */
const DASH = '–';

function section<T>(
  title: string,
  notes: string,
  rows: readonly T[],
  table: (rows: readonly T[]) => string,
): string {
  return rows.length === 0 ? '' : [`## ${title}`, '', notes, '', table(rows)].join('\n');
}

/** A column of a table of rows: from a row alone, or from its runs. */
type Column<R extends Row> =
  | { readonly head: string; readonly ofRow: (row: R) => string }
  | { readonly head: string; readonly ofRuns: (row: R, run: Finished) => string };

const NAME: Column<Row> = { head: 'network (sample) format', ofRow: (row) => row.case.name };
const SIZE: Column<Row> = { head: '\\|Ω\\|', ofRow: (row) => power(row.size) };
const FIRST: readonly Column<Row>[] = [
  {
    head: 'first planning',
    ofRuns: (row) => seconds(median(row.runs.map((run) => run.first.planning))),
  },
  {
    head: 'first count',
    ofRuns: (row) => seconds(median(row.runs.map((run) => run.first.counting))),
  },
];
const LATER: Column<Row> = {
  head: 'later count',
  ofRuns: (row) => {
    const times = row.runs.flatMap((run) => run.later.map((each) => each.counting));
    return times.length === 0 ? DASH : seconds(median(times));
  },
};
const SPEED: Column<Row> = { head: 'points/s', ofRuns: (row) => power(speed(row)) };
const RATIO: Column<Row> = {
  head: '× C',
  ofRuns: (row) =>
    row.cRates.length === 0 ? DASH : power(speed(row) - Math.log10(median(row.cRates))),
};

const TIMES: readonly Column<Results['table'][number]>[] = [
  ...[NAME, SIZE],
  { head: 'ndf / \\|Ω\\|', ofRuns: (_, run) => run.density.toPrecision(4) },
  { head: 'goal', ofRow: (row) => seconds(row.goalSeconds) },
  ...[...FIRST, LATER, SPEED],
  { head: 'C, points/s', ofRow: (row) => rate(row.cRates) },
  { head: 'numpy, points/s', ofRow: (row) => rate(row.numpyRates) },
  RATIO,
];

const COSTS: readonly Column<Row>[] = [
  NAME,
  { head: 'runs', ofRow: (row) => String(row.runs.length) },
  { head: 'method', ofRuns: (_, run) => run.method },
  { head: 'states', ofRuns: (_, run) => beside(run.states, run.estimate?.states, short) },
  {
    head: 'operations',
    ofRuns: (_, run) => beside(run.operations, run.estimate?.operations, short),
  },
  {
    head: 'first count',
    ofRuns: (row, { estimate }) =>
      beside(median(row.runs.map((run) => run.first.counting)), estimate?.seconds, seconds),
  },
  {
    head: 'memory before',
    ofRuns: (row) => mebibytes(median(row.runs.map((run) => run.residentBefore))),
  },
  {
    head: 'memory added',
    ofRuns: (row, { estimate }) =>
      beside(
        median(row.runs.map((run) => run.residentPeak - run.residentBefore)),
        estimate?.bytes,
        mebibytes,
      ),
  },
  {
    head: 'peak',
    ofRuns: (row) => mebibytes(median(row.runs.map((run) => run.residentPeak))),
  },
];

const GROWTH: readonly Column<Row>[] = [
  ...[NAME, SIZE, ...FIRST, LATER],
  { head: 'states', ofRuns: (_, run) => beside(run.states, run.estimate?.states, short) },
  ...[SPEED, RATIO],
];

/** Why a case was not counted stands in the first column that needs its runs. */
function tableOf<R extends Row>(columns: readonly Column<R>[]): (rows: readonly R[]) => string {
  return (rows) =>
    markdownTable(
      columns.map((column) => column.head),
      rows.map((row) => {
        const [run] = row.runs;
        const firstOfRuns = columns.findIndex((column) => 'ofRuns' in column);
        return columns.map((column, index) => {
          if ('ofRow' in column) return column.ofRow(row);
          if (run !== undefined) return column.ofRuns(row, run);
          return index === firstOfRuns ? `not counted: ${row.refused ?? ''}` : DASH;
        });
      }),
    );
}

/** log10 of |Ω| by the seconds of a first planning and count. */
function speed(row: Row): number {
  const times = row.runs.map(({ first }) => first.planning + first.counting);
  return row.size - Math.log10(median(times));
}

function agreementsOf(rows: readonly Agreement[]): string {
  return markdownTable(
    ['network (sample) format', 'points visited', 'nonDifferentiable', 'C', 'numpy', 'the engine'],
    rows.map((row) => [
      row.name,
      row.points,
      row.nonDifferentiable,
      row.cSeconds === null ? DASH : seconds(row.cSeconds),
      row.numpySeconds === null ? DASH : seconds(row.numpySeconds),
      seconds(row.seconds),
    ]),
  );
}

function lawTable(rows: readonly HiddenLaw[]): string {
  return markdownTable(
    ['network (sample) format', 'choices of a neuron', 'pre-activations', 'on the kink', 'time'],
    rows.map((row) => [
      row.case.name,
      power(row.choices),
      String(row.values),
      row.tied.toPrecision(4),
      seconds(row.seconds),
    ]),
  );
}

function refusalTable(rows: readonly Refused[]): string {
  return markdownTable(
    ['widths format', 'weights and biases', 'time', 'why'],
    rows.map((row) => [row.name, String(row.parameters), seconds(row.seconds), row.why]),
  );
}

function scalingTable(rows: readonly Scaling[]): string {
  return markdownTable(
    ['network (sample) format', 'threads', 'shards', 'one', 'two', 'two / one', 'median of rounds'],
    rows.map((row) => [
      row.case.name,
      row.threads,
      String(row.shards),
      seconds(Math.min(...row.one)),
      seconds(Math.min(...row.two)),
      leastRatio(row.two, row.one).toFixed(2),
      medianRatio(row.two, row.one).toFixed(2),
    ]),
  );
}

/** A figure, and in brackets its estimate where there is one. */
function beside(
  actual: number | null,
  estimate: number | undefined,
  text: (n: number) => string,
): string {
  const shown = actual === null ? DASH : text(actual);
  return estimate === undefined ? shown : `${shown} (${text(estimate)})`;
}

function short(n: number): string {
  return n < 1e6 ? String(Math.round(n)) : power(Math.log10(n));
}

function rate(rates: readonly number[]): string {
  return rates.length === 0 ? DASH : power(Math.log10(median(rates)));
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0)} MiB`;
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
