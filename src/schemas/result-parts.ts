/** What the results of several modes share: the question as understood, the space, the bounds. */
import { Type, type Static } from '@sinclair/typebox';
import { CountSchema, RationalTextSchema } from './exact.js';
import { JudgedRuleSchema, VerdictSchema } from './policy.js';

const strict = { additionalProperties: false } as const;
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);

/** The question as it was understood: every default filled in, every number canonical text. */
export const QuestionSchema = Type.Unsafe<Record<string, unknown>>({
  type: 'object',
  additionalProperties: true,
  description: 'The request as understood: defaults filled in, numbers in canonical exact text.',
});

export const SpaceSchema = Type.Object(
  {
    parameters: Type.Integer({ minimum: 0 }),
    size: CountSchema,
    log10: Type.Number({ description: 'Rounded log10 of the size.' }),
    value: Nullable(
      Type.Number({ description: 'The double nearest to the size; null beyond 10^308.' }),
    ),
  },
  strict,
);
export type SpaceText = Static<typeof SpaceSchema>;

export const BoundSchema = Type.Object(
  {
    id: Type.String({ description: 'The theorem, by its id in theory.md section 2.' }),
    applies: Type.Boolean(),
    on: Type.Union([
      Type.Literal('nonDifferentiable'),
      Type.Literal('incorrect'),
      Type.Literal('nonDifferentiableOrIncorrect'),
      Type.Literal('clarke'),
    ]),
    direction: Nullable(
      Type.Union([Type.Literal('upper'), Type.Literal('lower'), Type.Literal('equal')]),
    ),
    exact: Nullable(RationalTextSchema),
    value: Nullable(Type.Number()),
    vacuous: Type.Boolean({ description: 'A bound on a density that says nothing: at least 1.' }),
    holds: Nullable(Type.Boolean({ description: 'Compared with the exact density, where known.' })),
    why: Type.String({ description: 'Which hypothesis was found to hold, or which one fails.' }),
    statement: Type.String(),
    source: Type.String(),
  },
  strict,
);
export type Bound = Static<typeof BoundSchema>;

/** In the result of a job with a policy: what became of it. Read-time; never stored. */
export const judged = {
  verdict: Type.Optional(VerdictSchema),
  rules: Type.Optional(Type.Array(JudgedRuleSchema)),
};
