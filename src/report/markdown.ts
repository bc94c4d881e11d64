/** The report as GitHub-flavoured Markdown. Everything that came from outside is escaped here. */
import type { Result } from '../schemas/result.js';
import { buildDocument } from './build-document.js';
import type { Block, Cell, Inline, Table } from './document.js';
import { longNumbers, type LongNumbers } from './long-numbers.js';
import { roundText, shorten } from './number-text.js';
import type { ReportJob } from './report.js';

/** The report of a finished job as Markdown. A pure function of its arguments. */
export function renderMarkdown(result: Result, job: ReportJob): string {
  const document = buildDocument(result, job);
  const long = longNumbers();
  const parts = [
    `# ${escapeText(document.title)}`,
    `> **${inlines(document.verdict.text, long)}**`,
    ...document.sections.flatMap((section) => [
      `## ${escapeText(section.heading)}`,
      ...section.blocks.map((block) => blockText(block, long)),
    ]),
  ];
  const listed = long.all();
  if (listed.length > 0) {
    parts.push(
      '## Long numbers in full',
      listed
        .map(({ label, text, listed: full }) =>
          full
            ? `- \\[${String(label)}\\] \`${text}\``
            : `- \\[${String(label)}\\] ${String(text.length)} characters; see the JSON result.`,
        )
        .join('\n'),
    );
  }
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function blockText(block: Block, long: LongNumbers): string {
  switch (block.kind) {
    case 'paragraph':
      return inlines(block.text, long);
    case 'subheading':
      return `### ${escapeText(block.text)}`;
    case 'list':
      return block.items.map((item) => `- ${inlines(item, long)}`).join('\n');
    case 'definitions':
      return block.items
        .map(({ term, text }) => `- **${escapeText(term)}**: ${inlines(text, long)}`)
        .join('\n');
    case 'arithmetic': {
      const fence = '`'.repeat(Math.max(3, longestRun(block.lines.join('\n')) + 1));
      return `${fence}text\n${block.lines.map(oneLine).join('\n')}\n${fence}`;
    }
    case 'table':
      return tableText(block, long);
    case 'log-plot':
      // A plot shows the numbers of the table above it; plain text has no better form for it.
      return '';
  }
}

function tableText(table: Table, long: LongNumbers): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `*${escapeText(table.caption)}*`,
    '',
    line(table.columns.map((column) => escapeText(column.heading))),
    line(table.columns.map((column) => (column.align === 'right' ? '---:' : '---'))),
    ...table.rows.map((row, i) =>
      line(
        row.map((cell, j) => {
          const text = cellText(cell, long);
          return table.marked?.includes(i) === true && j === 0 && text !== ''
            ? `**${text}**`
            : text;
        }),
      ),
    ),
  ].join('\n');
}

function cellText(cell: Cell, long: LongNumbers): string {
  return typeof cell === 'string' || !isList(cell)
    ? inlineText(cell, long, true)
    : inlines(cell, long, true);
}

function isList(cell: Cell): cell is readonly Inline[] {
  return Array.isArray(cell);
}

function inlines(pieces: readonly Inline[], long: LongNumbers, inTable = false): string {
  return pieces.map((piece) => inlineText(piece, long, inTable)).join('');
}

function inlineText(piece: Inline, long: LongNumbers, inTable: boolean): string {
  if (typeof piece === 'string') return escapeText(piece);
  switch (piece.kind) {
    case 'code':
      return codeSpan(piece.text, inTable);
    case 'strong':
      return `**${escapeText(piece.text)}**`;
    case 'number': {
      const entry = long.entryOf(piece.exact);
      const text =
        entry === null ? piece.exact : `${shorten(piece.exact)} \\[${String(entry.label)}\\]`;
      return piece.rounded || entry !== null ? `${text}${beside(piece.exact)}` : text;
    }
  }
}

/** The rounded number after an exact text, unless it would only repeat it. */
function beside(exact: string): string {
  const { text, exact: lossless } = roundText(exact);
  if (text === exact.replace('-', '−')) return '';
  return ` ${lossless ? '=' : '≈'} ${text}`;
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}

/** Backslash before every character that Markdown or inline HTML could act on. */
function escapeText(text: string): string {
  return oneLine(text).replace(/[\\`*_[\]<>|#~&$!]/g, '\\$&');
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

function codeSpan(text: string, inTable: boolean): string {
  const line = oneLine(text);
  const fence = '`'.repeat(longestRun(line) + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  // GitHub splits cells at a pipe even inside a code span, unless it is escaped.
  const safe = inTable ? line.replaceAll('|', '\\|') : line;
  return `${fence}${pad}${safe}${pad}${fence}`;
}
