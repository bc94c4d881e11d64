/** The figures of sampling as Markdown. Only writes: measures nothing. */
import { markdownTable, median } from '../machine.js';
import type { Agreement } from './native.js';
import { reached, type Round, type SampleRow } from './rounds.js';

export interface Results {
  readonly machine: readonly string[];
  readonly date: string;
  readonly table: readonly (SampleRow & { readonly must: string })[];
  readonly formats: readonly (SampleRow & { readonly bits: number })[];
  readonly agreements: readonly Agreement[];
}

/** The whole of `bench/sample.md`. */
export function document(results: Results): string {
  const { table, formats, agreements } = results;
  return `${[
    '# Sampling beside plain Monte Carlo in C',
    '',
    'Made by `npm run bench -- sample`, which writes this file; nothing here is written by hand.',
    '',
    ...results.machine.map((line) => `- ${line}`),
    `- ${results.date}`,
    '',
    'Each estimate is a request of mode `sampled` at 99 %, answered in a process of its own: planning, warming up and',
    'sampling, one thread. `warm`: the same in a process that answered it before, as the threads of a service have,',
    'where it is short. Medians; C runs in the same rounds, and the ratio is the median of their ratios. C',
    '(`native/monte-carlo.c`) draws points and decides each exactly; how many it needs for a normal interval of 99 %',
    'follows from the density, (2.576/ε)²(1 − p)/p, a fixed number that nobody knows beforehand; the estimates hold at',
    'every look. `within` is the longer side of the interval. `≈`: extrapolated, C from the rate of 5 seconds; of the',
    'width of estimates that ended early, what the spread of the samples demands by the root of their number, and what',
    'their range alone demands by their number (`sample/rounds.ts` says why).',
    'A dash: not run.',
    ...section('To the error that was asked for', table, [['must', (row) => row.must], ...COLUMNS]),
    ...section('As the format widens, to 1 %', formats, [
      ['bits', (row) => String(row.bits)],
      ...COLUMNS,
    ]),
    ...(agreements.length === 0 ? [] : agreementSection(agreements)),
  ].join('\n')}\n`;
}

type Column<R> = readonly [head: string, text: (row: R) => string];

const DASH = '–';

const COLUMNS: readonly Column<SampleRow>[] = [
  [
    'ndf / \\|Ω\\|',
    (row) => {
      const estimate = median(row.rounds.map((round) => round.estimate.estimate));
      // Where nothing was seen, what is proved instead.
      const most = median(row.rounds.map((round) => round.estimate.upper));
      return estimate > 0 ? density(estimate) : `≤ ${density(most)} proved`;
    },
  ],
  ['within', (row) => percent(median(row.rounds.map(({ estimate }) => reached(estimate))))],
  ['samples', (row) => power(median(row.rounds.map(({ estimate }) => estimate.samples)))],
  ['took', (row) => seconds(median(row.rounds.map(({ estimate }) => estimate.seconds)))],
  [
    'to the error',
    (row) => {
      const time = median(row.rounds.map((round) => round.seconds));
      if (!Number.isFinite(time)) return DASH;
      const isExtrapolated = row.rounds.some((round) => round.isExtrapolated);
      return mark(isExtrapolated, seconds(time));
    },
  ],
  [
    'C',
    (row) => {
      const runs = row.rounds.flatMap(({ native }) => (native === null ? [] : [native]));
      if (runs.length === 0) return DASH;
      const isExtrapolated = runs.some((run) => run.isExtrapolated);
      return mark(isExtrapolated, seconds(median(runs.map((run) => run.seconds))));
    },
  ],
  ['C / ours', (row) => ratio(row, (round) => round.seconds)],
  [
    'warm',
    (row) => {
      const times = row.rounds.flatMap(({ estimate }) => estimate.warmSeconds ?? []);
      return times.length === 0 ? DASH : seconds(median(times));
    },
  ],
  ['C / warm', (row) => ratio(row, ({ estimate }) => estimate.warmSeconds)],
];

/** The median of how many times as long C takes. */
function ratio(row: SampleRow, own: (round: Round) => number | null): string {
  const ratios = row.rounds.flatMap((round) => {
    const time = own(round);
    return round.native === null || time === null ? [] : [round.native.seconds / time];
  });
  return ratios.length === 0 ? DASH : power(median(ratios));
}

function section<R extends SampleRow>(
  title: string,
  rows: readonly R[],
  columns: readonly Column<R>[],
): string[] {
  if (rows.length === 0) return [];
  const head = ['network (input) format', 'method', ...columns.map(([name]) => name)];
  const lines = rows.map((row) => [
    row.case.name,
    row.rounds[0]?.estimate.method ?? row.method,
    ...(row.refused === null
      ? columns.map(([, text]) => text(row))
      : columns.map((_, k) => (k === 0 ? `not estimated: ${row.refused ?? ''}` : DASH))),
  ]);
  return ['', `## ${title}`, '', markdownTable(head, lines)];
}

function agreementSection(agreements: readonly Agreement[]): string[] {
  return [
    '',
    '## C and the engine decide alike',
    '',
    'The same drawn points, each decided by both; the counts are equal, or the run would have failed.',
    '',
    markdownTable(
      ['network (input) format', 'points', 'touched', 'nonDifferentiable', 'C works in'],
      agreements.map((each) => [
        each.name,
        String(each.points),
        String(each.touched),
        String(each.nonDifferentiable),
        each.how,
      ]),
    ),
  ];
}

function mark(isExtrapolated: boolean, text: string): string {
  return isExtrapolated ? `≈ ${text}` : text;
}

function density(p: number): string {
  return p > 0 && p < 1e-4 ? p.toExponential(3) : p.toPrecision(4);
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toPrecision(2)} %` : 'nothing seen';
}

function power(n: number): string {
  return n < 1e5 ? n.toPrecision(3) : n.toExponential(1);
}

function seconds(time: number): string {
  if (time < 1) return `${(time * 1e3).toPrecision(3)} ms`;
  return time < 1e5
    ? `${time < 100 ? time.toPrecision(3) : time.toFixed(0)} s`
    : `${time.toExponential(1)} s`;
}
