/** A schema, and a refused value, said in a few words: the halves of every fault's detail. */
import { KindGuard, type TSchema } from '@sinclair/typebox';

const SHOWN_MAX = 60;

/** Total. The value as JSON on one line, cut to a length that fits a message. */
export function shown(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'a number beyond binary64';
  if (Array.isArray(value) && value.length > 8) return `an array of ${String(value.length)} items`;
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return 'nothing';
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}

/** " from 1 to 64", or in a size " of 1 to 64 items"; empty where nothing is bounded. */
function range(least: number | undefined, most: number | undefined, unit?: string): string {
  const [from, things] = unit === undefined ? ['from', ''] : ['of', ` ${unit}`];
  if (least !== undefined && most !== undefined) return ` ${from} ${least} to ${most}${things}`;
  if (least !== undefined) return ` of at least ${least}${things}`;
  if (most !== undefined) return ` of at most ${most}${things}`;
  return '';
}

/** Descriptions that say what is allowed in a few words. */
const PHRASE_MAX = 90;

function phrase(description: unknown): string | null {
  if (typeof description !== 'string' || description.length > PHRASE_MAX) return null;
  return `${description.charAt(0).toLowerCase()}${description.slice(1)}`.replace(/\.$/, '');
}

/** Total. What the schema allows, as a noun phrase: "an integer from 1 to 4096". */
export function expectation(schema: TSchema): string {
  if (KindGuard.IsUnion(schema)) {
    const described = phrase(schema.description);
    if (described !== null) return described;
    const phrases = new Set(schema.anyOf.map(expectation));
    return [...phrases].join(' or ');
  }
  if (KindGuard.IsLiteral(schema)) return JSON.stringify(schema.const);
  if (KindGuard.IsInteger(schema)) return `an integer${range(schema.minimum, schema.maximum)}`;
  if (KindGuard.IsNumber(schema)) return `a number${range(schema.minimum, schema.maximum)}`;
  if (KindGuard.IsBoolean(schema)) return 'true or false';
  if (KindGuard.IsNull(schema)) return 'null';
  if (KindGuard.IsString(schema)) {
    // A described pattern says more than its expression.
    const described = schema.pattern === undefined ? null : phrase(schema.description);
    return described ?? `text${range(schema.minLength, schema.maxLength, 'characters')}`;
  }
  if (KindGuard.IsArray(schema)) {
    return `an array${range(schema.minItems, schema.maxItems, 'items')}`;
  }
  if (KindGuard.IsObject(schema)) {
    const type = schema.properties['type'];
    if (type !== undefined && KindGuard.IsLiteral(type)) {
      return `an object of type ${JSON.stringify(type.const)}`;
    }
    const names = Object.keys(schema.properties).map((name) => `\`${name}\``);
    return `an object with ${names.join(', ')}`;
  }
  return 'an object';
}
