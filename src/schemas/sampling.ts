/**
 * How mode `sampled` samples, and the neighbourhood that Ω may be shrunk to. What the numbers mean
 * together (a method that does not apply, a confidence out of range) is checked behind the schema.
 */
import { Type, type Static } from '@sinclair/typebox';
import { ExactInputSchema } from './exact.js';

const strict = { additionalProperties: false } as const;

/** Longest time that a request may ask for. */
export const SECONDS_MAX = 86_400;
/** Most parameters of a neighbourhood: as many as a network may have. */
const PARAMETERS_MAX = 1_000_000;

export const SampleMethodSchema = Type.Union([
  Type.Literal('plain'),
  Type.Literal('conditional'),
  Type.Literal('union'),
]);

export const SamplingSchema = Type.Object(
  {
    method: Type.Optional(
      Type.Union([Type.Literal('auto'), ...SampleMethodSchema.anyOf], {
        description:
          'plain: draws points. conditional: draws the early layers and integrates the last ones exactly. union: ties each neuron in turn through one of its parameters (Karp and Luby). auto, the default: the one with the least variance that applies.',
      }),
    ),
    samples: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: Number.MAX_SAFE_INTEGER,
        description: 'Most samples; by default as many as the service affords in about a minute.',
      }),
    ),
    seed: Type.Optional(
      Type.Union([Type.Integer(), Type.String({ maxLength: 64 })], {
        description: 'An integer from 0 to 2^64 − 1, as a number or as text; default 0.',
      }),
    ),
    confidence: Type.Optional(
      Type.Union(ExactInputSchema.anyOf, {
        description: 'From 1/2 to 1 − 10^-9; default 99/100. It holds at every look at once.',
      }),
    ),
    relativeError: Type.Optional(
      Type.Union(ExactInputSchema.anyOf, {
        description:
          'Sampling stops once the interval is within this share of the estimate; above 0, at most 1. Default 1/20, or none where samples or seconds are given.',
      }),
    ),
    seconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: SECONDS_MAX,
        description:
          'Sampling stops this long after the job began. Only then may the answer differ from run to run; it says how many samples it used.',
      }),
    ),
  },
  strict,
);
export type SamplingInput = Static<typeof SamplingSchema>;

export const AroundSchema = Type.Object(
  {
    parameters: Type.Array(ExactInputSchema, { maxItems: PARAMETERS_MAX }),
    radius: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  },
  {
    ...strict,
    description:
      'Shrinks Ω to a neighbourhood of the given parameters: each ranges over the values of its format that are at most `radius` representable values away. In every mode but point.',
  },
);
