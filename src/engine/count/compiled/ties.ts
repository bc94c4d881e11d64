/**
 * The ties of one point on the lattice, and which of them are free or constant: the criterion of
 * `truth/freedom.ts`, restated on integers. Where none is bound, L-iff decides.
 */
import type { ActivationStep, DenseStep, Lattice, Step } from './lattice.js';
import { ones, type LatticePoint } from './point.js';

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
    if (step.op === 'activation' && step.kinks === 0) continue;
    const codes = point.codes[k] as Int32Array;
    const isMax = step.op === 'max';
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at] as number;
      if ((isMax ? code & (code - 1) : code & 1) === 0) continue;
      const unit = at % step.units;
      const sample = (at - unit) / step.units;
      const neuron = step.op === 'max' ? (step.neurons[unit] as number) : step.firstNeuron + unit;
      ties.push({ step: k, sample, unit, neuron, choices: step.op === 'max' ? ones(code) : 2 });
    }
  }
  return ties;
}

/**
 * *Exact.* Per tie, whether it is free; false where its pre-activation is constant near w. Null where
 * neither is proved for some tie, or one unit is tied in two samples.
 */
export function freedomOf(
  point: LatticePoint,
  constancy: Constancy,
  ties: readonly LatticeTie[],
): boolean[] | null {
  const { lattice } = point;
  constancy.forget();
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
    if (step.op === 'max') {
      const flags = constancy.of(step.in);
      if (!attaining(point, tie).every((at) => flags[at] === 1)) return null;
    } else if (step.op === 'activation') {
      if (constancy.of(step.in)[tie.sample * step.units + tie.unit] !== 1) return null;
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
  for (const j of point.reads[dense.out - 1]?.[unit] ?? []) {
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
  const places: number[] = [];
  const step = point.lattice.steps[k];
  if (step?.op !== 'max') return places;
  const mask = point.codes[k]?.[sample * step.units + unit] as number;
  const first = sample * (point.lattice.widths[step.in] as number);
  const window = step.windows[unit] ?? [];
  for (let position = 0; position < window.length; position += 1) {
    if ((mask >> position) & 1) places.push(first + (window[position] as number));
  }
  return places;
}

/** Which units are provably constant near w, variable by variable as they are asked for. */
export class Constancy {
  readonly #point: LatticePoint;
  readonly #flags: readonly Uint8Array[];
  /** Per variable: whether its flags are those of the point as it stands. */
  readonly #known: boolean[];

  constructor(point: LatticePoint) {
    const { samples, widths } = point.lattice;
    this.#point = point;
    this.#flags = widths.map((width) => new Uint8Array(samples * width));
    this.#known = widths.map(() => false);
  }

  /** The point is another one. */
  forget(): void {
    this.#known.fill(false);
  }

  /** `[sample, unit]`: 1 where the unit is constant. */
  of(variable: number): Uint8Array {
    const flags = this.#flags[variable] as Uint8Array;
    if (this.#known[variable] === true) return flags;
    this.#known[variable] = true;
    // A step assigns the variable behind it.
    const width = this.#point.lattice.widths[variable] as number;
    for (let at = 0; at < flags.length; at += 1) {
      const unit = at % width;
      const is = variable === 0 || this.#is(variable - 1, (at - unit) / width, unit);
      flags[at] = is ? 1 : 0;
    }
    return flags;
  }

  #at(variable: number, sample: number, unit: number): boolean {
    const width = this.#point.lattice.widths[variable] as number;
    return this.of(variable)[sample * width + unit] === 1;
  }

  #is(k: number, sample: number, unit: number): boolean {
    const point = this.#point;
    const step = point.lattice.steps[k] as Step;
    switch (step.op) {
      case 'activation': {
        const at = sample * step.units + unit;
        const [code, t] = [point.codes[k]?.[at] ?? 0, point.values[step.in]?.[at] ?? 0];
        return isFlat(step, code, t) || this.#at(step.in, sample, unit);
      }
      case 'affine':
        return (step.terms[unit] ?? []).every(({ variable, unit: read }) =>
          this.#at(variable, sample, read),
        );
      case 'max': {
        const constant = this.of(step.in);
        return attaining(point, { step: k, sample, unit }).every((at) => constant[at] === 1);
      }
      case 'dense': {
        if (step.biasVaries[unit] === 1) return false;
        const input = point.values[step.in] as Float64Array;
        const weight = point.weights[k] as Float64Array;
        for (let j = 0; j < step.fanIn; j += 1) {
          const entry = unit * step.fanIn + j;
          if (step.weightVaries[entry] === 1) {
            if (input[sample * step.fanIn + j] !== 0 || !this.#at(step.in, sample, j)) return false;
          } else if (weight[entry] !== 0 && !this.#at(step.in, sample, j)) {
            return false;
          }
        }
        return true;
      }
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
