/**
 * A policy: what a pipeline demands of a result; and the verdict: what became of each demand.
 *
 * A rule is one member of a policy with its limit. Rules on densities speak of whole spaces (modes
 * `exhaustive`, `sampled`, `bounds`), `differentiable` and `adCorrect` of one point (mode `point`),
 * `clarke` of both. A rule that its mode can never decide is refused with the request.
 */
import { Type, type Static } from '@sinclair/typebox';
import { ExactInputSchema, RationalTextSchema } from './exact.js';

const strict = { additionalProperties: false } as const;

const maxDensity = Type.Optional(ExactInputSchema);
const DensityRuleSchema = Type.Object({ maxDensity: ExactInputSchema }, strict);

/** Most neurons that a limit on touched neurons may name. */
export const NEURONS_MAX = 1_000_000_000;

export const PolicySchema = Type.Object(
  {
    nonDifferentiable: Type.Optional(DensityRuleSchema),
    incorrect: Type.Optional(DensityRuleSchema),
    touched: Type.Optional(
      Type.Object(
        {
          maxDensity,
          maxNeurons: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: NEURONS_MAX,
              description: 'Mode `point`: most neurons that may sit on a kink at the point.',
            }),
          ),
        },
        { ...strict, minProperties: 1, maxProperties: 1 },
      ),
    ),
    differentiable: Type.Optional(Type.Literal(true)),
    adCorrect: Type.Optional(
      Type.Literal(true, { description: 'AD returns the derivative, which must exist.' }),
    ),
    clarke: Type.Optional(
      Type.Literal('certified', {
        description:
          'What AD returns is proved to lie in the Clarke subdifferential: at the point, or at every point of the space.',
      }),
    ),
  },
  {
    ...strict,
    minProperties: 1,
    description: 'What is demanded of the result; every rule must hold for the gate to open.',
  },
);
export type PolicyInput = Static<typeof PolicySchema>;

export const VerdictSchema = Type.Union(
  [Type.Literal('pass'), Type.Literal('fail'), Type.Literal('inconclusive')],
  {
    description:
      '`fail` where any rule fails; else `inconclusive` where any rule is; else `pass`. An interval that straddles its limit, and whatever is undecided, is inconclusive.',
  },
);
export type Verdict = Static<typeof VerdictSchema>;

export const JudgedRuleSchema = Type.Object(
  {
    rule: Type.String({ description: 'The rule by its place in the policy.' }),
    verdict: VerdictSchema,
    limit: Type.String({ description: 'What the policy demands; numbers are exact text.' }),
    figure: Type.Union(
      [
        Type.String({ description: 'What was found, exactly; `undecided` where it was not.' }),
        Type.Object(
          {
            lower: RationalTextSchema,
            upper: RationalTextSchema,
            confidence: Type.Optional(RationalTextSchema),
          },
          { ...strict, description: 'The figure lies in [lower, upper].' },
        ),
      ],
      { description: 'What the limit was compared with, exactly and in rationals.' },
    ),
    why: Type.String(),
  },
  strict,
);
export type JudgedRule = Static<typeof JudgedRuleSchema>;

export const GateSchema = Type.Object(
  {
    job: Type.String(),
    verdict: VerdictSchema,
    rules: Type.Array(JudgedRuleSchema, { minItems: 1 }),
  },
  strict,
);
export type Gate = Static<typeof GateSchema>;
