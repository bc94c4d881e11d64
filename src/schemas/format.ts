/** The number format of a request: what each free parameter ranges over. */
import { Type, type Static } from '@sinclair/typebox';
import { ExactInputSchema } from './exact.js';
import { ParameterNameSchema } from './network.js';

const strict = { additionalProperties: false } as const;

export const FormatNameSchema = Type.String({ minLength: 1, maxLength: 64 });

/** Longest accepted list of values. */
export const VALUES_MAX = 65536;

export const SingleFormatSchema = Type.Union([
  FormatNameSchema,
  Type.Object(
    { values: Type.Array(ExactInputSchema, { minItems: 1, maxItems: VALUES_MAX }) },
    strict,
  ),
  Type.Object(
    {
      type: Type.Literal('minifloat'),
      exponentBits: Type.Integer({ minimum: 0, maximum: 15 }),
      mantissaBits: Type.Integer({ minimum: 0, maximum: 112 }),
      bias: Type.Optional(Type.Integer({ minimum: -65536, maximum: 65536 })),
      signed: Type.Optional(Type.Boolean()),
      subnormals: Type.Optional(Type.Boolean()),
      infinities: Type.Optional(Type.Boolean()),
      nan: Type.Optional(
        Type.Union([
          Type.Literal('ieee'),
          Type.Literal('all-ones'),
          Type.Literal('negative-zero'),
          Type.Literal('none'),
        ]),
      ),
    },
    strict,
  ),
  Type.Object(
    {
      type: Type.Literal('integer'),
      bits: Type.Integer({ minimum: 1, maximum: 64 }),
      signed: Type.Optional(Type.Boolean()),
      narrow: Type.Optional(Type.Boolean()),
      scale: Type.Optional(ExactInputSchema),
      zeroPoint: Type.Optional(Type.Integer()),
    },
    strict,
  ),
  Type.Object(
    {
      type: Type.Literal('fixed'),
      integerBits: Type.Integer({ minimum: 0, maximum: 64 }),
      fractionBits: Type.Integer({ minimum: 0, maximum: 64 }),
      signed: Type.Optional(Type.Boolean()),
    },
    strict,
  ),
]);
export type SingleFormatInput = Static<typeof SingleFormatSchema>;

export const MixedFormatSchema = Type.Object(
  {
    weights: Type.Optional(SingleFormatSchema),
    biases: Type.Optional(SingleFormatSchema),
    params: Type.Optional(
      Type.Record(ParameterNameSchema, SingleFormatSchema, { additionalProperties: false }),
    ),
  },
  strict,
);

export const FormatSchema = Type.Union([SingleFormatSchema, MixedFormatSchema]);
export type FormatInput = Static<typeof FormatSchema>;
