/**
 * What was estimated, with intervals beside the bounds, and neuron by neuron. Every end of an interval
 * is shown rounded outward: a lower end down, an upper end up.
 */
import { fromDouble } from '../engine/num/float64.js';
import type { Bound } from '../schemas/result.js';
import type { SampledInterval, SampledResult } from '../schemas/sampled-result.js';
import { DIRECTIONS, SUBJECTS, numericBounds } from './density-section.js';
import {
  code,
  exactOnly,
  left,
  number,
  paragraph,
  right,
  type Block,
  type Cell,
  type Inline,
  type LogPlotPoint,
  type Section,
} from './document.js';
import { log10Text, rationalText, roundText } from './number-text.js';

const ROWS_SHOWN = 200;
const NEURONS_PLOTTED = 40;
/** Significant digits of an end of an interval. */
const DIGITS = 5;

/** Densities, intervals and bounds. */
export function sampledDensitySection(result: SampledResult): Section {
  const { density } = result;
  const row = (name: string, set: SampledResult['density']['touched']): readonly Cell[] => [
    name,
    estimateText(set),
    lowerText(set.lower),
    upperText(set.upper),
    set.relativeStandardError === null
      ? '–'
      : `${(100 * set.relativeStandardError).toPrecision(3)} %`,
  ];
  return {
    id: 'density',
    heading: 'Estimates, intervals and bounds',
    blocks: [
      paragraph(
        `Each interval covers its density with confidence ${String(density.touched.confidence)}, however often progress was looked at. `,
        'An estimate of 0 says that no event was seen; the density is at most the upper end.',
        ...undecidedText(result),
      ),
      {
        kind: 'table',
        caption: `Estimated from ${result.samples} samples`,
        columns: [
          left('Set'),
          right('Share of Ω, estimated'),
          right('At least'),
          right('At most'),
          right('Standard error'),
        ],
        rows: [
          row('not differentiable (ndf)', density.nonDifferentiable),
          row('differentiable and AD wrong (inc)', density.incorrect),
          row('one or the other', density.nonDifferentiableOrIncorrect),
          row('some neuron on a kink (touched)', density.touched),
        ],
      },
      ...boundBlocks(result),
    ],
  };
}

function undecidedText({ undecided }: SampledResult): Inline[] {
  if (undecided === null || undecided === '0') return [];
  return [
    ' Points that could not be decided (a share of about ',
    rounded(undecided),
    ') count as outside a set in its estimate and lower end, and as inside in its upper end.',
  ];
}

/** A lower end, rounded down. */
function lowerText(lower: number): string {
  return lower === 0 ? '0' : towards(lower, -1);
}

/** An upper end, rounded up. */
function upperText(upper: number): string {
  return upper === 0 ? '0' : towards(upper, 1);
}

/** *Rounded in the given direction* to a few significant digits. */
function towards(value: number, direction: 1 | -1): string {
  const exponent = Math.floor(Math.log10(value));
  const nearest = Number(value.toPrecision(DIGITS));
  const isFar = direction === 1 ? nearest >= value : nearest <= value;
  const step = Number(`1e${String(exponent - DIGITS + 1)}`);
  const moved = isFar ? nearest : nearest + direction * step;
  return String(Number(moved.toPrecision(DIGITS)));
}

function estimateText({ exact }: SampledInterval): Cell {
  return exact === null ? 'no sample' : exact === '0' ? 'no event seen' : rounded(exact);
}

function rounded(exact: string): string {
  return `≈ ${roundText(exact).text}`;
}

function boundBlocks(result: SampledResult): Block[] {
  const bounds = numericBounds(result.bounds);
  const rows = bounds.map((bound): readonly Cell[] => {
    const { lower, upper } = setOf(result, bound.on);
    const direction = bound.direction === null ? '' : `${DIRECTIONS[bound.direction]}: `;
    return [
      bound.id,
      `${direction}${SUBJECTS[bound.on]}`,
      number(bound.exact),
      `[${lowerText(lower)}, ${upperText(upper)}]`,
      agreement(bound),
    ];
  });
  if (rows.length === 0) {
    return [paragraph('No theorem whose hypotheses hold here bounds a density.'), plot(result)];
  }
  return [
    {
      kind: 'table',
      caption: 'Each bound beside the interval',
      columns: [
        left('Theorem'),
        left('Of what'),
        right('Bound'),
        right('Interval'),
        left('Together'),
      ],
      rows,
      marked: bounds.flatMap((bound, k) => (bound.holds === false ? [k] : [])),
    },
    ...(result.firstMoment === null
      ? []
      : [
          paragraph(
            'On average ',
            rounded(result.firstMoment.exact),
            ' neurons were tied and relevant at a point: the estimated first moment.',
          ),
        ]),
    plot(result),
  ];
}

function setOf({ density }: SampledResult, on: Bound['on']): SampledInterval {
  if (on === 'incorrect') return density.incorrect;
  return on === 'nonDifferentiable'
    ? density.nonDifferentiable
    : density.nonDifferentiableOrIncorrect;
}

function agreement({ holds, vacuous }: Bound): string {
  const held =
    holds === null
      ? 'not compared'
      : holds
        ? 'agree'
        : 'DISAGREE at this confidence; by chance, or one of the two is wrong';
  return vacuous ? `${held}; the bound is vacuous (at least 1)` : held;
}

/** Points of an interval and its estimate. */
function pointsOf(row: string, { exact, lower, upper }: SampledInterval): LogPlotPoint[] {
  const end = (value: number): LogPlotPoint => ({
    row,
    series: 'interval',
    exact: rationalText(fromDouble(value)),
  });
  return [end(lower), ...(exact === null ? [] : [{ row, series: 'estimate', exact }]), end(upper)];
}

function plot(result: SampledResult): Block {
  const { density } = result;
  return {
    kind: 'log-plot',
    title: 'Estimates and intervals beside each bound',
    description:
      'Shares of Ω on a logarithmic scale: both ends of each interval, the estimate between them, and what each theorem allows. Zeros stand in a column of their own.',
    axis: 'share of Ω, logarithmic',
    series: ['interval', 'estimate', 'theorem'],
    points: [
      ...pointsOf('not differentiable', density.nonDifferentiable),
      ...pointsOf('AD wrong', density.incorrect),
      ...pointsOf('touched', density.touched),
      ...numericBounds(result.bounds).map((b) => ({
        row: `${b.id}: ${SUBJECTS[b.on]}`,
        series: 'theorem',
        exact: b.exact,
      })),
    ],
  };
}

type Neuron = SampledResult['neurons'][number];

function nameOf(neuron: Neuron): string {
  return `layer ${String(neuron.layer)}, unit ${String(neuron.unit)}`;
}

/** Per neuron: how often it sits on a kink, and how often that matters to AD, with intervals. */
export function sampledNeuronsSection({ neurons }: SampledResult): Section {
  const heading = { id: 'neurons', heading: 'Neuron by neuron' } as const;
  if (neurons.length === 0) {
    return { ...heading, blocks: [paragraph('No neuron has a kink.')] };
  }
  const cells = (interval: SampledInterval): Cell[] => [
    estimateText(interval),
    `[${lowerText(interval.lower)}, ${upperText(interval.upper)}]`,
  ];
  return {
    ...heading,
    blocks: [
      paragraph(
        'Touched: the pre-activation of the neuron lies on a kink. Relevant: AD, with its proxies, finds besides that some output depends on the neuron. Shares of Ω; each interval has the confidence of the others, and not all of them at once.',
        neurons.length > ROWS_SHOWN
          ? ` The first ${String(ROWS_SHOWN)} of ${String(neurons.length)} neurons are shown; the JSON result has all.`
          : '',
      ),
      {
        kind: 'table',
        caption: 'Estimated shares per neuron',
        columns: [
          left('Neuron'),
          left('Activation'),
          left('Kinks'),
          right('Touched'),
          right('Interval'),
          right('Relevant'),
          right('Interval'),
        ],
        rows: neurons
          .slice(0, ROWS_SHOWN)
          .map((neuron): readonly Cell[] => [
            nameOf(neuron),
            neuron.activation,
            neuron.kinks.join(', '),
            ...cells(neuron.touched),
            ...cells(neuron.relevant),
          ]),
      },
      ...neuronPlot(neurons),
    ],
  };
}

function neuronPlot(neurons: readonly Neuron[]): Block[] {
  const seen = neurons.filter(({ touched }) => touched.exact !== null && touched.exact !== '0');
  if (seen.length === 0) return [];
  const size = ({ touched }: Neuron): number => log10Text(touched.exact ?? '1');
  const most = seen
    .map((neuron, order) => ({ neuron, order }))
    .sort((a, b) => size(b.neuron) - size(a.neuron) || a.order - b.order)
    .slice(0, NEURONS_PLOTTED)
    .sort((a, b) => a.order - b.order);
  return [
    {
      kind: 'log-plot',
      title:
        seen.length > NEURONS_PLOTTED
          ? `Relevant ties: the ${String(NEURONS_PLOTTED)} neurons tied most often`
          : 'Relevant ties per neuron',
      description:
        'Share of Ω where each neuron is on a kink and matters to AD, on a logarithmic scale: both ends of each interval and the estimate. Zeros stand in a column of their own.',
      axis: 'share of Ω, logarithmic',
      series: ['interval', 'estimate'],
      points: most.flatMap(({ neuron }) => pointsOf(nameOf(neuron), neuron.relevant)),
    },
  ];
}

const METHODS = {
  plain: 'points drawn from Ω, each decided exactly; intervals of Clopper and Pearson',
  conditional:
    'early layers drawn, the last hidden layer and the output integrated exactly; empirical-Bernstein confidence sequence',
  union:
    'each neuron tied in turn through one of its parameters, overlaps weighed by Karp and Luby; empirical-Bernstein confidence sequence',
} as const;

const STOPS = {
  relativeError: 'the relative error asked for was reached',
  samples: 'all samples of the plan were drawn',
  time: 'the time was over',
} as const;

/** What was drawn, for the list of what was computed. */
export function sampledItems(result: SampledResult): (readonly Inline[])[] {
  return [
    ['Method: ', METHODS[result.method], ' (', code(result.method), ').'],
    [
      'Samples used: ',
      exactOnly(result.samples),
      `; they ended because ${STOPS[result.stoppedBy]}. Seed: `,
      code(result.seed),
      '.',
    ],
  ];
}

/** One sentence: what the samples say of both sets. */
export function sampledVerdictText({ density }: SampledResult): readonly Inline[] {
  const { nonDifferentiable: ndf, incorrect: inc } = density;
  const level = `with confidence ${String(ndf.confidence)}`;
  const kinks: Inline[] =
    ndf.exact === null || ndf.exact === '0'
      ? [
          `no point without a derivative was seen; ${level} their share is at most ${upperText(ndf.upper)}`,
        ]
      : [
          'the share of points without a derivative is ',
          rounded(ndf.exact),
          `, ${level} between ${lowerText(ndf.lower)} and ${upperText(ndf.upper)}`,
        ];
  const wrong: Inline[] =
    inc.exact === null || inc.exact === '0'
      ? [`; AD was seen wrong at none, their share is at most ${upperText(inc.upper)}.`]
      : [
          '; the share where AD is wrong is ',
          rounded(inc.exact),
          `, between ${lowerText(inc.lower)} and ${upperText(inc.upper)}.`,
        ];
  return ['Estimated by samples: ', ...kinks, ...wrong];
}
