/**
 * From a question to the engine's objects. A question is text; whoever computes rebuilds the
 * network from it here. Faults carry paths into the question, which has the shape of the request.
 */
import {
  ACTIVATIONS,
  ActivationError,
  EngineError,
  activation,
  buildNetwork,
  neighbourhood,
  parseExact,
  resolveFormat,
  type Activation,
  type EngineFault,
  type EntryDescription,
  type Network,
  type Proxies,
  type Rational,
  type ValueSet,
} from '../engine/index.js';
import type {
  Question,
  QuestionActivation,
  QuestionAround,
  QuestionEntry,
  QuestionFormat,
  QuestionFormats,
  QuestionNetwork,
} from './question.js';

export interface Compiled {
  readonly network: Network;
  readonly proxies: Proxies;
  /** The point, in mode `point`. */
  readonly point: readonly Rational[] | null;
}

/** What was built for a question, as long as somebody holds the question. */
const compiled = new WeakMap<Question, Compiled>();

/** Keeps the network that was built while a question was read, for whoever compiles it next. */
export function rememberCompiled(question: Question, whole: Network, proxies: Proxies): void {
  compiled.set(question, compiledOf(question, whole, proxies));
}

/** *Exact.* The network and the proxies of a question. Throws an EngineError with every fault. */
export function compileQuestion(question: Question): Compiled {
  const known = compiled.get(question);
  if (known !== undefined) return known;
  const network = compileNetwork(question.network, question.format);
  const proxies = network.equations.map((equation) =>
    equation.op === 'activation'
      ? (question.proxies.layers[equation.layer] ?? []).map(parseExact)
      : [],
  );
  return compiledOf(question, network, proxies);
}

function compiledOf({ around, parameters }: Question, whole: Network, proxies: Proxies): Compiled {
  return {
    network: around === undefined ? whole : shrunk(whole, around),
    proxies,
    point: parameters?.map(parseExact) ?? null,
  };
}

/** *Exact.* The network over the neighbourhood; its parameters must be values of their sets. */
function shrunk(network: Network, { parameters, radius }: QuestionAround): Network {
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

/** *Exact.* The network of a question's parts. Throws an EngineError with every fault. */
export function compileNetwork(description: QuestionNetwork, format: GivenFormats): Network {
  const faults: EngineFault[] = [];
  const layers = description.layers.map((layer, index) => ({
    units: layer.units,
    weight: layer.weight?.map((row) => row.map(entryOf)) ?? null,
    bias: typeof layer.bias === 'boolean' ? layer.bias : layer.bias.map(entryOf),
    activation: activationOf(layer.activation, ['network', 'layers', index, 'activation'], faults),
  }));
  if (faults.length > 0) throw new EngineError(faults);
  // The same format is one set, so that what is found of a set is found once.
  const known = new Map<string, ValueSet>();
  const setOf = (spec: QuestionFormat): ValueSet => {
    const key = JSON.stringify(spec);
    const set = known.get(key) ?? resolveFormat(spec).values;
    known.set(key, set);
    return set;
  };
  return buildNetwork(
    { inputs: description.inputs.map((input) => input.map(parseExact)), layers },
    {
      weights: format.weights === null ? null : setOf(format.weights),
      biases: format.biases === null ? null : setOf(format.biases),
      params: new Map(Object.entries(format.params).map(([name, spec]) => [name, setOf(spec)])),
    },
  );
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
): Activation {
  const { type, ...settings } = description;
  try {
    if (type === 'piecewise') {
      const breakpoints = (settings['breakpoints'] as readonly string[]).map(parseExact);
      const pieces = (settings['pieces'] as readonly (readonly string[])[]).map((piece) =>
        piece.map(parseExact),
      );
      return activation('piecewise', breakpoints, pieces);
    }
    const kind = ACTIVATIONS.get(type);
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
