/**
 * Reverse mode on the lattice: ∂^AD output / ∂ every variable at one point, as integers in doubles.
 *
 * A cotangent stands times a scale of its variable that no point changes; the scales of all that
 * read a variable are brought to their least common multiple, so that paths of a residual network add
 * up. Two passes meet at the frontier, the units that the tail reads: the head's depends on codes and
 * weights before the tail, the tail's on its own weights alone. `null` where some sum may leave 2^53:
 * then nothing here may be asked.
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
import { denominatorOf } from '../on-grid.js';
import type { ActivationStep, Lattice, MaxStep, Step } from './lattice.js';
import { horner, ones, type LatticePoint } from './point.js';

const EXACT = 2n ** 53n;

/** Shares of a maximum's cotangent, by how many tie and which of them; times `scale`. */
interface Shares {
  readonly scale: bigint;
  readonly bound: bigint;
  /** `[tied][place among the tied]`. */
  readonly rows: readonly Float64Array[];
}

interface Frontier {
  readonly variable: number;
  readonly unit: number;
}

export interface CotangentPlan {
  readonly outputs: number;
  /** Per variable: a cotangent stands times this. */
  readonly scales: readonly Rational[];
  /** Per variable and unit: the largest magnitude over all points. */
  readonly bounds: readonly (readonly bigint[])[];
  /** Per step, and per variable: what brings the step's scale to that of a variable that it reads. */
  readonly factors: readonly Float64Array[];
  readonly shares: ReadonlyMap<number, Shares>;
  /** Units before the tail that the tail reads, or that are outputs. */
  readonly frontier: readonly Frontier[];
  /** Room for both passes, per variable: `[sample, frontier, unit]`, and `[unit]`. */
  readonly head: readonly Float64Array[];
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
  const factors = brought.map(() => new Float64Array(widths.length));
  for (const [k, map] of brought.entries()) {
    for (const [variable, scale] of map) {
      const factor = divide(scales[variable] ?? ONE, scale);
      if (factor.n >= EXACT) return null;
      (factors[k] as Float64Array)[variable] = doubleOf(factor.n);
    }
  }
  const add = (variable: number, unit: number, by: bigint): void => {
    const row = bounds[variable];
    if (row !== undefined) row[unit] = (row[unit] ?? 0n) + by;
  };
  for (let k = steps.length - 1; k >= 0; k -= 1) {
    const step = steps[k] as Step;
    const out = bounds[step.out] ?? [];
    const factorOf = (variable: number): bigint => BigInt(factors[k]?.[variable] ?? 0);
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
  const frontier = frontierOf(lattice);
  return {
    outputs,
    frontier,
    head: widths.map((width, variable) =>
      variable <= lattice.tail
        ? new Float64Array(lattice.samples * frontier.length * width)
        : new Float64Array(0),
    ),
    scales: scales.map((scale) => scale ?? ONE),
    bounds,
    factors,
    shares,
    bars: widths.map((width) => new Float64Array(width)),
  };
}

function frontierOf({ steps, tail, widths }: Lattice): CotangentPlan['frontier'] {
  const read = new Set<number>();
  const note = (variable: number): void => {
    if (variable <= tail) read.add(variable);
  };
  note(widths.length - 1);
  for (const step of steps.slice(tail)) {
    if (step.op === 'affine') for (const { variable } of step.terms.flat()) note(variable);
    else note(step.in);
  }
  return [...read].flatMap((variable) =>
    Array.from({ length: widths[variable] ?? 0 }, (_, unit) => ({ variable, unit })),
  );
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
    rows: [new Float64Array(0), ...scaled.map((row) => new Float64Array(row.map(doubleOf)))],
  };
}

/**
 * *Exact.* ∂^AD of each unit of the frontier with respect to every variable before the tail, at a point
 * whose forward pass is done: into `plan.head`, per variable `[sample, frontier, unit]`.
 */
export function headCotangents(plan: CotangentPlan, point: LatticePoint): void {
  const { steps, widths, samples, tail } = point.lattice;
  const { head, frontier } = plan;
  for (const bar of head) bar.fill(0);
  const rows = samples * frontier.length;
  for (let row = 0; row < rows; row += 1) {
    const { variable, unit } = frontier[row % frontier.length] as Frontier;
    (head[variable] as Float64Array)[row * (widths[variable] as number) + unit] = 1;
  }
  for (let k = tail - 1; k >= 0; k -= 1) {
    const step = steps[k] as Step;
    if (step.op === 'dense' && step.in === 0) continue;
    const out = head[step.out] as Float64Array;
    for (let at = 0; at < out.length; at += 1) {
      const bar = out[at] as number;
      if (bar === 0) continue;
      const unit = at % step.units;
      const row = (at - unit) / step.units;
      push(plan, point, k, Math.floor(row / frontier.length), unit, bar, head, row);
    }
  }
}

/** *Exact.* ∂^AD of each frontier unit with respect to one unit, of which the head's pass is done. */
export function columnOf(
  plan: CotangentPlan,
  { lattice: { widths } }: LatticePoint,
  variable: number,
  sample: number,
  unit: number,
): number[] {
  const width = widths[variable] as number;
  const size = plan.frontier.length;
  const bars = plan.head[variable] as Float64Array;
  const column: number[] = [];
  for (let b = 0; b < size; b += 1) column.push(bars[(sample * size + b) * width + unit] as number);
  return column;
}

/**
 * *Exact.* ∂ output / ∂ each unit of the frontier, `[output, frontier]`, at the tail's weights that
 * were set. The same for every sample: the tail is affine.
 */
export function tailCotangents(plan: CotangentPlan, point: LatticePoint): Float64Array {
  const { steps, widths, tail } = point.lattice;
  const { bars, outputs, frontier } = plan;
  const map = new Float64Array(outputs * frontier.length);
  for (let output = 0; output < outputs; output += 1) {
    for (const bar of bars) bar.fill(0);
    (bars[widths.length - 1] as Float64Array)[output] = 1;
    for (let k = steps.length - 1; k >= tail; k -= 1) {
      const step = steps[k] as Step;
      const out = bars[step.out] as Float64Array;
      for (let unit = 0; unit < step.units; unit += 1) {
        const bar = out[unit] as number;
        if (bar !== 0) push(plan, point, k, 0, unit, bar, bars, 0);
      }
    }
    for (let b = 0; b < frontier.length; b += 1) {
      const { variable, unit } = frontier[b] as Frontier;
      map[output * frontier.length + b] = bars[variable]?.[unit] as number;
    }
  }
  return map;
}

/** *Exact.* The cotangent of a unit at one output: a row of the tail's map times the unit's column. */
export function cotangentOf(map: Float64Array, output: number, column: readonly number[]): number {
  const from = output * column.length;
  let sum = 0;
  for (let b = 0; b < column.length; b += 1) {
    sum += (map[from + b] as number) * (column[b] as number);
  }
  return sum;
}

/** Adds one unit's cotangent `bar` to what the unit reads: per variable, in this row of `bars`. */
function push(
  plan: CotangentPlan,
  point: LatticePoint,
  k: number,
  sample: number,
  unit: number,
  bar: number,
  bars: readonly Float64Array[],
  row: number,
): void {
  const { lattice } = point;
  const { widths } = lattice;
  const step = lattice.steps[k] as Step;
  const factors = plan.factors[k] as Float64Array;
  switch (step.op) {
    case 'dense': {
      const weight = point.weights[k] as Float64Array;
      const by = factors[step.in] as number;
      const into = bars[step.in] as Float64Array;
      const first = row * step.fanIn;
      for (let j = 0; j < step.fanIn; j += 1) {
        const w = weight[unit * step.fanIn + j] as number;
        if (w !== 0) into[first + j] = (into[first + j] as number) + bar * w * by;
      }
      break;
    }
    case 'activation': {
      const slope = slopeAt(point, step, k, sample * step.units + unit);
      const into = bars[step.in] as Float64Array;
      const at = row * step.units + unit;
      into[at] = (into[at] as number) + bar * slope * (factors[step.in] as number);
      break;
    }
    case 'affine':
      for (const { variable, unit: read, coefficient } of step.terms[unit] ?? []) {
        const into = bars[variable] as Float64Array;
        const at = row * (widths[variable] as number) + read;
        into[at] = (into[at] as number) + bar * coefficient * (factors[variable] as number);
      }
      break;
    case 'max': {
      // Behind the last tie nothing was computed, and windows hold one unit.
      const mask = k >= lattice.tail ? 1 : (point.codes[k]?.[sample * step.units + unit] as number);
      const shares = plan.shares.get(k)?.rows[ones(mask)];
      const into = bars[step.in] as Float64Array;
      const first = row * (widths[step.in] as number);
      const window = step.windows[unit] ?? [];
      let place = 0;
      for (let position = 0; position < window.length; position += 1) {
        if (((mask >> position) & 1) === 0) continue;
        const at = first + (window[position] as number);
        const by = (shares?.[place] ?? 0) * (factors[step.in] as number);
        into[at] = (into[at] as number) + bar * by;
        place += 1;
      }
    }
  }
}

/** *Exact.* What AD takes for the slope of a unit, on the grid of slopes. */
export function slopeAt(point: LatticePoint, step: ActivationStep, k: number, at: number): number {
  const { grid } = step;
  if (k >= point.lattice.tail) return grid.slopes[0]?.[0] ?? 0;
  const code = point.codes[k]?.[at] as number;
  if ((code & 1) === 1) return grid.proxies[grid.kinkAt[(code - 1) >> 1] as number] as number;
  const slope = grid.slopes[code >> 1] as Float64Array;
  return horner(slope, point.values[step.in]?.[at] as number);
}
