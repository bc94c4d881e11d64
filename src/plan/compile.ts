/**
 * From a question to the engine's objects. A question is text; whoever computes rebuilds the
 * network from it here. Faults carry paths into the question, which has the shape of the request.
 */
import {
  ACTIVATIONS,
  ActivationError,
  EngineError,
  TIE_RULES,
  TRANSCENDENTAL_ACTIVATIONS,
  activation,
  buildShapedNetwork,
  isTieRule,
  neighbourhood,
  parseExact,
  resolveFormat,
  type Activation,
  type AnalyticNetwork,
  type EngineFault,
  type EntryDescription,
  type Loss,
  type Proxies,
  type Rational,
  type ShapedNetwork,
  type TranscendentalActivation,
  type TypedLayerDescription,
  type ValueSet,
} from '../engine/index.js';
import type {
  Question,
  QuestionActivation,
  QuestionAround,
  QuestionEntry,
  QuestionFormat,
  QuestionFormats,
  QuestionLayer,
  QuestionLoss,
  QuestionNetwork,
} from './question.js';

export interface Compiled {
  readonly network: AnalyticNetwork;
  readonly proxies: Proxies;
  /** The point, in mode `point`. */
  readonly point: readonly Rational[] | null;
}

/** What was built for a question, as long as somebody holds the question. */
const compiled = new WeakMap<Question, Compiled>();

/** Keeps the network that was built while a question was read, for whoever compiles it next. */
export function rememberCompiled(
  question: Question,
  whole: AnalyticNetwork,
  proxies: Proxies,
): void {
  compiled.set(question, compiledOf(question, whole, proxies));
}

/** *Exact.* The network and the proxies of a question. Throws an EngineError with every fault. */
export function compileQuestion(question: Question): Compiled {
  const known = compiled.get(question);
  if (known !== undefined) return known;
  const network = compileNetwork(question.network, question.format);
  // The texts of a layer stand in the order of its equations: its tie rule first, then its kinks.
  const rest = question.proxies.layers.map((texts) => [...texts]);
  const proxies = network.equations.map((equation) => {
    const texts = rest[equation.layer] ?? [];
    if (equation.op === 'max') return tieRule(texts.shift() ?? '');
    if (equation.op === 'dense' || equation.op === 'affine') return [];
    return texts.splice(0, equation.activation.kinks.length).map(parseExact);
  });
  return compiledOf(question, network, proxies);
}

function compiledOf(
  { around, parameters }: Question,
  whole: AnalyticNetwork,
  proxies: Proxies,
): Compiled {
  return {
    network: around === undefined ? whole : shrunk(whole, around),
    proxies,
    point: parameters?.map(parseExact) ?? null,
  };
}

/** *Exact.* The network over the neighbourhood; its parameters must be values of their sets. */
function shrunk(network: AnalyticNetwork, { parameters, radius }: QuestionAround): AnalyticNetwork {
  // The same neighbourhood of the same set is one set, as the same format is.
  const known = new Map<ValueSet, Map<string, ValueSet>>();
  return {
    ...network,
    parameters: network.parameters.map((parameter, index) => {
      const centre = parameters[index];
      if (centre === undefined) throw new RangeError('shrunk: a parameter has no centre');
      const sets = known.get(parameter.values) ?? new Map<string, ValueSet>();
      known.set(parameter.values, sets);
      const values =
        sets.get(centre) ?? neighbourhood(parameter.values, parseExact(centre), BigInt(radius));
      sets.set(centre, values);
      return { ...parameter, values };
    }),
  };
}

/** The formats of a request: null for a role that it says nothing of. */
export interface GivenFormats {
  readonly weights: QuestionFormat | null;
  readonly biases: QuestionFormat | null;
  readonly params: QuestionFormats['params'];
}

function tieRule(name: string): readonly Rational[] {
  if (!isTieRule(name)) throw new Error(`compileQuestion: ${name} is no tie rule`);
  return TIE_RULES[name];
}

/** *Exact.* The network of a question's parts. Throws an EngineError with every fault. */
export function compileNetwork(
  description: QuestionNetwork,
  format: GivenFormats,
): AnalyticNetwork {
  return compileShaped(description, format).network;
}

/** *Exact.* The same, with the shape of each layer's output. */
export function compileShaped(description: QuestionNetwork, format: GivenFormats): ShapedNetwork {
  const faults: EngineFault[] = [];
  const layers = description.layers.map((layer, index) => describe(layer, index, faults));
  if (faults.length > 0) throw new EngineError(faults);
  // The same format is one set, so that what is found of a set is found once.
  const known = new Map<string, ValueSet>();
  const setOf = (spec: QuestionFormat): ValueSet => {
    const key = JSON.stringify(spec);
    const set = known.get(key) ?? resolveFormat(spec).values;
    known.set(key, set);
    return set;
  };
  return buildShapedNetwork(
    {
      inputs: description.inputs.map((input) => input.map(parseExact)),
      ...(description.inputShape === undefined ? {} : { inputShape: description.inputShape }),
      layers,
      ...(description.loss === undefined ? {} : { loss: lossOf(description.loss) }),
    },
    {
      weights: format.weights === null ? null : setOf(format.weights),
      biases: format.biases === null ? null : setOf(format.biases),
      params: new Map(Object.entries(format.params).map(([name, spec]) => [name, setOf(spec)])),
    },
  );
}

function lossOf(loss: QuestionLoss): Loss {
  if (loss.type === 'sum') return loss;
  return { type: loss.type, targets: loss.targets.map((row) => row.map(parseExact)) };
}

/** A layer with its numbers read and its activation built. */
function describe(
  layer: QuestionLayer,
  index: number,
  faults: EngineFault[],
): TypedLayerDescription {
  const build = (activation: QuestionActivation): Activation | TranscendentalActivation =>
    activationOf(activation, ['network', 'layers', index, 'activation'], faults);
  switch (layer.type) {
    case 'dense':
      return {
        ...layer,
        weight: layer.weight?.map((row) => row.map(entryOf)) ?? null,
        bias: biasOf(layer.bias),
        activation: build(layer.activation),
      };
    case 'conv2d':
      return {
        ...layer,
        weight:
          layer.weight?.map((filter) =>
            filter.map((channel) => channel.map((row) => row.map(entryOf))),
          ) ?? null,
        bias: biasOf(layer.bias),
        activation: build(layer.activation),
      };
    case 'conv1d':
      return {
        ...layer,
        weight: layer.weight?.map((filter) => filter.map((taps) => taps.map(entryOf))) ?? null,
        bias: biasOf(layer.bias),
        activation: build(layer.activation),
      };
    case 'flatten':
      return layer;
    default: {
      const activation = layer.activation === null ? null : build(layer.activation);
      if (layer.type !== 'scale') return { ...layer, activation };
      const { scale, shift } = layer;
      return { ...layer, activation, scale: scale.map(parseExact), shift: shift.map(parseExact) };
    }
  }
}

function biasOf(bias: boolean | readonly QuestionEntry[]): boolean | EntryDescription[] {
  return typeof bias === 'boolean' ? bias : bias.map(entryOf);
}

function entryOf(entry: QuestionEntry): EntryDescription {
  return typeof entry === 'string'
    ? parseExact(entry)
    : { param: entry.param, scale: parseExact(entry.scale) };
}

function activationOf(
  description: QuestionActivation,
  path: readonly (string | number)[],
  faults: EngineFault[],
): Activation | TranscendentalActivation {
  const { type, ...settings } = description;
  try {
    if (type === 'piecewise') {
      const breakpoints = (settings['breakpoints'] as readonly string[]).map(parseExact);
      const pieces = (settings['pieces'] as readonly (readonly string[])[]).map((piece) =>
        piece.map(parseExact),
      );
      return activation('piecewise', breakpoints, pieces);
    }
    const kind = ACTIVATIONS.get(type) ?? TRANSCENDENTAL_ACTIVATIONS.get(type);
    if (kind === undefined) throw new ActivationError(`no activation is named ${type}`);
    return kind.build(
      Object.fromEntries(
        Object.entries(settings).map(([name, text]) => [name, parseExact(text as string)]),
      ),
    );
  } catch (error) {
    if (!(error instanceof ActivationError)) throw error;
    const at = error.breakpoint;
    const value =
      at === null ? '' : ` (${(settings['breakpoints'] as readonly string[])[at] ?? ''})`;
    faults.push({
      path: at === null ? path : [...path, 'breakpoints', at],
      code: 'invalid-activation',
      detail: `${error.message}${value}`,
    });
    return activation('invalid', [], [[]]);
  }
}
