/** Witnesses with their parameters by name and the tied pre-activations worked out. */
import { type Rational } from '../engine/num/rational.js';
import type { Question } from '../plan/question.js';
import type { ExhaustiveResult } from '../schemas/result.js';
import {
  code,
  exactOnly,
  left,
  paragraph,
  right,
  strong,
  type Block,
  type Section,
} from './document.js';
import { rationalText, readRational } from './number-text.js';
import { parameterOrder, type ParameterOrder } from './parameter-order.js';
import { NOT_WORKED, canWork, workOut } from './worked.js';

const WITNESSES_SHOWN = 6;
const NEURONS_WORKED = 4;
const PARAMETERS_SHOWN = 128;

const KINDS = {
  nonDifferentiable: 'a point where the function has no derivative',
  incorrect: 'a point where the function has a derivative and AD returns another',
  undecided: 'a point that could not be decided',
} as const;

/** The witnesses of lowest rank, worked out. */
export function witnessSection(result: ExhaustiveResult, question: Question): Section {
  const heading = { id: 'witnesses', heading: 'Witnesses to check by hand' } as const;
  if (result.witnesses.length === 0) {
    return { ...heading, blocks: [paragraph('There is nothing to witness: both sets are empty.')] };
  }
  const order = parameterOrder(question);
  const kinks = new Map(
    result.neurons.map((n) => [`${String(n.layer)}/${String(n.unit)}`, n.kinks] as const),
  );
  const blocks = result.witnesses
    .slice(0, WITNESSES_SHOWN)
    .flatMap((witness, i) => witnessBlocks(witness, i, question, order, kinks));
  return {
    ...heading,
    blocks: [
      paragraph(
        'Post the parameters below with ',
        code('"mode": "point"'),
        ' to see AD’s matrix and the true derivative at the point.',
      ),
      ...blocks,
    ],
  };
}

type Witness = ExhaustiveResult['witnesses'][number];

function witnessBlocks(
  witness: Witness,
  i: number,
  question: Question,
  order: ParameterOrder,
  kinks: ReadonlyMap<string, readonly string[]>,
): Block[] {
  const blocks: Block[] = [
    { kind: 'subheading', text: `Witness ${String(i + 1)}: ${KINDS[witness.kind]}` },
    parameterTable(order, witness.parameters, `Parameters of witness ${String(i + 1)}`),
  ];
  if (witness.neurons.length === 0) return blocks;
  if (!canWork(question, order)) {
    return [...blocks, paragraph(NOT_WORKED)];
  }
  const parameters = witness.parameters.map(readRational);
  for (const { layer, unit } of witness.neurons.slice(0, NEURONS_WORKED)) {
    const at = kinks.get(`${String(layer)}/${String(unit)}`) ?? [];
    blocks.push(...tiedBlocks(question, order, parameters, layer, unit, at));
  }
  const more = witness.neurons.length - NEURONS_WORKED;
  if (more > 0)
    blocks.push(paragraph(`${String(more)} more tied neurons are not worked out here.`));
  return blocks;
}

/** The first sample whose pre-activation lies on a kink, worked out. */
function tiedBlocks(
  question: Question,
  order: ParameterOrder,
  parameters: readonly Rational[],
  layer: number,
  unit: number,
  kinks: readonly string[],
): Block[] {
  const samples = question.network.inputs.length;
  for (let sample = 0; sample < samples; sample += 1) {
    const worked = workOut(question, order, parameters, sample, layer, unit);
    const y = rationalText(worked.y);
    if (!kinks.includes(y)) continue;
    return [
      paragraph(
        `Layer ${String(layer)}, unit ${String(unit)}${samples === 1 ? '' : `, sample ${String(sample)}`}: the pre-activation is exactly `,
        exactOnly(y),
        `, a kink of ${question.network.layers[layer]?.activation?.type ?? 'its activation'}.`,
      ),
      { kind: 'arithmetic', lines: worked.lines },
    ];
  }
  return [
    paragraph(
      strong(
        `Layer ${String(layer)}, unit ${String(unit)}: working this out again gave no pre-activation on a kink. Please report it.`,
      ),
    ),
  ];
}

/** Parameters in the contract's order, by name. */
export function parameterTable(
  order: ParameterOrder,
  parameters: readonly string[],
  caption: string,
): Block {
  const cut = parameters.length > PARAMETERS_SHOWN;
  return {
    kind: 'table',
    caption: cut
      ? `${caption} (the first ${String(PARAMETERS_SHOWN)} of ${String(parameters.length)})`
      : caption,
    columns: [left('Parameter'), right('Position'), right('Value')],
    rows: parameters
      .slice(0, PARAMETERS_SHOWN)
      .map((value, i) => [code(order.names[i] ?? '?'), String(i), exactOnly(value)]),
  };
}
