/** What a table of figures says of the machine it was made on, and the arithmetic of such tables. */
import { cpus, release, totalmem, type } from 'node:os';

/** Lines about the machine and Node, then what else is told. */
export function machineLines(...others: readonly string[]): string[] {
  const [cpu] = cpus();
  return [
    `${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
    `Node ${process.version}`,
    ...others,
  ];
}

/** The middle one, or half-way between the two; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/**
 * The least time of `over` by the least of `under`. Whoever else uses the machine only adds time, and
 * most to what needs all its cores: the least of several rounds has the least of that in it.
 */
export function leastRatio(over: readonly number[], under: readonly number[]): number {
  return Math.min(...over) / Math.min(...under);
}

/** The median over the rounds of one time by another. */
export function medianRatio(over: readonly number[], under: readonly number[]): number {
  return median(over.map((time, round) => time / (under[round] ?? NaN)));
}

/** A Markdown table, numbers to the right. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_, column) => (column === 0 ? '---' : '--:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}
