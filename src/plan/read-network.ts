/**
 * The network of a body as a question: every layer with its defaults filled in and its sources as
 * indices. Names of layers end here: they are for the writer of the request.
 */
import type { Shape } from '../engine/index.js';
import type { LayerInput, NetworkInput, SourceInput } from '../schemas/network.js';
import {
  isDenseChain,
  type QuestionLayer,
  type QuestionNetwork,
  type QuestionSource,
} from './question.js';
import { Faults, exact, readActivation, readEntry, type Path } from './reading.js';

/** *Exact.* Reads the network of a body that passed the schema. */
export function readNetwork(network: NetworkInput, faults: Faults): QuestionNetwork {
  const indices = indicesOf(network.layers, faults);
  const { inputShape, loss } = network;
  return {
    inputs: network.inputs.map((input, sample) =>
      input.map((x, entry) => exact(x, ['network', 'inputs', sample, entry], faults)),
    ),
    // A flat shape says no more than the inputs do.
    ...(inputShape === undefined || isFlat(inputShape, network) ? {} : { inputShape }),
    layers: network.layers.map((layer, index) => readLayer(layer, index, indices, faults)),
    ...(loss === undefined
      ? {}
      : {
          loss:
            loss.type === 'sum'
              ? loss
              : {
                  type: loss.type,
                  targets: loss.targets.map((row, sample) =>
                    row.map((t, k) => exact(t, ['network', 'loss', 'targets', sample, k], faults)),
                  ),
                },
        }),
  };
}

function isFlat(shape: readonly number[], { inputs }: NetworkInput): boolean {
  return shape.length === 1 && shape[0] === inputs[0]?.length;
}

/** *Exact.* The network with the shape of each layer's output, unless it is a chain of dense layers. */
export function withShapes(network: QuestionNetwork, shapes: readonly Shape[]): QuestionNetwork {
  if (isDenseChain(network)) return network;
  const layers = network.layers.map((layer, index) => ({ ...layer, shape: shapes[index] ?? [] }));
  return { ...network, layers };
}

/** Where each name stands; a name that is taken twice is a fault. */
function indicesOf(layers: readonly LayerInput[], faults: Faults): ReadonlyMap<string, number> {
  const indices = new Map<string, number>();
  layers.forEach(({ name }, index) => {
    if (name === undefined) return;
    const path = ['network', 'layers', index, 'name'];
    if (name === 'input') faults.add(path, 'invalid-name', '"input" names the input itself');
    else if (indices.has(name)) {
      faults.add(path, 'invalid-name', `layer ${String(indices.get(name))} has this name already`);
    } else indices.set(name, index);
  });
  return indices;
}

function readLayer(
  layer: LayerInput,
  index: number,
  indices: ReadonlyMap<string, number>,
  faults: Faults,
): QuestionLayer {
  const path = ['network', 'layers', index];
  const source = (given: SourceInput, at: Path): QuestionSource => {
    if (given === 'input') return given;
    const found = typeof given === 'number' ? given : indices.get(given);
    if (found !== undefined && found < index) return found;
    const detail =
      found === undefined
        ? `no layer is named ${JSON.stringify(given)}`
        : `layer ${String(found)} does not come before this one`;
    faults.add(at, 'unknown-layer', detail);
    return 'input';
  };
  const before: QuestionSource = index === 0 ? 'input' : index - 1;
  /** The layer before is what every layer reads unless it says otherwise. */
  const from = (given: SourceInput | undefined): { from?: QuestionSource } => {
    if (given === undefined) return {};
    const found = source(given, [...path, 'from']);
    return found === before ? {} : { from: found };
  };
  const activation = readActivation(
    ('activation' in layer ? layer.activation : undefined) ?? 'identity',
    [...path, 'activation'],
    faults,
  );
  /** A layer without parameters has an activation only where it does something. */
  const optional = { activation: activation.type === 'identity' ? null : activation };
  const entry = (field: Path) => (given: Parameters<typeof readEntry>[0], k: number) =>
    readEntry(given, [...path, ...field, k], faults);
  const bias = (given: Extract<LayerInput, { type: 'dense' }>['bias']) =>
    typeof given === 'object' ? given.map(entry(['bias'])) : (given ?? true);
  switch (layer.type) {
    case 'dense':
      return {
        type: layer.type,
        ...from(layer.from),
        units: layer.units,
        bias: bias(layer.bias),
        weight: layer.weight?.map((row, unit) => row.map(entry(['weight', unit]))) ?? null,
        activation,
      };
    case 'conv2d':
      return {
        type: layer.type,
        ...from(layer.from),
        filters: layer.filters,
        kernelSize: both(layer.kernelSize),
        stride: both(layer.stride ?? 1),
        padding: both(layer.padding ?? 0),
        dilation: both(layer.dilation ?? 1),
        groups: layer.groups ?? 1,
        bias: bias(layer.bias),
        weight:
          layer.weight?.map((filter, f) =>
            filter.map((channel, c) =>
              channel.map((row, i) => row.map(entry(['weight', f, c, i]))),
            ),
          ) ?? null,
        activation,
      };
    case 'conv1d':
      return {
        type: layer.type,
        ...from(layer.from),
        filters: layer.filters,
        kernelSize: layer.kernelSize,
        stride: layer.stride ?? 1,
        padding: layer.padding ?? 0,
        dilation: layer.dilation ?? 1,
        groups: layer.groups ?? 1,
        bias: bias(layer.bias),
        weight:
          layer.weight?.map((filter, f) =>
            filter.map((taps, c) => taps.map(entry(['weight', f, c]))),
          ) ?? null,
        activation,
      };
    case 'maxPool2d':
    case 'avgPool2d': {
      const window = {
        ...from(layer.from),
        kernelSize: both(layer.kernelSize),
        stride: both(layer.stride ?? layer.kernelSize),
        padding: both(layer.padding ?? 0),
        ...optional,
      };
      if (layer.type === 'maxPool2d') return { type: layer.type, ...window };
      return { type: layer.type, ...window, countIncludePad: layer.countIncludePad ?? true };
    }
    case 'flatten':
      return { type: layer.type, ...from(layer.from), activation: null };
    case 'add':
    case 'concat': {
      const sources = layer.from.map((given, k) => source(given, [...path, 'from', k]));
      return { type: layer.type, from: sources, ...optional };
    }
    case 'scale': {
      const { scale, shift } = layer;
      return {
        type: layer.type,
        ...from(layer.from),
        scale: scale.map((s, k) => exact(s, [...path, 'scale', k], faults)),
        shift:
          shift?.map((t, k) => exact(t, [...path, 'shift', k], faults)) ?? scale.map(() => '0'),
        ...optional,
      };
    }
    case 'max':
      return { type: layer.type, ...from(layer.from), of: layer.of ?? null, ...optional };
  }
}

/** The schema lets one number through, or two. */
function both(given: number | readonly number[]): readonly [number, number] {
  if (typeof given === 'number') return [given, given];
  const [down, across] = given;
  if (down === undefined || across === undefined) throw new Error('both: a pair has two numbers');
  return [down, across];
}
