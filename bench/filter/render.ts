/** The figures of the filter as Markdown. Only writes: measures nothing. */
import { markdownTable } from '../machine.js';
import { ANEW, FIXED, FIXED_IN_LANES, type Row } from './measure.js';

export interface Results {
  readonly machine: readonly string[];
  readonly date: string;
  readonly javascript: readonly Row[];
  readonly tied: readonly Row[];
  readonly native: readonly Row[];
}

/** What was asked for, by path. */
const MUST: Readonly<Record<string, string>> = {
  [FIXED]: '≤ 1.2',
  [FIXED_IN_LANES]: '≤ 1.5',
  [ANEW]: '≤ 3',
};

/** The whole of `bench/filter.md`. */
export function document(results: Results): string {
  return `${[
    '# Exact decisions in doubles',
    '',
    'Made by `npm run bench -- filter`, which writes this file; nothing here is written by hand.',
    '',
    ...results.machine.map((line) => `- ${line}`),
    `- ${results.date}`,
    '',
    '64-64-64-1 with ReLU in every unit: 129 neurons, each decided exactly, beside a forward pass that proves nothing,',
    'in the same language. Nanoseconds of processor time per neuron, medians; the ratio is the median of the ratios of rounds in which',
    'all paths of a row ran one after the other. What is found agrees with exact evaluation, and with C sign for sign.',
    '',
    '## JavaScript and WebAssembly',
    '',
    'One thread; WebAssembly beside a plain pass in WebAssembly. *Must*: what was asked for. *Exact*: neurons that needed exact arithmetic, of how many.',
    '',
    javascript(results.javascript),
    ...(results.tied.length === 0
      ? []
      : [
          '',
          'With one neuron in each pass exactly on its kink, which no bound can tell: the running bound, and a check that the sum did not round:',
          '',
          javascript(results.tied),
        ]),
    ...(results.native.length === 0
      ? []
      : [
          '',
          '## C',
          '',
          '`native/filter.c`, units in lanes; the bounds of `src/engine/filter/rounding.ts`.',
          '',
          native(results.native),
        ]),
  ].join('\n')}\n`;
}

function javascript(rows: readonly Row[]): string {
  return markdownTable(
    ['parameters and inputs', 'format', 'plain', 'decided', 'ratio', 'must', 'exact'],
    rows.map((row) => [
      row.path,
      row.format,
      nanoseconds(row.plain),
      nanoseconds(row.decided),
      row.ratio.toFixed(2),
      MUST[row.path] ?? '',
      row.work === null ? '' : `${row.work.fallbacks} of ${row.work.samples * 129}`,
    ]),
  );
}

function native(rows: readonly Row[]): string {
  return markdownTable(
    ['parameters and bound', 'format', 'plain', 'bounded', 'ratio'],
    rows.map((row) => [
      row.path,
      row.format,
      nanoseconds(row.plain),
      nanoseconds(row.decided),
      row.ratio.toFixed(2),
    ]),
  );
}

function nanoseconds(time: number): string {
  return time.toPrecision(3);
}
