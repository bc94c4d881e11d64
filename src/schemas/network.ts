/**
 * The network of a request: inputs and layers. Shapes, continuity and names are checked after
 * these schemas, by the engine's own checker; here stand only types and sizes.
 */
import {
  Type,
  type Static,
  type TArray,
  type TInteger,
  type TSchema,
  type TUnion,
} from '@sinclair/typebox';
import { ExactInputSchema } from './exact.js';

/** Most samples, units of one layer and entries of one input vector that a request may name. */
export const WIDTH_MAX = 4096;
/** Most layers of one network. */
export const LAYERS_MAX = 64;
/** Most breakpoints of one activation, and most coefficients of one of its pieces. */
export const PIECES_MAX = 64;

export const ParameterNameSchema = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z_][A-Za-z0-9_.\\[\\]-]*$',
  description: 'A name: a letter or _, then letters, digits, _ . [ ] or -.',
});

/** One entry of a weight matrix or of a bias: a constant, or a free parameter times a constant. */
export const EntrySchema = Type.Union([
  ExactInputSchema,
  Type.Object(
    { param: ParameterNameSchema, scale: Type.Optional(ExactInputSchema) },
    { additionalProperties: false },
  ),
]);
export type EntryInput = Static<typeof EntrySchema>;

/** Names of the activations that need no settings. */
export const ACTIVATION_NAMES = [
  'identity',
  'relu',
  'leaky_relu',
  'relu6',
  'hardtanh',
  'hardsigmoid',
  'hardswish',
  'abs',
  'softshrink',
  'sigmoid',
  'tanh',
  'softplus',
  'gelu',
  'silu',
  'mish',
  'elu',
  'selu',
  'celu',
  'exp',
] as const;

const strict = { additionalProperties: false } as const;

export const ActivationSchema = Type.Union([
  Type.String({
    minLength: 1,
    maxLength: 64,
    description: `One of: ${ACTIVATION_NAMES.join(', ')}.`,
  }),
  Type.Object({ type: Type.Literal('identity') }, strict),
  Type.Object({ type: Type.Literal('relu') }, strict),
  Type.Object({ type: Type.Literal('relu6') }, strict),
  Type.Object({ type: Type.Literal('abs') }, strict),
  Type.Object({ type: Type.Literal('hardswish') }, strict),
  Type.Object({ type: Type.Literal('sigmoid') }, strict),
  Type.Object({ type: Type.Literal('tanh') }, strict),
  Type.Object({ type: Type.Literal('softplus') }, strict),
  Type.Object({ type: Type.Literal('gelu') }, strict),
  Type.Object({ type: Type.Literal('silu') }, strict),
  Type.Object({ type: Type.Literal('mish') }, strict),
  Type.Object({ type: Type.Literal('selu') }, strict),
  Type.Object({ type: Type.Literal('exp') }, strict),
  Type.Object({ type: Type.Literal('elu'), alpha: Type.Optional(ExactInputSchema) }, strict),
  Type.Object({ type: Type.Literal('celu'), alpha: Type.Optional(ExactInputSchema) }, strict),
  Type.Object({ type: Type.Literal('leaky_relu'), slope: Type.Optional(ExactInputSchema) }, strict),
  Type.Object(
    {
      type: Type.Literal('hardtanh'),
      min: Type.Optional(ExactInputSchema),
      max: Type.Optional(ExactInputSchema),
    },
    strict,
  ),
  Type.Object(
    {
      type: Type.Literal('hardsigmoid'),
      alpha: Type.Optional(ExactInputSchema),
      beta: Type.Optional(ExactInputSchema),
    },
    strict,
  ),
  Type.Object(
    { type: Type.Literal('softshrink'), lambda: Type.Optional(ExactInputSchema) },
    strict,
  ),
  Type.Object(
    {
      type: Type.Literal('piecewise'),
      breakpoints: Type.Array(ExactInputSchema, { maxItems: PIECES_MAX }),
      pieces: Type.Array(Type.Array(ExactInputSchema, { minItems: 1, maxItems: PIECES_MAX }), {
        minItems: 1,
        maxItems: PIECES_MAX + 1,
      }),
    },
    strict,
  ),
]);
export type ActivationInput = Static<typeof ActivationSchema>;

/** Most units that a shape may have along one axis, and most taps of a window along one. */
const AXIS_MAX = WIDTH_MAX;
const Axis = Type.Integer({ minimum: 1, maximum: AXIS_MAX });

const LayerNameSchema = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[A-Za-z_][A-Za-z0-9_.-]*$',
  description: 'A name that later layers may read from; "input" is taken.',
});

/** An earlier layer by name or by index, or the network's input. */
export const SourceSchema = Type.Union(
  [Type.Integer({ minimum: 0, maximum: LAYERS_MAX }), LayerNameSchema],
  { description: 'An earlier layer, by its name or its index from 0, or "input".' },
);
export type SourceInput = Static<typeof SourceSchema>;

const naming = { name: Type.Optional(LayerNameSchema) };
/** Of a layer that reads one other: the layer before it unless `from` says otherwise. */
const reading = { ...naming, from: Type.Optional(SourceSchema) };
const activating = { activation: Type.Optional(ActivationSchema) };
const joining = {
  ...naming,
  from: Type.Array(SourceSchema, { minItems: 2, maxItems: LAYERS_MAX }),
  ...activating,
};

const BiasSchema = Type.Optional(
  Type.Union([Type.Boolean(), Type.Array(EntrySchema, { minItems: 1, maxItems: WIDTH_MAX })]),
);

export const DenseLayerSchema = Type.Object(
  {
    type: Type.Literal('dense'),
    ...reading,
    units: Type.Integer({ minimum: 1, maximum: WIDTH_MAX }),
    bias: BiasSchema,
    weight: Type.Optional(
      Type.Array(Type.Array(EntrySchema, { minItems: 1, maxItems: WIDTH_MAX }), {
        minItems: 1,
        maxItems: WIDTH_MAX,
      }),
    ),
    activation: Type.Optional(ActivationSchema),
  },
  strict,
);

const list = <T extends TSchema>(items: T): TArray<T> =>
  Type.Array(items, { minItems: 1, maxItems: WIDTH_MAX });

/** One number for both axes, or two: down the rows, across the columns. */
const pair = (minimum: number, description: string): TUnion<[TInteger, TArray<TInteger>]> => {
  const axis = Type.Integer({ minimum, maximum: AXIS_MAX });
  return Type.Union([axis, Type.Array(axis, { minItems: 2, maxItems: 2 })], { description });
};
const Steps = Type.Integer({ minimum: 0, maximum: AXIS_MAX });

export const Conv2dLayerSchema = Type.Object(
  {
    type: Type.Literal('conv2d'),
    ...reading,
    filters: Axis,
    kernelSize: pair(1, 'Taps of the window: one number, or [rows, columns].'),
    stride: Type.Optional(pair(1, 'Default 1.')),
    padding: Type.Optional(pair(0, 'Zeros added at both ends of each axis; default 0.')),
    dilation: Type.Optional(pair(1, 'Default 1.')),
    groups: Type.Optional(Axis),
    bias: BiasSchema,
    weight: Type.Optional(list(list(list(list(EntrySchema))))),
    ...activating,
  },
  {
    ...strict,
    description:
      'Input [channels, height, width]. Parameters are shared by all positions: weight [filter][channel of the group][row][column], one bias per filter.',
  },
);

export const Conv1dLayerSchema = Type.Object(
  {
    type: Type.Literal('conv1d'),
    ...reading,
    filters: Axis,
    kernelSize: Axis,
    stride: Type.Optional(Axis),
    padding: Type.Optional(Steps),
    dilation: Type.Optional(Axis),
    groups: Type.Optional(Axis),
    bias: BiasSchema,
    weight: Type.Optional(list(list(list(EntrySchema)))),
    ...activating,
  },
  {
    ...strict,
    description: 'Input [channels, length]; weight [filter][channel of the group][tap].',
  },
);

const pooling = {
  ...reading,
  kernelSize: pair(1, 'Units of the window: one number, or [rows, columns].'),
  stride: Type.Optional(pair(1, 'Default: the kernel size.')),
  padding: Type.Optional(pair(0, 'At most half of the kernel; default 0.')),
  ...activating,
};

export const MaxPool2dLayerSchema = Type.Object(
  { type: Type.Literal('maxPool2d'), ...pooling },
  { ...strict, description: 'Padding takes no part in the maximum.' },
);

export const AvgPool2dLayerSchema = Type.Object(
  {
    type: Type.Literal('avgPool2d'),
    ...pooling,
    countIncludePad: Type.Optional(
      Type.Boolean({ description: 'Whether padding counts in the divisor; default true.' }),
    ),
  },
  strict,
);

export const FlattenLayerSchema = Type.Object(
  { type: Type.Literal('flatten'), ...reading },
  { ...strict, description: 'The same numbers in row-major order as a flat vector.' },
);

export const AddLayerSchema = Type.Object(
  { type: Type.Literal('add'), ...joining },
  { ...strict, description: 'The sum of earlier layers of one shape: a residual connection.' },
);

export const ConcatLayerSchema = Type.Object(
  { type: Type.Literal('concat'), ...joining },
  { ...strict, description: 'Earlier layers one after the other along the first axis.' },
);

export const ScaleLayerSchema = Type.Object(
  {
    type: Type.Literal('scale'),
    ...reading,
    scale: list(ExactInputSchema),
    shift: Type.Optional(list(ExactInputSchema)),
    ...activating,
  },
  {
    ...strict,
    description:
      'A constant affine map, one scale and shift per channel (per unit of a flat input): a frozen batch normalisation.',
  },
);

export const MaxLayerSchema = Type.Object(
  {
    type: Type.Literal('max'),
    ...reading,
    of: Type.Optional(list(list(Type.Integer({ minimum: 0, maximum: WIDTH_MAX ** 2 })))),
    ...activating,
  },
  {
    ...strict,
    description:
      'One maximum per list of units of a flat input, in the order in which ties are resolved; by default one of all.',
  },
);

export const LayerSchema = Type.Union([
  DenseLayerSchema,
  Conv2dLayerSchema,
  Conv1dLayerSchema,
  MaxPool2dLayerSchema,
  AvgPool2dLayerSchema,
  FlattenLayerSchema,
  AddLayerSchema,
  ConcatLayerSchema,
  ScaleLayerSchema,
  MaxLayerSchema,
]);
export type LayerInput = Static<typeof LayerSchema>;

/** One analytic function of all samples' outputs. */
export const LossSchema = Type.Union([
  Type.Object({ type: Type.Literal('sum') }, strict),
  Type.Object(
    { type: Type.Literal('mse'), targets: list(list(ExactInputSchema)) },
    {
      ...strict,
      description: 'The mean over all samples and outputs of the squared difference.',
    },
  ),
]);

export const NetworkSchema = Type.Object(
  {
    inputs: Type.Array(Type.Array(ExactInputSchema, { minItems: 1, maxItems: WIDTH_MAX }), {
      minItems: 1,
      maxItems: WIDTH_MAX,
      description: 'One vector per sample. Several samples make one function, outputs stacked.',
    }),
    inputShape: Type.Optional(
      Type.Array(Axis, {
        minItems: 1,
        maxItems: 3,
        description:
          'The shape of each input vector, row-major: [channels, length] or [channels, height, width]; default: flat.',
      }),
    ),
    layers: Type.Array(LayerSchema, { minItems: 1, maxItems: LAYERS_MAX }),
    loss: Type.Optional(LossSchema),
  },
  strict,
);
export type NetworkInput = Static<typeof NetworkSchema>;

/** An uploaded network, in the place of one written out. */
export const NetworkRefSchema = Type.Object(
  {
    ref: Type.String({
      pattern: '^sha256:[0-9a-f]{64}$',
      maxLength: 71,
      description: '`sha256:` and the digest of a network uploaded before.',
    }),
  },
  strict,
);
