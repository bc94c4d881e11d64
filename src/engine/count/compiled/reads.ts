/**
 * Which digits before the tail a verdict reads besides codes: those that set weights which the reverse
 * pass may multiply on its way from the outputs down to a tied unit.
 *
 * Where a code key decides (`loops.ts`), forms are constants times slopes, so that all else in a verdict
 * is such weights. A weight counts as read if a tied unit reaches what it is multiplied by, and the unit
 * that it feeds has a slope; that is more than is read, never less. Points that agree in codes and in
 * these digits have the same outcome.
 */
import { slopeAt } from './cotangents.js';
import type { ActivationStep, DenseStep, Lattice, Step } from './lattice.js';
import { digitOf } from './loops.js';
import type { LatticePoint } from './point.js';
import type { LatticeTie } from './ties.js';

/**
 * *Exact.* Positions, increasing, of the digits that the verdict on a point reads besides its codes;
 * the point's forward pass is done. `before` tells which positions are before the tail.
 */
export function readsOf(
  point: LatticePoint,
  ties: readonly LatticeTie[],
  before: ReadonlySet<number>,
): number[] {
  const { lattice } = point;
  const { steps, tail, widths, samples } = lattice;
  const reads = new Set<number>();
  /** Per variable `[sample, unit]`: 1 where a tied unit may reach it. */
  const reached = widths.map((width) => new Uint8Array(samples * width));
  for (const { step, sample, unit } of ties) {
    const { out, units } = steps[step] as Step;
    (reached[out] as Uint8Array)[sample * units + unit] = 1;
  }
  const read = (dense: DenseStep, entry: number): void => {
    const position = digitOf(lattice, dense.weight[entry] ?? { constant: 0 });
    if (before.has(position)) reads.add(position);
  };
  steps.forEach((step, k) => {
    if (k >= tail) {
      if (step.op === 'dense') step.weight.forEach((_, entry) => read(step, entry));
      return;
    }
    const out = reached[step.out] as Uint8Array;
    const isReached = (variable: number, sample: number, unit: number): boolean =>
      reached[variable]?.[sample * (widths[variable] as number) + unit] === 1;
    for (let at = 0; at < out.length; at += 1) {
      const unit = at % step.units;
      const sample = (at - unit) / step.units;
      let is: boolean;
      switch (step.op) {
        case 'activation':
          is = isReached(step.in, sample, unit);
          break;
        case 'affine':
          is = (step.terms[unit] ?? []).some(({ variable, unit: from }) =>
            isReached(variable, sample, from),
          );
          break;
        case 'max':
          is = (step.windows[unit] ?? []).some((from) => isReached(step.in, sample, from));
          break;
        case 'dense':
          is = false;
          if (step.in === 0 || !hasSlope(point, step, at)) break;
          for (let j = 0; j < step.fanIn; j += 1) {
            if (!isReached(step.in, sample, j)) continue;
            is = true;
            read(step, unit * step.fanIn + j);
          }
      }
      if (is) out[at] = 1;
    }
  });
  return [...reads].sort((a, b) => a - b);
}

/** Whether AD takes a slope other than 0 for what a dense unit becomes. */
function hasSlope(point: LatticePoint, { out }: DenseStep, at: number): boolean {
  const k = activationOf(point.lattice, out);
  return slopeAt(point, point.lattice.steps[k] as ActivationStep, k, at) !== 0;
}

/** The step that reads a dense result: an activation, the step behind it (`net/check.ts`). */
function activationOf({ steps }: Lattice, variable: number): number {
  const k = steps.findIndex((step) => step.op === 'activation' && step.in === variable);
  if (k === -1) throw new Error('reads: a dense result is read by no activation');
  return k;
}
