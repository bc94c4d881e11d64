/** The dense layers of a program at a point: their entries in doubles, and the constants of their bounds. */
import { approximationOf } from './approximation.js';
import type { Point } from './exact.js';
import { entriesOf, firstOf, type DenseStep, type Program } from './program.js';
import { rowConstants, type RowConstants } from './rounding.js';

export interface Layer {
  readonly step: DenseStep;
  /** Entries from `weightAt` and `biasAt` on. */
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  readonly weightAt: number;
  readonly biasAt: number;
  readonly constants: RowConstants;
  /** Whether no sum rounds. */
  readonly exact: boolean;
  /** Whether every entry is exactly its double. */
  readonly exactEntries: boolean;
}

export interface PointInDoubles {
  readonly point: Point;
  /** Whether a parameter was rounded: then nothing is exact that a test of widths says is. */
  readonly rounded: boolean;
  /** By variable; null where no dense step yields it. */
  readonly layers: readonly (Layer | null)[];
}

/** *Upper bound.* The layers at a point; `scratch` has room for all parameters. */
export function layersAt(program: Program, point: Point, scratch: Float64Array): PointInDoubles {
  let rounded = false;
  if (!(point instanceof Float64Array)) {
    point.forEach((parameter, k) => {
      const near = approximationOf(parameter);
      scratch[k] = near.value;
      if (near.error !== 0) rounded = true;
    });
  }
  const doubles = point instanceof Float64Array ? point : scratch;
  const layers: (Layer | null)[] = [null];
  for (const step of program.steps) {
    layers[step.out] = step.op === 'dense' ? layerAt(step, doubles, rounded) : null;
  }
  return { point, rounded, layers };
}

function layerAt(step: DenseStep, point: Float64Array, rounded: boolean): Layer {
  const roundings = step.roundings + (rounded ? 1 : 0);
  return {
    step,
    weight: entriesOf(step.weight, point),
    bias: entriesOf(step.bias, point),
    weightAt: firstOf(step.weight),
    biasAt: firstOf(step.bias),
    constants: rowConstants(step.fanIn, roundings),
    exact: step.exact && !rounded,
    exactEntries: roundings === 0,
  };
}
