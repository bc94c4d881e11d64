/**
 * The validator of every request: TypeBox's compiled check decides, `faults.ts` explains.
 *
 * Bodies are taken as they are: nothing is coerced, nothing removed, no default filled in. In a
 * query every value arrives as text, so there, and only there, an integer is read from its digits.
 */
import { KindGuard, type TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { FastifySchemaCompiler } from 'fastify';
import { FAULTS_MAX, faultsOf } from './faults.js';
import { ProblemError, type ProblemCode } from './problem.js';

/** Fastify's names of the parts that may be at fault; a path that leads nowhere is a 404. */
const PARTS: Readonly<Record<string, 'body' | 'query' | 'headers'>> = {
  body: 'body',
  querystring: 'query',
  headers: 'headers',
};

function refusal(httpPart: string, schema: TSchema, value: unknown): ProblemError {
  const faults = faultsOf(schema, value);
  const code: ProblemCode = faults.every((fault) => fault.code === 'unknown-field')
    ? 'unknown-field'
    : 'invalid-request';
  const part = PARTS[httpPart] ?? 'body';
  const more = faults.length === FAULTS_MAX ? 'at least ' : '';
  const count = faults.length === 1 ? 'one fault' : `${more}${faults.length} faults`;
  const first = faults[0];
  const where = first === undefined || first.pointer === '' ? part : first.pointer;
  return new ProblemError(
    code,
    `The ${part} has ${count}; the first: ${where} ${first?.detail ?? 'is refused'}.`,
    { errors: part === 'body' ? faults : faults.map((fault) => ({ ...fault, in: part })) },
  );
}

/** At most 15 digits: every such text is a double exactly. */
const INTEGER_TEXT = /^-?[0-9]{1,15}$/;

/** A query with its integers read as such; TypeBox's own conversion would cut 1.5 down to 1. */
function integersRead(schema: TSchema, query: unknown): unknown {
  if (!KindGuard.IsObject(schema) || query === null || typeof query !== 'object') return query;
  return Object.fromEntries(
    Object.entries(query).map(([name, value]: [string, unknown]) => {
      const expected = schema.properties[name];
      const reads = expected !== undefined && KindGuard.IsInteger(expected);
      return [
        name,
        reads && typeof value === 'string' && INTEGER_TEXT.test(value) ? Number(value) : value,
      ];
    }),
  );
}

/** Refuses with a ProblemError that has one entry per fault; never throws. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = TypeCompiler.Compile(schema);
  const part = httpPart ?? 'body';
  if (part !== 'body') {
    return (input: unknown) => {
      const value = part === 'querystring' ? integersRead(schema, input) : input;
      return check.Check(value) ? { value } : { error: refusal(part, schema, value) };
    };
  }
  // Those that nothing can change (known-bodies.ts) and that passed.
  const passed = new WeakSet();
  return (value: unknown) => {
    const isObject = typeof value === 'object' && value !== null;
    if (isObject && passed.has(value)) return { value };
    if (!check.Check(value)) return { error: refusal(part, schema, value) };
    if (isObject && Object.isFrozen(value)) passed.add(value);
    return { value };
  };
};
