/**
 * The norm bound: one number per layer bounds the errors of all its neurons, from the greatest row
 * norm of the layer, computed once per point. What is added to a plain forward pass is a comparison
 * and a maximum per neuron; in WebAssembly (`lanes.ts`) they are part of the sums. The pass proves of a sample that no neuron lies on a breakpoint, or it
 * gives up at the first neuron that the bound leaves open; the running pass then decides them all.
 */
import { rowNorm, sums } from './dense.js';
import { lanesFor, type LaneMatrix, type Lanes } from './lanes.js';
import type { Layer, PointInDoubles } from './layers.js';
import { CONSTANT, POLYNOMIAL, NEGATION, errorOfPiece, valueOfPiece } from './pieces.js';
import type { ActivationStep, DenseStep, Program } from './program.js';
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

/** The matrices of the dense steps in WebAssembly, by variable, and what follows them at once. */
interface InLanes {
  readonly lanes: Lanes;
  readonly matrices: readonly (LaneMatrix | null)[];
  /** The rectifier that alone reads the sums. */
  readonly rectifiers: readonly (ActivationStep | null)[];
}

/** The pass of a program; `useLanes` takes WebAssembly where the host has it. */
export function normPassOf(
  program: Program,
  widths: readonly number[],
  useLanes: boolean,
): NormPass {
  const inLanes = useLanes ? lanesOf(program, widths) : null;
  const value = widths.map((width) => inLanes?.lanes.vector(width) ?? new Float64Array(width));
  /** By variable: the greatest modulus, and the greatest error. */
  const most = new Float64Array(widths.length);
  const error = new Float64Array(widths.length);
  const inputMost = program.inputs.map(greatest);
  const inputError = program.inputErrors.map(greatest);
  let rounded = false;
  let norms: readonly (Norms | null)[] = [];

  const evaluate = ({ layer, norm, offset }: Norms): boolean => {
    const { step, weight, weightAt, bias, biasAt, constants } = layer;
    const { fanIn, units } = step;
    const term = constants.gamma * most[step.in]! + LEAST + error[step.in]!;
    const bound = layer.exact ? 0 : norm * term + offset;
    error[step.out] = bound;
    const z = value[step.in]!;
    if (inLanes === null) {
      sums(weight, weightAt, bias, biasAt, z, fanIn, units, value[step.out]!);
      return true;
    }
    const { lanes, matrices, rectifiers } = inLanes;
    const matrix = matrices[step.out]!;
    const rectifier = rectifiers[step.out]!;
    if (rectifier === null) {
      matrix.sums(z, value[step.out]!, -Infinity);
      return true;
    }
    matrix.sums(z, value[rectifier.out]!, 0);
    most[rectifier.out] = lanes.most();
    error[rectifier.out] = bound;
    return lanes.least() > bound && most[rectifier.out]! < Infinity;
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
      if (inLanes === null) return;
      for (const layer of point.layers) {
        if (layer === null) continue;
        const { step, weight, weightAt, bias, biasAt } = layer;
        inLanes.matrices[step.out]!.fill(weight, weightAt, bias, biasAt);
      }
    },
    isFree(sample) {
      value[0]!.set(program.inputs[sample]!);
      most[0] = inputMost[sample]!;
      error[0] = inputError[sample]!;
      for (const step of program.steps) {
        if (step.op === 'dense') {
          if (!evaluate(norms[step.out]!)) return false;
        } else if (inLanes?.rectifiers[step.in] !== step && !activate(step)) {
          return false;
        }
      }
      return true;
    },
  };
}

function lanesOf(program: Program, widths: readonly number[]): InLanes | null {
  const dense = program.steps.filter((step): step is DenseStep => step.op === 'dense');
  if (dense.some(({ fanIn, units }) => fanIn === 0 || units === 0)) return null;
  const lanes = lanesFor(
    widths,
    dense.map(({ units, fanIn }) => [units, fanIn]),
  );
  if (lanes === null) return null;
  const matrices: (LaneMatrix | null)[] = widths.map(() => null);
  const rectifiers: (ActivationStep | null)[] = widths.map(() => null);
  for (const { out, units, fanIn } of dense) {
    matrices[out] = lanes.matrix(units, fanIn);
    const [reader, ...others] = program.steps.filter((step) => step.in === out);
    if (reader?.op === 'activation' && reader.pieces.isRectifier && others.length === 0) {
      rectifiers[out] = reader;
    }
  }
  return { lanes, matrices, rectifiers };
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
