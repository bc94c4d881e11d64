/**
 * One layer of a grid program at the current point: pre-activations, activations, and which units are on
 * a kink, in doubles that `grid.ts` proved exact. The state is written over from point to point.
 */
import type { Network } from '../net/ir.js';
import type { GridLayer, GridProgram } from './grid.js';
import { neuronsOf } from './space.js';

/** One layer at the current point, and its ties. */
export interface LayerState {
  readonly grid: GridLayer;
  /** `[sample, unit]`. */
  readonly y: Float64Array;
  readonly z: Float64Array;
  /** Index sample·units + unit of each tie, and its kink. */
  readonly tied: Int32Array;
  readonly tiedKink: Int32Array;
  ties: number;
  /** Index of the layer's first neuron among `neuronsOf`; −1 where it has no kinks. */
  readonly firstNeuron: number;
}

/** *Exact.* The layers of a program, before any point. */
export function layerStatesOf(network: Network, program: GridProgram): LayerState[] {
  const neurons = neuronsOf(network);
  const { samples } = program;
  return program.layers.map((grid) => ({
    grid,
    y: new Float64Array(samples * grid.units),
    z: new Float64Array(samples * grid.units),
    tied: new Int32Array(samples * grid.units),
    tiedKink: new Int32Array(samples * grid.units),
    ties: 0,
    firstNeuron: neurons.findIndex((neuron) => neuron.equation === grid.equation),
  }));
}

/** *Exact.* One layer at all samples: pre-activations, ties, activations. */
export function forward(state: LayerState, input: Float64Array, samples: number): void {
  const { grid, y, z } = state;
  const { units, fanIn, weight, bias, thresholds, kinkAt, pieces } = grid;
  const breakpoints = thresholds.length;
  state.ties = 0;
  for (let sample = 0; sample < samples; sample += 1) {
    for (let unit = 0; unit < units; unit += 1) {
      let sum = bias[unit] as number;
      const row = unit * fanIn;
      const column = sample * fanIn;
      for (let j = 0; j < fanIn; j += 1) {
        sum += (weight[row + j] as number) * (input[column + j] as number);
      }
      const at = sample * units + unit;
      y[at] = sum;
      let piece = 0;
      while (piece < breakpoints && sum >= (thresholds[piece] as number)) piece += 1;
      if (piece > 0 && sum === thresholds[piece - 1] && (kinkAt[piece - 1] as number) !== -1) {
        state.tied[state.ties] = at;
        state.tiedKink[state.ties] = kinkAt[piece - 1] as number;
        state.ties += 1;
      }
      z[at] = horner(pieces[piece] as Float64Array, sum);
    }
  }
}

/** *Exact.* A polynomial on the grid. */
export function horner(coefficients: Float64Array, t: number): number {
  let value = 0;
  for (let k = coefficients.length - 1; k >= 0; k -= 1) {
    value = value * t + (coefficients[k] as number);
  }
  return value;
}

/** *Exact.* The number of breakpoints at or below y. */
export function pieceOf(grid: GridLayer, y: number): number {
  let piece = 0;
  while (piece < grid.thresholds.length && y >= (grid.thresholds[piece] as number)) piece += 1;
  return piece;
}
