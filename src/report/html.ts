/**
 * The report as one self-contained HTML page: no script, one inline stylesheet named by its hash
 * in the content security policy, plots inline as SVG. Opening it makes exactly one request.
 *
 * Everything that came from outside passes through `escapeHtml`; the policy would stop what slipped
 * through. A saved file keeps the policy in a meta element (where `frame-ancestors` is not allowed,
 * so that one directive is in the header alone).
 */
import { createHash } from 'node:crypto';
import type { Result } from '../schemas/result.js';
import { buildDocument } from './build-document.js';
import type { Block, Cell, Inline, LogPlot, ReportDocument, Section, Table } from './document.js';
import { longNumbers, type LongNumbers } from './long-numbers.js';
import { roundText, shorten } from './number-text.js';
import { drawLogPlot } from './plots.js';
import type { ReportJob } from './report.js';
import { STYLESHEET } from './stylesheet.js';

const META_CSP = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLESHEET).digest('base64')}'`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** The `content-security-policy` header to serve the page with. */
export const HTML_REPORT_CSP = `${META_CSP}; frame-ancestors 'none'`;

/** The report of a finished job as a page. A pure function of its arguments. */
export async function renderHtml(result: Result, job: ReportJob): Promise<string> {
  const document = buildDocument(result, job);
  const drawings = await draw(document);
  const long = longNumbers();
  const verdict = `<p class="verdict ${document.verdict.tone}">${inlines(document.verdict.text, long)}</p>`;
  const sections = document.sections.map((section) => sectionHtml(section, drawings, long));
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="content-security-policy" content="${escapeHtml(META_CSP)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    // Without an icon of its own a page makes browsers ask the server for one.
    '<link rel="icon" href="data:,">',
    `<title>${escapeHtml(document.title)}</title>`,
    `<style>${STYLESHEET}</style>`,
    '</head>',
    '<body>',
    '<main>',
    '<header>',
    `<h1>${escapeHtml(document.title)}</h1>`,
    verdict,
    '</header>',
    ...sections,
    longHtml(long),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** All plots of the document, drawn one after the other so that ids come in order. */
async function draw(document: ReportDocument): Promise<ReadonlyMap<LogPlot, string>> {
  const drawings = new Map<LogPlot, string>();
  for (const block of document.sections.flatMap((section) => section.blocks)) {
    if (block.kind !== 'log-plot') continue;
    drawings.set(block, await drawLogPlot(block, `plot-${String(drawings.size + 1)}`));
  }
  return drawings;
}

function sectionHtml(
  section: Section,
  drawings: ReadonlyMap<LogPlot, string>,
  long: LongNumbers,
): string {
  const id = escapeHtml(section.id);
  return [
    `<section id="${id}" aria-labelledby="${id}-heading">`,
    `<h2 id="${id}-heading">${escapeHtml(section.heading)}</h2>`,
    ...section.blocks.map((block) => blockHtml(block, drawings, long)),
    '</section>',
  ].join('\n');
}

function blockHtml(
  block: Block,
  drawings: ReadonlyMap<LogPlot, string>,
  long: LongNumbers,
): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${inlines(block.text, long)}</p>`;
    case 'subheading':
      return `<h3>${escapeHtml(block.text)}</h3>`;
    case 'list':
      return `<ul>\n${block.items.map((item) => `<li>${inlines(item, long)}</li>`).join('\n')}\n</ul>`;
    case 'definitions':
      return `<dl>\n${block.items
        .map(({ term, text }) => `<dt>${escapeHtml(term)}</dt><dd>${inlines(text, long)}</dd>`)
        .join('\n')}\n</dl>`;
    case 'arithmetic':
      return `<pre tabindex="0">${block.lines.map(escapeHtml).join('\n')}</pre>`;
    case 'table':
      return tableHtml(block, long);
    case 'log-plot':
      return `<figure><figcaption>${escapeHtml(block.title)}</figcaption><div>${drawings.get(block) ?? ''}</div></figure>`;
  }
}

function tableHtml(table: Table, long: LongNumbers): string {
  const head = table.columns
    .map((column) => `<th scope="col" class="${column.align}">${escapeHtml(column.heading)}</th>`)
    .join('');
  const body = table.rows.map((row, i) => {
    const cells = row.map((cell, j) => {
      const align = table.columns[j]?.align ?? 'left';
      const content = cellHtml(cell, long);
      return j === 0
        ? `<th scope="row" class="${align}">${content}</th>`
        : `<td class="${align}">${content}</td>`;
    });
    return `<tr${table.marked?.includes(i) === true ? ' class="marked"' : ''}>${cells.join('')}</tr>`;
  });
  const caption = escapeHtml(table.caption);
  return [
    `<div class="wide" role="region" tabindex="0" aria-label="${caption}">`,
    `<table><caption>${caption}</caption>`,
    `<thead><tr>${head}</tr></thead>`,
    `<tbody>\n${body.join('\n')}\n</tbody></table></div>`,
  ].join('\n');
}

function cellHtml(cell: Cell, long: LongNumbers): string {
  return isList(cell) ? inlines(cell, long) : inlineHtml(cell, long);
}

function isList(cell: Cell): cell is readonly Inline[] {
  return Array.isArray(cell);
}

function inlines(pieces: readonly Inline[], long: LongNumbers): string {
  return pieces.map((piece) => inlineHtml(piece, long)).join('');
}

function inlineHtml(piece: Inline, long: LongNumbers): string {
  if (typeof piece === 'string') return escapeHtml(piece);
  switch (piece.kind) {
    case 'code':
      return `<code>${escapeHtml(piece.text)}</code>`;
    case 'strong':
      return `<strong>${escapeHtml(piece.text)}</strong>`;
    case 'number': {
      const entry = long.entryOf(piece.exact);
      const shown =
        entry === null
          ? `<span class="number">${escapeHtml(piece.exact)}</span>`
          : `<a class="number" href="#number-${String(entry.label)}" title="in full below">${escapeHtml(shorten(piece.exact))}</a>`;
      return piece.rounded || entry !== null ? `${shown}${beside(piece.exact)}` : shown;
    }
  }
}

/** The rounded number after an exact text, unless it would only repeat it. */
function beside(exact: string): string {
  const { text, exact: lossless } = roundText(exact);
  if (text === exact.replace('-', '−')) return '';
  return ` <span class="approximate">${lossless ? '=' : '≈'} ${escapeHtml(text)}</span>`;
}

function longHtml(long: LongNumbers): string {
  const entries = long.all();
  if (entries.length === 0) return '';
  const items = entries.map(({ label, text, listed }) => {
    const full = listed
      ? `<code>${escapeHtml(text)}</code>`
      : `${String(text.length)} characters; see the JSON result.`;
    return `<dt id="number-${String(label)}">${escapeHtml(shorten(text))}</dt><dd>${full}</dd>`;
  });
  return [
    '<section id="long-numbers" aria-labelledby="long-numbers-heading">',
    '<h2 id="long-numbers-heading">Long numbers in full</h2>',
    `<dl class="long">\n${items.join('\n')}\n</dl>`,
    '</section>',
  ].join('\n');
}

/** Text for HTML content and for double-quoted attributes. */
function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
