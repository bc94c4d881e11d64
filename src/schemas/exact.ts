/**
 * The text forms of exact numbers, as the HTTP contract fixes them: text is the only wire form in
 * which a number loses nothing. A JSON number is accepted in requests and means exactly the double
 * it parses to; a rounded `value` may stand beside an exact text for reading, never instead of it.
 */
import { Type, type Static } from '@sinclair/typebox';

/** Longest accepted text of one number, in characters: room for every finite binary64 in full. */
export const EXACT_TEXT_MAX = 2400;

/** An integer, a rational `p/q`, or a decimal with an optional exponent of up to four digits. */
export const ExactTextSchema = Type.String({
  pattern: '^[+-]?(?:[0-9]+/[0-9]+|(?:[0-9]+(?:\\.[0-9]*)?|\\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?)$',
  minLength: 1,
  maxLength: EXACT_TEXT_MAX,
  description: 'An exact number as text: an integer, a rational "2/15" or a decimal "-0.375".',
});

/** An exact number in a request: text, or a JSON number that means the double it parses to. */
export const ExactInputSchema = Type.Union([Type.Number(), ExactTextSchema], {
  description: 'Exact text, or a JSON number that means exactly the double it parses to.',
});
export type ExactInput = Static<typeof ExactInputSchema>;

/** A count in a result: a non-negative integer of any length. */
export const CountSchema = Type.String({ pattern: '^[0-9]+$', description: 'An exact count.' });

/** An exact rational in a result, in lowest terms: `"2/15"`, `"-3"`. */
export const RationalTextSchema = Type.String({ pattern: '^-?[0-9]+(/[0-9]+)?$' });

const BoundText = Type.Union([ExactTextSchema, Type.Null()]);

/**
 * A real number in a result. Where it was seen to be rational it is a text, as everywhere; where it
 * was not (a value of an exponential, say) it is enclosed by two decimal numbers, rounded outward.
 */
export const EnclosureSchema = Type.Object(
  {
    lower: BoundText,
    upper: BoundText,
    form: Type.Union([Type.String(), Type.Null()], {
      description:
        'The number itself as a closed form, e.g. "(e^(1))/(e^(1) + 1)"; null where it has none or a long one.',
    }),
  },
  {
    additionalProperties: false,
    description:
      'A number that is not rational, or not seen to be: lower ≤ number ≤ upper; null where a bound is not known.',
  },
);
export type Enclosure = Static<typeof EnclosureSchema>;
export const RealTextSchema = Type.Union([RationalTextSchema, EnclosureSchema]);
export type RealText = Static<typeof RealTextSchema>;

/** An exact number beside its correctly rounded double, for reading. */
export const ExactWithValueSchema = Type.Object(
  { exact: RationalTextSchema, value: Type.Number() },
  { additionalProperties: false },
);
export type ExactWithValue = Static<typeof ExactWithValueSchema>;
