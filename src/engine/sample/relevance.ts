/**
 * Whether a tie of the first layer matters, where the second layer is the last hidden one: the tied
 * unit gives 0, so the units behind it add up what the others give, and AD hands it the sum over
 * the alive ones of their outgoing weight times their weight on it. Given all rows up to their signs,
 * every pattern of alive units is equally likely (`orientation.ts`): so the patterns are counted in
 * which that sum is not 0. On the grid, in integers that the reverse pass was proved to hold.
 */
import type { GridProgram } from '../count/grid.js';
import type { LayerState } from '../count/layer-state.js';
import type { OrientedLayer } from './orientation.js';
import type { RowRelevance } from './subject.js';

/** Most units of the last hidden layer. */
const UNITS_MAX = 6;

/**
 * *Exact.* `front` is the first layer and `last` the second, both with free ties. Null where
 * the network has other layers, or more patterns than are gone through. The layers must stand at the
 * point as drawn when it is asked.
 */
export function rowRelevanceOf(
  front: OrientedLayer | null,
  last: OrientedLayer | null,
  program: GridProgram,
  layers: readonly LayerState[],
): RowRelevance | null {
  const [one, two, output] = layers;
  if (front === null || last === null || !program.reverseExact) return null;
  if (one === undefined || two === undefined || output === undefined || layers.length !== 3) {
    return null;
  }
  const { units } = two.grid;
  if (units > UNITS_MAX || (output.grid.slopes[0]?.[0] ?? 0) === 0) return null;
  const patterns = 2 ** units;
  const outputs = output.grid.units;
  const toward = new Float64Array(units);
  const sums = new Float64Array(outputs);
  const isTiedBeside = (unit: number): boolean => {
    for (let tie = 0; tie < one.ties; tie += 1) if (one.tied[tie] !== unit) return true;
    return false;
  };
  return {
    patterns,
    of(unit) {
      if (isTiedBeside(unit)) return null;
      const { weight, fanIn } = two.grid;
      const z = one.z[unit]!;
      for (let i = 0; i < units; i += 1) {
        const w = weight[i * fanIn + unit]!;
        // Both this and what it is taken from are values at points, so nothing is rounded.
        const y = two.y[i]! - w * z;
        if (y === 0) return null;
        // The row up to its sign is the one that makes y positive.
        toward[i] = y > 0 ? w : -w;
      }
      sums.fill(0);
      let often = 0;
      let pattern = 0;
      for (let k = 1; k < patterns; k += 1) {
        const turned = 31 - Math.clz32(k & -k);
        pattern ^= 1 << turned;
        const w = ((pattern >> turned) & 1) === 1 ? toward[turned]! : -toward[turned]!;
        let isRelevant = false;
        for (let o = 0; o < outputs; o += 1) {
          sums[o] = sums[o]! + output.grid.weight[o * units + turned]! * w;
          if (sums[o] !== 0) isRelevant = true;
        }
        if (isRelevant) often += 1;
      }
      return often;
    },
  };
}
