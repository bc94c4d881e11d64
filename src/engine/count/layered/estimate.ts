/**
 * What a layered count would cost, before it is made: the levels that are cheap are made, the last
 * expansion is weighed and a few of its blocks are run; where even the levels are dear, states are
 * followed by samples. Deterministic; counts operations, not time.
 */
import { jointsOf } from './window.js';
import { orderedClasses } from './joint.js';
import type { Outcome } from './law.js';
import { COST, churnBytes, stateBytes, type Meter } from './meter.js';
import type { RowLayer } from './rows.js';
import { lawsAt } from './states.js';
import type { Vector } from './subspace.js';

/** *Estimate.* Doubles, for comparing methods and for refusing; `Infinity` beyond all measure. */
export interface CountEstimate {
  /** States held at once; 0 where points are visited. */
  readonly states: number;
  /** Elementary operations; one is about a nanosecond to three. */
  readonly operations: number;
  readonly log10Operations: number;
  /** Bytes that the count adds to a process. */
  readonly bytes: number;
}

/** *Estimate.* Operations per joint outcome of a last expansion, with what is done to its state. */
export function jointCost(units: number): number {
  return COST.joint + COST.state + units * (COST.jointUnit + 2 * COST.big) + 6 * COST.big;
}

/** States that are followed per level. */
const SAMPLES = 6;

/**
 * *Estimate.* Joint outcomes of all layers before `stop`, followed by samples; states that would
 * merge are counted apart, so it errs upwards. Throws Outgrown where one law alone is too much.
 */
export function roughEstimate(
  layers: readonly RowLayer[],
  input: readonly number[],
  stop: number,
  meter: Meter,
): { readonly states: number; readonly operations: number } {
  let sampled: readonly Vector[] = [input];
  let states = 1;
  let held = 1;
  let operations = 0;
  for (let index = 0; index < stop; index += 1) {
    const layer = layers[index] as RowLayer;
    const classes = orderedClasses(layer, undefined);
    let joints = 0;
    const next: Vector[] = [];
    for (const z of sampled) {
      const laws = lawsAt(layer, undefined, { z, tangents: [], still: null }, false, meter);
      joints += jointsOf(classes, laws) / sampled.length;
      const children = Math.ceil(SAMPLES / sampled.length);
      for (let child = 0; child < children; child += 1) {
        next.push(layer.rows.map((_, unit) => spread(laws(unit), unit + 3 * child).z));
      }
    }
    states *= joints;
    held = Math.max(held, states);
    operations += states * jointCost(layer.rows.length);
    sampled = next;
  }
  return { states: held, operations };
}

/** An outcome of the law; which one is spread over it, and is the same every time. */
function spread(law: readonly Outcome[], k: number): Outcome {
  const outcome = law[(k * 7919) % Math.max(1, law.length)];
  if (outcome === undefined) throw new Error('roughEstimate: a row has no outcomes');
  return outcome;
}

/** *Estimate.* Put together; `units` is the widest layer's, `lawBytes` what its laws take. */
export function estimateOf(
  states: number,
  operations: number,
  units: number,
  lawBytes: number,
): CountEstimate {
  return {
    states,
    operations,
    log10Operations: Math.log10(operations),
    bytes: churnBytes(operations) + stateBytes(states, units) + lawBytes,
  };
}
