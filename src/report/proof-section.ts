/** Which theorems were found to apply, and why; which not, and why; what was computed, and how. */
import type { Question } from '../plan/question.js';
import type { ExhaustiveResult, Result } from '../schemas/result.js';
import {
  code,
  exactOnly,
  paragraph,
  strong,
  type Block,
  type Inline,
  type Section,
} from './document.js';
import { sampledItems } from './sampled-section.js';
import { hasExponentials } from './activation-text.js';
import type { ReportJob } from './report.js';

/** What was proved: each theorem with its statement, source and the hypothesis that was checked. */
export function proofSection(result: Result): Section {
  const applying = result.bounds.filter((bound) => bound.applies);
  const others = result.bounds.filter((bound) => !bound.applies);
  const item = (bound: Result['bounds'][number]): readonly Inline[] => [
    strong(bound.id),
    ` — ${sentence(bound.statement)} `,
    bound.applies ? 'It applies: ' : 'It does not apply: ',
    sentence(bound.why),
    ` Source: ${sentence(bound.source)}`,
    ...(bound.holds === false
      ? [' ', strong('Contradicted by the exact count: please report it.')]
      : []),
  ];
  const blocks: Block[] = [
    paragraph('Hypotheses were checked on this very network, never assumed.'),
  ];
  if (applying.length > 0) {
    blocks.push(
      { kind: 'subheading', text: 'Theorems that apply' },
      { kind: 'list', items: applying.map(item) },
    );
  }
  if (others.length > 0) {
    blocks.push(
      { kind: 'subheading', text: 'Theorems that say nothing here' },
      { kind: 'list', items: others.map(item) },
    );
  }
  return { id: 'proof', heading: 'What was proved, and by which theorem', blocks };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const METHODS = {
  'closed-form': 'a closed formula',
  layered: 'layer-by-layer counting of weighted states',
  enumeration: 'enumeration, point by point',
} as const;

const DECISIONS = {
  untouched: 'No pre-activation lies on a kink, so the function is smooth around the point.',
  'L-iff':
    'Decided by theorem L-iff: every layer has bias parameters, so the function has no derivative exactly where a tied neuron is relevant.',
  walk: 'Decided by walking all sign patterns of the tied neurons that some direction realises; no theorem was used.',
  undecided: 'The point was left undecided',
} as const;

function effortItem({ visited, states, space, neurons }: ExhaustiveResult): readonly Inline[] {
  if (neurons.length === 0 && visited === undefined) {
    return ['No activation has a kink and no maximum is taken, so no point needs a visit.'];
  }
  if (visited === undefined) {
    return ['States summed over: ', exactOnly(states ?? '0'), '; no point was visited.'];
  }
  return [
    'Points visited: ',
    exactOnly(visited),
    visited === space.size
      ? ', which is all of Ω.'
      : '; the other points differ from these by parameters that cannot change the answer, or by a symmetry of the network that was proved, and were counted with them.',
  ];
}

function arithmeticOf(result: Result): string {
  if (hasExponentials(result.question as unknown as Question)) {
    return 'Arithmetic: exact real numbers. Equality is proved by the exact form of a number (Lindemann–Weierstrass for one layer of exponentials over rational arguments), inequality by intervals with MPFR’s directed rounding; what is neither is undecided.';
  }
  return result.mode === 'sampled'
    ? 'Arithmetic: every point was decided exactly, every sum is exact; ends of intervals are rounded outward, other rounded numbers are marked ≈.'
    : 'Arithmetic: exact rationals throughout; no number above was rounded unless it is marked ≈.';
}

/** What was computed: method, engine, points visited, job. */
export function computationSection(result: Result, job: ReportJob): Section {
  const items: (readonly Inline[])[] = [['Mode: ', code(result.mode), '.']];
  if (result.mode === 'exhaustive') {
    items.push(
      ['Method: ', METHODS[result.method], ' (', code(result.method), ').'],
      effortItem(result),
    );
  }
  if (result.mode === 'sampled') items.push(...sampledItems(result));
  if (result.mode === 'point') {
    const limit = result.limit === undefined ? '' : `: ${result.limit}.`;
    items.push([`${DECISIONS[result.decidedBy]}${limit}`]);
  }
  if (result.mode === 'bounds') items.push(['No point was visited.']);
  items.push(
    [arithmeticOf(result)],
    ['Engine: ', code(result.engine), '.'],
    [
      'Job: ',
      code(job.id),
      ', created ',
      job.createdAt,
      job.finishedAt === null ? '.' : `, finished ${job.finishedAt}.`,
    ],
  );
  return { id: 'computation', heading: 'What was computed', blocks: [{ kind: 'list', items }] };
}
