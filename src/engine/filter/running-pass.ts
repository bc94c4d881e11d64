/**
 * The running bound: beside every sum the sum of what its terms may be wrong by, one more product of
 * the same matrix. Decides every neuron of a sample. Where its bound leaves one open, a sum that came
 * out exactly is compared: one that the test of widths proved exact, or one of which every operation
 * is found not to have rounded, and those of its inputs before (`exact-sum.ts`). What is left goes to
 * exact arithmetic (`exact.ts`). No answer rests on a tolerance.
 */
import { approximationOf } from './approximation.js';
import { sums, sumsAndBounds } from './dense.js';
import { isRowExact } from './exact-sum.js';
import { exactEvaluatorOf } from './exact.js';
import type { ChainNetwork } from '../net/chain.js';
import type { Rational } from '../num/rational.js';
import type { Layer, PointInDoubles } from './layers.js';
import {
  CONSTANT,
  IDENTITY,
  NEGATION,
  POLYNOMIAL,
  errorOfPiece,
  positionOf,
  positionOfDouble,
  positionWithin,
  valueOfPiece,
} from './pieces.js';
import type { ActivationStep, Program } from './program.js';
import { LEAST } from './rounding.js';

/** How neurons were decided that the bound left open. */
export interface Doubts {
  /** By a sum that did not round. */
  readonly exactSums: number;
  /** By exact arithmetic. */
  readonly fallbacks: number;
}

export interface RunningPass {
  /** Makes ready for another point. */
  readonly begin: (point: PointInDoubles) => void;
  /** *Exact.* Decides the sample; `onBreakpoint` hears of every neuron on a breakpoint, in order. */
  readonly decide: (
    sample: number,
    onBreakpoint: (step: ActivationStep, unit: number, breakpoint: number) => void,
  ) => void;
  /** *Exact.* The position of a unit of the sample that was decided last; see pieces.ts. */
  readonly positionAt: (step: ActivationStep, unit: number) => number;
  /** *Upper bound.* Of that sample, by variable: values, and what each may be wrong by. */
  readonly value: readonly Float64Array[];
  readonly error: readonly Float64Array[];
  /** *Exact.* The value of a unit of a variable of that sample. */
  readonly exactly: (variable: number, unit: number) => Rational;
  readonly doubts: () => Doubts;
}

type OnBreakpoint = Parameters<RunningPass['decide']>[1];

export function runningPassOf(program: Program, network: ChainNetwork): RunningPass {
  const value = network.widths.map((width) => new Float64Array(width));
  const error = network.widths.map((width) => new Float64Array(width));
  /** T_j of rounding.ts, by the variable they are the terms of. */
  const terms = network.widths.map((width) => new Float64Array(width));
  /** Positions that no bound decided, by variable; value and error tell the others. */
  const doubtful = network.widths.map(() => new Map<number, number>());
  /** Units that were found not to be exact, by variable. */
  const inexact = network.widths.map(() => new Set<number>());
  const stepTo = new Map(program.steps.map((step) => [step.out, step]));
  const counts = { exactSums: 0, fallbacks: 0 };
  let at: PointInDoubles = { point: new Float64Array(0), rounded: false, layers: [] };
  let sample = 0;
  /** Whether the exact evaluator stands at the current point and sample. */
  let begun = false;

  const positionAt = (step: ActivationStep, unit: number): number => {
    if (step.pieces.breakpoints === 0) return 0;
    const y = value[step.in]![unit]!;
    const bound = error[step.in]![unit]!;
    const found =
      doubtful[step.out]!.get(unit) ?? positionWithin(step.pieces, y - bound, y + bound);
    if (found === -1) throw new Error('runningPassOf: a decision was lost');
    return found;
  };
  const exact = exactEvaluatorOf(network, {
    value,
    error,
    positionAt(variable, unit) {
      const step = stepTo.get(variable);
      if (step?.op !== 'activation') throw new Error('runningPassOf: a position of no activation');
      return positionAt(step, unit);
    },
  });

  const exactly = (variable: number, unit: number): Rational => {
    if (!begun) exact.begin(at.point, sample);
    begun = true;
    return exact.valueOf(variable, unit);
  };

  const evaluate = (layer: Layer): void => {
    const { step, weight, weightAt, bias, biasAt, constants } = layer;
    const { fanIn, units } = step;
    const z = value[step.in]!;
    const y = value[step.out]!;
    const bound = error[step.out]!;
    if (layer.exact) {
      sums(weight, weightAt, bias, biasAt, z, fanIn, units, y);
      bound.fill(0);
      return;
    }
    const { gamma, up, absolute } = constants;
    const t = terms[step.in]!;
    termsInto(t, z, error[step.in]!, gamma);
    sumsAndBounds(weight, weightAt, bias, biasAt, z, t, gamma, fanIn, units, y, bound);
    for (let unit = 0; unit < units; unit += 1) bound[unit] = bound[unit]! * up + absolute;
  };

  /** The position of a unit that its bound leaves open; value and error become as good as is known. */
  const doubted = (step: ActivationStep, unit: number): number => {
    const y = value[step.in]!;
    const bound = error[step.in]!;
    if (isExact(step.in, unit)) {
      counts.exactSums += 1;
      return positionOfDouble(step.pieces, y[unit]!);
    }
    counts.fallbacks += 1;
    const t = exactly(step.in, unit);
    const near = approximationOf(t);
    y[unit] = near.value;
    bound[unit] = near.error;
    return positionOf(step.source.activation, t);
  };

  /** Whether a value is exact, for all that can be told in doubles; its error is then set to 0. */
  const isExact = (variable: number, unit: number): boolean => {
    if (!Number.isFinite(value[variable]![unit])) return false;
    if (error[variable]![unit] === 0) return true;
    if (variable === 0 || inexact[variable]!.has(unit)) return false;
    const step = stepTo.get(variable);
    const found =
      step?.op === 'dense'
        ? isRowOfExacts(at.layers[variable]!, unit)
        : step !== undefined && isCopy(step, unit) && isExact(step.in, unit);
    if (found) error[variable]![unit] = 0;
    else inexact[variable]!.add(unit);
    return found;
  };

  /** Whether a sum did not round and nothing in it was rounded before. */
  const isRowOfExacts = (layer: Layer, unit: number): boolean => {
    const { step, weight, weightAt, bias, biasAt } = layer;
    if (!layer.exactEntries) return false;
    const z = value[step.in]!;
    const row = weightAt + unit * step.fanIn;
    if (!isRowExact(weight, row, bias[biasAt + unit]!, z, step.fanIn)) return false;
    for (let j = 0; j < step.fanIn; j += 1) {
      if (weight[row + j] !== 0 && !isExact(step.in, j)) return false;
    }
    return true;
  };

  /** Whether an activation gives y or −y there, and holds just that. */
  const isCopy = (step: ActivationStep, unit: number): boolean => {
    const kind = step.pieces.kind[positionAt(step, unit) >> 1];
    const y = value[step.in]![unit]!;
    const z = value[step.out]![unit]!;
    return kind === IDENTITY ? z === y : kind === NEGATION && z === -y;
  };

  const settled = (step: ActivationStep, unit: number, onBreakpoint: OnBreakpoint): number => {
    const position = doubted(step, unit);
    doubtful[step.out]!.set(unit, position);
    if ((position & 1) === 1) onBreakpoint(step, unit, position >> 1);
    return position;
  };

  const activate = (step: ActivationStep, onBreakpoint: OnBreakpoint): void => {
    const { breakpoints, low, high, kind, constant, constantError, coefficients } = step.pieces;
    const y = value[step.in]!;
    const bound = error[step.in]!;
    const z = value[step.out]!;
    const e = error[step.out]!;
    const isStepExact = step.exact && !at.rounded;
    for (let unit = 0; unit < step.units; unit += 1) {
      let p = 0;
      if (breakpoints > 0) {
        const below = y[unit]! - bound[unit]!;
        const above = y[unit]! + bound[unit]!;
        while (p < breakpoints && below > high[p + 1]!) p += 1;
        if (!(below > high[p]! && above < low[p]!)) {
          const position = settled(step, unit, onBreakpoint);
          // On a breakpoint both pieces have its value; a plain one gives it without error.
          p = position >> 1;
          if ((position & 1) === 1 && kind[p] === POLYNOMIAL) p += 1;
        }
      }
      const k = kind[p]!;
      if (k === CONSTANT) {
        z[unit] = constant[p]!;
        e[unit] = constantError[p]!;
      } else if (k === POLYNOMIAL) {
        z[unit] = valueOfPiece(coefficients[p]!, y[unit]!);
        e[unit] =
          isStepExact && bound[unit] === 0
            ? 0
            : errorOfPiece(coefficients[p]!, y[unit]!, bound[unit]!);
      } else {
        z[unit] = k === NEGATION ? -y[unit]! : y[unit]!;
        e[unit] = bound[unit]!;
      }
    }
  };

  /**
   * The same for max(y, 0), without a branch on the sign, which no processor can predict. A unit that
   * is decided has |y| > B, so min(B, z) is B where it is positive and 0 where it is not.
   */
  const rectify = (step: ActivationStep, onBreakpoint: OnBreakpoint): void => {
    const y = value[step.in]!;
    const bound = error[step.in]!;
    const z = value[step.out]!;
    const e = error[step.out]!;
    for (let unit = 0; unit < step.units; unit += 1) {
      const size = Math.abs(y[unit]!);
      if (size > bound[unit]! && size + bound[unit]! < Infinity) {
        z[unit] = Math.max(y[unit]!, 0);
        e[unit] = Math.min(bound[unit]!, z[unit]!);
      } else if (settled(step, unit, onBreakpoint) === 2) {
        z[unit] = y[unit]!;
        e[unit] = bound[unit]!;
      } else {
        z[unit] = 0;
        e[unit] = 0;
      }
    }
  };

  return {
    begin(point) {
      at = point;
    },
    decide(index, onBreakpoint) {
      sample = index;
      begun = false;
      for (const positions of doubtful) if (positions.size > 0) positions.clear();
      for (const units of inexact) if (units.size > 0) units.clear();
      value[0]!.set(program.inputs[index]!);
      error[0]!.set(program.inputErrors[index]!);
      for (const step of program.steps) {
        if (step.op === 'dense') evaluate(at.layers[step.out]!);
        else if (step.pieces.isRectifier) rectify(step, onBreakpoint);
        else activate(step, onBreakpoint);
      }
    },
    positionAt,
    value,
    error,
    exactly,
    doubts: () => ({ ...counts }),
  };
}

/** Fills in T_j: no branch on z = 0, which is as likely as not behind a ReLU. */
function termsInto(t: Float64Array, z: Float64Array, e: Float64Array, gamma: number): void {
  for (let j = 0; j < t.length; j += 1) {
    const size = Math.abs(z[j]!);
    t[j] = gamma * size + Math.min(size, LEAST) + e[j]!;
  }
}
