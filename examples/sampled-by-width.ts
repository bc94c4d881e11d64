/**
 * The share of points without a derivative against the width of the number format: estimate, interval
 * and the theorem's bound for one network, from 4 to 32 bits. Writes `sampled-by-width.json` (what was
 * sampled) and `sampled-by-width.svg` (drawn from it) into this folder; the same digits every time.
 *
 *   node dist/examples/sampled-by-width.js
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fromDouble, toText } from '../src/engine/index.js';
import { resultLocally } from '../src/plan/local.js';
import { planOf } from '../src/plan/make.js';
import { parseRequest } from '../src/plan/parse.js';
import { drawLogPlot } from '../src/report/plots.js';
import { layoutJson } from './write-json.js';

/** Formats by their width in bits. */
export const WIDTHS = [
  [4, 'e2m1fn'],
  [6, 'e3m2fn'],
  [8, 'e4m3fn'],
  [8, 'e5m2'],
  [16, 'float16'],
  [16, 'bfloat16'],
  [19, 'tf32'],
  [32, 'float32'],
] as const;

export interface Sampled {
  readonly bits: number;
  readonly format: string;
  readonly method: string;
  readonly samples: string;
  readonly stoppedBy: string;
  /** The mean of the samples, and the ends of its interval; exact. */
  readonly estimate: string;
  readonly lower: string;
  readonly upper: string;
  /** The bound of L-ndf. */
  readonly bound: string;
}

/** The request for one format. */
export function requestOf(format: string): object {
  return {
    network: {
      inputs: [[1, -2]],
      layers: [
        { type: 'dense', units: 4, activation: 'relu' },
        { type: 'dense', units: 1 },
      ],
    },
    format,
    mode: 'sampled',
    sampling: { seed: 1, relativeError: '1/20', samples: 400_000 },
  };
}

/** *Exact.* What one format gives. */
export function sample(bits: number, format: string): Sampled {
  const parsed = parseRequest(requestOf(format));
  if (!parsed.ok) throw new Error(parsed.detail);
  const planned = planOf(parsed.question, { maxVisits: 1n, maxOperations: 1e13, maxShards: 64 });
  if (!planned.ok) throw new Error(planned.refusal.detail);
  const result = resultLocally(planned.plan);
  if (result.mode !== 'sampled') throw new Error('sample: not the mode that was asked for');
  const { exact, lower, upper } = result.density.nonDifferentiable;
  const bound = result.bounds.find(({ id }) => id === 'L-ndf')?.exact;
  if (exact === null || bound === undefined || bound === null) {
    throw new Error('sample: no estimate or no bound');
  }
  return {
    bits,
    format,
    method: result.method,
    samples: result.samples,
    stoppedBy: result.stoppedBy,
    estimate: exact,
    lower: toText(fromDouble(lower)),
    upper: toText(fromDouble(upper)),
    bound,
  };
}

/** The figure, as one SVG element. */
export function figureOf(rows: readonly Sampled[]): Promise<string> {
  return drawLogPlot(
    {
      kind: 'log-plot',
      title: 'No derivative: estimate, interval and bound against format width',
      description:
        'Share of the parameter vectors of a 2-4-1 ReLU network at which it has no derivative, sampled at 99 % confidence, and the bound of the theorem, for number formats from 4 to 32 bits; logarithmic.',
      axis: 'share of Ω, logarithmic',
      series: ['interval', 'estimate', 'theorem'],
      points: rows.flatMap(({ bits, format, estimate, lower, upper, bound }) => {
        const row = `${String(bits)} bits: ${format}`;
        return [
          { row, series: 'interval', exact: lower },
          { row, series: 'interval', exact: upper },
          { row, series: 'estimate', exact: estimate },
          { row, series: 'theorem', exact: bound },
        ];
      }),
    },
    'sampled-by-width',
  );
}

const FOLDER = new URL('../../examples/', import.meta.url);

/** What was sampled when the figure was made. */
export async function committedSamples(): Promise<readonly Sampled[]> {
  const text = await readFile(new URL('sampled-by-width.json', FOLDER), 'utf8');
  return JSON.parse(text) as readonly Sampled[];
}

async function main(): Promise<void> {
  const rows = WIDTHS.map(([bits, format]) => sample(bits, format));
  await writeFile(new URL('sampled-by-width.json', FOLDER), layoutJson(rows));
  await writeFile(new URL('sampled-by-width.svg', FOLDER), `${await figureOf(rows)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
