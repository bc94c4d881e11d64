/**
 * The declared facts of a number format, one record per kind. Nothing here is derived: the number
 * of values, the largest, the smallest and the like follow from these facts in `format.ts`.
 *
 * Letters as the standards have them: a minifloat has `exponentBits` (e) and `mantissaBits` (m,
 * without the implied bit); a code's magnitude is its lower e + m bits, its exponent field x the
 * upper e of these and its fraction f the lower m. It denotes
 *   (2^m + f)·2^(x − bias − m) where x ≥ 1, and f·2^(1 − bias − m) where x = 0.
 */
import type { Rational } from '../num/rational.js';

/**
 * Which codes are NaN:
 * - `ieee`: exponent field all ones and fraction not 0 (IEEE 754); with the infinities this keeps
 *   the whole top binade from the finite values;
 * - `all-ones`: the all-ones magnitude only (OCP E4M3 "fn", E8M0, unsigned P3109);
 * - `negative-zero`: the code of −0 (the "fnuz" formats, signed P3109);
 * - `none`: no code (OCP FP6 and FP4).
 */
export type NanEncoding = 'ieee' | 'all-ones' | 'negative-zero' | 'none';

export interface FloatFacts {
  readonly kind: 'float';
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  readonly signed: boolean;
  /** Whether codes with exponent field 0 and fraction f ≠ 0 keep their value; else they are 0. */
  readonly subnormals: boolean;
  /** Whether there are infinities: as IEEE has them, or else on the highest code that is not NaN. */
  readonly infinities: boolean;
  readonly nan: NanEncoding;
  /** Whether magnitude 0 denotes 0; where false (E8M0) field 0 is a binade like the others. */
  readonly zero: boolean;
}

export interface PositFacts {
  readonly kind: 'posit';
  /** Width n in bits. */
  readonly bits: number;
  /** Exponent bits es; 2 in the 2022 standard. */
  readonly exponentBits: number;
}

/** (q − zeroPoint)·scale over the integers q of a word. */
export interface IntegerFacts {
  readonly kind: 'integer';
  readonly bits: number;
  readonly signed: boolean;
  /** Whether the least q is left out (the symmetric range of quantisers, where signed). */
  readonly narrow: boolean;
  /** Not 0. */
  readonly scale: Rational;
  readonly zeroPoint: bigint;
}

/** q·2^−fractionBits; signed Qm.n has m + n + 1 bits, unsigned UQm.n has m + n. */
export interface FixedFacts {
  readonly kind: 'fixed';
  readonly integerBits: number;
  readonly fractionBits: number;
  readonly signed: boolean;
}

/** A list of values: distinct, increasing, at least one. */
export interface ValuesFacts {
  readonly kind: 'values';
  readonly values: readonly Rational[];
}

export type Facts = FloatFacts | PositFacts | IntegerFacts | FixedFacts | ValuesFacts;

/** A format: its facts, and where the catalogue has it, its names and its source. */
export interface Format {
  /** Catalogue id; null where the format was declared by its facts. */
  readonly id: string | null;
  /** Name for people. */
  readonly name: string;
  readonly facts: Facts;
  readonly aliases: readonly string[];
  /** Where the facts come from; empty where they were declared by the caller. */
  readonly sources: readonly string[];
  readonly note: string | null;
}
