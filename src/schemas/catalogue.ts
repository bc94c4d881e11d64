/** What GET /formats and GET /activations answer. */
import { Type, type Static } from '@sinclair/typebox';
import { ExactWithValueSchema, RationalTextSchema } from './exact.js';

const strict = { additionalProperties: false } as const;

/** Formats of at most this many values are listed value by value. */
export const LISTED_MAX = 256;

const summary = {
  name: Type.String({ description: 'The name that answers and results use.' }),
  aliases: Type.Array(Type.String(), {
    description: 'Other names taken in requests; case and punctuation do not count.',
  }),
  kind: Type.String({ description: 'Family of the format: float, integer, fixed, posit, …' }),
  bits: Type.Integer({ minimum: 1, description: 'Width of one code.' }),
  size: Type.String({
    pattern: '^[0-9]+$',
    description: '|M|, exact: the number of distinct finite real values.',
  }),
  link: Type.String({ description: 'Where the whole entry is.' }),
};

export const FormatSummarySchema = Type.Object(summary, { ...strict, title: 'FormatSummary' });
export type FormatSummary = Static<typeof FormatSummarySchema>;

export const FormatEntrySchema = Type.Object(
  {
    ...summary,
    least: ExactWithValueSchema,
    greatest: ExactWithValueSchema,
    smallestPositive: Type.Union([ExactWithValueSchema, Type.Null()]),
    containsZero: Type.Boolean(),
    facts: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      description: 'The facts the format is declared by; everything else is derived from them.',
    }),
    values: Type.Optional(
      Type.Array(RationalTextSchema, {
        maxItems: LISTED_MAX,
        description: `All values in increasing order, where there are at most ${String(LISTED_MAX)}.`,
      }),
    ),
  },
  { ...strict, title: 'FormatEntry' },
);
export type FormatEntry = Static<typeof FormatEntrySchema>;

export const FormatListSchema = Type.Object(
  { formats: Type.Array(FormatSummarySchema) },
  { ...strict, title: 'FormatList' },
);

export const ActivationEntrySchema = Type.Object(
  {
    type: Type.String(),
    definition: Type.String({ description: 'For the default settings.' }),
    settings: Type.Array(Type.Object({ name: Type.String(), default: RationalTextSchema }, strict)),
    kinks: Type.Array(
      Type.Object(
        { at: RationalTextSchema, left: RationalTextSchema, right: RationalTextSchema },
        strict,
      ),
      { description: 'For the default settings: where, and the one-sided derivatives there.' },
    ),
    boundaryOfZeroSet: Type.Array(RationalTextSchema, {
      description: 'bdz of the default settings: boundary points of the set where it is zero.',
    }),
    proxies: Type.Record(Type.String(), Type.Union([Type.Array(RationalTextSchema), Type.Null()]), {
      description:
        'Per preset: the derivative AD uses at each kink, in order; null where the preset does not know the activation.',
    }),
  },
  { ...strict, title: 'ActivationEntry' },
);
export type ActivationEntry = Static<typeof ActivationEntrySchema>;

export const ActivationListSchema = Type.Object(
  { activations: Type.Array(ActivationEntrySchema) },
  { ...strict, title: 'ActivationList' },
);
