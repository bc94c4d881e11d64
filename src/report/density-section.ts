/**
 * Counts and densities beside each bound. Where every layer has bias parameters the steps second
 * moment ≤ density ≤ first moment ≤ theorem must ascend; the section compares them exactly and says what it
 * found, it does not assume it.
 */
import { add, compare, divide, isZero, type Rational } from '../engine/num/rational.js';
import type { Bound, BoundsResult, ExhaustiveResult } from '../schemas/result.js';
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
import { rationalText, readRational, round, roundText, type Rounded } from './number-text.js';

export const SUBJECTS: Readonly<Record<Bound['on'], string>> = {
  nonDifferentiable: 'not differentiable',
  incorrect: 'AD wrong',
  nonDifferentiableOrIncorrect: 'not differentiable or AD wrong',
  clarke: 'AD in the Clarke subdifferential',
};

/** How often, exactly, and how often at most by each theorem. */
export function densitySection(result: ExhaustiveResult): Section {
  const { counts, density } = result;
  const size = result.space.size;
  const countRow = (name: string, count: string, share: string): readonly Cell[] => [
    name,
    exactOnly(count),
    exactOnly(share),
    rounded(share),
  ];
  return {
    id: 'density',
    heading: 'Counts, densities and bounds',
    blocks: [
      {
        kind: 'table',
        caption: `Counted over all of Ω`,
        columns: [
          left('Set'),
          right('Points, exact'),
          right('Share of Ω, exact'),
          right('Share, rounded'),
        ],
        rows: [
          countRow(
            'not differentiable (ndf)',
            counts.nonDifferentiable,
            density.nonDifferentiable.exact,
          ),
          countRow('differentiable and AD wrong (inc)', counts.incorrect, density.incorrect.exact),
          countRow('some neuron on a kink (touched)', counts.touched, density.touched.exact),
          ...(counts.undecided === '0'
            ? []
            : [countRow('undecided', counts.undecided, shareOf(counts.undecided, size))]),
          ...(counts.tiesUndecided === '0'
            ? []
            : [
                countRow(
                  'of those, whether touched undecided',
                  counts.tiesUndecided,
                  shareOf(counts.tiesUndecided, size),
                ),
              ]),
          ['all of Ω', exactOnly(size), '1', ''],
        ],
        marked: counts.incorrect === '0' ? [] : [1],
      },
      ladder(result),
      stepsText(result),
      ...slackTable(result),
      densityPlot(result),
    ],
  };
}

/** *Exact.* count / size as canonical text. */
function shareOf(count: string, size: string): string {
  return rationalText(divide(readRational(count), readRational(size)));
}

function rounded(exact: string): string {
  return withSign(roundText(exact));
}

function withSign({ text, exact }: Rounded): string {
  return `${exact ? '=' : '≈'} ${text}`;
}

/** a / b for reading; reducing it would take long where the numbers are. */
function ratio(a: Rational, b: Rational): string {
  return withSign(round({ n: a.n * b.d, d: a.d * b.n }));
}

/** The bounds that give a number on a density. */
export function numericBounds(bounds: readonly Bound[]): (Bound & { readonly exact: string })[] {
  return bounds.filter(
    (bound): bound is Bound & { exact: string } =>
      bound.applies && bound.exact !== null && bound.on !== 'clarke',
  );
}

/** Not reduced: for comparing and rounding. */
function densityOn(result: ExhaustiveResult, on: Bound['on']): Rational {
  const ndf = readRational(result.density.nonDifferentiable.exact);
  const inc = readRational(result.density.incorrect.exact);
  if (on === 'incorrect') return inc;
  // ndf and inc are disjoint by definition, so the density of their union is the sum.
  return on === 'nonDifferentiable'
    ? ndf
    : {
        n: BigInt(result.counts.nonDifferentiable) + BigInt(result.counts.incorrect),
        d: BigInt(result.space.size),
      };
}

function slack(value: Rational, density: Rational): string {
  if (isZero(density)) return isZero(value) ? 'equal' : 'density is 0';
  return compare(value, density) === 0 ? 'equal' : `${ratio(value, density)} ×`;
}

export const DIRECTIONS = { upper: 'at most', lower: 'at least', equal: 'exactly' } as const;

function ladder(result: ExhaustiveResult): Block {
  const ndf = readRational(result.density.nonDifferentiable.exact);
  const moment = result.firstMoment.exact;
  const second = result.secondMoment;
  const rows: (readonly Cell[])[] = [
    ...(second === null
      ? []
      : [
          [
            'second moment',
            `at least: ${SUBJECTS.nonDifferentiable}, by pairs of ties`,
            exactOnly(second.exact),
            rounded(second.exact),
            slack(readRational(second.exact), ndf),
            '',
          ],
        ]),
    [
      'counted',
      SUBJECTS.nonDifferentiable,
      exactOnly(rationalText(ndf)),
      rounded(rationalText(ndf)),
      '',
      '',
    ],
    [
      'first moment',
      'Σ over neurons of the share where it is tied and relevant',
      exactOnly(moment),
      rounded(moment),
      slack(readRational(moment), ndf),
      '',
    ],
  ];
  const marked: number[] = [];
  for (const bound of numericBounds(result.bounds)) {
    if (bound.holds === false) marked.push(rows.length);
    const direction = bound.direction === null ? '' : `${DIRECTIONS[bound.direction]}: `;
    rows.push([
      bound.id,
      `${direction}${SUBJECTS[bound.on]}`,
      exactOnly(bound.exact),
      rounded(bound.exact),
      slack(readRational(bound.exact), densityOn(result, bound.on)),
      verdictOf(bound),
    ]);
  }
  return {
    kind: 'table',
    caption: 'The density beside each bound',
    columns: [
      left('Source'),
      left('Of what'),
      right('Exact'),
      right('Rounded'),
      right('Against the counted density'),
      left('Compared'),
    ],
    rows,
    marked,
  };
}

/** What comparing a bound with the counted density gave. */
export function verdictOf(bound: Bound): string {
  const held = bound.holds === null ? 'not compared' : bound.holds ? 'holds' : 'DOES NOT HOLD';
  return bound.vacuous ? `${held}; vacuous (at least 1)` : held;
}

function stepsText(result: ExhaustiveResult): Block {
  const theorem = numericBounds(result.bounds).find((bound) => bound.id === 'L-ndf');
  const density = readRational(result.density.nonDifferentiable.exact);
  const moment = readRational(result.firstMoment.exact);
  const first = compare(density, moment) <= 0;
  if (theorem === undefined) {
    return paragraph(
      'Not every layer has bias parameters, so theory does not order the density and the first moment; ',
      first
        ? 'here the density is not above the first moment.'
        : 'here the density is above the first moment.',
    );
  }
  const second = compare(moment, readRational(theorem.exact)) <= 0;
  return paragraph(
    first && second
      ? 'The three steps ascend as they must: density ≤ first moment ≤ theorem.'
      : 'THE STEPS DO NOT ASCEND: density ≤ first moment ≤ theorem is violated by these numbers. Do not trust this result; please report it.',
  );
}

/** Where the theorem's slack comes from, beside its parts' share of the whole. */
function slackTable({ slack: parts }: ExhaustiveResult): Block[] {
  if (parts === null) return [];
  const total = [parts.format, parts.irrelevance, parts.overlap]
    .map(({ exact }) => readRational(exact))
    .reduce(add);
  const row = (name: string, from: string, exact: string): readonly Cell[] => [
    name,
    from,
    exactOnly(exact),
    rounded(exact),
    isZero(total) ? '' : ratio(readRational(exact), total),
  ];
  return [
    {
      kind: 'table',
      caption: 'Where the slack of L-ndf comes from',
      columns: [
        left('Part'),
        left('From'),
        right('Exact'),
        right('Rounded'),
        right('Share of the slack'),
      ],
      rows: [
        row('format', 'the number that would complete a tie is not in it', parts.format.exact),
        row('irrelevance', 'no output depends on the tied neuron', parts.irrelevance.exact),
        row('overlap', 'several neurons are tied and relevant at once', parts.overlap.exact),
        row('all', 'theorem less density', rationalText(total)),
      ],
    },
  ];
}

function densityPlot(result: ExhaustiveResult): Block {
  const series = ['counted', 'moments', 'theorem'];
  const point = (row: string, kind: number, exact: string): LogPlotPoint => ({
    row,
    series: series[kind] as string,
    exact,
  });
  return {
    kind: 'log-plot',
    title: 'Density beside each bound',
    description:
      'Shares of Ω on a logarithmic scale: what was counted, the moments of the ties, and what each theorem allows. Exact zeros stand in a column of their own.',
    axis: 'share of Ω, logarithmic',
    series,
    points: [
      point('not differentiable', 0, result.density.nonDifferentiable.exact),
      point('AD wrong', 0, result.density.incorrect.exact),
      ...(result.secondMoment === null
        ? []
        : [point('second moment', 1, result.secondMoment.exact)]),
      point('first moment', 1, result.firstMoment.exact),
      ...numericBounds(result.bounds).map((b) => point(`${b.id}: ${SUBJECTS[b.on]}`, 2, b.exact)),
    ],
  };
}

/** The bounds alone, where nothing was counted. */
export function boundsSection(result: Pick<BoundsResult, 'bounds'>): Section {
  const bounds = numericBounds(result.bounds);
  if (bounds.length === 0) {
    return {
      id: 'density',
      heading: 'Bounds',
      blocks: [paragraph('No theorem whose hypotheses hold here bounds a density.')],
    };
  }
  return {
    id: 'density',
    heading: 'Bounds',
    blocks: [
      {
        kind: 'table',
        caption: 'What each theorem says of the densities over Ω',
        columns: [
          left('Theorem'),
          left('Of what'),
          right('Exact'),
          right('Rounded'),
          left('Remark'),
        ],
        rows: bounds.map((bound): readonly Cell[] => [
          bound.id,
          `${bound.direction === null ? '' : `${DIRECTIONS[bound.direction]}: `}${SUBJECTS[bound.on]}`,
          exactOnly(bound.exact),
          rounded(bound.exact),
          bound.vacuous ? 'vacuous: at least 1, so it says nothing' : '',
        ]),
      },
      {
        kind: 'log-plot',
        title: 'What each theorem allows',
        description:
          'Bounds on shares of Ω on a logarithmic scale. Exact zeros stand in a column of their own.',
        axis: 'share of Ω, logarithmic',
        series: ['theorem'],
        points: bounds.map((b) => ({
          row: `${b.id}: ${SUBJECTS[b.on]}`,
          series: 'theorem',
          exact: b.exact,
        })),
      },
    ],
  };
}
