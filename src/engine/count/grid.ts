/**
 * A network on the integer grid: the form in which the kernel enumerates it.
 *
 * Every variable gets one denominator, so that its values at every point of Ω are integers over it;
 * weights, biases, breakpoints, pieces, slopes and proxies are scaled to match. The bound beside it
 * is proved, not hoped for: the largest magnitude of every partial sum of the forward pass (and of
 * the reverse pass, which needs only zero or not, so any positive scale will do) is computed over
 * all of Ω, in integers. Where it stays below 2^53 doubles hold every number exactly; otherwise the
 * network is declined, and the reference enumerator counts. So is one that is no chain of dense layers
 * (convolutions are dense here).
 */
import { isAffine } from '../net/activation.js';
import { isChain } from '../net/chain.js';
import { varies, type Entry, type Network } from '../net/ir.js';
import { ONE, ZERO, absolute, integer, multiply, type Rational } from '../num/rational.js';
import { doubleOf } from '../num/exact-double.js';
import type { ValueSet } from '../format/domain.js';
import { memoised } from '../num/memoised.js';
import { toText } from '../num/text.js';
import {
  activationOnGrid,
  denominatorOf,
  denseOnGrid,
  maximum,
  onGrid,
  type ActivationTables,
} from './on-grid.js';
import type { Space } from './space.js';

type ParameterEntry = Extract<Entry, { readonly parameter: number }>;

/** Largest set that a digit may range over, and most table entries of one program. */
const MAX_RADIX = 65536n;
const MAX_TABLE = 1 << 24;
/** Every integer up to here is a double. */
const EXACT = 2n ** 53n;

export interface GridLayer extends ActivationTables {
  readonly units: number;
  readonly fanIn: number;
  /** Index of the activation equation. */
  readonly equation: number;
  /** Pre-activations are integers over this. */
  readonly denominator: bigint;
  /** Behind the last layer with kinks: affine, and only its weights are read, in reverse. */
  readonly tail: boolean;
  /** `[out, in]` and `[out]`: constants in place, parameters 0 until a digit sets them. */
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  /** Whether the entry is a parameter of this entry alone, with a scale that is not 0. */
  readonly privateWeight: Uint8Array;
  readonly privateBias: Uint8Array;
  /** Whether the entry depends on w at all. */
  readonly weightVaries: Uint8Array;
  readonly biasVaries: Uint8Array;
}

/** Where a digit of the rank is written: one entry of one layer. */
export interface DigitUse {
  readonly layer: number;
  readonly isBias: boolean;
  readonly index: number;
  /** Entry on the grid for each value of the digit. */
  readonly values: Float64Array;
}

export interface GridProgram {
  readonly samples: number;
  /** `[sample, in]`. */
  readonly inputs: Float64Array;
  readonly layers: readonly GridLayer[];
  /** Per digit of the space. */
  readonly digits: readonly (readonly DigitUse[])[];
  /** Whether the reverse pass is exact in doubles as well. */
  readonly reverseExact: boolean;
}

/** *Exact.* The grid program of a network and its space, or null where doubles cannot be proved exact. */
export function gridProgramOf(
  network: Network,
  proxies: readonly (readonly Rational[])[],
  space: Space,
): GridProgram | null {
  if (space.radices.some((radix) => radix > MAX_RADIX)) return null;
  if (!isChain(network)) return null;
  const { uses } = space;
  /** Place of a parameter among the digits; −1 where it is inert. */
  const positions = new Int32Array(network.parameters.length).fill(-1);
  space.digits.forEach((parameter, position) => {
    positions[parameter] = position;
  });
  const listOf = memoised((set: ValueSet): readonly Rational[] =>
    Array.from({ length: doubleOf(set.size) }, (_, rank) => set.at(BigInt(rank))),
  );
  const lowestOf = memoised((set: ValueSet): readonly Rational[] => [set.at(0n)]);
  const valuesOf = (parameter: number): readonly Rational[] => {
    const set = network.parameters[parameter]?.values;
    if (set === undefined) return [];
    // An inert parameter stays at its lowest value.
    return positions[parameter] === -1 ? lowestOf(set) : listOf(set);
  };
  const tableSize = space.digits.reduce(
    (sum, parameter) => sum + (uses[parameter]?.length ?? 0) * valuesOf(parameter).length,
    0,
  );
  if (tableSize > MAX_TABLE) return null;

  // Entries with the same set on the same grid share one table, which also tells them to be alike.
  const textOf = memoised(toText);
  const tables = memoised<ValueSet, (scale: bigint) => Map<string, Float64Array>>(() =>
    memoised(() => new Map<string, Float64Array>()),
  );
  const gridValuesOf = (entry: ParameterEntry, scale: bigint): Float64Array => {
    const set = network.parameters[entry.parameter]?.values;
    if (set === undefined) throw new Error('grid: an entry names no parameter');
    const byScale = tables(set)(scale);
    const key = textOf(entry.scale);
    const known = byScale.get(key);
    if (known !== undefined) return known;
    const made = Float64Array.from(valuesOf(entry.parameter), (v) =>
      onGrid(multiply(entry.scale, v), scale),
    );
    byScale.set(key, made);
    return made;
  };

  const digits: DigitUse[][] = space.digits.map(() => []);
  const layers: GridLayer[] = [];
  const inputDenominator = denominatorOf(network.inputs.flat());
  let denominator = inputDenominator;
  let bounds: readonly bigint[] = (network.inputs[0] ?? []).map((_, j) =>
    network.inputs.reduce((best, sample) => {
      const x = absolute(multiply(sample[j] ?? ZERO, integer(inputDenominator)));
      return maximum(best, x.n);
    }, 0n),
  );
  if (bounds.some((bound) => bound >= EXACT)) return null;
  const reverseSteps: ReverseStep[] = [];
  const lastKinked = network.equations.findLastIndex(
    (equation) => equation.op === 'activation' && equation.activation.kinks.length > 0,
  );

  for (let index = 0; index < network.equations.length; index += 2) {
    const dense = network.equations[index];
    const equation = network.equations[index + 1];
    if (dense?.op !== 'dense' || equation?.op !== 'activation') return null;
    const tail = index > lastKinked;
    if (tail && !isAffine(equation.activation)) return null;
    // Nobody reads values behind the last kink, so there they need no grid and no bound.
    const denseGrid = denseOnGrid(dense, tail ? 1n : denominator, tail ? [] : bounds, valuesOf);
    if (denseGrid === null) return null;
    const layer = layers.length;
    const isOwn = (entry: Entry): boolean =>
      varies(entry) && 'parameter' in entry && uses[entry.parameter]?.length === 1;
    const addUses = (entries: readonly Entry[], isBias: boolean, scale: bigint): void => {
      entries.forEach((entry, at) => {
        if (!('parameter' in entry)) return;
        digits[positions[entry.parameter] ?? -1]?.push({
          layer,
          isBias,
          index: at,
          values: gridValuesOf(entry, scale),
        });
      });
    };
    const weights = dense.weight.flat();
    addUses(weights, false, denseGrid.weightScale);
    addUses(dense.bias, true, denseGrid.denominator);
    const settled = (entry: Entry, scale: bigint): number => {
      if (!('parameter' in entry)) return onGrid(entry.constant, scale);
      if (positions[entry.parameter] !== -1) return 0;
      return onGrid(multiply(entry.scale, valuesOf(entry.parameter)[0] ?? ZERO), scale);
    };
    const activationGrid = activationOnGrid(equation, denseGrid, proxies[index + 1] ?? []);
    if (activationGrid === null) return null;
    layers.push({
      units: dense.weight.length,
      fanIn: dense.weight[0]?.length ?? 0,
      equation: index + 1,
      denominator: denseGrid.denominator,
      tail,
      weight: Float64Array.from(weights, (entry) => settled(entry, denseGrid.weightScale)),
      bias: Float64Array.from(dense.bias, (entry) => settled(entry, denseGrid.denominator)),
      privateWeight: Uint8Array.from(weights, (entry) => (isOwn(entry) ? 1 : 0)),
      privateBias: Uint8Array.from(dense.bias, (entry) => (isOwn(entry) ? 1 : 0)),
      weightVaries: Uint8Array.from(weights, (entry) => (varies(entry) ? 1 : 0)),
      biasVaries: Uint8Array.from(dense.bias, (entry) => (varies(entry) ? 1 : 0)),
      ...activationGrid.tables,
    });
    reverseSteps.push({
      weightBounds: denseGrid.weightBounds,
      slopeBounds: activationGrid.slopeBounds,
    });
    denominator = activationGrid.denominator;
    bounds = activationGrid.bounds;
  }
  return {
    samples: network.inputs.length,
    inputs: Float64Array.from(network.inputs.flat(), (x) => onGrid(x, inputDenominator)),
    layers,
    digits,
    reverseExact: reverseIsExact(reverseSteps),
  };
}

interface ReverseStep {
  readonly weightBounds: readonly (readonly bigint[])[];
  readonly slopeBounds: readonly bigint[];
}

/**
 * Whether every partial sum of the reverse pass, from any one output down to the outputs of the
 * first layer, stays below 2^53; below them nothing is asked.
 */
function reverseIsExact(steps: readonly ReverseStep[]): boolean {
  let bars: readonly bigint[] = (steps[steps.length - 1]?.slopeBounds ?? []).map(() => ONE.n);
  for (const step of steps.slice(1).reverse()) {
    const outBars = bars.map((bar, unit) => bar * (step.slopeBounds[unit] ?? 0n));
    const width = step.weightBounds[0]?.length ?? 0;
    bars = Array.from({ length: width }, (_, j) =>
      outBars.reduce((sum, bar, unit) => sum + bar * (step.weightBounds[unit]?.[j] ?? 0n), 0n),
    );
    if ([...outBars, ...bars].some((bar) => bar >= EXACT)) return false;
  }
  return true;
}
