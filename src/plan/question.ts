/**
 * A question as it was understood: the request with every default filled in, every name resolved
 * and every number in canonical exact text. Two requests that ask the same are equal here.
 */
import type { Mode } from '../schemas/request.js';

export type QuestionEntry = string | { readonly param: string; readonly scale: string };

/** A named activation with all its settings, or `piecewise` with its breakpoints and pieces. */
export interface QuestionActivation {
  readonly type: string;
  readonly [setting: string]: string | readonly string[] | readonly (readonly string[])[];
}

/** What every layer of a question may have. */
interface QuestionLayerBase {
  /** An earlier layer by index, or the input; absent: the layer before. */
  readonly from?: QuestionSource;
  /** The shape of its output; absent where every layer is dense and reads the one before. */
  readonly shape?: readonly number[];
}

export type QuestionSource = number | 'input';

export interface QuestionDenseLayer extends QuestionLayerBase {
  readonly type: 'dense';
  readonly units: number;
  /** `true`: one free parameter per unit; `false`: none; or one entry per unit. */
  readonly bias: boolean | readonly QuestionEntry[];
  /** `null`: every entry a free parameter of its own; or `[units, fanIn]` entries. */
  readonly weight: readonly (readonly QuestionEntry[])[] | null;
  readonly activation: QuestionActivation;
}

type Pair = readonly [number, number];

export interface QuestionConv2dLayer extends QuestionLayerBase {
  readonly type: 'conv2d';
  readonly filters: number;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  readonly bias: boolean | readonly QuestionEntry[];
  /** `[filter][channel of the group][row][column]`, or `null`: all free. */
  readonly weight: readonly (readonly (readonly (readonly QuestionEntry[])[])[])[] | null;
  readonly activation: QuestionActivation;
}

export interface QuestionConv1dLayer extends QuestionLayerBase {
  readonly type: 'conv1d';
  readonly filters: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly groups: number;
  readonly bias: boolean | readonly QuestionEntry[];
  readonly weight: readonly (readonly (readonly QuestionEntry[])[])[] | null;
  readonly activation: QuestionActivation;
}

/** Layers without parameters; their activation may be absent: null. */
interface QuestionPlainLayer extends QuestionLayerBase {
  readonly activation: QuestionActivation | null;
}

export interface QuestionMaxPool2dLayer extends QuestionPlainLayer {
  readonly type: 'maxPool2d';
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

export interface QuestionAvgPool2dLayer extends QuestionPlainLayer {
  readonly type: 'avgPool2d';
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly countIncludePad: boolean;
}

export interface QuestionFlattenLayer extends QuestionPlainLayer {
  readonly type: 'flatten';
  readonly activation: null;
}

export interface QuestionJoiningLayer extends Omit<QuestionPlainLayer, 'from'> {
  readonly type: 'add' | 'concat';
  readonly from: readonly QuestionSource[];
}

export interface QuestionScaleLayer extends QuestionPlainLayer {
  readonly type: 'scale';
  readonly scale: readonly string[];
  readonly shift: readonly string[];
}

export interface QuestionMaxLayer extends QuestionPlainLayer {
  readonly type: 'max';
  /** Units of the input per maximum; `null`: one maximum of all. */
  readonly of: readonly (readonly number[])[] | null;
}

export type QuestionLayer =
  | QuestionDenseLayer
  | QuestionConv2dLayer
  | QuestionConv1dLayer
  | QuestionMaxPool2dLayer
  | QuestionAvgPool2dLayer
  | QuestionFlattenLayer
  | QuestionJoiningLayer
  | QuestionScaleLayer
  | QuestionMaxLayer;

export type QuestionLoss =
  | { readonly type: 'sum' }
  | { readonly type: 'mse'; readonly targets: readonly (readonly string[])[] };

/** A single format: a catalogue id, or the declared facts of one of its own. */
export type QuestionFormat = string | { readonly [fact: string]: unknown };

export interface QuestionFormats {
  /** Where the network has no parameter of a role, that role's format repeats the other's. */
  readonly weights: QuestionFormat;
  readonly biases: QuestionFormat;
  readonly params: { readonly [name: string]: QuestionFormat };
}

export interface QuestionNetwork {
  readonly inputs: readonly (readonly string[])[];
  /** Absent: flat. */
  readonly inputShape?: readonly number[];
  readonly layers: readonly QuestionLayer[];
  readonly loss?: QuestionLoss;
}

/** A network of the oldest kind: dense layers, each reading the one before, their outputs stacked. */
export interface DenseChain extends QuestionNetwork {
  readonly layers: readonly QuestionDenseLayer[];
}

/** Whether every layer is dense and reads the one before, the inputs are flat, and there is no loss. */
export function isDenseChain(network: QuestionNetwork): network is DenseChain {
  return (
    network.inputShape === undefined &&
    network.loss === undefined &&
    network.layers.every(({ type, from }) => type === 'dense' && from === undefined)
  );
}

export interface QuestionProxies {
  /** The preset that gives these very values on this network; `custom` where none does. */
  readonly preset: string;
  /**
   * Per layer: the rule for tied maxima by name where the layer has any (`first`, `last`, `even`,
   * `all`), then the derivative AD uses at each kink, in order of the breakpoints.
   */
  readonly layers: readonly (readonly string[])[];
  /** Layers where some proxy is outside the Clarke subdifferential of σ or max; absent: none. */
  readonly outsideClarke?: readonly number[];
}

/** How to sample, in mode `sampled`. */
export interface QuestionSampling {
  readonly method: 'auto' | 'plain' | 'conditional' | 'union';
  /** Most samples, as text; null: as many as the installation affords by itself. */
  readonly samples: string | null;
  readonly seed: string;
  readonly confidence: string;
  readonly relativeError: string | null;
  readonly seconds: number | null;
}

/** The neighbourhood that Ω is shrunk to. */
export interface QuestionAround {
  readonly parameters: readonly string[];
  readonly radius: string;
}

export interface Question {
  readonly mode: Mode;
  readonly network: QuestionNetwork;
  readonly format: QuestionFormats;
  readonly proxies: QuestionProxies;
  /** The point, in mode `point`. */
  readonly parameters?: readonly string[];
  readonly sampling?: QuestionSampling;
  readonly around?: QuestionAround;
}

/** One thing wrong with a request. */
export interface Fault {
  /** JSON Pointer (RFC 6901) to the field, e.g. `/network/layers/0/activation`. */
  readonly pointer: string;
  readonly code: string;
  /** What is wrong; names the value. */
  readonly detail: string;
}
