/**
 * The forward passes that the filter is compared with: the same loops (`dense.ts`: four rows at a time,
 * the fastest we know in JavaScript; `lanes.ts` in WebAssembly) and ReLU without a branch, nothing
 * proved.
 */
import { sums } from '../../src/engine/filter/dense.js';
import { lanesFor } from '../../src/engine/filter/lanes.js';
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

/** The same in WebAssembly, for one point that is laid out beforehand; null where there is none. */
export function forwardPassInLanes(
  point: Float64Array,
): ((input: Float64Array) => Float64Array) | null {
  const shapes = WIDTHS.slice(1).map((units, l) => [units, WIDTHS[l] ?? 0] as const);
  const lanes = lanesFor(WIDTHS, shapes, { extremes: false });
  if (lanes === null) return null;
  const vectors = WIDTHS.map((width) => lanes.vector(width));
  const matrices = shapes.map(([units, n]) => lanes.matrix(units, n));
  let at = 0;
  matrices.forEach((matrix, l) => {
    const [units = 0, n = 0] = shapes[l] ?? [];
    matrix.fill(point, at, point, at + units * n);
    at += units * n + units;
  });
  return (input) => {
    vectors[0]?.set(input);
    let z = vectors[0] ?? input;
    matrices.forEach((matrix, l) => {
      const out = vectors[l + 1] ?? z;
      matrix.sums(z, out, 0);
      z = out;
    });
    return z;
  };
}
