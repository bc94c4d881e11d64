/** Each rule of the job's policy with its figure beside its limit; nothing where there is no policy. */
import type { JudgedRule } from '../schemas/policy.js';
import type { Result } from '../schemas/result.js';
import { code, exactOnly, left, type Cell, type Section } from './document.js';

const NUMBER = /^-?[0-9]+(\/[0-9]+)?$/;

const cell = (text: string): Cell => (NUMBER.test(text) ? exactOnly(text) : text);

/** *Exact.* What a rule was compared with, on one line. */
export function figureText(figure: JudgedRule['figure']): string {
  if (typeof figure === 'string') return figure;
  const { lower, upper, confidence } = figure;
  const sure = confidence === undefined ? '' : `, with confidence ${confidence}`;
  return `from ${lower} to ${upper}${sure}`;
}

function figureCell(figure: JudgedRule['figure']): Cell {
  if (typeof figure === 'string') return cell(figure);
  const sure =
    figure.confidence === undefined ? [] : [', with confidence ', exactOnly(figure.confidence)];
  return ['from ', exactOnly(figure.lower), ' to ', exactOnly(figure.upper), ...sure];
}

/** The section, or none. */
export function policySections({ rules, verdict }: Result): Section[] {
  if (rules === undefined || verdict === undefined) return [];
  return [
    {
      id: 'policy',
      heading: `Policy: ${verdict}`,
      blocks: [
        {
          kind: 'table',
          caption: 'What was demanded, and what was found',
          columns: ['Rule', 'Verdict', 'Limit', 'Figure', 'Why'].map(left),
          rows: rules.map(({ rule, verdict: said, limit, figure, why }) => [
            code(rule),
            said,
            cell(limit),
            figureCell(figure),
            why,
          ]),
          marked: rules.flatMap((rule, index) => (rule.verdict === 'pass' ? [] : [index])),
        },
      ],
    },
  ];
}
