/**
 * What is wrong with a value, as one entry per real fault.
 *
 * A validator answers a union (`anyOf`) with the complaints of every branch; a client made one
 * mistake in one of them. So a union is entered at the branch the value meant: by its `type` where
 * it names one, else by its JSON type, else by the fields it has in common. TypeBox yields errors
 * lazily, one iterator per branch, so the cost is bounded by the faults reported and not by the
 * length of a hostile body.
 *
 * Promise: for every value that the schema refuses there is at least one fault, every pointer leads
 * to the field at fault (for a missing one: to where it should be), and no pointer comes twice.
 */
import { KindGuard, type TSchema } from '@sinclair/typebox';
import { Errors, ValueErrorType, type ValueError } from '@sinclair/typebox/errors';
import type { Fault } from '../plan/question.js';
import { closest } from './closest.js';
import { expectation, shown } from './expectation.js';

/** Most faults reported at once; more are cut silently, the client mends these first. */
export const FAULTS_MAX = 50;

/** A fault with what is needed to see that another one is its consequence. */
interface Found extends Fault {
  /** Pointers of the fields that a misspelt one was probably meant to be. */
  readonly meant?: readonly string[];
  /** The object names another type, so that no other field of it can be judged. */
  readonly otherType?: boolean;
}

type JsonType = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

function jsonType(value: unknown): JsonType {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'boolean' || type === 'number' || type === 'string' ? type : 'object';
}

function accepts(schema: TSchema, type: JsonType): boolean {
  if (KindGuard.IsLiteral(schema)) return jsonType(schema.const) === type;
  if (KindGuard.IsInteger(schema) || KindGuard.IsNumber(schema)) return type === 'number';
  if (KindGuard.IsBoolean(schema)) return type === 'boolean';
  if (KindGuard.IsString(schema)) return type === 'string';
  if (KindGuard.IsNull(schema)) return type === 'null';
  if (KindGuard.IsArray(schema)) return type === 'array';
  return type === 'object';
}

interface Branch {
  readonly schema: TSchema;
  readonly errors: Iterable<ValueError>;
}

/** The branches of a union with those of nested unions in their places. */
function branchesOf(error: ValueError): Branch[] {
  const variants = (error.schema['anyOf'] ?? []) as TSchema[];
  return variants.flatMap((schema, index) => {
    const errors = error.errors[index];
    if (errors === undefined) return [];
    if (!KindGuard.IsUnion(schema)) return [{ schema, errors }];
    const inner = errors.First();
    return inner === undefined ? [] : branchesOf(inner);
  });
}

function suggestion(name: unknown, known: readonly unknown[]): string {
  if (typeof name !== 'string') return '';
  const near = closest(
    name,
    known.filter((item) => typeof item === 'string'),
  );
  return near.length === 0
    ? ''
    : `; did you mean ${near.map((n) => JSON.stringify(n)).join(' or ')}?`;
}

const literalType = (schema: TSchema): unknown => {
  if (!KindGuard.IsObject(schema)) return undefined;
  const type = schema.properties['type'];
  return type !== undefined && KindGuard.IsLiteral(type) ? type.const : undefined;
};

const fieldsOf = (schema: TSchema): string[] =>
  KindGuard.IsObject(schema) ? Object.keys(schema.properties) : [];

const requiredOf = (schema: TSchema): readonly string[] =>
  KindGuard.IsObject(schema) ? (schema.required ?? []) : [];

/** The object branch that the value meant, or the fault that keeps it from meaning any. */
function objectBranch(path: string, value: object, branches: readonly Branch[]): Branch | Fault {
  const types = branches.map(({ schema }) => literalType(schema)).filter((t) => t !== undefined);
  if (Object.hasOwn(value, 'type') && types.length > 0) {
    const named = (value as { type: unknown }).type;
    const match = branches.find(({ schema }) => literalType(schema) === named);
    if (match !== undefined) return match;
    return {
      pointer: `${path}/type`,
      code: 'not-allowed',
      detail: `must be one of ${types.map((t) => JSON.stringify(t)).join(', ')}, not ${shown(named)}${suggestion(named, types)}`,
    };
  }
  const common = ({ schema }: Branch): number =>
    fieldsOf(schema).filter((name) => Object.hasOwn(value, name)).length;
  const absent = ({ schema }: Branch): number =>
    requiredOf(schema).filter((name) => !Object.hasOwn(value, name)).length;
  const best = [...branches].sort((a, b) => common(b) - common(a) || absent(a) - absent(b))[0];
  if (best !== undefined && (branches.length === 1 || common(best) > 0)) return best;
  return {
    pointer: path,
    code: 'wrong-type',
    detail: `must be ${branches.map(({ schema }) => expectation(schema)).join(' or ')}, not ${shown(value)}`,
  };
}

function* unionFaults(error: ValueError): Generator<Found> {
  const { path, value } = error;
  const branches = branchesOf(error);
  const fitting = branches.filter(({ schema }) => accepts(schema, jsonType(value)));
  if (fitting.length === 0) {
    yield wrongType(path, error.schema, value);
    return;
  }
  if (fitting.every(({ schema }) => KindGuard.IsLiteral(schema))) {
    const allowed = fitting.map(({ schema }) => schema['const'] as unknown);
    yield {
      pointer: path,
      code: 'not-allowed',
      detail: `must be one of ${allowed.map((a) => JSON.stringify(a)).join(', ')}, not ${shown(value)}${suggestion(value, allowed)}`,
    };
    return;
  }
  const chosen =
    jsonType(value) === 'object'
      ? objectBranch(path, value as object, fitting)
      : (fitting[0] as Branch);
  if ('pointer' in chosen) yield chosen;
  else for (const inner of chosen.errors) yield* faultsOfError(inner);
}

function wrongType(path: string, schema: TSchema, value: unknown): Fault {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return {
      pointer: path,
      code: 'not-finite',
      detail: 'must be a finite number: this one is beyond binary64; write it as text',
    };
  }
  const coercible = typeof value === 'string' && /^(?:true|false|null|-?[0-9.]+)$/.test(value);
  const hint = coercible ? '; values are not coerced' : '';
  return {
    pointer: path,
    code: 'wrong-type',
    detail: `must be ${expectation(schema)}, not ${shown(value)}${hint}`,
  };
}

function unknownField(error: ValueError): Found {
  const name = unescaped(error.path);
  const known = fieldsOf(error.schema);
  if (known.length === 0) {
    return {
      pointer: error.path,
      code: 'not-allowed',
      detail: `the name ${shown(name)} is not allowed here`,
    };
  }
  const meant = closest(name, known).map((field) => `${parent(error.path)}/${field}`);
  return {
    pointer: error.path,
    code: 'unknown-field',
    detail: `${shown(name)} is no field of this object${suggestion(name, known) || `; it has ${known.map((k) => `\`${k}\``).join(', ')}`}`,
    meant,
  };
}

const parent = (path: string): string => path.slice(0, path.lastIndexOf('/'));

const unescaped = (path: string): string =>
  path
    .slice(path.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');

function* faultsOfError(error: ValueError): Generator<Found> {
  const { path: pointer, schema, value } = error;
  // The second complaint about a missing field: that nothing has the wrong type.
  if (
    value === undefined &&
    pointer !== '' &&
    error.type !== ValueErrorType.ObjectRequiredProperty
  ) {
    return;
  }
  switch (error.type) {
    case ValueErrorType.Union:
      yield* unionFaults(error);
      return;
    case ValueErrorType.ObjectAdditionalProperties:
      yield unknownField(error);
      return;
    case ValueErrorType.ObjectRequiredProperty:
      yield {
        pointer,
        code: 'missing-field',
        detail: `is required: ${expectation(schema)}`,
      };
      return;
    case ValueErrorType.ArrayMaxItems:
    case ValueErrorType.ArrayMinItems:
      yield {
        pointer,
        code: 'wrong-size',
        detail: `must be ${expectation(schema)}; this one has ${String((value as unknown[]).length)}`,
      };
      return;
    case ValueErrorType.StringMaxLength:
    case ValueErrorType.StringMinLength:
      yield {
        pointer,
        code: 'wrong-size',
        detail: `must be ${expectation(schema)}; this one has ${String((value as string).length)} characters`,
      };
      return;
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.IntegerMaximum:
    case ValueErrorType.NumberMinimum:
    case ValueErrorType.NumberMaximum:
      yield {
        pointer,
        code: 'out-of-range',
        detail: `must be ${expectation(schema)}, not ${shown(value)}`,
      };
      return;
    case ValueErrorType.StringPattern:
      yield {
        pointer,
        code: 'wrong-form',
        detail: `must be ${expectation(schema)}, not ${shown(value)}`,
      };
      return;
    case ValueErrorType.Literal:
      yield {
        pointer,
        code: 'not-allowed',
        detail: `must be ${expectation(schema)}, not ${shown(value)}${suggestion(value, [schema['const']])}`,
        otherType: pointer.endsWith('/type'),
      };
      return;
    default:
      yield wrongType(pointer, schema, value);
  }
}

/** The faults that are no consequence of another one. */
function causes(found: readonly Found[]): Fault[] {
  const meant = new Set(found.flatMap((fault) => fault.meant ?? []));
  const typed = found.filter((fault) => fault.otherType).map(({ pointer }) => pointer);
  return found
    .filter(({ code, pointer }) => !(code === 'missing-field' && meant.has(pointer)))
    .filter(({ pointer }) =>
      typed.every((type) => pointer === type || !pointer.startsWith(`${parent(type)}/`)),
    )
    .map(({ pointer, code, detail }) => ({ pointer, code, detail }));
}

/**
 * At least one fault where the schema refuses the value, none where it takes it; at most
 * FAULTS_MAX, in document order of the schema, one per pointer.
 */
export function faultsOf(schema: TSchema, value: unknown): Fault[] {
  const found = new Map<string, Found>();
  for (const error of Errors(schema, value)) {
    for (const fault of faultsOfError(error)) {
      if (!found.has(fault.pointer)) found.set(fault.pointer, fault);
      if (found.size === FAULTS_MAX) return causes([...found.values()]);
    }
  }
  return causes([...found.values()]);
}
