/** What POST /plan answers: the cost of every method before anything is enqueued. */
import { Type, type Static } from '@sinclair/typebox';
import { CountSchema } from './exact.js';
import { ModeSchema } from './request.js';
import { SpaceSchema } from './result.js';
import { SampleMethodSchema } from './sampling.js';

const strict = { additionalProperties: false } as const;
const NumberOrNull = Type.Union([Type.Number(), Type.Null()]);

export const CostSchema = Type.Object(
  {
    states: NumberOrNull,
    operations: NumberOrNull,
    log10Operations: Type.Number(),
    bytes: NumberOrNull,
    seconds: NumberOrNull,
  },
  {
    ...strict,
    description:
      'Estimates, as doubles; null beyond 10^308. Seconds are of one core of a common machine, bytes those of the states held.',
  },
);

export const MethodCostSchema = Type.Object(
  {
    method: Type.Union([
      Type.Literal('closed-form'),
      Type.Literal('layered'),
      Type.Literal('enumeration'),
      ...SampleMethodSchema.anyOf,
    ]),
    applies: Type.Boolean(),
    affordable: Type.Boolean({ description: 'Whether it is within the limits of this service.' }),
    why: Type.String({ description: 'What it does, or why it does not apply.' }),
    visits: Type.Optional(CountSchema),
    samples: Type.Optional(CountSchema),
    estimate: Type.Union([CostSchema, Type.Null()]),
  },
  strict,
);

export const PlanningSchema = Type.Object(
  {
    engine: Type.String(),
    mode: ModeSchema,
    space: SpaceSchema,
    accepted: Type.Boolean({ description: 'Whether POST /analyze would take the same body.' }),
    method: Type.Union([
      Type.Literal('closed-form'),
      Type.Literal('layered'),
      Type.Literal('enumeration'),
      ...SampleMethodSchema.anyOf,
      Type.Literal('point'),
      Type.Literal('bounds'),
      Type.Null(),
    ]),
    shards: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
    methods: Type.Array(MethodCostSchema, {
      description:
        'In the modes exhaustive and sampled, every method with its cost; empty in the others.',
    }),
    refusal: Type.Union([
      Type.Object(
        {
          code: Type.String(),
          detail: Type.String(),
          nearest: Type.Union([
            Type.Object(
              {
                mode: Type.String({ description: 'The largest mode that fits.' }),
                format: Type.Union([Type.String(), Type.Null()], {
                  description:
                    'The widest well-known format over which the network can be counted.',
                }),
              },
              strict,
            ),
            Type.Null(),
          ]),
        },
        strict,
      ),
      Type.Null(),
    ]),
  },
  strict,
);
export type Planning = Static<typeof PlanningSchema>;
