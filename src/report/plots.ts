/**
 * Log-scale dot plots as SVG, drawn on the server by vega-lite and vega; no browser, no canvas.
 *
 * Zero has no place on a logarithmic axis, so it gets one beside it: a column marked "0" behind a
 * dashed break. Positions are log10 of the exact number, so shares below the smallest double still
 * stand where they belong. Deterministic: same plot, same bytes. Only presentation attributes are
 * written, no style attributes, so a strict style-src holds; the page recolours by attribute
 * selectors.
 */
import type { TopLevelSpec } from 'vega-lite';
import type { LogPlot } from './document.js';
import { log10Text, roundText } from './number-text.js';

/** Colours as drawn; `stylesheet.ts` maps each to a light and a dark shade. */
export const PLOT_COLOURS = {
  series: ['#1d5fbf', '#8a5a00', '#a03060'],
  ink: '#1a2230',
  faint: '#d5dae2',
  background: '#ffffff',
} as const;

const SHAPES = ['circle', 'diamond', 'triangle-right'] as const;
const WIDTH = 520;
const STEP = 26;
/** Font sizes in pixels of the drawing. */
const LABEL = 12;

interface Range {
  /** Whole powers of ten around all positive numbers. */
  readonly low: number;
  readonly high: number;
  readonly hasZero: boolean;
}

/**
 * The plot as one `<svg>` element with a title and a description for screen readers. `id` must be
 * unique in its page. The drawing library is loaded on first use: it takes longer to load than a
 * report without plots takes to write.
 */
export async function drawLogPlot(plot: LogPlot, id: string): Promise<string> {
  const [vega, { compile }] = await Promise.all([import('vega'), import('vega-lite')]);
  const view = new vega.View(vega.parse(compile(specification(plot)).spec), { renderer: 'none' });
  try {
    return labelled(await view.toSVG(), plot, id);
  } finally {
    view.finalize();
  }
}

function rangeOf(plot: LogPlot): Range {
  const logs: number[] = [];
  let hasZero = false;
  for (const point of plot.points) {
    if (isZeroText(point.exact)) hasZero = true;
    else logs.push(log10Text(point.exact));
  }
  const high = Math.max(0, ...logs.map((log) => Math.ceil(log - 1e-9)));
  const low = Math.min(high - 1, ...logs.map((log) => Math.floor(log + 1e-9)));
  return { low, high, hasZero };
}

function isZeroText(exact: string): boolean {
  return /^0+(\/|$)/.test(exact);
}

/** Where zero stands: left of the axis by the width of an eighth of it. */
function zeroPosition({ low, high }: Range): number {
  return low - (high - low) / 8;
}

interface Tick {
  readonly at: number;
  readonly label: string;
}

/** Powers of ten, at most about nine of them; on short axes also 2 and 5 times each. */
function ticksOf({ low, high }: Range): Tick[] {
  const ticks: Tick[] = [];
  const every = Math.max(1, Math.ceil((high - low) / 8));
  for (let power = high; power >= low; power -= every) {
    ticks.unshift({ at: power, label: powerOfTen(power) });
  }
  if (high - low > 2 || low < -4 || high > 4) return ticks;
  for (let power = low; power < high; power += 1) {
    for (const digit of [2, 5]) {
      ticks.push({
        at: power + Math.log10(digit),
        label: String(Number((digit * 10 ** power).toPrecision(1))),
      });
    }
  }
  return ticks;
}

function powerOfTen(exponent: number): string {
  if (exponent >= -2 && exponent <= 2) return String(Number((10 ** exponent).toPrecision(1)));
  const digits = String(exponent).replace(
    /[-0-9]/g,
    (c) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)] as string,
  );
  return `10${digits}`;
}

function specification(plot: LogPlot): TopLevelSpec {
  const range = rangeOf(plot);
  const zero = zeroPosition(range);
  const rows = [...new Set(plot.points.map((point) => point.row))];
  const values = plot.points.map((point) => {
    const isZero = isZeroText(point.exact);
    return {
      row: point.row,
      series: point.series,
      at: isZero ? zero : log10Text(point.exact),
      label: isZero ? '0' : roundText(point.exact).text,
    };
  });
  const ticks = [...(range.hasZero ? [{ at: zero, label: '0' }] : []), ...ticksOf(range)];
  const labels: Readonly<Record<string, string>> = Object.fromEntries(
    ticks.map((tick) => [String(tick.at), tick.label]),
  );
  const span = range.high - range.low;
  const domain = [range.hasZero ? zero - span / 40 : range.low, range.high + span / 40];
  const y = {
    field: 'row',
    type: 'nominal',
    sort: rows,
    axis: { title: null, labelLimit: 0 },
  } as const;
  const x = {
    field: 'at',
    type: 'quantitative',
    scale: { domain, nice: false, zero: false },
    axis: {
      title: range.hasZero ? `${plot.axis}; 0 stands apart` : plot.axis,
      values: ticks.map((tick) => tick.at),
      labelExpr: `(${JSON.stringify(labels)})[toString(datum.value)]`,
    },
  } as const;
  const series = {
    field: 'series',
    type: 'nominal',
    scale: { domain: [...plot.series], range: PLOT_COLOURS.series.slice(0, plot.series.length) },
    legend: plot.series.length === 1 ? null : { title: null, orient: 'top', symbolOpacity: 1 },
  } as const;
  const single = rows.length === plot.points.length;
  const breakAt = (zero + range.low) / 2;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    width: WIDTH,
    height: { step: STEP },
    padding: { left: 4, right: 60, top: 4, bottom: 4 },
    background: PLOT_COLOURS.background,
    data: { values },
    layer: [
      ...(range.hasZero ? [rule(breakAt, [3, 3])] : []),
      ...(range.high > 0 ? [rule(0, [6, 2])] : []),
      {
        mark: { type: 'point', filled: true, size: 90, opacity: 1 },
        encoding: {
          x,
          y,
          color: series,
          shape: {
            field: 'series',
            type: 'nominal',
            scale: { domain: [...plot.series], range: SHAPES.slice(0, plot.series.length) },
          },
        },
      },
      // Where several points share a row their labels would collide; the table has the numbers.
      ...(single
        ? [
            {
              mark: {
                type: 'text',
                align: 'left',
                dx: 9,
                dy: 1,
                fontSize: LABEL,
                color: PLOT_COLOURS.ink,
              },
              encoding: { x, y, text: { field: 'label' } },
            } as const,
          ]
        : []),
    ],
    config: {
      font: 'sans-serif',
      view: { stroke: null },
      axis: {
        labelFontSize: LABEL,
        titleFontSize: LABEL,
        titleFontWeight: 'normal',
        labelColor: PLOT_COLOURS.ink,
        titleColor: PLOT_COLOURS.ink,
        domainColor: PLOT_COLOURS.ink,
        tickColor: PLOT_COLOURS.ink,
        gridColor: PLOT_COLOURS.faint,
        labelOverlap: false,
        labelFlush: false,
      },
      axisY: { grid: true, ticks: false, domain: false, labelPadding: 8 },
      legend: { labelFontSize: LABEL, labelColor: PLOT_COLOURS.ink, symbolSize: 90 },
    },
  };
}

/** A vertical dashed line at a position of the axis. */
function rule(at: number, strokeDash: number[]) {
  return {
    data: { values: [{ at }] },
    mark: { type: 'rule', strokeDash, color: PLOT_COLOURS.ink, opacity: 0.5 },
    encoding: { x: { field: 'at', type: 'quantitative' } },
  } as const;
}

/** Adds the title and the description, and makes the drawing one image to screen readers. */
function labelled(svg: string, plot: LogPlot, id: string): string {
  const open = svg.indexOf('>');
  if (!svg.startsWith('<svg') || open < 0) throw new Error('the plotting library drew no <svg>');
  const root = svg.slice(0, open).replace(' class="marks"', ' class="plot"');
  return (
    `${root} role="img" aria-labelledby="${id}-title ${id}-description">` +
    `<title id="${id}-title">${escapeXml(plot.title)}</title>` +
    `<desc id="${id}-description">${escapeXml(plot.description)}</desc>` +
    svg.slice(open + 1)
  );
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${String(c.charCodeAt(0))};`);
}
