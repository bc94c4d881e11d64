/**
 * The functions that make real numbers of real numbers: quotients of polynomials in e^x, log(1 + e^x)
 * and the normal distribution. Each gives enclosures by containment and, where there is one, the exact
 * form; what has none becomes an atom, named so that f(x) and f(−x) share theirs.
 */
import {
  addForms,
  atomForm,
  constantForm,
  formText,
  inverseForm,
  leadsNegative,
  multiplyForms,
  negateForm,
  powerForm,
  rationalOfForm,
  type Form,
} from './exponential.js';
import * as interval from './interval.js';
import type { Interval } from './interval.js';
import {
  REAL_ZERO,
  addReals,
  lazyReal,
  multiplyReals,
  realOf,
  scaleReal,
  type Real,
} from './real.js';
import {
  ONE,
  ZERO,
  add,
  divide,
  isZero,
  negate,
  rational,
  sign,
  type Rational,
} from './rational.js';
import { toText } from './text.js';

/** What an argument is, as far as its form tells. */
type Argument =
  | { readonly rational: Rational }
  /** A name of |x| in the sense that x and −x share it, and which of the two x is. */
  | { readonly name: string; readonly negative: boolean; readonly form: Form };

function argumentOf(x: Real): Argument | null {
  if (x.exact !== null) return { rational: x.exact };
  const form = x.form();
  if (form === null) return null;
  const known = rationalOfForm(form);
  if (known !== null) return { rational: known };
  const negative = leadsNegative(form);
  const name = formText(negative ? (negateForm(form) ?? form) : form);
  return { name, negative, form };
}

function exponentialForm(x: Real): Form | null {
  const argument = argumentOf(x);
  if (argument === null) return null;
  return 'rational' in argument
    ? powerForm(argument.rational)
    : atomForm(`exp(${argument.name})`, argument.negative ? -1 : 1);
}

/** Coefficients of a polynomial in u, from the constant up. */
export type Coefficients = readonly Rational[];

/**
 * *Exact.* P(e^x)/Q(e^x); Q has no negative coefficient and some positive one. Where x > 0 it is
 * enclosed by way of e^(−x), so that nothing overflows that need not.
 */
export function quotientOfExponentials(x: Real, p: Coefficients, q: Coefficients): Real {
  if (x.exact !== null && isZero(x.exact)) {
    return realOf(divide(p.reduce(add, ZERO), q.reduce(add, ZERO)));
  }
  const degree = Math.max(p.length, q.length);
  const padded = (list: Coefficients): Coefficients =>
    Array.from({ length: degree }, (_, k) => list[k] ?? ZERO);
  return lazyReal(
    (bits) => {
      const at = x.enclosure(bits);
      if (at === null) return null;
      const positive = at.lower.m >= 0n;
      const u = interval.exp(positive ? interval.negate(at) : at, bits);
      const value = (list: Coefficients): Interval | null =>
        horner(positive ? [...padded(list)].reverse() : padded(list), u, bits);
      return interval.divide(value(p), value(q), bits);
    },
    () => {
      const u = exponentialForm(x);
      const value = (list: Coefficients): Form | null =>
        [...list]
          .reverse()
          .reduce<Form | null>(
            (sum, c) => addForms(multiplyForms(sum, u), constantForm(c)),
            constantForm(ZERO),
          );
      return multiplyForms(value(p), inverseForm(value(q)));
    },
  );
}

function horner(list: Coefficients, u: Interval | null, bits: number): Interval | null {
  return [...list]
    .reverse()
    .reduce<Interval | null>(
      (sum, c) => interval.add(interval.multiply(sum, u, bits), interval.ofRational(c, bits), bits),
      interval.ZERO_INTERVAL,
    );
}

/** *Exact.* e^x. */
export function expOf(x: Real): Real {
  return quotientOfExponentials(x, [ZERO, ONE], [ONE]);
}

/** *Exact.* 1/(1 + e^(−x)). */
export function sigmoidOf(x: Real): Real {
  return quotientOfExponentials(x, [ZERO, ONE], [ONE, ONE]);
}

/** *Exact.* log(1 + e^x), which is x + log(1 + e^(−x)). */
export function softplusOf(x: Real): Real {
  return lazyReal(
    (bits) => {
      const at = x.enclosure(bits);
      if (at === null) return null;
      const positive = at.lower.m >= 0n;
      const u = interval.exp(positive ? interval.negate(at) : at, bits);
      const logarithm = interval.log1p(u, bits);
      return positive ? interval.add(at, logarithm, bits) : logarithm;
    },
    () => {
      const argument = argumentOf(x);
      if (argument === null) return null;
      if (!('rational' in argument)) {
        const atom = atomForm(`log(1 + exp(${argument.name}))`, 1);
        return argument.negative ? addForms(argument.form, atom) : atom;
      }
      const { rational: at } = argument;
      const size = sign(at) < 0 ? negate(at) : at;
      const atom = atomForm(`log(1 + e^(${toText(size)}))`, 1);
      return sign(at) < 0 ? addForms(constantForm(at), atom) : atom;
    },
  );
}

/** *Exact.* The standard normal distribution Φ(x) = (1 + erf(x/√2))/2, which is 1 − Φ(−x). */
export function normalDistributionOf(x: Real): Real {
  if (x.exact !== null && isZero(x.exact)) return realOf(rational(1n, 2n));
  return lazyReal(
    (bits) => {
      const scaled = interval.divide(
        interval.negate(x.enclosure(bits)),
        interval.squareRootOfTwo(bits),
        bits,
      );
      return interval.multiply(
        interval.erfc(scaled, bits),
        interval.ofRational(rational(1n, 2n), bits),
        bits,
      );
    },
    () => {
      const argument = argumentOf(x);
      if (argument === null) return null;
      const exact = 'rational' in argument;
      const negative = exact ? sign(argument.rational) < 0 : argument.negative;
      const name = exact
        ? toText(negative ? negate(argument.rational) : argument.rational)
        : argument.name;
      if (exact && isZero(argument.rational)) return constantForm(rational(1n, 2n));
      const atom = atomForm(`Phi(${name})`, 1);
      return negative ? addForms(constantForm(ONE), negateForm(atom)) : atom;
    },
  );
}

/** *Exact.* The standard normal density φ(x) = e^(−x²/2)/√(2π). */
export function normalDensityOf(x: Real): Real {
  const exponential = expOf(scaleReal(rational(-1n, 2n), multiplyReals(x, x)));
  const constant = lazyReal(
    (bits) =>
      interval.divide(interval.ofRational(ONE, bits), interval.squareRootOfTwoPi(bits), bits),
    () => atomForm('sqrt(2·pi)', -1),
  );
  return multiplyReals(exponential, constant);
}

/** *Exact.* p(x), by Horner's rule. */
export function polynomialOf(x: Real, p: Coefficients): Real {
  return [...p].reverse().reduce((sum, c) => addReals(multiplyReals(sum, x), realOf(c)), REAL_ZERO);
}
