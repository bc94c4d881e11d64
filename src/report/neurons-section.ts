/** Per neuron: at how many points it sits on a kink, and at how many of those it matters to AD. */
import { compare } from '../engine/num/rational.js';
import type { ExhaustiveResult } from '../schemas/result.js';
import {
  exactOnly,
  left,
  paragraph,
  right,
  type Block,
  type Cell,
  type LogPlotPoint,
  type Section,
} from './document.js';
import { readRational, roundText } from './number-text.js';

const ROWS_SHOWN = 200;
const NEURONS_PLOTTED = 40;

type Neuron = ExhaustiveResult['neurons'][number];

/** The per-neuron table and its plot. */
export function neuronsSection(result: ExhaustiveResult): Section {
  const { neurons } = result;
  const heading = { id: 'neurons', heading: 'Neuron by neuron' } as const;
  if (neurons.length === 0) {
    return { ...heading, blocks: [paragraph('No neuron has a kink.')] };
  }
  const size = result.space.size;
  const rows = neurons
    .slice(0, ROWS_SHOWN)
    .map((neuron): readonly Cell[] => [
      nameOf(neuron),
      neuron.activation,
      neuron.kinks.join(', '),
      exactOnly(neuron.touched),
      share(neuron.touched, size),
      exactOnly(neuron.relevant),
      share(neuron.relevant, size),
    ]);
  return {
    ...heading,
    blocks: [
      paragraph(
        'Touched: points of Ω where the pre-activation of the neuron lies on a kink. Relevant: those of them where AD, with its proxies, finds that some output depends on the neuron.',
        neurons.length > ROWS_SHOWN
          ? ` The first ${String(ROWS_SHOWN)} of ${String(neurons.length)} neurons are shown; the JSON result has all.`
          : '',
      ),
      {
        kind: 'table',
        caption: 'Touched and relevant points per neuron',
        columns: [
          left('Neuron'),
          left('Activation'),
          left('Kinks'),
          right('Touched'),
          right('Share of Ω'),
          right('Relevant'),
          right('Share of Ω'),
        ],
        rows,
      },
      momentText(result),
      plot(neurons, size),
    ],
  };
}

function nameOf(neuron: Neuron): string {
  return `layer ${String(neuron.layer)}, unit ${String(neuron.unit)}`;
}

function share(count: string, size: string): string {
  const { text, exact } = roundText(`${count}/${size}`);
  return `${exact ? '=' : '≈'} ${text}`;
}

/** Adds up the relevant column, as the reader would, and compares it with the first moment. */
function momentText(result: ExhaustiveResult): Block {
  // Neurons that are alike have equal counts, and long ones take long to read.
  const alike = new Map<string, bigint>();
  for (const { relevant } of result.neurons) alike.set(relevant, (alike.get(relevant) ?? 0n) + 1n);
  let total = 0n;
  for (const [relevant, neurons] of alike) total += BigInt(relevant) * neurons;
  const share = { n: total, d: BigInt(result.space.size) };
  const agrees = compare(share, readRational(result.firstMoment.exact)) === 0;
  return paragraph(
    'The relevant counts add up to ',
    exactOnly(String(total)),
    agrees
      ? '; over |Ω| that is the first moment.'
      : '; over |Ω| that is NOT the first moment of this result. Please report it.',
  );
}

/** The sign of a − b, for counts as text. */
function compareCounts(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function plot(neurons: readonly Neuron[], size: string): Block {
  const most = [...neurons]
    .map((neuron, order) => ({ neuron, order }))
    .sort((a, b) => {
      return compareCounts(b.neuron.touched, a.neuron.touched) || a.order - b.order;
    })
    .slice(0, NEURONS_PLOTTED)
    .sort((a, b) => a.order - b.order);
  const cut = neurons.length > NEURONS_PLOTTED;
  const points = most.flatMap(({ neuron }): LogPlotPoint[] => [
    { row: nameOf(neuron), series: 'touched', exact: `${neuron.touched}/${size}` },
    { row: nameOf(neuron), series: 'relevant', exact: `${neuron.relevant}/${size}` },
  ]);
  return {
    kind: 'log-plot',
    title: cut
      ? `Touched and relevant: the ${String(NEURONS_PLOTTED)} neurons touched most often`
      : 'Touched and relevant per neuron',
    description:
      'Share of Ω where each neuron is on a kink (touched) and where it also matters to AD (relevant), on a logarithmic scale. Exact zeros stand in a column of their own.',
    axis: 'share of Ω, logarithmic',
    series: ['touched', 'relevant'],
    points,
  };
}
