/**
 * A report as plain data, before any markup: sections of blocks of inline pieces.
 *
 * Sections write it, renderers read it. Nothing in it is markup, so escaping is the renderer's
 * business alone and happens in one place per renderer. A `number` piece carries the exact
 * canonical text; the renderer prints it in full where it fits and otherwise shortens it and lists
 * the full text at the end of the page.
 */
export type Inline =
  | string
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'strong'; readonly text: string }
  | { readonly kind: 'number'; readonly exact: string; readonly rounded: boolean };

export type Cell = Inline | readonly Inline[];

export interface Column {
  readonly heading: string;
  readonly align: 'left' | 'right';
}

export interface Table {
  readonly kind: 'table';
  readonly caption: string;
  readonly columns: readonly Column[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly Cell[])[];
  /** Rows that a reader must not miss, by index. */
  readonly marked?: readonly number[];
}

export interface LogPlotPoint {
  readonly row: string;
  /** Which of the plot's series the point belongs to. */
  readonly series: string;
  /** Exact text `n` or `p/q`, reduced or not; zero is allowed and drawn in a column of its own. */
  readonly exact: string;
}

/** Non-negative numbers on a log scale; one line per row, in order of first appearance. */
export interface LogPlot {
  readonly kind: 'log-plot';
  readonly title: string;
  readonly description: string;
  readonly axis: string;
  /** Names of the series, in the order of their colours and shapes. */
  readonly series: readonly string[];
  readonly points: readonly LogPlotPoint[];
}

export type Block =
  | { readonly kind: 'paragraph'; readonly text: readonly Inline[] }
  | { readonly kind: 'subheading'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly (readonly Inline[])[] }
  | {
      readonly kind: 'definitions';
      readonly items: readonly { readonly term: string; readonly text: readonly Inline[] }[];
    }
  /** Lines of arithmetic, printed in a fixed-width face. */
  | { readonly kind: 'arithmetic'; readonly lines: readonly string[] }
  | Table
  | LogPlot;

export interface Section {
  /** Stable anchor. */
  readonly id: string;
  readonly heading: string;
  readonly blocks: readonly Block[];
}

export type Tone = 'right' | 'wrong' | 'mixed' | 'open';

export interface ReportDocument {
  readonly title: string;
  /** One plain sentence, and how it should look. */
  readonly verdict: { readonly tone: Tone; readonly text: readonly Inline[] };
  readonly sections: readonly Section[];
}

export function paragraph(...text: Inline[]): Block {
  return { kind: 'paragraph', text };
}

export function code(text: string): Inline {
  return { kind: 'code', text };
}

export function strong(text: string): Inline {
  return { kind: 'strong', text };
}

/** An exact number with a rounded one beside it. */
export function number(exact: string): Inline {
  return { kind: 'number', exact, rounded: true };
}

/** An exact number alone. */
export function exactOnly(exact: string): Inline {
  return { kind: 'number', exact, rounded: false };
}

export function left(heading: string): Column {
  return { heading, align: 'left' };
}

export function right(heading: string): Column {
  return { heading, align: 'right' };
}
