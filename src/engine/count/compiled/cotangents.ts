/**
 * Reverse mode on the lattice: ∂^AD output / ∂ every variable at one point, as integers in doubles.
 *
 * A cotangent stands times a scale of its variable that no point changes; the scales of all that
 * read a variable are brought to their least common multiple, so that paths of a residual network add
 * up. `null` where some sum may leave 2^53: then nothing here may be asked.
 */
import { sharesOf } from '../../ad/ties.js';
import { doubleOf } from '../../num/exact-double.js';
import {
  ONE,
  lcm,
  divide,
  integer,
  multiply,
  rational,
  type Rational,
} from '../../num/rational.js';
import { denominatorOf } from '../grid.js';
import type { ActivationStep, Lattice, MaxStep, Step } from './lattice.js';
import { codeOf, horner, type LatticePoint } from './point.js';

const EXACT = 2n ** 53n;

/** Shares of a maximum's cotangent, by how many tie and which of them; times `scale`. */
interface Shares {
  readonly scale: bigint;
  readonly bound: bigint;
  /** `[tied][place among the tied]`. */
  readonly rows: readonly Float64Array[];
}

export interface CotangentPlan {
  readonly outputs: number;
  /** Per variable: a cotangent stands times this. */
  readonly scales: readonly Rational[];
  /** Per variable and unit: the largest magnitude over all points. */
  readonly bounds: readonly (readonly bigint[])[];
  /** Per step, and per variable that it reads: what brings its scale to the variable's. */
  readonly factors: readonly ReadonlyMap<number, number>[];
  readonly shares: ReadonlyMap<number, Shares>;
  /** Per variable that is wanted: every one before the tail. */
  readonly bars: readonly Float64Array[];
}

/** *Exact.* The plan of the reverse pass; null where doubles cannot be proved exact. */
export function cotangentPlanOf(
  lattice: Lattice,
  proxies: readonly (readonly Rational[])[],
): CotangentPlan | null {
  const { steps, widths } = lattice;
  const output = widths.length - 1;
  const outputs = widths[output] ?? 0;
  const scales: (Rational | null)[] = widths.map(() => null);
  scales[output] = ONE;
  const bounds = widths.map((width) => Array.from({ length: width }, () => 0n));
  bounds[output]?.fill(1n);
  const shares = new Map<number, Shares>();
  // First the scales, from the output down: each is the least common multiple of what readers bring.
  const brought: Map<number, Rational>[] = steps.map(() => new Map<number, Rational>());
  for (let k = steps.length - 1; k >= 0; k -= 1) {
    const step = steps[k] as Step;
    const own = scales[step.out];
    if (own === null || own === undefined) continue;
    if (step.op === 'max') shares.set(k, sharesTable(step, proxies[step.equation] ?? []));
    for (const [variable, factor] of readFactors(lattice, k, shares)) {
      const scale = multiply(own, factor);
      brought[k]?.set(variable, scale);
      const known = scales[variable];
      scales[variable] =
        known === null || known === undefined ? scale : commonMultiple(known, scale);
    }
  }
  const factors: Map<number, number>[] = [];
  for (const [k, map] of brought.entries()) {
    factors[k] = new Map<number, number>();
    for (const [variable, scale] of map) {
      const factor = divide(scales[variable] ?? ONE, scale);
      if (factor.n >= EXACT) return null;
      factors[k].set(variable, doubleOf(factor.n));
    }
  }
  const add = (variable: number, unit: number, by: bigint): void => {
    const row = bounds[variable];
    if (row !== undefined) row[unit] = (row[unit] ?? 0n) + by;
  };
  for (let k = steps.length - 1; k >= 0; k -= 1) {
    const step = steps[k] as Step;
    const out = bounds[step.out] ?? [];
    const factorOf = (variable: number): bigint => BigInt(factors[k]?.get(variable) ?? 0);
    switch (step.op) {
      case 'dense':
        lattice.weightBounds.get(step.equation)?.forEach((row, unit) => {
          row.forEach((weight, j) => {
            add(step.in, j, weight * (out[unit] ?? 0n) * factorOf(step.in));
          });
        });
        break;
      case 'activation':
        lattice.slopeBounds.get(step.equation)?.forEach((slope, unit) => {
          add(step.in, unit, slope * (out[unit] ?? 0n) * factorOf(step.in));
        });
        break;
      case 'affine':
        step.terms.forEach((row, unit) => {
          for (const { variable, unit: read, coefficient } of row) {
            const size = BigInt(Math.abs(coefficient));
            add(variable, read, size * (out[unit] ?? 0n) * factorOf(variable));
          }
        });
        break;
      case 'max':
        step.windows.forEach((window, unit) => {
          for (const member of window) {
            const bound = shares.get(k)?.bound ?? 0n;
            add(step.in, member, bound * (out[unit] ?? 0n) * factorOf(step.in));
          }
        });
    }
  }
  if (bounds.some((row) => row.some((bound) => bound >= EXACT))) return null;
  return {
    outputs,
    scales: scales.map((scale) => scale ?? ONE),
    bounds,
    factors,
    shares,
    bars: widths.map((width) => new Float64Array(lattice.samples * outputs * width)),
  };
}

/** By how much a step multiplies the scale on the way to each variable that it reads. */
function readFactors(
  lattice: Lattice,
  k: number,
  shares: ReadonlyMap<number, Shares>,
): Map<number, Rational> {
  const step = lattice.steps[k] as Step;
  const factors = new Map<number, Rational>();
  if (step.op === 'dense') {
    factors.set(step.in, integer(lattice.weightScales.get(step.equation) ?? 1n));
  } else if (step.op === 'activation') {
    factors.set(step.in, integer(lattice.slopeScales.get(step.equation) ?? 1n));
  } else if (step.op === 'max') {
    factors.set(step.in, integer(shares.get(k)?.scale ?? 1n));
  } else {
    const own = lattice.denominators[step.out] ?? 1n;
    for (const { variable } of step.terms.flat()) {
      const read = k >= lattice.tail ? 1n : (lattice.denominators[variable] ?? 1n);
      factors.set(variable, rational(own, read));
    }
  }
  return factors;
}

function commonMultiple(a: Rational, b: Rational): Rational {
  return rational(lcm(a.n * b.d, b.n * a.d), a.d * b.d);
}

function sharesTable({ windows }: MaxStep, rule: readonly Rational[]): Shares {
  const widest = windows.reduce((most, window) => Math.max(most, window.length), 1);
  const rows = Array.from({ length: widest }, (_, tied) => sharesOf(rule, tied + 1));
  const scale = denominatorOf(rows.flat());
  const scaled = rows.map((row) => row.map((share) => multiply(share, integer(scale)).n));
  const bound = scaled.flat().reduce((most, share) => {
    const size = share < 0n ? -share : share;
    return size > most ? size : most;
  }, 0n);
  return {
    scale,
    bound,
    rows: [new Float64Array(0), ...scaled.map((row) => Float64Array.from(row, doubleOf))],
  };
}

/**
 * *Exact.* All cotangents at a point whose forward pass is done, into `plan.bars`, per variable
 * `[sample, output, unit]`; of the input they are left out.
 */
export function cotangentsAt(plan: CotangentPlan, point: LatticePoint): void {
  const { steps, widths, samples } = point.lattice;
  const { bars, outputs } = plan;
  for (const bar of bars) bar.fill(0);
  const top = bars[widths.length - 1] as Float64Array;
  for (let sample = 0; sample < samples; sample += 1) {
    for (let output = 0; output < outputs; output += 1) {
      top[(sample * outputs + output) * outputs + output] = 1;
    }
  }
  for (let k = steps.length - 1; k >= 0; k -= 1) {
    const step = steps[k] as Step;
    if (step.op === 'dense' && step.in === 0) continue;
    const out = bars[step.out] as Float64Array;
    for (let row = 0; row < samples * outputs; row += 1) {
      const sample = Math.floor(row / outputs);
      for (let unit = 0; unit < step.units; unit += 1) {
        const bar = out[row * step.units + unit] as number;
        if (bar !== 0) push(plan, point, step, k, { bar, row, sample, unit });
      }
    }
  }
}

interface Pushed {
  readonly bar: number;
  readonly row: number;
  readonly sample: number;
  readonly unit: number;
}

/** One unit's cotangent onto what the unit reads. */
function push(
  plan: CotangentPlan,
  point: LatticePoint,
  step: Step,
  k: number,
  { bar, row, sample, unit }: Pushed,
): void {
  const { lattice } = point;
  const add = (variable: number, read: number, by: number): void => {
    const into = plan.bars[variable] as Float64Array;
    const at = row * (lattice.widths[variable] as number) + read;
    into[at] = (into[at] as number) + by * (plan.factors[k]?.get(variable) ?? 0);
  };
  switch (step.op) {
    case 'dense': {
      const weight = point.weights[k] as Float64Array;
      for (let j = 0; j < step.fanIn; j += 1) {
        const w = weight[unit * step.fanIn + j] as number;
        if (w !== 0) add(step.in, j, bar * w);
      }
      break;
    }
    case 'activation':
      add(step.in, unit, bar * slopeAt(point, step, k, sample * step.units + unit));
      break;
    case 'affine':
      for (const { variable, unit: read, coefficient } of step.terms[unit] ?? []) {
        add(variable, read, bar * coefficient);
      }
      break;
    case 'max': {
      const mask = point.codes[k]?.[sample * step.units + unit] as number;
      // Behind the last tie nothing was computed, and windows hold one unit.
      const tied = k >= lattice.tail ? 1 : mask;
      const members = (step.windows[unit] ?? []).filter((_, position) => (tied >> position) & 1);
      members.forEach((member, place) => {
        add(step.in, member, bar * (plan.shares.get(k)?.rows[members.length]?.[place] ?? 0));
      });
    }
  }
}

/** *Exact.* What AD takes for the slope of a unit, on the grid of slopes. */
function slopeAt(point: LatticePoint, step: ActivationStep, k: number, at: number): number {
  const { grid } = step;
  if (k >= point.lattice.tail) return grid.slopes[0]?.[0] ?? 0;
  const code = point.codes[k]?.[at] as number;
  if ((code & 1) === 1) return grid.proxies[grid.kinkAt[(code - 1) >> 1] as number] as number;
  const t = point.values[step.in]?.[at] as number;
  return step.straight
    ? (grid.slopes[code >> 1]?.[0] ?? 0)
    : horner(grid.slopes[codeOf(grid, t) >> 1] as Float64Array, t);
}
