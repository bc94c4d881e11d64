/** What GET /formats and GET /activations answer. */
import { Type, type Static } from '@sinclair/typebox';
import { RationalTextSchema } from './exact.js';

const strict = { additionalProperties: false } as const;

/** Formats of at most this many values are listed value by value. */
export const LISTED_MAX = 256;

const summary = {
  id: Type.String({ description: 'The name that questions and results use.' }),
  name: Type.String({ description: 'For readers.' }),
  aliases: Type.Array(Type.String(), {
    description: 'Other names taken in requests; case and punctuation do not count.',
  }),
  kind: Type.String({ description: 'Family of the format: float, posit, integer, fixed.' }),
  bits: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
    description: 'Width of one code.',
  }),
  cardinality: Type.String({
    pattern: '^[0-9]+$',
    description: '|M|, exact: the number of distinct finite real values.',
  }),
  link: Type.String({ description: 'Where the whole entry is.' }),
};

export const FormatSummarySchema = Type.Object(summary, { ...strict, title: 'FormatSummary' });
export type FormatSummary = Static<typeof FormatSummarySchema>;

const DescribedNumber = Type.Object(
  {
    exact: RationalTextSchema,
    dyadic: Type.Union([Type.String(), Type.Null()], {
      description: 'The same as n*2^e; null where it is no dyadic.',
    }),
    value: Type.Union([Type.Number(), Type.Null()], {
      description: 'Correctly rounded; null beyond binary64.',
    }),
  },
  strict,
);
const Nullable = Type.Union([DescribedNumber, Type.Null()]);

export const FormatEntrySchema = Type.Object(
  {
    ...summary,
    cardinalityFlushed: Type.String({
      pattern: '^[0-9]+$',
      description: '|M| where subnormals are flushed to zero.',
    }),
    facts: Type.Unsafe<Readonly<Record<string, unknown>>>({
      type: 'object',
      additionalProperties: true,
      description: 'The facts the format is declared by; everything else is derived from them.',
    }),
    largest: DescribedNumber,
    least: DescribedNumber,
    smallestNormal: Nullable,
    smallestSubnormal: Nullable,
    hasZero: Type.Boolean(),
    closedUnderNegation: Type.Boolean({
      description: 'Whether −v is a value where v is; where not, fewer kinks can be met.',
    }),
    specialCodes: Type.Object(
      {
        infinities: Type.String({ pattern: '^[0-9]+$' }),
        nans: Type.String({ pattern: '^[0-9]+$' }),
        signedZero: Type.Boolean(),
      },
      { ...strict, description: 'Codes that are no distinct finite real value.' },
    ),
    sources: Type.Array(Type.String(), { description: 'Where the facts come from.' }),
    note: Type.Union([Type.String(), Type.Null()]),
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
    kinksAndZeroBoundary: Type.Integer({
      minimum: 0,
      description: 'How many points are a kink or on the boundary of the zero set.',
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
