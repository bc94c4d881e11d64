/** A result in a few lines of plain text: the verdict, then the numbers behind it. */
import type { Inline } from '../../src/report/document.js';
import { readRational, round, shorten } from '../../src/report/number-text.js';
import { verdict } from '../../src/report/verdict.js';
import type { Bound, ExhaustiveResult, PointResult, Result } from '../../src/schemas/result.js';

/** *Exact* but for what stands after "≈". */
export function summaryLines(result: Result): string[] {
  const sentence = verdict(result).text.map(plain).join('');
  switch (result.mode) {
    case 'exhaustive':
      return [sentence, ...exhaustiveLines(result)];
    case 'point':
      return [sentence, ...pointLines(result)];
    case 'sampled':
      return [sentence];
    case 'bounds':
      return [sentence, ...boundLines(result.bounds)];
  }
}

function plain(piece: Inline): string {
  if (typeof piece === 'string') return piece;
  if (piece.kind !== 'number') return piece.text;
  return piece.rounded ? numberText(piece.exact) : shorten(piece.exact);
}

function numberText(exact: string): string {
  const { text, exact: lossless } = round(readRational(exact));
  return text === exact ? exact : `${shorten(exact)} ${lossless ? '=' : '≈'} ${text}`;
}

function effortText({ visited, states }: ExhaustiveResult): string {
  return visited === undefined
    ? `${shorten(states ?? '0')} states summed`
    : `${shorten(visited)} points visited`;
}

function exhaustiveLines(result: ExhaustiveResult): string[] {
  const { counts, density, space } = result;
  return [
    `|Ω| = ${shorten(space.size)}, ${String(space.parameters)} parameters; ${result.method}, ${effortText(result)}`,
    `no derivative     ${shorten(counts.nonDifferentiable)}   density ${numberText(density.nonDifferentiable.exact)}`,
    `AD wrong          ${shorten(counts.incorrect)}   density ${numberText(density.incorrect.exact)}`,
    `first moment      ${numberText(result.firstMoment.exact)}`,
    ...boundLines(result.bounds),
  ];
}

const RELATIONS = { upper: '≤', lower: '≥', equal: '=' } as const;

function boundLines(bounds: readonly Bound[]): string[] {
  return bounds.flatMap((bound) => {
    if (!bound.applies || bound.exact === null) return [];
    const relation = bound.direction === null ? '' : `${RELATIONS[bound.direction]} `;
    const held = bound.holds === null ? '' : bound.holds ? '   holds' : '   DOES NOT HOLD';
    const label = `theorem ${bound.id}`.padEnd(17);
    return [
      `${label} ${relation}${numberText(bound.exact)}${bound.vacuous ? ' (vacuous)' : ''}${held}`,
    ];
  });
}

function pointLines(result: PointResult): string[] {
  const ties = result.touched
    .slice(0, 5)
    .map(
      (t) =>
        `on a kink         layer ${String(t.layer)}, unit ${String(t.unit)}, sample ${String(t.sample)}: ${t.activation} ${'kink' in t ? `at ${t.kink}, AD uses ${t.proxy}` : `tied at inputs ${t.inputs.join(', ')}, AD gives ${t.proxies.join(', ')}`}${t.relevant ? '' : ' (no output depends on it)'}`,
    );
  const more = result.touched.length - ties.length;
  return [
    ...ties,
    ...(more > 0 ? [`                  and ${String(more)} more`] : []),
    `AD                a ${String(result.ad.length)} × ${String(result.ad[0]?.length ?? 0)} matrix of exact numbers; decided by: ${result.decidedBy}`,
    `Clarke            ${result.clarke.membership}`,
  ];
}
