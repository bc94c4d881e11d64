/** From a result to its report document: which sections, in which order, for each mode. */
import type { Question, QuestionFormat } from '../plan/question.js';
import type { Result } from '../schemas/result.js';
import type { ReportDocument, Section } from './document.js';
import { boundsSection, densitySection } from './density-section.js';
import { glossarySection } from './glossary.js';
import { neuronsSection } from './neurons-section.js';
import { shapeOf, sizeOf } from './parameter-order.js';
import { pointSections } from './point-section.js';
import { policySections } from './policy-section.js';
import { computationSection, proofSection } from './proof-section.js';
import { questionSection, spaceSection, type FormatSize } from './question-section.js';
import type { ReportJob } from './report.js';
import { sampledDensitySection, sampledNeuronsSection } from './sampled-section.js';
import { verdict } from './verdict.js';
import { witnessSection } from './witness-section.js';

/** The whole report as data. The verdict comes first, the glossary last. */
export function buildDocument(result: Result, job: ReportJob): ReportDocument {
  // On the wire the question is an open object; it was written from a Question by plan/parse.
  const question = result.question as unknown as Question;
  return {
    title: `gradcert: ${MODES[result.mode]} of a ${shapeText(question)} network`,
    verdict: verdict(result),
    sections: [
      ...policySections(result),
      questionSection(question, formatSizes(question, result)),
      spaceSection(result),
      ...middle(result, question),
      proofSection(result),
      computationSection(result, job),
      glossarySection(),
    ],
  };
}

const MODES = {
  exhaustive: 'exhaustive analysis',
  sampled: 'sampled analysis',
  point: 'one point',
  bounds: 'bounds',
} as const;

function middle(result: Result, question: Question): Section[] {
  switch (result.mode) {
    case 'exhaustive':
      return [densitySection(result), neuronsSection(result), witnessSection(result, question)];
    case 'sampled':
      return [sampledDensitySection(result), sampledNeuronsSection(result)];
    case 'point':
      return [...pointSections(result, question), boundsSection(result)];
    case 'bounds':
      return [boundsSection(result)];
  }
}

function shapeText(question: Question): string {
  const widths = [
    question.network.inputs[0]?.length ?? 0,
    ...question.network.layers.map((layer) => sizeOf(shapeOf(layer))),
  ];
  const shown = widths.length > 8 ? [...widths.slice(0, 4), '…', ...widths.slice(-2)] : widths;
  return shown.map(String).join('-');
}

/** The formats of the question; |M| where one format rules all and |Ω| = |M|^parameters gives it. */
function formatSizes(question: Question, result: Result): FormatSize[] {
  const { weights, biases, params } = question.format;
  const named = Object.entries(params);
  const single = JSON.stringify(weights) === JSON.stringify(biases) && named.length === 0;
  if (single) {
    return [
      {
        use: 'every parameter',
        format: weights,
        size:
          question.around === undefined ? root(result.space.size, result.space.parameters) : null,
      },
    ];
  }
  const known = (format: QuestionFormat): bigint | null => {
    const values = typeof format === 'string' ? undefined : format['values'];
    return Array.isArray(values) ? BigInt(values.length) : null;
  };
  return [
    { use: 'weights', format: weights, size: known(weights) },
    { use: 'biases', format: biases, size: known(biases) },
    ...named.slice(0, 12).map(([name, format]) => ({ use: name, format, size: known(format) })),
  ];
}

/** Longest |Ω|, in digits, whose root is taken. */
const ROOT_DIGITS_MAX = 20_000;

/** *Exact.* The m with m^degree = size; null where there is none or it is too long to look for. */
function root(size: string, degree: number): bigint | null {
  if (degree === 0 || size.length > ROOT_DIGITS_MAX) return null;
  const target = BigInt(size);
  let low = 1n;
  let high = 10n ** BigInt(Math.ceil(size.length / degree));
  while (low < high) {
    const middleValue = (low + high) / 2n;
    if (middleValue ** BigInt(degree) < target) low = middleValue + 1n;
    else high = middleValue;
  }
  return low ** BigInt(degree) === target ? low : null;
}
