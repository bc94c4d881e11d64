/**
 * What a layer is to the builder: a description, and a rule that writes it into the program. Each
 * type has a file of its own here with its shape rule, its exact meaning, its kinks and its ties; the
 * compiler demands a row in `table.ts` for each member of `LayerDescription`.
 */
import type { Activation as PolynomialActivation } from '../activation.js';
import type { TranscendentalActivation } from '../transcendental.js';
import type { EntryDescription, LayerProgram, Tensor } from '../program.js';
import type { Rational } from '../../num/rational.js';

type Activation = PolynomialActivation | TranscendentalActivation;

/** Where a layer reads: the output of an earlier layer by index, or the network's input. */
export type Source = number | 'input';

interface Reading {
  /** Absent: the layer before, or the input. */
  readonly from?: Source;
}

interface Activating {
  /** Null or absent: none (a dense or convolution layer always has one). */
  readonly activation?: Activation | null;
}

export interface DenseDescription extends Reading {
  readonly type?: 'dense';
  readonly units: number;
  /** `[out, in]`, or null: every entry a free parameter of its own. */
  readonly weight: readonly (readonly EntryDescription[])[] | null;
  /** `true`: a free parameter per unit; `false`: none; or one entry per unit. */
  readonly bias: boolean | readonly EntryDescription[];
  readonly activation: Activation;
}

/** Two numbers, down the rows and across the columns. */
export type Pair = readonly [number, number];

export interface Conv2dDescription extends Reading {
  readonly type: 'conv2d';
  readonly filters: number;
  readonly kernelSize: Pair;
  readonly stride: Pair;
  /** Zeros added at both ends of each axis. */
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
  /** `[filter][channel of the group][row][column]`, or null: all free parameters. */
  readonly weight: readonly (readonly (readonly (readonly EntryDescription[])[])[])[] | null;
  /** `true`: a free parameter per filter, shared by all positions; or one entry per filter. */
  readonly bias: boolean | readonly EntryDescription[];
  readonly activation: Activation;
}

export interface Conv1dDescription extends Reading {
  readonly type: 'conv1d';
  readonly filters: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly groups: number;
  /** `[filter][channel of the group][tap]`, or null. */
  readonly weight: readonly (readonly (readonly EntryDescription[])[])[] | null;
  readonly bias: boolean | readonly EntryDescription[];
  readonly activation: Activation;
}

export interface MaxPool2dDescription extends Reading, Activating {
  readonly type: 'maxPool2d';
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
}

export interface AvgPool2dDescription extends Reading, Activating {
  readonly type: 'avgPool2d';
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  /** Whether padding counts in the divisor. */
  readonly countIncludePad: boolean;
}

export interface FlattenDescription extends Reading {
  readonly type: 'flatten';
}

export interface AddDescription extends Activating {
  readonly type: 'add';
  /** At least two; the same one may stand twice. */
  readonly from: readonly Source[];
}

export interface ConcatDescription extends Activating {
  readonly type: 'concat';
  readonly from: readonly Source[];
}

export interface ScaleDescription extends Reading, Activating {
  readonly type: 'scale';
  /** One per channel, or per unit of a flat input. */
  readonly scale: readonly Rational[];
  readonly shift: readonly Rational[];
}

export interface MaxDescription extends Reading, Activating {
  readonly type: 'max';
  /** Units of the flat input, in the order in which ties are resolved; null: one max of all. */
  readonly of: readonly (readonly number[])[] | null;
}

export type TypedLayerDescription =
  | (DenseDescription & { readonly type: 'dense' })
  | Conv2dDescription
  | Conv1dDescription
  | MaxPool2dDescription
  | AvgPool2dDescription
  | FlattenDescription
  | AddDescription
  | ConcatDescription
  | ScaleDescription
  | MaxDescription;

export type LayerDescription = DenseDescription | TypedLayerDescription;

export type LayerType = TypedLayerDescription['type'];

/**
 * Writes a layer into the program and returns its output, activation and all; null where its shapes
 * do not fit, after every fault was reported.
 */
export type LayerRule<D> = (
  description: D,
  inputs: readonly [Tensor, ...Tensor[]],
  program: LayerProgram,
) => Tensor | null;
