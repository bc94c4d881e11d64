/** A job as a client sees it: GET /jobs/{id}. */
import { Type, type Static } from '@sinclair/typebox';
import { CountSchema } from './exact.js';
import { PolicySchema } from './policy.js';
import { ModeSchema } from './request.js';

const strict = { additionalProperties: false } as const;
const Time = Type.String({ format: 'date-time' });
const NullableTime = Type.Union([Time, Type.Null()]);

export const JobStateSchema = Type.Union([
  Type.Literal('queued'),
  Type.Literal('running'),
  Type.Literal('succeeded'),
  Type.Literal('failed'),
  Type.Literal('cancelled'),
]);
export type JobState = Static<typeof JobStateSchema>;

export const JobErrorSchema = Type.Object(
  { code: Type.String(), detail: Type.String(), shard: Type.Optional(Type.Integer()) },
  strict,
);
export type JobError = Static<typeof JobErrorSchema>;

export const JobSchema = Type.Object(
  {
    id: Type.String(),
    state: JobStateSchema,
    mode: ModeSchema,
    policy: Type.Optional(PolicySchema),
    progress: Type.Object(
      { done: CountSchema, total: CountSchema, fraction: Type.Number({ minimum: 0, maximum: 1 }) },
      strict,
    ),
    createdAt: Time,
    startedAt: NullableTime,
    finishedAt: NullableTime,
    expiresAt: Type.Union([Time, Type.Null()], {
      description:
        'When the job and its result are deleted; from then on 410. Null until the state is final.',
    }),
    deadlineAt: Type.Union([Time, Type.Null()], {
      description: 'When the job fails with `deadline-exceeded`, finished or not; null: never.',
    }),
    cpuSeconds: Type.Object(
      {
        spent: Type.Number({ minimum: 0 }),
        limit: Type.Union([Type.Number(), Type.Null()]),
      },
      {
        ...strict,
        description:
          'Computing time of all shards of this run, and its limit. What a worker spent in its last second before it was killed may be missing.',
      },
    ),
    error: Type.Optional(JobErrorSchema),
    links: Type.Object(
      {
        self: Type.String(),
        result: Type.String(),
        report: Type.String(),
        gate: Type.String(),
        events: Type.String(),
        cancel: Type.String(),
      },
      strict,
    ),
  },
  strict,
);
export type Job = Static<typeof JobSchema>;
