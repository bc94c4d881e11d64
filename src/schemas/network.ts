/**
 * The network of a request: inputs and layers. Shapes, continuity and names are checked after
 * these schemas, by the engine's own checker; here stand only types and sizes.
 */
import { Type, type Static } from '@sinclair/typebox';
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

export const DenseLayerSchema = Type.Object(
  {
    type: Type.Literal('dense'),
    units: Type.Integer({ minimum: 1, maximum: WIDTH_MAX }),
    bias: Type.Optional(
      Type.Union([Type.Boolean(), Type.Array(EntrySchema, { minItems: 1, maxItems: WIDTH_MAX })]),
    ),
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
export type DenseLayerInput = Static<typeof DenseLayerSchema>;

export const NetworkSchema = Type.Object(
  {
    inputs: Type.Array(Type.Array(ExactInputSchema, { minItems: 1, maxItems: WIDTH_MAX }), {
      minItems: 1,
      maxItems: WIDTH_MAX,
      description: 'One vector per sample. Several samples make one function, outputs stacked.',
    }),
    layers: Type.Array(DenseLayerSchema, { minItems: 1, maxItems: LAYERS_MAX }),
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
