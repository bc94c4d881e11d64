/** The verdict of a result in one plain sentence, and its tone. Says no more than was decided. */
import type { BoundsResult, ExhaustiveResult, PointResult, Result } from '../schemas/result.js';
import { sampledVerdictText } from './sampled-section.js';
import { exactOnly, number, type Inline, type Tone } from './document.js';

export interface Verdict {
  readonly tone: Tone;
  readonly text: readonly Inline[];
}

/** *Exact.* What was found, for a reader who reads nothing else. */
export function verdict(result: Result): Verdict {
  if (result.mode === 'exhaustive') return exhaustiveVerdict(result);
  if (result.mode === 'sampled') {
    const seen = result.density.incorrect.lower > 0;
    return { tone: seen ? 'wrong' : 'open', text: sampledVerdictText(result) };
  }
  return result.mode === 'point' ? pointVerdict(result) : boundsVerdict(result);
}

function exhaustiveVerdict(result: ExhaustiveResult): Verdict {
  const { incorrect, nonDifferentiable, undecided } = result.counts;
  const size = result.space.size;
  const everywhere = nonDifferentiable === '0';
  const open: Inline[] =
    undecided === '0' ? [] : ['; ', exactOnly(undecided), ' of them could not be decided'];
  if (incorrect === '0') {
    const right =
      undecided === '0'
        ? 'automatic differentiation is right'
        : 'automatic differentiation was nowhere found wrong';
    return {
      tone: undecided === '0' ? 'right' : 'open',
      text: everywhere
        ? [
            'The function has a derivative at every one of the ',
            exactOnly(size),
            ` parameter vectors, and ${right}`,
            undecided === '0' ? ' at all of them' : '',
            ...open,
            '.',
          ]
        : [
            'Of the ',
            exactOnly(size),
            ' parameter vectors, the function has no derivative at ',
            exactOnly(nonDifferentiable),
            undecided === '0' ? `; at all others ${right}` : `; ${right}`,
            ...open,
            '.',
          ],
    };
  }
  const all = incorrect === size;
  return {
    tone: 'wrong',
    text: [
      'Automatic differentiation is wrong at ',
      ...(all
        ? ['every one of the ', exactOnly(size)]
        : [exactOnly(incorrect), ' of the ', exactOnly(size)]),
      ' parameter vectors: the function has a derivative there, and AD returns another',
      ...(everywhere
        ? []
        : ['; at ', exactOnly(nonDifferentiable), ' more the function has no derivative']),
      ...open,
      '.',
    ],
  };
}

function pointVerdict(result: PointResult): Verdict {
  if (result.differentiable === null) {
    return {
      tone: 'open',
      text: ['Whether the function has a derivative at this point could not be decided.'],
    };
  }
  if (result.differentiable) {
    const touched = result.touched.length;
    if (result.adCorrect === true) {
      return {
        tone: 'right',
        text: [
          'The function is differentiable at this point and automatic differentiation returns exactly its derivative',
          touched === 0 ? '; no pre-activation lies on a kink.' : ', although ',
          ...(touched === 0 ? [] : [neurons(touched), ' on a kink.']),
        ],
      };
    }
    if (result.adCorrect === false) {
      return {
        tone: 'wrong',
        text: [
          'The function is differentiable at this point, and automatic differentiation returns something else than its derivative.',
        ],
      };
    }
    return {
      tone: 'open',
      text: [
        'The function is differentiable at this point; whether AD is right could not be decided.',
      ],
    };
  }
  const membership = {
    certified: 'a generalised derivative: an element of the Clarke subdifferential, certified.',
    refuted:
      'something that is not even a generalised derivative: outside the Clarke subdifferential.',
    undecided:
      'something of which it could not be decided whether it lies in the Clarke subdifferential.',
  }[result.clarke.membership];
  return {
    tone:
      result.clarke.membership === 'certified'
        ? 'mixed'
        : result.clarke.membership === 'refuted'
          ? 'wrong'
          : 'open',
    text: [
      'The function is not differentiable at this point; automatic differentiation returns ',
      membership,
    ],
  };
}

function neurons(count: number): string {
  return count === 1 ? 'one pre-activation lies' : `${String(count)} pre-activations lie`;
}

function boundsVerdict(result: BoundsResult): Verdict {
  const upper = result.bounds.filter(
    (bound) => bound.applies && bound.exact !== null && bound.direction === 'upper',
  );
  const inc = result.bounds.some((b) => b.applies && b.on === 'incorrect' && b.exact === '0');
  const ndf = upper.find((b) => b.on !== 'incorrect' && b.on !== 'clarke');
  const first: Inline = inc
    ? 'Without visiting a point: automatic differentiation is right wherever the function has a derivative'
    : 'Without visiting a point: no theorem excludes that automatic differentiation is wrong somewhere';
  if (ndf?.exact === undefined || ndf.exact === null) {
    return {
      tone: inc ? 'right' : 'open',
      text: [first, ', and none bounds how often the function has no derivative.'],
    };
  }
  const subject =
    ndf.on === 'nonDifferentiable'
      ? 'the share of points without a derivative'
      : 'the share of points where the function has no derivative or AD is wrong';
  return {
    tone: inc ? 'right' : 'open',
    text: [
      first,
      `; ${subject} is at most `,
      number(ndf.exact),
      ndf.vacuous ? ', which says nothing.' : '.',
    ],
  };
}
