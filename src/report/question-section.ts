/** The question as it was understood, layer by layer, and the space that it ranges over. */
import type {
  Question,
  QuestionActivation,
  QuestionEntry,
  QuestionFormat,
  QuestionLayer,
} from '../plan/question.js';
import type { Result } from '../schemas/result.js';
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
  type Section,
} from './document.js';
import { fanIns, shapeOf, sizeOf, subscript } from './parameter-order.js';

const LAYERS_SHOWN = 64;
const SAMPLES_SHOWN = 8;
const COMPONENTS_SHOWN = 12;
const VALUES_SHOWN = 24;
const AROUND_SHOWN = 24;

/** Network, format, proxies and inputs. */
export function questionSection(question: Question, formatSizes: readonly FormatSize[]): Section {
  return {
    id: 'question',
    heading: 'The question',
    blocks: [
      paragraph(
        'The network as a function of its free parameters, its inputs held fixed. Layers, units, inputs and samples are numbered from 0.',
      ),
      layerTable(question),
      ...formatBlocks(question, formatSizes),
      ...proxyBlocks(question),
      ...aroundBlocks(question),
      ...inputBlocks(question),
    ],
  };
}

function aroundBlocks({ around }: Question): Block[] {
  if (around === undefined) return [];
  return [
    paragraph(
      `Ω is a neighbourhood of given parameters: each ranges over the values of its format that are at most ${around.radius} representable values away from (`,
      code(around.parameters.slice(0, AROUND_SHOWN).join(', ')),
      around.parameters.length > AROUND_SHOWN ? ', …).' : ').',
    ),
  ];
}

/** A format of the question with the number of its distinct finite values. */
export interface FormatSize {
  readonly use: string;
  readonly format: QuestionFormat;
  readonly size: bigint | null;
}

function layerTable(question: Question): Block {
  const { layers } = question.network;
  const widths = fanIns(question);
  const rows = layers
    .slice(0, LAYERS_SHOWN)
    .map((layer, l): readonly Cell[] => [
      String(l),
      typeText(layer),
      `${String(sizeOf(shapeOf(layer)))} × ${String(widths[l])}`,
      layer.activation === null ? 'identity' : activationText(layer.activation),
      weightText(layer),
      biasText(layer),
    ]);
  return {
    kind: 'table',
    caption: 'Layers',
    columns: [
      left('Layer'),
      left('Type'),
      left('Units × inputs'),
      left('Activation'),
      left('Weights'),
      left('Biases'),
    ],
    rows,
  };
}

/** The type, what it reads where that is not the layer before, and its settings. */
function typeText(layer: QuestionLayer): string {
  const { type, from } = layer;
  const settings = Object.entries(layer)
    .filter(([name]) => !NOT_SETTINGS.has(name))
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const sources = from === undefined ? [] : [`from ${[from].flat().map(String).join(', ')}`];
  const all = [...sources, ...settings];
  return all.length === 0 ? type : `${type} (${all.join(', ')})`;
}

/** Members of a layer that stand in columns of their own. */
const NOT_SETTINGS = new Set(['type', 'from', 'units', 'weight', 'bias', 'activation']);

function weightText(layer: QuestionLayer): string {
  if (!('weight' in layer)) return 'none';
  if (layer.weight !== null)
    return entriesText(layer.weight.flat<readonly unknown[], 4>(4) as QuestionEntry[]);
  return layer.type === 'dense' ? 'free, one each' : 'free, shared by all positions';
}

function biasText(layer: QuestionLayer): string {
  if (!('bias' in layer) || layer.bias === false) return 'none';
  if (layer.bias !== true) return entriesText(layer.bias);
  return layer.type === 'dense' ? 'free, one per unit' : 'free, one per filter';
}

/** An activation's name and settings, as the question gives them. */
export function activationText(activation: QuestionActivation): string {
  const settings = Object.entries(activation)
    .filter(([name]) => name !== 'type')
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return settings.length === 0 ? activation.type : `${activation.type} (${settings.join(', ')})`;
}

function entriesText(entries: readonly QuestionEntry[]): string {
  const names = new Set<string>();
  let constants = 0;
  for (const entry of entries) {
    if (typeof entry === 'string') constants += 1;
    else names.add(entry.param);
  }
  const parts: string[] = [];
  if (constants > 0) parts.push(`${String(constants)} constant`);
  if (names.size > 0) {
    const shown = [...names].slice(0, 4).join(', ');
    const uses = entries.length - constants;
    parts.push(`${String(uses)} from ${shown}${names.size > 4 ? ', …' : ''}`);
  }
  return parts.join(', ');
}

function formatText(format: QuestionFormat): Inline {
  if (typeof format === 'string') return code(format);
  const values = format['values'];
  if (Array.isArray(values)) {
    const shown = values.slice(0, VALUES_SHOWN).map(String).join(', ');
    return code(`{${shown}${values.length > VALUES_SHOWN ? ', …' : ''}}`);
  }
  return code(
    Object.entries(format)
      .map(
        ([fact, value]) => `${fact} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      )
      .join(', '),
  );
}

function formatBlocks(question: Question, sizes: readonly FormatSize[]): Block[] {
  const items = sizes.map(({ use, format, size }): readonly Inline[] => [
    `${use}: `,
    formatText(format),
    ...(size === null
      ? []
      : [
          ', |M| = ',
          exactOnly(String(size)),
          size === 1n ? ' finite real value' : ' distinct finite real values',
        ]),
  ]);
  const { params } = question.format;
  const named = Object.keys(params).length;
  return [
    { kind: 'subheading', text: 'What each free parameter ranges over' },
    { kind: 'list', items },
    ...(named > sizes.length
      ? [paragraph(`${String(named)} parameters have a format of their own.`)]
      : []),
  ];
}

function proxyBlocks(question: Question): Block[] {
  const { preset, layers, outsideClarke } = question.proxies;
  const items = layers.flatMap((proxies, l): (readonly Inline[])[] =>
    proxies.length === 0
      ? []
      : [
          [
            `layer ${String(l)}, `,
            proxyOwner(question.network.layers[l]),
            ': ',
            code(proxies.join(', ')),
          ],
        ],
  );
  return [
    { kind: 'subheading', text: 'What AD uses at the kinks' },
    items.length === 0
      ? paragraph('No activation has a kink, so AD needs no proxy derivative.')
      : preset === 'custom'
        ? paragraph('Proxy derivatives as given, one value per kink in increasing order:')
        : paragraph(
            'Proxy derivatives (preset ',
            code(preset),
            '), one value per kink in increasing order:',
          ),
    ...(items.length === 0 ? [] : [{ kind: 'list', items } as const]),
    ...(outsideClarke === undefined
      ? []
      : [
          paragraph(
            `At layer${outsideClarke.length === 1 ? '' : 's'} ${outsideClarke.map(String).join(', ')} AD uses a derivative that is outside the Clarke subdifferential of the activation or the maximum itself.`,
          ),
        ]),
  ];
}

/** What the proxies of a layer belong to: its ties first, where it takes a maximum. */
function proxyOwner(layer: QuestionLayer | undefined): string {
  if (layer === undefined) return '?';
  const activation = layer.activation === null ? [] : [activationText(layer.activation)];
  const ties = layer.type === 'max' || layer.type === 'maxPool2d' ? [`${layer.type} (ties)`] : [];
  return [...ties, ...activation].join(', ');
}

function inputBlocks(question: Question): Block[] {
  const { inputs } = question.network;
  const width = inputs[0]?.length ?? 0;
  const shownWidth = Math.min(width, COMPONENTS_SHOWN);
  const rows = inputs
    .slice(0, SAMPLES_SHOWN)
    .map((input, s): readonly Cell[] => [
      String(s),
      ...input.slice(0, shownWidth).map((x) => exactOnly(x)),
    ]);
  const cut: string[] = [];
  if (inputs.length > SAMPLES_SHOWN) {
    cut.push(`the first ${String(SAMPLES_SHOWN)} of ${String(inputs.length)} samples`);
  }
  if (width > shownWidth) {
    cut.push(`the first ${String(shownWidth)} of ${String(width)} components`);
  }
  return [
    { kind: 'subheading', text: 'Inputs' },
    paragraph(
      inputs.length === 1
        ? 'One sample.'
        : `${String(inputs.length)} samples: one function, its outputs stacked sample by sample.`,
      lossText(question),
      cut.length === 0 ? '' : ` Shown: ${cut.join(', ')}.`,
    ),
    {
      kind: 'table',
      caption: 'Input vectors',
      columns: [
        left('Sample'),
        ...Array.from({ length: shownWidth }, (_, j) => right(`x${subscript(j)}`)),
      ],
      rows,
    },
  ];
}

function lossText({ network }: Question): string {
  if (network.loss === undefined) return '';
  return network.loss.type === 'sum'
    ? ' The function is the sum of all outputs.'
    : ' The function is the mean squared difference of all outputs from their targets.';
}

/** |Ω|, exactly and as a power of ten. */
export function spaceSection(result: Result): Section {
  const { parameters, size, log10 } = result.space;
  return {
    id: 'space',
    heading: 'The space',
    blocks: [
      paragraph(
        `Ω is the set of all vectors of the ${String(parameters)} free parameter${parameters === 1 ? '' : 's'}: |Ω| = `,
        result.mode === 'bounds' || size.length > 7 ? number(size) : exactOnly(size),
        `, log₁₀|Ω| ≈ ${log10.toFixed(3)}.`,
      ),
    ],
  };
}
