/**
 * The kernel: enumerates a stretch of ranks on the integer grid, in doubles that `grid.ts` proved
 * exact.
 *
 * Prefix reuse: a step of the odometer recomputes from the first layer that the changed digits
 * touch. Tail skipping: where nothing is tied and the layers that the last digits feed have no
 * kinks, no value of those digits can change that, and the whole block is counted at once. A tied
 * point is decided by L-iff where `truth/freedom.ts` would prove its ties free (the same criterion,
 * restated here on the grid for ties of distinct units); all else goes to the judge. Tests hold
 * the kernel to the reference enumerator digit for digit.
 */
import { emptyTally, type Tally, type Witness } from '../tally.js';
import type { Network } from '../net/ir.js';
import type { Rational } from '../num/rational.js';
import type { Verdict } from '../verdict.js';
import { doubleOf } from '../num/exact-double.js';
import type { GridLayer, GridProgram } from './grid.js';
import { neuronsOf, type Space } from './space.js';

/** Progress is told about this often, in steps of the odometer. */
const PROGRESS_STEPS = 1 << 14;

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

/** *Exact.* The tally of the ranks [from, to); both must lie within 2^53 of each other. */
export function kernelRange(
  network: Network,
  program: GridProgram,
  space: Space,
  judge: (point: Rational[]) => Verdict,
  from: bigint,
  to: bigint,
  onProgress: (visited: bigint) => void,
): Tally {
  const neurons = neuronsOf(network);
  const empty = emptyTally(neurons.length);
  const length = doubleOf(to - from);
  if (length === 0) return empty;
  const { samples } = program;
  const layers = layerStatesOf(network, program);
  const odometer = new Odometer(program, space, from);
  const touchedAt = new Float64Array(neurons.length);
  const relevantAt = new Float64Array(neurons.length);
  // Stamps keep a unit that is tied in several samples from being counted twice at one point.
  const touchedStamp = new Float64Array(neurons.length).fill(-1);
  const relevantStamp = new Float64Array(neurons.length).fill(-1);
  let touched = 0;
  let nonDifferentiable = 0;
  let incorrect = 0;
  let undecided = 0;
  let pairs = 0;
  let relevantHere = 0;
  let firstNonDifferentiable = -1;
  let firstIncorrect = -1;
  let firstUndecided = -1;

  const markTouched = (neuron: number, offset: number): void => {
    if (touchedStamp[neuron] === offset) return;
    touchedStamp[neuron] = offset;
    touchedAt[neuron] = (touchedAt[neuron] as number) + 1;
  };
  const markRelevant = (neuron: number, offset: number): void => {
    if (relevantStamp[neuron] === offset) return;
    relevantStamp[neuron] = offset;
    // The n-th relevant neuron of a point makes n − 1 new pairs.
    pairs += relevantHere;
    relevantHere += 1;
    relevantAt[neuron] = (relevantAt[neuron] as number) + 1;
  };

  /** Counts a touched point; true where it is non-differentiable by L-iff, null where the judge must say. */
  const decideByFreedom = (offset: number): boolean | null => {
    if (!program.reverseExact) return null;
    const freedom = freedomOfTies(layers, program.inputs, samples);
    if (freedom === null) return null;
    let kink = false;
    forEachRelevantTie(layers, samples, (layer, unit, tie) => {
      const state = layers[layer] as LayerState;
      markRelevant(state.firstNeuron + unit, offset);
      if (freedom[layer]?.[tie] === 1) kink = true;
    });
    return kink;
  };

  const decideByJudge = (offset: number): Verdict => {
    const verdict = judge(space.pointAt(from + BigInt(offset)));
    for (const tie of verdict.ties) {
      const first = neurons.findIndex((neuron) => neuron.equation === tie.equation);
      if (tie.relevant) markRelevant(first + tie.unit, offset);
    }
    return verdict;
  };

  let offset = 0;
  let dirty = 0;
  let steps = 0;
  while (offset < length) {
    let ties = 0;
    for (let layer = 0; layer < layers.length; layer += 1) {
      const state = layers[layer] as LayerState;
      if (layer >= dirty && !state.grid.tail) {
        forward(state, layer === 0 ? program.inputs : (layers[layer - 1] as LayerState).z, samples);
      }
      ties += state.ties;
    }
    if (ties === 0) {
      const skipped = Math.min(odometer.leftInTail(), length - offset);
      offset += skipped;
      dirty = odometer.advance(skipped);
    } else {
      touched += 1;
      relevantHere = 0;
      for (const state of layers) {
        for (let k = 0; k < state.ties; k += 1) {
          markTouched(state.firstNeuron + ((state.tied[k] as number) % state.grid.units), offset);
        }
      }
      const kink = decideByFreedom(offset);
      if (kink === true) {
        nonDifferentiable += 1;
        if (firstNonDifferentiable === -1) firstNonDifferentiable = offset;
      } else if (kink === null) {
        const verdict = decideByJudge(offset);
        if (verdict.differentiable === false) {
          nonDifferentiable += 1;
          if (firstNonDifferentiable === -1) firstNonDifferentiable = offset;
        } else if (verdict.differentiable === null) {
          undecided += 1;
          if (firstUndecided === -1) firstUndecided = offset;
        } else if (verdict.adCorrect === false) {
          incorrect += 1;
          if (firstIncorrect === -1) firstIncorrect = offset;
        }
      }
      offset += 1;
      dirty = odometer.advance(1);
    }
    steps += 1;
    if (steps % PROGRESS_STEPS === 0) onProgress(BigInt(offset));
  }
  const witnessAt = (at: number): Witness | null => {
    const order = from + BigInt(at);
    return at === -1 ? null : { order, point: space.pointAt(order) };
  };
  return {
    done: to - from,
    states: 0n,
    touched: BigInt(touched),
    nonDifferentiable: BigInt(nonDifferentiable),
    incorrect: BigInt(incorrect),
    undecided: BigInt(undecided),
    tiesUndecided: 0n,
    pairs: BigInt(pairs),
    neurons: neurons.map((_, k) => ({
      touched: BigInt(touchedAt[k] as number),
      relevant: BigInt(relevantAt[k] as number),
    })),
    witnesses: {
      nonDifferentiable: witnessAt(firstNonDifferentiable),
      incorrect: witnessAt(firstIncorrect),
      undecided: witnessAt(firstUndecided),
    },
  };
}

/** The layers of a program, before any point. */
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

/** The digits of the current rank, written through into the layers' weights and biases. */
class Odometer {
  readonly #program: GridProgram;
  readonly #radices: Float64Array;
  readonly #digits: Float64Array;
  /** First layer that any digit from this position on feeds. */
  readonly #firstLayerFrom: Int32Array;
  /** Digits from here on feed only layers without kinks, behind the last layer that has any. */
  readonly #tail: number;
  /** Product of the radices behind each position, as far as a double holds it. */
  readonly #tailSize: number;

  constructor(program: GridProgram, space: Space, rank: bigint) {
    this.#program = program;
    const count = program.digits.length;
    this.#radices = Float64Array.from(space.radices, doubleOf);
    this.#digits = new Float64Array(count);
    this.#firstLayerFrom = new Int32Array(count + 1).fill(program.layers.length);
    for (let position = count - 1; position >= 0; position -= 1) {
      const behind = this.#firstLayerFrom[position + 1] as number;
      const own = (program.digits[position] ?? []).reduce(
        (least, use) => Math.min(least, use.layer),
        behind,
      );
      this.#firstLayerFrom[position] = own;
    }
    let lastKinked = -1;
    program.layers.forEach((layer, index) => {
      if (layer.kinkAt.some((kink) => kink !== -1)) lastKinked = index;
    });
    let tail = count;
    let tailSize = 1;
    while (tail > 0 && (this.#firstLayerFrom[tail - 1] as number) > lastKinked) {
      const larger = tailSize * (this.#radices[tail - 1] as number);
      if (larger > Number.MAX_SAFE_INTEGER) break;
      tailSize = larger;
      tail -= 1;
    }
    this.#tail = tail;
    this.#tailSize = tailSize;
    let rest = rank;
    for (let position = count - 1; position >= 0; position -= 1) {
      const radix = space.radices[position] ?? 1n;
      this.#set(position, doubleOf(rest % radix));
      rest /= radix;
    }
  }

  #set(position: number, digit: number): void {
    this.#digits[position] = digit;
    for (const use of this.#program.digits[position] ?? []) {
      const layer = this.#program.layers[use.layer] as GridLayer;
      (use.isBias ? layer.bias : layer.weight)[use.index] = use.values[digit] as number;
    }
  }

  /** How many points, this one included, share all digits before the tail from here on. */
  leftInTail(): number {
    let inTail = 0;
    for (let position = this.#tail; position < this.#digits.length; position += 1) {
      inTail = inTail * (this.#radices[position] as number) + (this.#digits[position] as number);
    }
    return this.#tailSize - inTail;
  }

  /** Moves on by `steps`: 1, or within the tail or just past it. Returns the first changed layer. */
  advance(steps: number): number {
    let carry = steps;
    let position = this.#digits.length - 1;
    for (; position >= 0 && carry > 0; position -= 1) {
      const radix = this.#radices[position] as number;
      const sum = (this.#digits[position] as number) + carry;
      const digit = sum % radix;
      carry = (sum - digit) / radix;
      if (digit !== this.#digits[position]) this.#set(position, digit);
    }
    return this.#firstLayerFrom[position + 1] as number;
  }
}

/** One layer at all samples: pre-activations, ties, activations. */
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

function horner(coefficients: Float64Array, t: number): number {
  let value = 0;
  for (let k = coefficients.length - 1; k >= 0; k -= 1) {
    value = value * t + (coefficients[k] as number);
  }
  return value;
}

/** The number of breakpoints at or below y. */
function pieceOf(grid: GridLayer, y: number): number {
  let piece = 0;
  while (piece < grid.thresholds.length && y >= (grid.thresholds[piece] as number)) piece += 1;
  return piece;
}

/** Whether σ is constant near y. */
function isFlat(grid: GridLayer, y: number): boolean {
  const piece = pieceOf(grid, y);
  if (grid.flatPiece[piece] !== 1) return false;
  // On a breakpoint the piece to the left counts as well; off the grid nothing sits on it.
  return piece === 0 || y !== grid.thresholds[piece - 1] || grid.flatPiece[piece - 1] === 1;
}

/**
 * Per layer and tie: 1 where the tie is free, 0 where its pre-activation is constant near w. Null
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

/** The reverse pass, sample by sample, down to the first tied layer; calls back at each relevant tie. */
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

/** What AD takes for the slope: a proxy at a tie. */
function slopeAt(state: LayerState, at: number): number {
  for (let tie = 0; tie < state.ties; tie += 1) {
    if (state.tied[tie] === at) return state.grid.proxies[state.tiedKink[tie] as number] as number;
  }
  const t = state.y[at] as number;
  return horner(state.grid.slopes[pieceOf(state.grid, t)] as Float64Array, t);
}
