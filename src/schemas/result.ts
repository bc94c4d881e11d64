/**
 * What comes back: one schema per mode. Counts and exact numbers are text; `value` fields are
 * rounded for reading. Field meanings follow theory.md sections 1 to 5.
 */
import { Type, type Static } from '@sinclair/typebox';
import { CountSchema, ExactWithValueSchema, RationalTextSchema, RealTextSchema } from './exact.js';
import { BoundSchema, QuestionSchema, SpaceSchema, judged } from './result-parts.js';
import { SampledResultSchema } from './sampled-result.js';

export { BoundSchema, QuestionSchema, SpaceSchema, type Bound } from './result-parts.js';
export type { SampledResult } from './sampled-result.js';

const strict = { additionalProperties: false } as const;
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

export const NeuronSchema = Type.Object(
  {
    layer: Type.Integer({ minimum: 0 }),
    unit: Type.Integer({ minimum: 0 }),
    activation: Type.String(),
    kinks: Type.Array(RationalTextSchema),
    touched: CountSchema,
    relevant: CountSchema,
  },
  strict,
);

export const WitnessSchema = Type.Object(
  {
    kind: Type.Union([
      Type.Literal('nonDifferentiable'),
      Type.Literal('incorrect'),
      Type.Literal('undecided'),
    ]),
    parameters: Type.Array(RationalTextSchema),
    neurons: Type.Array(
      Type.Object(
        { layer: Type.Integer({ minimum: 0 }), unit: Type.Integer({ minimum: 0 }) },
        strict,
      ),
    ),
  },
  strict,
);

export const SecondMomentSchema = Type.Object(
  { exact: RationalTextSchema, value: Type.Number() },
  {
    ...strict,
    description:
      'Lower bound on the density of ndf from the first two moments of the number of relevant ties (Dawson and Sankoff 1967); null where L-iff does not apply.',
  },
);

export const SlackSchema = Type.Object(
  {
    format: ExactWithValueSchema,
    irrelevance: ExactWithValueSchema,
    overlap: ExactWithValueSchema,
  },
  {
    ...strict,
    description:
      'L-ndf less the density of ndf, in three parts that add up: values that would complete a tie are not in the format; no output depends on the tied neuron; several neurons are tied and relevant at once. Null where L-ndf does not apply.',
  },
);

export const ExhaustiveResultSchema = Type.Object(
  {
    mode: Type.Literal('exhaustive'),
    method: Type.Union([
      Type.Literal('closed-form'),
      Type.Literal('layered'),
      Type.Literal('enumeration'),
    ]),
    engine: Type.String(),
    question: QuestionSchema,
    space: SpaceSchema,
    /** Points visited, of an enumeration; each stands for all that no verdict tells from it. */
    visited: Type.Optional(CountSchema),
    /** States summed over, of the other methods. */
    states: Type.Optional(CountSchema),
    counts: Type.Object(
      {
        touched: CountSchema,
        nonDifferentiable: CountSchema,
        incorrect: CountSchema,
        undecided: CountSchema,
        tiesUndecided: CountSchema,
      },
      {
        ...strict,
        description:
          'Points. Undecided are those at which a tie, a relevance or an equality of derivatives is neither proved nor refuted, or where the walk met its limits; they are in neither set and in no moment. Of those, tiesUndecided are the ones at which not even what is tied is decided: they are not in touched, nor in the counts of the neurons, and may belong there.',
      },
    ),
    density: Type.Object(
      {
        touched: ExactWithValueSchema,
        nonDifferentiable: ExactWithValueSchema,
        incorrect: ExactWithValueSchema,
      },
      {
        ...strict,
        description: 'Shares of Ω of the counts: of what was decided, where not all is.',
      },
    ),
    /** Σ over neurons of the density of points where it is tied and relevant. */
    firstMoment: ExactWithValueSchema,
    secondMoment: Nullable(SecondMomentSchema),
    slack: Nullable(SlackSchema),
    bounds: Type.Array(BoundSchema),
    neurons: Type.Array(NeuronSchema),
    witnesses: Type.Array(WitnessSchema),
    ...judged,
  },
  strict,
);
export type ExhaustiveResult = Static<typeof ExhaustiveResultSchema>;

const relevant = Type.Boolean({
  description: 'Whether AD says that some output depends on the unit.',
});
const place = {
  layer: Type.Integer({ minimum: 0 }),
  unit: Type.Integer({ minimum: 0 }),
  sample: Type.Integer({ minimum: 0 }),
};

/** A pre-activation on a kink, and the derivative AD uses there. */
export const TouchedNeuronSchema = Type.Object(
  {
    ...place,
    activation: Type.String(),
    kink: RationalTextSchema,
    proxy: RationalTextSchema,
    relevant,
  },
  strict,
);

/** A maximum that is attained more than once, and the share of the derivative AD gives to each. */
export const TiedMaximumSchema = Type.Object(
  {
    ...place,
    activation: Type.Union([Type.Literal('max'), Type.Literal('maxPool2d')]),
    inputs: Type.Array(Type.Integer({ minimum: 0 }), {
      minItems: 2,
      description: 'Units of what the layer reads that attain the maximum, in order.',
    }),
    proxies: Type.Array(RationalTextSchema, { minItems: 2 }),
    relevant,
  },
  strict,
);

const Vector = Type.Array(RationalTextSchema);
const Matrix = Type.Array(Vector);
const RealVector = Type.Array(RealTextSchema);
const RealMatrix = Type.Array(RealVector);

/**
 * A derivative that is a limit of derivatives: at w + εd, for all small ε > 0, f is differentiable
 * and its derivative tends to `gradient` as ε → 0.
 */
export const CertificateVertexSchema = Type.Object(
  { weight: RationalTextSchema, direction: Vector, gradient: Matrix },
  strict,
);

export const ClarkeSchema = Type.Object(
  {
    membership: Type.Union([
      Type.Literal('certified'),
      Type.Literal('refuted'),
      Type.Literal('undecided'),
    ]),
    why: Type.String(),
    certificate: Type.Optional(
      Type.Object(
        {
          kind: Type.Literal('convex-combination'),
          vertices: Type.Array(CertificateVertexSchema, { minItems: 1 }),
        },
        strict,
      ),
    ),
    separation: Type.Optional(
      Type.Object(
        {
          normal: Matrix,
          ad: RationalTextSchema,
          supremum: RationalTextSchema,
        },
        {
          ...strict,
          description:
            'A linear functional on [out, in] matrices whose value at AD exceeds its supremum over the hull.',
        },
      ),
    ),
  },
  strict,
);

export const PointResultSchema = Type.Object(
  {
    mode: Type.Literal('point'),
    engine: Type.String(),
    question: QuestionSchema,
    space: SpaceSchema,
    decidedBy: Type.Union([
      Type.Literal('untouched'),
      Type.Literal('L-iff'),
      Type.Literal('walk'),
      Type.Literal('undecided'),
    ]),
    limit: Type.Optional(
      Type.String({
        description:
          'Where undecided: which bound on the work was met, or what could not be proved.',
      }),
    ),
    differentiable: Nullable(Type.Boolean()),
    adCorrect: Nullable(Type.Boolean()),
    touched: Type.Array(Type.Union([TouchedNeuronSchema, TiedMaximumSchema])),
    tiesDecided: Type.Boolean({
      description: 'Whether `touched` is complete; false where what is tied is not decided.',
    }),
    value: RealVector,
    ad: RealMatrix,
    derivative: Nullable(RealMatrix),
    clarke: ClarkeSchema,
    bounds: Type.Array(BoundSchema),
    ...judged,
  },
  strict,
);
export type PointResult = Static<typeof PointResultSchema>;

export const BoundsResultSchema = Type.Object(
  {
    mode: Type.Literal('bounds'),
    engine: Type.String(),
    question: QuestionSchema,
    space: SpaceSchema,
    bounds: Type.Array(BoundSchema),
    ...judged,
  },
  strict,
);
export type BoundsResult = Static<typeof BoundsResultSchema>;

export const ResultSchema = Type.Union([
  ExhaustiveResultSchema,
  SampledResultSchema,
  PointResultSchema,
  BoundsResultSchema,
]);
export type Result = Static<typeof ResultSchema>;
