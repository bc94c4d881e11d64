/**
 * What a theorem says of one network: which hypothesis was checked and how it came out, and the
 * bound it gives. Hypotheses are checked on the network at hand, never assumed; a bound is exact
 * and is reported even where it is vacuous.
 *
 * [L] = Lee, Park, Aiken, ICML 2023. [P] = Park, Chun, Lee, ICLR 2024.
 */
import type { AnalyticNetwork } from '../net/ir.js';
import type { Rational } from '../num/rational.js';
import type { Structure } from './structure.js';

export const SOURCE_L = 'Lee, Park, Aiken, ICML 2023';
export const SOURCE_P = 'Park, Chun, Lee, ICLR 2024';

/** The set of parameters, or the property of AD, that a theorem speaks of. */
export type Subject = 'nonDifferentiable' | 'incorrect' | 'nonDifferentiableOrIncorrect' | 'clarke';

export interface Theorem {
  /** As in theory.md section 2. */
  readonly id: string;
  readonly on: Subject;
  readonly statement: string;
  readonly source: string;
  /** Checks the hypotheses on the network and its proxies. */
  readonly check: (question: TheoremQuestion) => Finding;
  /** For theorems whose hypothesis speaks of one w: checks it there as well. */
  readonly checkAt?: (question: TheoremQuestion, facts: PointFacts) => Finding;
}

export interface TheoremQuestion {
  readonly network: AnalyticNetwork;
  readonly structure: Structure;
  /** Proxy derivatives per equation, in order of the kinks. */
  readonly proxies: readonly (readonly Rational[])[];
}

export interface Finding {
  readonly applies: boolean;
  /** Which hypothesis holds, or the first that fails, and where. */
  readonly why: string;
  /** A bound on the density of the subject, where the theorem gives one and applies. */
  readonly bound?: { readonly direction: 'upper' | 'lower' | 'equal'; readonly exact: Rational };
}

/** What is known of one point; indices as in the network. */
export interface PointFacts {
  /** `[variable][sample][unit]`. */
  readonly values: readonly (readonly (readonly Rational[])[])[];
  /** Whether ∂^AD f/∂z ≠ 0 for the unit's output, `[variable][sample][unit]`. */
  readonly relevant: readonly (readonly (readonly boolean[])[])[];
  /** Whether the unit is provably constant near the point, `[variable][sample][unit]`. */
  readonly constant: readonly (readonly (readonly boolean[])[])[];
  /**
   * Tangents of all units by AD, `[sample][variable][parameter][unit]`; made only when asked for, null
   * where they would be too many.
   */
  readonly tangents: () => readonly (readonly (readonly (readonly Rational[])[])[])[] | null;
  /** *Exact.* Whether some direction makes all of the forms positive. */
  readonly canAllBePositive: (forms: readonly (readonly Rational[])[]) => boolean;
}

/** A theorem's report on one network. */
export interface TheoremReport {
  readonly id: string;
  readonly on: Subject;
  readonly statement: string;
  readonly source: string;
  readonly applies: boolean;
  readonly why: string;
  readonly direction: 'upper' | 'lower' | 'equal' | null;
  readonly exact: Rational | null;
}
