/**
 * The forward pass that the filter is compared with: the same loops (`dense.ts`: four rows at a time,
 * the fastest we know in JavaScript) and ReLU without a branch, nothing proved.
 */
import { sums } from '../../src/engine/filter/dense.js';
import { WIDTHS } from './cases.js';

export type Forward = (point: Float64Array, input: Float64Array) => Float64Array;

/** A forward pass with its own buffers; the outputs are overwritten by the next. */
export function forwardPass(): Forward {
  const layers = WIDTHS.slice(1).map((units, l) => ({
    units,
    fanIn: WIDTHS[l] ?? 0,
    y: new Float64Array(units),
  }));
  return (point, input) => {
    let z = input;
    let at = 0;
    for (const { units, fanIn, y } of layers) {
      const biasAt = at + units * fanIn;
      sums(point, at, point, biasAt, z, fanIn, units, y);
      for (let unit = 0; unit < units; unit += 1) y[unit] = Math.max(y[unit] ?? 0, 0);
      at = biasAt + units;
      z = y;
    }
    return z;
  };
}
