/**
 * One point on the lattice: digits written through into weights and biases, a forward pass that is
 * plain and unrolled nowhere, and the code of every unit. It serves where the generated code has
 * found a tie, and is that code's independent check.
 *
 * The code of an activation's unit is 2p on its piece p, 2k + 1 on its breakpoint k where that is a
 * kink; of a maximum, the set of window positions that attain it, as bits.
 */
import type { ActivationStep, Coefficient, DenseStep, Lattice, MaxStep, Step } from './lattice.js';

/** Where one digit is written. */
interface Target {
  readonly into: Float64Array;
  readonly index: number;
  readonly values: Float64Array;
}

export class LatticePoint {
  readonly lattice: Lattice;
  /** Per variable `[sample, unit]`; those of the tail stay 0. */
  readonly values: readonly Float64Array[];
  /** Per step `[sample, unit]`. */
  readonly codes: readonly Int32Array[];
  /** Per step: of dense ones the weights `[out, in]` and the biases, as the digits set them. */
  readonly weights: readonly Float64Array[];
  readonly biases: readonly Float64Array[];
  /** How many units tie, samples counted apart. */
  ties = 0;
  readonly #targets: readonly (readonly Target[])[];
  /** Per dense step before the tail and unit: what it reads with a weight that is not the constant 0. */
  readonly reads: readonly (readonly (readonly number[])[])[];

  constructor(lattice: Lattice, digits: number) {
    this.lattice = lattice;
    const { samples, steps } = lattice;
    this.values = lattice.widths.map((width, variable) =>
      variable === 0 ? lattice.inputs : new Float64Array(samples * width),
    );
    this.codes = steps.map((step) => new Int32Array(samples * step.units));
    const targets: Target[][] = Array.from({ length: digits }, () => []);
    const written = (coefficients: readonly Coefficient[]): Float64Array => {
      const into = new Float64Array(coefficients.length);
      coefficients.forEach((coefficient, index) => {
        if ('constant' in coefficient) {
          into[index] = coefficient.constant;
          return;
        }
        const table = lattice.tables[coefficient.table];
        if (table === undefined) throw new Error('lattice: a coefficient names no table');
        targets[table.digit]?.push({ into, index, values: table.values });
      });
      return into;
    };
    const nothing = new Float64Array(0);
    this.weights = steps.map((step) => (step.op === 'dense' ? written(step.weight) : nothing));
    this.biases = steps.map((step) => (step.op === 'dense' ? written(step.bias) : nothing));
    this.#targets = targets;
    this.reads = steps.map((step, k) =>
      step.op === 'dense' && k < lattice.tail ? readsOf(step) : [],
    );
  }

  set(position: number, digit: number): void {
    for (const { into, index, values } of this.#targets[position] ?? []) {
      into[index] = values[digit] as number;
    }
  }

  /** Values and codes of all steps before the tail, at the digits that were set. */
  forward(): void {
    const { steps, tail } = this.lattice;
    this.ties = 0;
    for (let k = 0; k < tail; k += 1) {
      const step = steps[k] as Step;
      switch (step.op) {
        case 'dense':
          this.#dense(step, k);
          break;
        case 'activation':
          this.#activation(step, k);
          break;
        case 'max':
          this.#max(step, k);
          break;
        case 'affine': {
          const out = this.values[step.out] as Float64Array;
          for (let sample = 0; sample < this.lattice.samples; sample += 1) {
            step.terms.forEach((row, unit) => {
              let sum = step.offset[unit] as number;
              for (const { variable, unit: read, coefficient } of row) {
                const width = this.lattice.widths[variable] as number;
                sum += coefficient * (this.values[variable]?.[sample * width + read] as number);
              }
              out[sample * step.units + unit] = sum;
            });
          }
        }
      }
    }
  }

  #dense({ in: read, out, units, fanIn }: DenseStep, k: number): void {
    const [x, y] = [this.values[read] as Float64Array, this.values[out] as Float64Array];
    const [weight, bias] = [this.weights[k] as Float64Array, this.biases[k] as Float64Array];
    const reads = this.reads[k] ?? [];
    for (let sample = 0; sample < this.lattice.samples; sample += 1) {
      for (let unit = 0; unit < units; unit += 1) {
        let sum = bias[unit] as number;
        for (const j of reads[unit] ?? []) {
          sum += (weight[unit * fanIn + j] as number) * (x[sample * fanIn + j] as number);
        }
        y[sample * units + unit] = sum;
      }
    }
  }

  #activation({ in: read, out, grid }: ActivationStep, k: number): void {
    const [y, z] = [this.values[read] as Float64Array, this.values[out] as Float64Array];
    const codes = this.codes[k] as Int32Array;
    for (let at = 0; at < codes.length; at += 1) {
      const t = y[at] as number;
      const code = codeOf(grid, t);
      if ((code & 1) === 1) this.ties += 1;
      codes[at] = code;
      z[at] = horner(grid.pieces[(code + 1) >> 1] as Float64Array, t);
    }
  }

  #max({ in: read, out, windows, units }: MaxStep, k: number): void {
    const [x, y] = [this.values[read] as Float64Array, this.values[out] as Float64Array];
    const codes = this.codes[k] as Int32Array;
    const width = this.lattice.widths[read] as number;
    for (let sample = 0; sample < this.lattice.samples; sample += 1) {
      for (let unit = 0; unit < units; unit += 1) {
        const window = windows[unit] ?? [];
        let most = -Infinity;
        let mask = 0;
        for (let position = 0; position < window.length; position += 1) {
          const t = x[sample * width + (window[position] as number)] as number;
          if (t > most) {
            most = t;
            mask = 0;
          }
          if (t === most) mask |= 1 << position;
        }
        if ((mask & (mask - 1)) !== 0) this.ties += 1;
        codes[sample * units + unit] = mask;
        y[sample * units + unit] = most;
      }
    }
  }
}

function readsOf({ units, fanIn, weight }: DenseStep): number[][] {
  const reads: number[][] = [];
  for (let unit = 0; unit < units; unit += 1) {
    const own: number[] = [];
    for (let j = 0; j < fanIn; j += 1) {
      const coefficient = weight[unit * fanIn + j] as Coefficient;
      if (!('constant' in coefficient) || coefficient.constant !== 0) own.push(j);
    }
    reads.push(own);
  }
  return reads;
}

/** *Exact.* The code of a pre-activation. */
export function codeOf({ thresholds, kinkAt }: ActivationStep['grid'], t: number): number {
  let piece = 0;
  while (piece < thresholds.length && t >= (thresholds[piece] as number)) piece += 1;
  const onKink = piece > 0 && t === thresholds[piece - 1] && kinkAt[piece - 1] !== -1;
  return onKink ? 2 * piece - 1 : 2 * piece;
}

/** *Exact.* How many units attain a maximum of this code. */
export function ones(code: number): number {
  let count = 0;
  for (let rest = code; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** *Exact.* A polynomial on the grid. */
export function horner(coefficients: Float64Array, t: number): number {
  let value = 0;
  for (let k = coefficients.length - 1; k >= 0; k -= 1) {
    value = value * t + (coefficients[k] as number);
  }
  return value;
}
