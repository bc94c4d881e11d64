/**
 * Real numbers that are known exactly but need not be rational: what exponentials, logarithms and the
 * error function make of rational numbers. A number is given by an enclosure at any precision and, as
 * long as it stays short, by its exact form (`exponential.ts`).
 *
 * Promise: a sign is proved or not told. Not zero is proved by an enclosure without 0, or by
 * Lindemann–Weierstrass; zero is proved by an empty form only; in all other cases the answer is
 * null, undecided. Both parts of a number are made when asked for and kept with it.
 */
import {
  addForms,
  constantForm,
  isNonZeroForm,
  isZeroForm,
  multiplyForms,
  negateForm,
  type Form,
} from './exponential.js';
import * as interval from './interval.js';
import type { Interval } from './interval.js';
import * as rational from './rational.js';
import { ONE, ZERO, isZero, type Rational } from './rational.js';
import { Undecided } from './undecided.js';

export interface Real {
  /** The number itself where it was seen to be rational; null says nothing. */
  readonly exact: Rational | null;
  /** *Containment.* An interval of about the given number of bits; null where nothing is known. */
  readonly enclosure: (bits: number) => Interval | null;
  /** *Exact.* Null where it is unknown or too long. */
  readonly form: () => Form | null;
}

/** Precisions at which a sign is looked for. */
const FIRST_BITS = 64;
/** The last one where the number may be 0; and where it is known not to be. */
const LAST_BITS = 1024;
const LAST_BITS_NOT_ZERO = 1 << 15;

/** *Exact.* A rational number. */
export function realOf(value: Rational): Real {
  return {
    exact: value,
    enclosure: (bits) => interval.ofRational(value, bits),
    form: () => constantForm(value),
  };
}

export const REAL_ZERO: Real = realOf(ZERO);
export const REAL_ONE: Real = realOf(ONE);

/** A number of its enclosure and form, each made at most once (the enclosure once per precision). */
export function lazyReal(
  enclosureAt: (bits: number) => Interval | null,
  formOf: () => Form | null,
): Real {
  let last: { readonly bits: number; readonly interval: Interval | null } | null = null;
  let form: { readonly form: Form | null } | null = null;
  return {
    exact: null,
    enclosure: (bits) => {
      if (last?.bits !== bits) last = { bits, interval: enclosureAt(bits) };
      return last.interval;
    },
    form: () => {
      form ??= { form: formOf() };
      return form.form;
    },
  };
}

/** *Exact.* a + b. */
export function addReals(a: Real, b: Real): Real {
  if (a.exact !== null && isZero(a.exact)) return b;
  if (b.exact !== null && isZero(b.exact)) return a;
  if (a.exact !== null && b.exact !== null) return realOf(rational.add(a.exact, b.exact));
  return lazyReal(
    (bits) => interval.add(a.enclosure(bits), b.enclosure(bits), bits),
    () => addForms(a.form(), b.form()),
  );
}

/** *Exact.* −a. */
export function negateReal(a: Real): Real {
  if (a.exact !== null) return realOf(rational.negate(a.exact));
  return lazyReal(
    (bits) => interval.negate(a.enclosure(bits)),
    () => negateForm(a.form()),
  );
}

/** *Exact.* a − b. */
export function subtractReals(a: Real, b: Real): Real {
  return a === b ? REAL_ZERO : addReals(a, negateReal(b));
}

/** *Exact.* a · b. */
export function multiplyReals(a: Real, b: Real): Real {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    if (one.exact === null) continue;
    if (isZero(one.exact)) return REAL_ZERO;
    if (rational.equal(one.exact, ONE)) return other;
    if (other.exact !== null) return realOf(rational.multiply(one.exact, other.exact));
  }
  return lazyReal(
    (bits) => interval.multiply(a.enclosure(bits), b.enclosure(bits), bits),
    () => multiplyForms(a.form(), b.form()),
  );
}

/** *Exact.* factor · a. */
export function scaleReal(factor: Rational, a: Real): Real {
  return multiplyReals(realOf(factor), a);
}

/** *Exact.* The sign; null where it is not decided. */
export function signOfReal(a: Real): -1 | 0 | 1 | null {
  if (a.exact !== null) return rational.sign(a.exact);
  const seen = interval.signOfInterval(a.enclosure(FIRST_BITS));
  if (seen !== null) return seen;
  const form = a.form();
  if (form !== null && isZeroForm(form)) return 0;
  const last = form !== null && isNonZeroForm(form) ? LAST_BITS_NOT_ZERO : LAST_BITS;
  for (let bits = 2 * FIRST_BITS; bits <= last; bits *= 2) {
    const closer = interval.signOfInterval(a.enclosure(bits));
    if (closer !== null) return closer;
  }
  return null;
}

/** *Exact.* Whether a is 0; null where it is not decided. */
export function vanishes(a: Real): boolean | null {
  if (a.exact !== null) return isZero(a.exact);
  const seen = interval.signOfInterval(a.enclosure(FIRST_BITS));
  if (seen !== null) return seen === 0;
  const form = a.form();
  if (form !== null && isZeroForm(form)) return true;
  if (form !== null && isNonZeroForm(form)) return false;
  const sign = signOfReal(a);
  return sign === null ? null : sign === 0;
}

/** *Exact.* The sign. Throws Undecided, naming `what`, where it is not decided. */
export function provedSign(a: Real, what: string): -1 | 0 | 1 {
  const sign = signOfReal(a);
  if (sign === null) throw new Undecided(undecidedText(a, what));
  return sign;
}

/** *Exact.* Whether a is 0. Throws Undecided, naming `what`, where it is not decided. */
export function provedZero(a: Real, what: string): boolean {
  const zero = vanishes(a);
  if (zero === null) throw new Undecided(undecidedText(a, what));
  return zero;
}

function undecidedText(a: Real, what: string): string {
  const form = a.form();
  if (form === null) {
    return `whether ${what} is not decided: ${String(LAST_BITS)} bits do not tell it from 0, and its exact form is too long`;
  }
  return isNonZeroForm(form)
    ? `whether ${what} is not decided: it is not 0, but ${String(LAST_BITS_NOT_ZERO)} bits do not tell its sign`
    : `whether ${what} is not decided: ${String(LAST_BITS)} bits do not tell it from 0, and its exact form has more than one layer of exponentials, a logarithm or the error function`;
}
