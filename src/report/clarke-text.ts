/**
 * Membership of AD's matrix in the Clarke subdifferential, with its certificate in words. The
 * certificate's arithmetic is done again here: the combination is added up, the functional applied.
 */
import {
  ZERO,
  add,
  compare,
  equal,
  multiply,
  ONE,
  sign,
  type Rational,
} from '../engine/num/rational.js';
import type { PointResult } from '../schemas/result.js';
import {
  code,
  exactOnly,
  left,
  number,
  paragraph,
  right,
  strong,
  type Block,
  type Cell,
  type Inline,
} from './document.js';
import { readRational } from './number-text.js';
import type { ParameterOrder } from './parameter-order.js';
import { rationalRows } from './real-text.js';

const VERTICES_SHOWN = 6;
const COORDINATES_SHOWN = 12;
const NORMAL_ENTRIES_SHOWN = 20;

type Clarke = PointResult['clarke'];
type Certificate = NonNullable<Clarke['certificate']>;
type Separation = NonNullable<Clarke['separation']>;

/** Whether AD's matrix is a generalised derivative, and how anyone can check it. */
export function clarkeBlocks(result: PointResult, order: ParameterOrder): Block[] {
  const { membership, why, certificate, separation } = result.clarke;
  const verdicts = {
    certified: 'AD’s matrix lies in the Clarke subdifferential: certified.',
    refuted: 'AD’s matrix does not lie in the Clarke subdifferential: refuted.',
    undecided: 'Whether AD’s matrix lies in the Clarke subdifferential is undecided.',
  } as const;
  return [
    paragraph(strong(verdicts[membership]), ` Why: ${/[.!?]$/.test(why) ? why : `${why}.`}`),
    ...(certificate === undefined
      ? []
      : certificateBlocks(certificate, rationalRows(result.ad), order)),
    ...(separation === undefined
      ? []
      : separationBlocks(separation, rationalRows(result.ad), order)),
  ];
}

function certificateBlocks(
  certificate: Certificate,
  ad: readonly (readonly string[])[],
  order: ParameterOrder,
): Block[] {
  const { vertices } = certificate;
  const sound = combinesTo(certificate, ad);
  const items = vertices
    .slice(0, VERTICES_SHOWN)
    .map((vertex, i): readonly Inline[] => [
      `Derivative G${String(i + 1)}, weight `,
      exactOnly(vertex.weight),
      `: walk from the point in the direction d with ${directionText(vertex.direction, order)}; at w + εd, for every small ε > 0, the function is differentiable, and as ε → 0 its derivative tends to G${String(i + 1)}`,
      vertex.gradient.length * (vertex.gradient[0]?.length ?? 0) <= 16
        ? ` = ${matrixText(vertex.gradient)}.`
        : ' (the JSON result has its entries).',
    ]);
  return [
    paragraph(
      vertices.length === 1
        ? 'The certificate: AD’s matrix is itself a limit of derivatives.'
        : `The certificate: AD’s matrix is a convex combination of ${String(vertices.length)} limits of derivatives.`,
      ' ',
      sound
        ? 'Added up again for this report: the weights are not negative, sum to 1, and the combination equals AD’s matrix entry by entry.'
        : strong(
            'Added up again for this report, the combination is NOT AD’s matrix. Please report it.',
          ),
    ),
    { kind: 'list', items },
    ...(vertices.length > VERTICES_SHOWN
      ? [paragraph(`${String(vertices.length - VERTICES_SHOWN)} more are in the JSON result.`)]
      : []),
  ];
}

/** *Exact.* Whether the weights are a convex combination and its value is `ad`. */
function combinesTo(certificate: Certificate, ad: readonly (readonly string[])[]): boolean {
  const weights = certificate.vertices.map((vertex) => readRational(vertex.weight));
  if (weights.some((weight) => sign(weight) < 0)) return false;
  if (!equal(weights.reduce(add, ZERO), ONE)) return false;
  return ad.every((row, i) =>
    row.every((entry, j) => {
      const sum = certificate.vertices.reduce(
        (total, vertex, k) =>
          add(
            total,
            multiply(weights[k] as Rational, readRational(vertex.gradient[i]?.[j] ?? '0')),
          ),
        ZERO,
      );
      return equal(sum, readRational(entry));
    }),
  );
}

function directionText(direction: readonly string[], order: ParameterOrder): string {
  const moved = direction.flatMap((value, i) =>
    value === '0' ? [] : [`${order.names[i] ?? '?'} by ${value}`],
  );
  if (moved.length === 0) return 'nothing moved';
  const shown = moved.slice(0, COORDINATES_SHOWN).join(', ');
  return moved.length > COORDINATES_SHOWN
    ? `${shown} and ${String(moved.length - COORDINATES_SHOWN)} more coordinates moved`
    : `${shown}, and nothing else moved`;
}

function matrixText(matrix: readonly (readonly string[])[]): string {
  return `[${matrix.map((row) => row.join(', ')).join('; ')}]`;
}

function separationBlocks(
  separation: Separation,
  ad: readonly (readonly string[])[],
  order: ParameterOrder,
): Block[] {
  const applied = separation.normal.reduce(
    (sum, row, i) =>
      row.reduce(
        (total, entry, j) =>
          add(total, multiply(readRational(entry), readRational(ad[i]?.[j] ?? '0'))),
        sum,
      ),
    ZERO,
  );
  const sound =
    equal(applied, readRational(separation.ad)) &&
    compare(applied, readRational(separation.supremum)) > 0;
  const entries = separation.normal.flatMap((row, i) =>
    row.flatMap((entry, j): (readonly Cell[])[] =>
      entry === '0' ? [] : [[String(i), code(order.names[j] ?? '?'), exactOnly(entry)]],
    ),
  );
  return [
    paragraph(
      'The proof: a linear functional N on matrices is at most ',
      number(separation.supremum),
      ' on the whole subdifferential, and ',
      number(separation.ad),
      ' at AD’s matrix. ',
      sound
        ? 'Applied again for this report: the second number is right and exceeds the first.'
        : strong(
            'Applied again for this report, these numbers are NOT confirmed. Please report it.',
          ),
    ),
    {
      kind: 'table',
      caption:
        entries.length > NORMAL_ENTRIES_SHOWN
          ? `Entries of N that are not 0 (the first ${String(NORMAL_ENTRIES_SHOWN)} of ${String(entries.length)})`
          : 'Entries of N that are not 0',
      columns: [left('Output'), left('Parameter'), right('N')],
      rows: entries.slice(0, NORMAL_ENTRIES_SHOWN),
    },
  ];
}
