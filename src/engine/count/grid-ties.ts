/**
 * The ties of a point on the grid: which are free or constant (the criterion of `truth/freedom.ts`,
 * restated on the grid for ties of distinct units), and which reach an output, by AD. Where every tie is
 * free or constant, L-iff decides.
 */
import type { GridLayer } from './grid.js';
import { horner, pieceOf, type LayerState } from './layer-state.js';

/** Whether σ is constant near y. */
function isFlat(grid: GridLayer, y: number): boolean {
  const piece = pieceOf(grid, y);
  if (grid.flatPiece[piece] !== 1) return false;
  // On a breakpoint the piece to the left counts as well; off the grid nothing sits on it.
  return piece === 0 || y !== grid.thresholds[piece - 1] || grid.flatPiece[piece - 1] === 1;
}

/**
 * *Exact.* Per layer and tie: 1 where the tie is free, 0 where its pre-activation is constant near w. Null
 * where neither is proved for some tie, or one unit is tied in two samples.
 */
export function freedomOfTies(
  layers: readonly LayerState[],
  inputs: Float64Array,
  samples: number,
): Uint8Array[] | null {
  const freedom: Uint8Array[] = [];
  let constant: Uint8Array[] | null = null;
  for (const [layer, state] of layers.entries()) {
    const flags = new Uint8Array(state.ties);
    for (let tie = 0; tie < state.ties; tie += 1) {
      const at = state.tied[tie] as number;
      const unit = at % state.grid.units;
      for (let other = 0; other < tie; other += 1) {
        if ((state.tied[other] as number) % state.grid.units === unit) return null;
      }
      if (hasPrivateCoefficient(layers, inputs, layer, at)) {
        flags[tie] = 1;
        continue;
      }
      constant ??= constantOutputs(layers, inputs, samples);
      if (!isConstantUnit(layers, inputs, constant, layer, at)) return null;
    }
    freedom.push(flags);
  }
  return freedom;
}

function hasPrivateCoefficient(
  layers: readonly LayerState[],
  inputs: Float64Array,
  layer: number,
  at: number,
): boolean {
  const { grid } = layers[layer] as LayerState;
  const unit = at % grid.units;
  if (grid.privateBias[unit] === 1) return true;
  const input = layer === 0 ? inputs : (layers[layer - 1] as LayerState).z;
  const column = ((at - unit) / grid.units) * grid.fanIn;
  for (let j = 0; j < grid.fanIn; j += 1) {
    if (grid.privateWeight[unit * grid.fanIn + j] === 1 && input[column + j] !== 0) return true;
  }
  return false;
}

/** Whether each unit's output is provably constant near w, per layer `[sample, unit]`. */
function constantOutputs(
  layers: readonly LayerState[],
  inputs: Float64Array,
  samples: number,
): Uint8Array[] {
  const constant: Uint8Array[] = [];
  for (const [layer, state] of layers.entries()) {
    const flags = new Uint8Array(samples * state.grid.units);
    for (let at = 0; at < flags.length; at += 1) {
      const constantUnit =
        isFlat(state.grid, state.y[at] as number) ||
        isConstantUnit(layers, inputs, constant, layer, at);
      if (constantUnit) flags[at] = 1;
    }
    constant.push(flags);
  }
  return constant;
}

/** Whether a pre-activation is provably constant near w, given the outputs of the layer before. */
function isConstantUnit(
  layers: readonly LayerState[],
  inputs: Float64Array,
  constant: readonly Uint8Array[],
  layer: number,
  at: number,
): boolean {
  const { grid } = layers[layer] as LayerState;
  const unit = at % grid.units;
  if (grid.biasVaries[unit] === 1) return false;
  const column = ((at - unit) / grid.units) * grid.fanIn;
  const input = layer === 0 ? inputs : (layers[layer - 1] as LayerState).z;
  for (let j = 0; j < grid.fanIn; j += 1) {
    const entry = unit * grid.fanIn + j;
    const inputConstant = layer === 0 || constant[layer - 1]?.[column + j] === 1;
    if (grid.weightVaries[entry] === 1) {
      if (!inputConstant || input[column + j] !== 0) return false;
    } else if (!inputConstant && grid.weight[entry] !== 0) {
      return false;
    }
  }
  return true;
}

/** *Exact.* The reverse pass, sample by sample, down to the first tied layer; calls back at each relevant tie. */
export function forEachRelevantTie(
  layers: readonly LayerState[],
  samples: number,
  found: (layer: number, unit: number, tie: number) => void,
): void {
  const outputs = (layers[layers.length - 1] as LayerState).grid.units;
  for (let sample = 0; sample < samples; sample += 1) {
    let lowest = layers.length;
    for (const [layer, state] of layers.entries()) {
      for (let tie = 0; tie < state.ties && lowest > layer; tie += 1) {
        if (Math.floor((state.tied[tie] as number) / state.grid.units) === sample) lowest = layer;
      }
    }
    // Cotangents of the layer's outputs, `[output, unit]`; only zero or not matters.
    let bars = new Float64Array(outputs * outputs);
    for (let k = 0; k < outputs; k += 1) bars[k * outputs + k] = 1;
    for (let layer = layers.length - 1; layer >= lowest; layer -= 1) {
      const state = layers[layer] as LayerState;
      const { units, fanIn, weight } = state.grid;
      for (let tie = 0; tie < state.ties; tie += 1) {
        const at = state.tied[tie] as number;
        const unit = at - sample * units;
        if (unit < 0 || unit >= units) continue;
        for (let output = 0; output < outputs; output += 1) {
          if (bars[output * units + unit] !== 0) {
            found(layer, unit, tie);
            break;
          }
        }
      }
      if (layer === lowest) break;
      const next = new Float64Array(outputs * fanIn);
      for (let unit = 0; unit < units; unit += 1) {
        const slope = slopeAt(state, sample * units + unit);
        if (slope === 0) continue;
        for (let output = 0; output < outputs; output += 1) {
          const bar = (bars[output * units + unit] as number) * slope;
          if (bar === 0) continue;
          for (let j = 0; j < fanIn; j += 1) {
            const into = output * fanIn + j;
            next[into] = (next[into] as number) + bar * (weight[unit * fanIn + j] as number);
          }
        }
      }
      bars = next;
    }
  }
}

/** *Exact.* What AD takes for the slope: a proxy at a tie. */
export function slopeAt(state: LayerState, at: number): number {
  for (let tie = 0; tie < state.ties; tie += 1) {
    if (state.tied[tie] === at) return state.grid.proxies[state.tiedKink[tie] as number] as number;
  }
  const t = state.y[at] as number;
  return horner(state.grid.slopes[pieceOf(state.grid, t)] as Float64Array, t);
}
