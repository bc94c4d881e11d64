/** One point: value, tied neurons, AD's matrix beside the true one, and the Clarke certificate. */
import { equal, type Rational } from '../engine/num/rational.js';
import type { Question } from '../plan/question.js';
import type { RealText } from '../schemas/exact.js';
import type { PointResult } from '../schemas/result.js';
import { clarkeBlocks } from './clarke-text.js';
import {
  code,
  exactOnly,
  left,
  paragraph,
  right,
  type Block,
  type Cell,
  type Section,
} from './document.js';
import { rationalText, readRational } from './number-text.js';
import { parameterOrder, shapeOf, sizeOf, type ParameterOrder } from './parameter-order.js';
import { parameterTable } from './witness-section.js';
import { realNumber } from './real-text.js';
import { NOT_WORKED, canWork, workOut } from './worked.js';

const TOUCHED_SHOWN = 100;
const NEURONS_WORKED = 4;
const VALUES_SHOWN = 12;
const MATRIX_ROWS = 12;
const MATRIX_COLUMNS = 8;
const DIFFERENCES_SHOWN = 20;

/** Everything that was decided at the point. */
export function pointSections(result: PointResult, question: Question): Section[] {
  const order = parameterOrder(question);
  return [
    { id: 'point', heading: 'The point', blocks: pointBlocks(result, question, order) },
    { id: 'touched', heading: 'Tied neurons', blocks: touchedBlocks(result, question, order) },
    {
      id: 'derivative',
      heading: 'AD and the derivative',
      blocks: derivativeBlocks(result, question, order),
    },
    { id: 'clarke', heading: 'Clarke subdifferential', blocks: clarkeBlocks(result, order) },
  ];
}

function outputsPerSample({ network }: Question): number {
  const last = network.layers.at(-1);
  return last === undefined ? 1 : sizeOf(shapeOf(last));
}

/** Outputs are stacked sample by sample; a loss is one. */
function outputName(question: Question, row: number): string {
  const units = outputsPerSample(question);
  return question.network.inputs.length === 1 || question.network.loss !== undefined
    ? `f[${String(row)}]`
    : `f[${String(Math.floor(row / units))};${String(row % units)}]`;
}

function pointBlocks(result: PointResult, question: Question, order: ParameterOrder): Block[] {
  const shown = result.value.slice(0, VALUES_SHOWN);
  return [
    parameterTable(order, question.parameters ?? [], 'Parameters of the point'),
    paragraph(
      'The value of the function there',
      question.network.inputs.length === 1 || question.network.loss !== undefined
        ? ''
        : ' (f[s;u] is output u at sample s)',
      shown.length < result.value.length
        ? `; the first ${String(shown.length)} of ${String(result.value.length)} outputs:`
        : ':',
    ),
    {
      kind: 'table',
      caption: 'Value',
      columns: [left('Output'), right('Value')],
      rows: shown.map((value, row): readonly Cell[] => [
        code(outputName(question, row)),
        realNumber(value),
      ]),
    },
  ];
}

function touchedBlocks(result: PointResult, question: Question, order: ParameterOrder): Block[] {
  const { touched } = result;
  if (!result.tiesDecided) {
    return [paragraph('What lies on a kink could not be decided: ', result.limit ?? '')];
  }
  if (touched.length === 0)
    return [paragraph('No pre-activation lies on a kink, and no maximum is attained twice.')];
  const blocks: Block[] = [
    {
      kind: 'table',
      caption:
        touched.length > TOUCHED_SHOWN
          ? `Neurons on a kink (the first ${String(TOUCHED_SHOWN)} of ${String(touched.length)})`
          : 'Neurons on a kink',
      columns: [
        left('Neuron'),
        left('Sample'),
        left('Activation'),
        right('Kink'),
        right('Proxy used by AD'),
        left('Relevant to AD'),
      ],
      rows: touched
        .slice(0, TOUCHED_SHOWN)
        .map((t): readonly Cell[] => [
          `layer ${String(t.layer)}, unit ${String(t.unit)}`,
          String(t.sample),
          t.activation,
          'kink' in t ? exactOnly(t.kink) : `inputs ${t.inputs.map(String).join(', ')} tie`,
          'kink' in t ? exactOnly(t.proxy) : t.proxies.join(', '),
          t.relevant ? 'yes' : 'no',
        ]),
    },
  ];
  if (question.parameters === undefined) return blocks;
  if (!canWork(question, order)) {
    return [...blocks, paragraph(NOT_WORKED)];
  }
  const parameters = question.parameters.map(readRational);
  for (const tied of touched.slice(0, NEURONS_WORKED)) {
    if (!('kink' in tied)) continue;
    const worked = workOut(question, order, parameters, tied.sample, tied.layer, tied.unit);
    const agrees = rationalText(worked.y) === tied.kink;
    blocks.push(
      paragraph(
        `Layer ${String(tied.layer)}, unit ${String(tied.unit)}, sample ${String(tied.sample)}, worked out again`,
        agrees ? ':' : '. THIS DOES NOT GIVE THE KINK; please report it:',
      ),
      { kind: 'arithmetic', lines: worked.lines },
    );
  }
  return blocks;
}

function derivativeBlocks(result: PointResult, question: Question, order: ParameterOrder): Block[] {
  const { ad, derivative } = result;
  const shown = windowOf(result, question, order);
  const blocks: Block[] = [
    paragraph(
      `Matrices are ${String(ad.length)} × ${String(ad[0]?.length ?? 0)}: one row per output, one column per free parameter.`,
    ),
  ];
  if (derivative === null) {
    blocks.push(
      matrixTable(ad, 'What AD returns', shown, question, order),
      paragraph(
        result.differentiable === false
          ? 'There is no derivative at this point to compare it with.'
          : 'The derivative is not known at this point.',
      ),
    );
    return blocks;
  }
  const differences = differingEntries(ad, derivative);
  if (differences.length === 0) {
    blocks.push(
      paragraph('AD returns exactly the derivative: every entry is equal.'),
      matrixTable(ad, 'The derivative, as AD returns it', shown, question, order),
    );
    return blocks;
  }
  const entries = ad.length * (ad[0]?.length ?? 0);
  blocks.push(
    paragraph(
      `AD differs from the derivative in ${String(differences.length)} of ${String(entries)} entries`,
      differences.length > DIFFERENCES_SHOWN ? `; the first ${String(DIFFERENCES_SHOWN)}:` : ':',
    ),
    {
      kind: 'table',
      caption: 'Where AD is wrong',
      columns: [left('Output'), left('Parameter'), right('AD says'), right('The derivative is')],
      rows: differences
        .slice(0, DIFFERENCES_SHOWN)
        .map(([row, column]): readonly Cell[] => [
          code(outputName(question, row)),
          code(order.names[column] ?? '?'),
          realNumber(ad[row]?.[column] ?? ''),
          realNumber(derivative[row]?.[column] ?? ''),
        ]),
    },
    matrixTable(ad, 'What AD returns', shown, question, order),
    matrixTable(derivative, 'The derivative', shown, question, order),
  );
  return blocks;
}

/** *Exact.* The places where two matrices differ, row by row. */
function differingEntries(
  a: readonly (readonly RealText[])[],
  b: readonly (readonly RealText[])[],
): [number, number][] {
  const places: [number, number][] = [];
  a.forEach((entries, row) => {
    entries.forEach((text, column) => {
      const other = b[row]?.[column];
      if (other === undefined || !same(text, other)) places.push([row, column]);
    });
  });
  return places;
}

/** Numbers that are proved equal are written alike. */
function same(a: RealText, b: RealText): boolean {
  if (typeof a !== 'string' || typeof b !== 'string')
    return JSON.stringify(a) === JSON.stringify(b);
  const [x, y]: [Rational, Rational] = [readRational(a), readRational(b)];
  return a === b || equal(x, y);
}

/** Rows and columns to show of a matrix too large to show whole. */
interface Window {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

/** *Exact.* Those of the tied neurons first (their samples, their parameters), the others after. */
function windowOf(result: PointResult, question: Question, order: ParameterOrder): Window {
  const units = outputsPerSample(question);
  const rows = new Set<number>();
  const columns = new Set<number>();
  for (const { layer, unit, sample } of result.touched.slice(0, TOUCHED_SHOWN)) {
    for (let u = 0; u < units; u += 1) rows.add(sample * units + u);
    // Units of other layers are not rows of weights.
    if (question.network.layers[layer]?.type !== 'dense') continue;
    const entries = order.layers[layer];
    for (const entry of [...(entries?.weight[unit] ?? []), entries?.bias?.[unit]]) {
      if (entry?.kind === 'parameter') columns.add(entry.index);
    }
  }
  return {
    rows: firstOf(rows, result.ad.length, MATRIX_ROWS),
    columns: firstOf(columns, result.ad[0]?.length ?? 0, MATRIX_COLUMNS),
  };
}

/** At most `count` of the numbers below `end`, the preferred ones first; in increasing order. */
function firstOf(preferred: ReadonlySet<number>, end: number, count: number): number[] {
  const chosen = new Set([...preferred].slice(0, count));
  for (let i = 0; i < end && chosen.size < count; i += 1) chosen.add(i);
  return [...chosen].sort((a, b) => a - b);
}

/** A matrix, cut where it is large; the caption says so. */
function matrixTable(
  matrix: readonly (readonly RealText[])[],
  caption: string,
  { rows, columns }: Window,
  question: Question,
  order: ParameterOrder,
): Block {
  const width = matrix[0]?.length ?? 0;
  const cut = rows.length < matrix.length || columns.length < width;
  return {
    kind: 'table',
    caption: cut
      ? `${caption} (${String(rows.length)} of ${String(matrix.length)} rows and ${String(columns.length)} of ${String(width)} columns, those of tied neurons among them; the JSON result has all)`
      : caption,
    columns: [
      left('∂ output / ∂ parameter'),
      ...columns.map((column) => right(order.names[column] ?? '?')),
    ],
    rows: rows.map((row): readonly Cell[] => [
      code(outputName(question, row)),
      ...columns.map((column) => realNumber(matrix[row]?.[column] ?? '', exactOnly)),
    ]),
  };
}
