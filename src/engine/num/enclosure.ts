/**
 * How a real number that need not be rational is told: exactly where it was seen to be rational, else
 * by decimal bounds, rounded outward, beside its closed form where it has a short one.
 */
import { formText, rationalOfForm, type Form } from './exponential.js';
import type { Dyadic } from './dyadic.js';
import { bitLength } from './bits.js';
import { toText } from './text.js';
import type { Real } from './real.js';

/** Significant digits of the bounds. */
const DIGITS = 30;
/** Precision of the enclosure that they are made from: they lie at most a few last places apart. */
const BITS = 192;
/** Powers of two beyond which a bound is told as 0, or not told. */
const POWER_MAX = 30_000;
/** Longest closed form, in characters. */
const FORM_MAX = 200;

export interface Enclosure {
  /** Decimal texts; null where nothing is known on that side. */
  readonly lower: string | null;
  readonly upper: string | null;
  /** The number itself as a closed form; null where it has none or a long one. */
  readonly form: string | null;
}

/** *Lower and upper bound.* The number as exact text where it is rational, else enclosed. */
export function enclosureOf(x: Real): string | Enclosure {
  if (x.exact !== null) return toText(x.exact);
  const form = x.form();
  const known = form === null ? null : rationalOfForm(form);
  if (known !== null) return toText(known);
  const interval = x.enclosure(BITS);
  return {
    lower: interval === null ? null : decimalDown(interval.lower),
    upper: interval === null ? null : negated(decimalDown(opposite(interval.upper))),
    form: closedForm(form),
  };
}

function closedForm(form: Form | null): string | null {
  if (form === null) return null;
  const text = formText(form);
  return text.length <= FORM_MAX ? text : null;
}

function opposite(x: Dyadic): Dyadic {
  return { m: -x.m, e: x.e };
}

function negated(text: string | null): string | null {
  if (text === null || text === '0') return text;
  return text.startsWith('-') ? text.slice(1) : `-${text}`;
}

/** *Lower bound.* At most DIGITS significant digits; null below every number that can be told. */
function decimalDown(x: Dyadic): string | null {
  if (x.m === 0n) return '0';
  const top = bitLength(x.m) + x.e;
  if (top < -POWER_MAX) return x.m > 0n ? '0' : `-1e-${String(Math.floor(POWER_MAX * LOG10_2))}`;
  if (top > POWER_MAX) return x.m > 0n ? `1e${String(Math.floor(POWER_MAX * LOG10_2))}` : null;
  const shift = DIGITS - Math.floor(top * LOG10_2) - 1;
  const n = x.e >= 0 ? x.m << BigInt(x.e) : x.m;
  const d = x.e >= 0 ? 1n : 1n << BigInt(-x.e);
  const [above, below] =
    shift >= 0 ? [n * 10n ** BigInt(shift), d] : [n, d * 10n ** BigInt(-shift)];
  let quotient = above / below;
  if (quotient * below !== above && above < 0n) quotient -= 1n;
  return scientific(quotient, -shift);
}

/** A little below log10(2), which is irrational: thresholds only. */
const LOG10_2 = 0.301029995663981;

/** m·10^e as text that `parseExact` reads: plain where that is short. */
function scientific(m: bigint, e: number): string {
  if (m === 0n) return '0';
  const sign = m < 0n ? '-' : '';
  const all = (m < 0n ? -m : m).toString();
  const digits = all.replace(/0+$/, '');
  const exponent = e + all.length - 1;
  if (exponent >= 0 && exponent < DIGITS && digits.length <= exponent + 1) {
    return `${sign}${digits.padEnd(exponent + 1, '0')}`;
  }
  if (exponent >= 0 && exponent < DIGITS) {
    return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
  }
  if (exponent < 0 && exponent > -7) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const fraction = digits.slice(1);
  return `${sign}${digits.slice(0, 1)}${fraction === '' ? '' : `.${fraction}`}e${String(exponent)}`;
}
