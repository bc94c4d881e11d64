/**
 * The norm bound: one number per layer bounds the errors of all its neurons, from the greatest row
 * norm of the layer, computed once per point. What is added to a plain forward pass is a comparison
 * and a maximum per neuron. The pass proves of a sample that no neuron lies on a breakpoint, or it
 * gives up at the first neuron that the bound leaves open; the running pass then decides them all.
 */
import { rowNorm, sums } from './dense.js';
import type { Layer, PointInDoubles } from './layers.js';
import { CONSTANT, POLYNOMIAL, NEGATION, errorOfPiece, valueOfPiece } from './pieces.js';
import type { ActivationStep, Program } from './program.js';
import { LEAST } from './rounding.js';

/** Of a layer at a point; see rounding.ts. */
interface Norms {
  readonly layer: Layer;
  /** At least every N·up. */
  readonly norm: number;
  /** At least every g|b̂|·up + abs. */
  readonly offset: number;
}

export interface NormPass {
  /** Makes ready for another point. */
  readonly begin: (point: PointInDoubles) => void;
  /** *Exact.* True only where no neuron of the sample lies on a breakpoint. */
  readonly isFree: (sample: number) => boolean;
}

export function normPassOf(program: Program, widths: readonly number[]): NormPass {
  const value = widths.map((width) => new Float64Array(width));
  /** By variable: the greatest modulus, and the greatest error. */
  const most = new Float64Array(widths.length);
  const error = new Float64Array(widths.length);
  const inputMost = program.inputs.map(greatest);
  const inputError = program.inputErrors.map(greatest);
  let rounded = false;
  let norms: readonly (Norms | null)[] = [];

  const evaluate = ({ layer, norm, offset }: Norms): void => {
    const { step, weight, weightAt, bias, biasAt, constants } = layer;
    const { fanIn, units } = step;
    sums(weight, weightAt, bias, biasAt, value[step.in]!, fanIn, units, value[step.out]!);
    const term = constants.gamma * most[step.in]! + LEAST + error[step.in]!;
    error[step.out] = layer.exact ? 0 : norm * term + offset;
  };

  const activate = (step: ActivationStep): boolean => {
    const y = value[step.in]!;
    const z = value[step.out]!;
    const bound = error[step.in]!;
    if (step.pieces.isRectifier) {
      most[step.out] = rectified(y, bound, z);
      error[step.out] = bound;
      return most[step.out]! < Infinity;
    }
    const { breakpoints, low, high, kind, constant, constantError, coefficients } = step.pieces;
    const isExact = step.exact && !rounded && bound === 0;
    let greatestValue = 0;
    let greatestError = 0;
    for (let unit = 0; unit < y.length; unit += 1) {
      const t = y[unit]!;
      const below = t - bound;
      const above = t + bound;
      let p = 0;
      while (p < breakpoints && below > high[p + 1]!) p += 1;
      if (!(below > high[p]! && above < low[p]!)) return false;
      let out = t;
      let off = bound;
      const k = kind[p]!;
      if (k === CONSTANT) {
        out = constant[p]!;
        off = constantError[p]!;
      } else if (k === NEGATION) {
        out = -t;
      } else if (k === POLYNOMIAL) {
        out = valueOfPiece(coefficients[p]!, t);
        off = isExact ? 0 : errorOfPiece(coefficients[p]!, t, bound);
      }
      const size = Math.abs(out);
      if (!(size < Infinity && off < Infinity)) return false;
      if (size > greatestValue) greatestValue = size;
      if (off > greatestError) greatestError = off;
      z[unit] = out;
    }
    most[step.out] = greatestValue;
    error[step.out] = greatestError;
    return true;
  };

  return {
    begin(point) {
      rounded = point.rounded;
      norms = point.layers.map((layer) => (layer === null ? null : normsOf(layer)));
    },
    isFree(sample) {
      value[0]!.set(program.inputs[sample]!);
      most[0] = inputMost[sample]!;
      error[0] = inputError[sample]!;
      for (const step of program.steps) {
        if (step.op === 'dense') evaluate(norms[step.out]!);
        else if (!activate(step)) return false;
      }
      return true;
    },
  };
}

/**
 * max(y, 0) into z, and the greatest |y|; ∞ where some |y| is not greater than the bound. No branch
 * on the sign, which no processor can predict.
 */
function rectified(y: Float64Array, bound: number, z: Float64Array): number {
  let most = 0;
  for (let unit = 0; unit < y.length; unit += 1) {
    const size = Math.abs(y[unit]!);
    if (!(size > bound)) return Infinity;
    if (size > most) most = size;
    z[unit] = Math.max(y[unit]!, 0);
  }
  return most;
}

/** The greatest modulus; NaN where one is NaN. */
function greatest(values: Float64Array): number {
  return values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

function normsOf(layer: Layer): Norms {
  const { step, weight, weightAt, bias, biasAt, constants } = layer;
  const { gamma, up, absolute } = constants;
  let norm = 0;
  let offset = 0;
  for (let unit = 0; unit < step.units; unit += 1) {
    norm = Math.max(norm, rowNorm(weight, weightAt + unit * step.fanIn, step.fanIn) * up + LEAST);
    offset = Math.max(offset, gamma * Math.abs(bias[biasAt + unit]!) * up + absolute);
  }
  return { layer, norm, offset };
}
