/**
 * The ties of one point on the lattice, and which of them are free or constant: the criterion of
 * `truth/freedom.ts`, restated on integers. Where none is bound, L-iff decides.
 */
import type { ActivationStep, DenseStep, Lattice, Step } from './lattice.js';
import type { LatticePoint } from './point.js';

export interface LatticeTie {
  /** Index of the step, an activation or a maximum. */
  readonly step: number;
  readonly sample: number;
  readonly unit: number;
  /** Index among `neuronsOf`. */
  readonly neuron: number;
  /** How many ways the walk would try: two sides, or one per unit that attains the maximum. */
  readonly choices: number;
}

/** *Exact.* The ties of a point whose forward pass is done, in topological order. */
export function tiesOf(point: LatticePoint): LatticeTie[] {
  const ties: LatticeTie[] = [];
  const { steps, tail } = point.lattice;
  for (let k = 0; k < tail; k += 1) {
    const step = steps[k] as Step;
    if (step.op !== 'activation' && step.op !== 'max') continue;
    const codes = point.codes[k] as Int32Array;
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at] as number;
      const tied = step.op === 'max' ? (code & (code - 1)) !== 0 : (code & 1) === 1;
      if (!tied) continue;
      const unit = at % step.units;
      const sample = (at - unit) / step.units;
      const neuron = step.op === 'max' ? (step.neurons[unit] as number) : step.firstNeuron + unit;
      ties.push({ step: k, sample, unit, neuron, choices: step.op === 'max' ? ones(code) : 2 });
    }
  }
  return ties;
}

function ones(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/**
 * *Exact.* Per tie, whether it is free; false where its pre-activation is constant near w. Null where
 * neither is proved for some tie, or one unit is tied in two samples.
 */
export function freedomOf(point: LatticePoint, ties: readonly LatticeTie[]): boolean[] | null {
  const { lattice } = point;
  let constant: Uint8Array[] | null = null;
  const freedom: boolean[] = [];
  for (const [index, tie] of ties.entries()) {
    const step = lattice.steps[tie.step] as Step;
    for (let other = 0; other < index; other += 1) {
      const { step: k, unit } = ties[other] as LatticeTie;
      if (k === tie.step && unit === tie.unit) return null;
    }
    if (step.op === 'activation' && hasPrivateCoefficient(point, step, tie)) {
      freedom.push(true);
      continue;
    }
    constant ??= constantUnits(point);
    if (step.op === 'max') {
      const flags = constant[step.in] as Uint8Array;
      if (!attaining(point, tie).every((at) => flags[at] === 1)) return null;
    } else if (step.op === 'activation') {
      if (constant[step.in]?.[tie.sample * step.units + tie.unit] !== 1) return null;
    }
    freedom.push(false);
  }
  return freedom;
}

/** The dense step whose result an activation reads; null where it reads something else. */
export function denseBefore(lattice: Lattice, { in: read }: ActivationStep): DenseStep | null {
  const step = read === 0 ? undefined : lattice.steps[read - 1];
  return step?.op === 'dense' ? step : null;
}

function hasPrivateCoefficient(
  point: LatticePoint,
  step: ActivationStep,
  { sample, unit }: LatticeTie,
): boolean {
  const dense = denseBefore(point.lattice, step);
  if (dense === null) return false;
  if (dense.biasPrivate[unit] === 1) return true;
  const input = point.values[dense.in] as Float64Array;
  for (let j = 0; j < dense.fanIn; j += 1) {
    const own = dense.weightPrivate[unit * dense.fanIn + j] === 1;
    if (own && input[sample * dense.fanIn + j] !== 0) return true;
  }
  return false;
}

/** Places `[sample, unit]` in what a maximum reads that attain it. */
export function attaining(
  point: LatticePoint,
  { step: k, sample, unit }: Pick<LatticeTie, 'step' | 'sample' | 'unit'>,
): number[] {
  const step = point.lattice.steps[k];
  if (step?.op !== 'max') return [];
  const mask = point.codes[k]?.[sample * step.units + unit] as number;
  const width = point.lattice.widths[step.in] as number;
  return (step.windows[unit] ?? []).flatMap((member, position) =>
    (mask >> position) & 1 ? [sample * width + member] : [],
  );
}

/** Per variable `[sample, unit]`: 1 where the unit is provably constant near w. */
function constantUnits(point: LatticePoint): Uint8Array[] {
  const { lattice } = point;
  const { samples, steps, tail, widths } = lattice;
  const constant = widths.map((width) => new Uint8Array(samples * width));
  constant[0]?.fill(1);
  for (let k = 0; k < tail; k += 1) {
    const step = steps[k] as Step;
    const flags = constant[step.out] as Uint8Array;
    for (let at = 0; at < flags.length; at += 1) {
      const unit = at % step.units;
      const sample = (at - unit) / step.units;
      if (isConstant(point, constant, k, sample, unit)) flags[at] = 1;
    }
  }
  return constant;
}

function isConstant(
  point: LatticePoint,
  constant: readonly Uint8Array[],
  k: number,
  sample: number,
  unit: number,
): boolean {
  const { steps, widths } = point.lattice;
  const step = steps[k] as Step;
  const flag = (variable: number, read: number): boolean =>
    constant[variable]?.[sample * (widths[variable] as number) + read] === 1;
  switch (step.op) {
    case 'activation':
      return (
        flag(step.in, unit) ||
        isFlat(
          step,
          point.codes[k]?.[sample * step.units + unit] ?? 0,
          point.values[step.in]?.[sample * step.units + unit] ?? 0,
        )
      );
    case 'affine':
      return (step.terms[unit] ?? []).every(({ variable, unit: read }) => flag(variable, read));
    case 'max':
      return attaining(point, { step: k, sample, unit }).every(
        (at) => constant[step.in]?.[at] === 1,
      );
    case 'dense': {
      if (step.biasVaries[unit] === 1) return false;
      const input = point.values[step.in] as Float64Array;
      const weight = point.weights[k] as Float64Array;
      for (let j = 0; j < step.fanIn; j += 1) {
        const entry = unit * step.fanIn + j;
        const inputConstant = flag(step.in, j);
        if (step.weightVaries[entry] === 1) {
          if (!inputConstant || input[sample * step.fanIn + j] !== 0) return false;
        } else if (!inputConstant && weight[entry] !== 0) {
          return false;
        }
      }
      return true;
    }
  }
}

/** Whether σ is constant near t, whose code is given. */
function isFlat({ grid }: ActivationStep, code: number, t: number): boolean {
  const piece = (code + 1) >> 1;
  if (grid.flatPiece[piece] !== 1) return false;
  // On a breakpoint the piece to the left counts as well; off the grid nothing sits on it.
  return piece === 0 || t !== grid.thresholds[piece - 1] || grid.flatPiece[piece - 1] === 1;
}
