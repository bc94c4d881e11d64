/**
 * The body of every refusal and failure: a problem document of RFC 9457, with a stable `code` and,
 * where fields are at fault, one entry per fault. Further members may follow, as a code explains.
 */
import { Type, type Static } from '@sinclair/typebox';

const strict = { additionalProperties: false } as const;

export const FaultSchema = Type.Object(
  {
    pointer: Type.String({
      description: 'JSON Pointer (RFC 6901) to the field; the empty string is the whole body.',
    }),
    code: Type.String({ description: 'Stable name of this kind of fault.' }),
    detail: Type.String({ description: 'What is wrong; names the value and what is allowed.' }),
    in: Type.Optional(
      Type.Union([Type.Literal('query'), Type.Literal('headers')], {
        description: 'Present where the field is not part of the body.',
      }),
    ),
  },
  { ...strict, title: 'Fault' },
);

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'Reference to GET /problems/{code}, which explains it.' }),
    title: Type.String({ description: 'The kind of problem; the same for every occurrence.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String({ description: 'Stable name of the kind of problem.' }),
    detail: Type.String({ description: 'This occurrence, for a human reader.' }),
    instance: Type.String({ description: 'This occurrence, as a URN; the log carries it too.' }),
    errors: Type.Optional(Type.Array(FaultSchema, { description: 'One entry per fault.' })),
  },
  {
    additionalProperties: true,
    title: 'Problem',
    description: 'RFC 9457 problem details. Further members depend on the code.',
  },
);
export type Problem = Static<typeof ProblemSchema>;

/** What GET /problems/{code} answers. */
export const ProblemKindSchema = Type.Object(
  {
    code: Type.String(),
    status: Type.Integer(),
    title: Type.String(),
    explanation: Type.String({ description: 'When it happens and what a client can do.' }),
  },
  { ...strict, title: 'ProblemKind' },
);
export type ProblemKind = Static<typeof ProblemKindSchema>;

export const ProblemKindsSchema = Type.Object(
  { problems: Type.Array(ProblemKindSchema) },
  { ...strict, title: 'ProblemKinds' },
);
