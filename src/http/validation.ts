/**
 * The validator of every request: TypeBox's compiled check decides, `faults.ts` explains.
 *
 * Bodies are taken as they are: nothing is coerced, nothing removed, no default filled in. Only
 * queries are converted, since every query value arrives as text.
 */
import type { TSchema } from '@sinclair/typebox';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import { Convert } from '@sinclair/typebox/value';
import type { FastifySchemaCompiler } from 'fastify';
import { FAULTS_MAX, faultsOf } from './faults.js';
import { ProblemError, type ProblemCode } from './problem.js';

function refusal(httpPart: string, schema: TSchema, value: unknown): ProblemError {
  const faults = faultsOf(schema, value);
  const code: ProblemCode = faults.every((fault) => fault.code === 'unknown-field')
    ? 'unknown-field'
    : 'invalid-request';
  const part = httpPart === 'querystring' ? 'query' : httpPart;
  const more = faults.length === FAULTS_MAX ? 'at least ' : '';
  const count = faults.length === 1 ? 'one fault' : `${more}${faults.length} faults`;
  const first = faults[0];
  const where = first === undefined || first.pointer === '' ? part : first.pointer;
  return new ProblemError(
    code,
    `The ${part} has ${count}; the first: ${where} ${first?.detail ?? 'is refused'}.`,
    { errors: part === 'query' ? faults.map((fault) => ({ ...fault, in: 'query' })) : faults },
  );
}

/** Refuses with a ProblemError that has one entry per fault; never throws. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = TypeCompiler.Compile(schema);
  const part = httpPart ?? 'body';
  return (input: unknown) => {
    const value = part === 'body' ? input : Convert(schema, input);
    return check.Check(value) ? { value } : { error: refusal(part, schema, value) };
  };
};
