/** The body of POST /analyze and POST /bounds. */
import { Type, type Static } from '@sinclair/typebox';
import { ExactInputSchema } from './exact.js';
import { FormatSchema } from './format.js';
import { NetworkRefSchema, NetworkSchema, PIECES_MAX, type NetworkInput } from './network.js';
import { PolicySchema } from './policy.js';
import { AroundSchema, SamplingSchema } from './sampling.js';
import { WebhookSchema } from './webhook.js';

const strict = { additionalProperties: false } as const;

/** Most free parameters of one network. */
export const PARAMETERS_MAX = 1_000_000;

export const ModeSchema = Type.Union([
  Type.Literal('bounds'),
  Type.Literal('exhaustive'),
  Type.Literal('sampled'),
  Type.Literal('point'),
]);
export type Mode = Static<typeof ModeSchema>;

/** A derivative at a kink: a preset's or a side's name, or one exact value per kink in order. */
export const ActivationProxySchema = Type.Union([
  Type.String({ minLength: 1, maxLength: 64 }),
  Type.Number(),
  Type.Array(ExactInputSchema, { minItems: 1, maxItems: PIECES_MAX }),
]);

export const ProxiesSchema = Type.Union([
  Type.String({ minLength: 1, maxLength: 64 }),
  Type.Record(Type.String({ minLength: 1, maxLength: 64 }), ActivationProxySchema),
]);
export type ProxiesInput = Static<typeof ProxiesSchema>;

const question = {
  network: Type.Union([NetworkSchema, NetworkRefSchema]),
  format: FormatSchema,
  proxies: Type.Optional(ProxiesSchema),
  parameters: Type.Optional(Type.Array(ExactInputSchema, { maxItems: PARAMETERS_MAX })),
  sampling: Type.Optional(SamplingSchema),
  around: Type.Optional(AroundSchema),
  policy: Type.Optional(PolicySchema),
  webhook: Type.Optional(WebhookSchema),
};

/** No part of the question: what the job that answers it may take at most. */
const limits = {
  deadlineSeconds: Type.Optional(
    Type.Number({
      minimum: 0.001,
      maximum: 31_536_000,
      description:
        'Seconds from now until the job fails with `deadline-exceeded`, finished or not. Default: none.',
    }),
  ),
  cpuSeconds: Type.Optional(
    Type.Number({
      minimum: 0.001,
      maximum: 31_536_000_000,
      description:
        'Computing time of all shards together, in seconds, until the job fails with `budget-exhausted`. Looked at once a second and shard. Default: none.',
    }),
  ),
};

export const LimitsSchema = Type.Object(limits, strict);
export type LimitsInput = Static<typeof LimitsSchema>;

export const AnalyzeSchema = Type.Object({ ...question, ...limits, mode: ModeSchema }, strict);
export type AnalyzeBody = Static<typeof AnalyzeSchema>;
/** A body whose network is at hand. */
export type AnalyzeInput = Omit<AnalyzeBody, 'network' | 'webhook'> & { network: NetworkInput };

export const BoundsRequestSchema = Type.Object(
  { ...question, mode: Type.Optional(ModeSchema) },
  strict,
);
