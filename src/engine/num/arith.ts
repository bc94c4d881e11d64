/**
 * Arithmetic as a parameter: what an algorithm needs in order to run unchanged over several kinds
 * of exact number. `Arith` is an ordered commutative ring, `Field` adds division. The instances
 * obey their laws by structural equality; `test/laws/arith.ts` holds every instance to them.
 */
import * as dyadic from './dyadic.js';
import type { Dyadic } from './dyadic.js';
import * as rational from './rational.js';
import type { Rational } from './rational.js';
import { toText } from './text.js';

export interface Arith<T> {
  readonly name: string;
  readonly zero: T;
  readonly one: T;
  readonly add: (a: T, b: T) => T;
  readonly subtract: (a: T, b: T) => T;
  readonly multiply: (a: T, b: T) => T;
  readonly negate: (a: T) => T;
  /** *Exact.* −1, 0 or 1. */
  readonly sign: (a: T) => -1 | 0 | 1;
  /** *Exact.* Sign of a − b. */
  readonly compare: (a: T, b: T) => -1 | 0 | 1;
  readonly equal: (a: T, b: T) => boolean;
  /** *Exact.* Throws a RangeError where r is not of this kind. */
  readonly fromRational: (r: Rational) => T;
  readonly toRational: (a: T) => Rational;
  /** Canonical text: equal numbers have equal texts. */
  readonly toText: (a: T) => string;
}

export interface Field<T> extends Arith<T> {
  /** *Exact.* Throws a RangeError where b is 0. */
  readonly divide: (a: T, b: T) => T;
}

export const DYADIC: Arith<Dyadic> = Object.freeze({
  name: 'dyadic',
  zero: dyadic.ZERO,
  one: dyadic.ONE,
  add: dyadic.add,
  subtract: dyadic.subtract,
  multiply: dyadic.multiply,
  negate: dyadic.negate,
  sign: dyadic.sign,
  compare: dyadic.compare,
  equal: dyadic.equal,
  fromRational: dyadic.fromRational,
  toRational: dyadic.toRational,
  toText: dyadic.toText,
});

export const RATIONAL: Field<Rational> = Object.freeze({
  name: 'rational',
  zero: rational.ZERO,
  one: rational.ONE,
  add: rational.add,
  subtract: rational.subtract,
  multiply: rational.multiply,
  negate: rational.negate,
  sign: rational.sign,
  compare: rational.compare,
  equal: rational.equal,
  divide: rational.divide,
  fromRational: (r: Rational): Rational => r,
  toRational: (r: Rational): Rational => r,
  toText,
});
