/**
 * The verdict on one point: the truth beside AD.
 *
 * L-iff is the fast path and answers only where its hypothesis was proved at this very point
 * (`truth/freedom.ts`); the walk decides the rest, and tests hold the fast path to it. Where the
 * walk would need more leaves than allowed the verdict is undecided: null, never a guess.
 */
import { reverseMode } from './ad/reverse.js';
import type { Matrix, Proxies } from './ad/rules.js';
import type { Network } from './net/ir.js';
import { isZero, type Rational } from './num/rational.js';
import { valuesAt } from './truth/evaluate.js';
import { freedomOf, privateParameters } from './truth/freedom.js';
import { equalRows, tiesAt, walk, type Tie } from './truth/walk.js';

/** A tie, and whether AD gives its unit's output a non-zero cotangent: ∂^AD f/∂z ≠ 0. */
export type RelevantTie = Tie & { readonly relevant: boolean };

export type DecidedBy = 'untouched' | 'L-iff' | 'walk' | 'undecided';

/** What is decided of a point, whatever kind of numbers its derivatives are. */
export interface Decision {
  readonly ties: readonly RelevantTie[];
  /** Whether `ties` are all there are; false where it is not decided what is tied, or what is relevant. */
  readonly tiesDecided: boolean;
  /** Null where undecided. */
  readonly differentiable: boolean | null;
  /** Whether D^AD f(w) = Df(w); null where Df(w) does not exist, or undecided. */
  readonly adCorrect: boolean | null;
  readonly decidedBy: DecidedBy;
  /** Which bound on the work was met; null unless undecided. */
  readonly limit: string | null;
}

export interface Verdict extends Decision {
  /** f(w), stacked sample by sample. */
  readonly value: readonly Rational[];
  /** D^AD f(w), `[output, parameter]`. */
  readonly ad: Matrix;
  /** Df(w); null where it does not exist, or undecided. */
  readonly derivative: Matrix | null;
}

export interface VerdictOptions {
  /** Most leaves of one walk; default 4096. */
  readonly maxLeaves?: number;
  /** Use L-iff where its hypothesis holds; default true. Off, the walk decides every tie. */
  readonly fastPath?: boolean;
}

export const MAX_LEAVES = 4096;

/** *Exact.* The judge of all points of one network with given proxies. */
export function judgeOf(
  network: Network,
  proxies: Proxies,
  options: VerdictOptions = {},
): (point: readonly Rational[]) => Verdict {
  const isPrivate = privateParameters(network);
  const maxLeaves = options.maxLeaves ?? MAX_LEAVES;
  return (point) => {
    const accused = reverseMode(network, proxies, point);
    const common = {
      value: accused.value,
      ad: accused.jacobian,
      limit: null,
      tiesDecided: true,
    };
    const values = valuesAt(network, point);
    const ties = tiesAt(network, values).map((tie): RelevantTie => {
      const variable = network.equations[tie.equation]?.out ?? 0;
      const cotangent = accused.cotangents[tie.sample]?.[variable] ?? [];
      return { ...tie, relevant: cotangent.some((row) => !isZero(row[tie.unit] as Rational)) };
    });
    if (ties.length === 0) {
      return {
        ...common,
        ties,
        differentiable: true,
        adCorrect: true,
        decidedBy: 'untouched',
        derivative: accused.jacobian,
      };
    }
    if (options.fastPath !== false) {
      const freedom = freedomOf(network, isPrivate, values, ties);
      if (!freedom.includes('bound')) {
        const smooth = !ties.some((tie, k) => tie.relevant && freedom[k] === 'free');
        return {
          ...common,
          ties,
          differentiable: smooth,
          adCorrect: smooth ? true : null,
          decidedBy: 'L-iff',
          derivative: smooth ? accused.jacobian : null,
        };
      }
    }
    const truth = walk(network, point, { maxLeaves, stopWhenDecided: true });
    return {
      ...common,
      ties,
      limit: truth.differentiable === null ? truth.limit : null,
      differentiable: truth.differentiable,
      adCorrect: truth.derivative === null ? null : equalRows(truth.derivative, accused.jacobian),
      decidedBy: truth.differentiable === null ? 'undecided' : 'walk',
      derivative: truth.derivative,
    };
  };
}
