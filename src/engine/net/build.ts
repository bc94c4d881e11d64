/**
 * From a description layer by layer to the intermediate representation.
 *
 * Free parameters are numbered as the contract orders them: layer by layer; within a layer, row by
 * row its new weight parameters, then its new bias parameters. A name is one parameter wherever it
 * stands. Faults carry the path from the description's root and are collected, not thrown one by
 * one; a layer that does not fit ends the reading of those behind it. The checker runs on whatever
 * was built.
 */
import { EngineError } from '../errors.js';
import type { Rational } from '../num/rational.js';
import { checkNetwork } from './check.js';
import { isPolynomial, type AnalyticNetwork, type Loss, type Network } from './ir.js';
import type { LayerDescription, Source } from './layers/layer.js';
import { lower } from './layers/table.js';
import { Program, type DomainDescription, type Tensor } from './program.js';
import { shapeText, sizeOf, type Shape } from './shape.js';

export type { LayerDescription } from './layers/layer.js';
export type { DomainDescription, EntryDescription } from './program.js';

export interface NetworkDescription {
  /** `[sample, in]`. */
  readonly inputs: readonly (readonly Rational[])[];
  /** The shape of each input vector, row-major; absent: flat. */
  readonly inputShape?: Shape;
  readonly layers: readonly LayerDescription[];
  readonly loss?: Loss;
}

/** A network, and the shape of each layer's output. */
export interface ShapedNetwork {
  readonly network: AnalyticNetwork;
  readonly shapes: readonly Shape[];
}

/**
 * *Exact.* The checked network of a description without transcendental activations. Throws an
 * EngineError with every fault, and a TypeError where an activation is transcendental.
 */
export function buildNetwork(description: NetworkDescription, domain: DomainDescription): Network {
  const { network } = buildShapedNetwork(description, domain);
  if (isPolynomial(network)) return network;
  throw new TypeError('buildNetwork: an activation is transcendental; use buildShapedNetwork');
}

/** *Exact.* The checked network of any description, with shapes. Throws an EngineError with every fault. */
export function buildShapedNetwork(
  description: NetworkDescription,
  domain: DomainDescription,
): ShapedNetwork {
  const inputWidth = description.inputs[0]?.length ?? 0;
  const program = new Program(inputWidth, domain);
  const { faults } = program;
  const mismatch = (path: readonly (string | number)[], detail: string): void => {
    faults.push({ path: ['network', ...path], code: 'shape-mismatch', detail });
  };
  description.inputs.forEach((input, sample) => {
    if (input.length === inputWidth) return;
    mismatch(
      ['inputs', sample],
      `this sample has ${String(input.length)} entries, the first one has ${String(inputWidth)}`,
    );
  });
  const shape = description.inputShape ?? [inputWidth];
  const outputs: Tensor[] = [];
  if (sizeOf(shape) === inputWidth) {
    const input = { variable: 0, shape };
    if (readLayers(description, input, program, outputs)) {
      checkOutput(description, outputs[outputs.length - 1] ?? input, mismatch);
      checkNames(program, domain);
    }
  } else {
    mismatch(
      ['inputShape'],
      `${shapeText(shape)} holds ${String(sizeOf(shape))} entries, the inputs have ${String(inputWidth)}`,
    );
  }
  if (faults.length > 0) throw new EngineError(faults);
  const { parameters, equations, widths } = program;
  const network = checkNetwork({
    inputs: description.inputs,
    parameters,
    equations,
    widths,
    output: widths.length - 1,
    ...(description.loss === undefined ? {} : { loss: description.loss }),
  });
  return { network, shapes: outputs.map((output) => output.shape) };
}

/** Lowers the layers into `outputs`, one by one; false where some layer does not fit. */
function readLayers(
  { layers }: NetworkDescription,
  input: Tensor,
  program: Program,
  outputs: Tensor[],
): boolean {
  const unread = new Set<number>();
  for (const [index, layer] of layers.entries()) {
    const writer = program.forLayer(index);
    const before: Source = index === 0 ? 'input' : index - 1;
    const sources = [layer.from ?? before].flat() as readonly Source[];
    const read: Tensor[] = [];
    for (const [position, source] of sources.entries()) {
      const tensor = source === 'input' ? input : outputs[source];
      if (tensor === undefined) {
        const field = Array.isArray(layer.from) ? ['from', position] : ['from'];
        writer.fault(field, `layer ${String(source)} does not come before this one`);
        continue;
      }
      if (source !== 'input') unread.delete(source);
      read.push(tensor);
    }
    const [first, ...others] = read;
    if (first === undefined || read.length < sources.length) return false;
    const output = lower(layer, [first, ...others], writer);
    if (output === null) return false;
    outputs.push(output);
    unread.add(index);
  }
  unread.delete(layers.length - 1);
  for (const index of unread) {
    program.forLayer(index).fault([], 'no later layer reads this one');
  }
  return true;
}

function checkNames(program: Program, domain: DomainDescription): void {
  for (const name of domain.params.keys()) {
    if (program.hasName(name)) continue;
    program.faults.push({
      path: ['format', 'params', name],
      code: 'unknown-parameter',
      detail: `the network has no parameter named ${JSON.stringify(name)}`,
    });
  }
}

function checkOutput(
  { loss, inputs }: NetworkDescription,
  output: Tensor,
  mismatch: (path: readonly (string | number)[], detail: string) => void,
): void {
  if (loss?.type !== 'mse') return;
  if (loss.targets.length !== inputs.length) {
    mismatch(
      ['loss', 'targets'],
      `has ${String(loss.targets.length)} rows, needs ${String(inputs.length)}, one per sample`,
    );
  }
  const outputs = sizeOf(output.shape);
  loss.targets.forEach((row, sample) => {
    if (row.length === outputs) return;
    mismatch(
      ['loss', 'targets', sample],
      `has ${String(row.length)} entries, needs ${String(outputs)}`,
    );
  });
}
