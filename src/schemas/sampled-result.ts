/**
 * The result of mode `sampled`. An estimate is the exact mean of the samples, as text and rounded;
 * the ends of an interval are rounded outward. Intervals hold at every look at once, each with the
 * confidence beside it; they are of one set each, not of all together.
 */
import { Type, type Static } from '@sinclair/typebox';
import { BoundSchema, QuestionSchema, SpaceSchema, judged } from './result-parts.js';
import { CountSchema, ExactWithValueSchema, RationalTextSchema } from './exact.js';
import { SampleMethodSchema } from './sampling.js';

const strict = { additionalProperties: false } as const;
const Share = Type.Number({ minimum: 0, maximum: 1 });

const interval = {
  estimate: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
    description: 'The mean of the samples, rounded; null where no sample was drawn in time.',
  }),
  exact: Type.Union([RationalTextSchema, Type.Null()], {
    description: 'The mean of the samples. 0 says that no event was seen: read the upper end.',
  }),
  lower: Share,
  upper: Share,
};

export const SampledIntervalSchema = Type.Object(interval, strict);
export type SampledInterval = Static<typeof SampledIntervalSchema>;

export const SampledDensitySchema = Type.Object(
  {
    ...interval,
    confidence: Share,
    method: SampleMethodSchema,
    samples: CountSchema,
    relativeStandardError: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
      description: 'Standard deviation of the estimate over the estimate; null where that is 0.',
    }),
  },
  strict,
);
export type SampledDensity = Static<typeof SampledDensitySchema>;

export const SampledNeuronSchema = Type.Object(
  {
    layer: Type.Integer({ minimum: 0 }),
    unit: Type.Integer({ minimum: 0 }),
    activation: Type.String(),
    kinks: Type.Array(RationalTextSchema),
    touched: SampledIntervalSchema,
    relevant: SampledIntervalSchema,
  },
  strict,
);

export const SampledResultSchema = Type.Object(
  {
    mode: Type.Literal('sampled'),
    method: SampleMethodSchema,
    engine: Type.String(),
    question: QuestionSchema,
    space: SpaceSchema,
    seed: CountSchema,
    samples: CountSchema,
    stoppedBy: Type.Union(
      [Type.Literal('relativeError'), Type.Literal('samples'), Type.Literal('time')],
      { description: 'What ended the sampling, whichever came first.' },
    ),
    seconds: Type.Optional(Type.Integer({ minimum: 1 })),
    density: Type.Object(
      {
        touched: SampledDensitySchema,
        nonDifferentiable: SampledDensitySchema,
        incorrect: SampledDensitySchema,
        nonDifferentiableOrIncorrect: SampledDensitySchema,
      },
      strict,
    ),
    undecided: Type.Union([RationalTextSchema, Type.Null()], {
      description:
        'Mean share of the undecided points. They count as outside a set for lower ends and estimates, as inside for upper ends.',
    }),
    firstMoment: Type.Union([ExactWithValueSchema, Type.Null()], {
      description:
        'Mean number of neurons that are tied and relevant: an estimate, without interval.',
    }),
    bounds: Type.Array(BoundSchema, {
      description:
        '`holds` says whether interval and theorem agree: whether some density obeys both.',
    }),
    neurons: Type.Array(SampledNeuronSchema),
    ...judged,
  },
  strict,
);
export type SampledResult = Static<typeof SampledResultSchema>;
