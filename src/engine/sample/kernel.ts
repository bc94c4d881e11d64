/**
 * The subject on the integer grid, in doubles that `count/grid.ts` proved exact over all of Ω: for
 * formats that are narrow enough. Decides by L-iff where the criterion of `truth/freedom.ts` holds,
 * as the counting kernel does; all else goes to the judge. Its numbers are ranks below 2^16 and
 * integers below 2^53, so that nothing is rounded. Tests hold it to the subject in rationals.
 */
import type { GridProgram } from '../count/grid.js';
import {
  forEachRelevantTie,
  forward,
  freedomOfTies,
  layerStatesOf,
  type LayerState,
} from '../count/kernel.js';
import type { Space } from '../count/space.js';
import type { ChainNetwork } from '../net/chain.js';
import type { Rational } from '../num/rational.js';
import { decisionOf, neuronIndex, type Judge } from './exact-subject.js';
import { rowsOf } from './pivots.js';
import { UNTOUCHED, type Decision, type PossibleTie, type Subject } from './subject.js';

/** A pivot on the grid: what one rank adds to the pre-activation per unit of its input. */
interface GridPivot {
  readonly position: number;
  readonly parameter: number;
  /** Null for the bias, whose coefficient is 1. */
  readonly input: number | null;
  /** By rank, on the grid. */
  readonly values: Float64Array;
  readonly rankOf: ReadonlyMap<number, number>;
}

interface GridRow {
  readonly layer: number;
  readonly unit: number;
  readonly pivots: readonly GridPivot[];
  /** The kinks that lie on the grid. */
  readonly kinks: readonly number[];
}

/** The subject of a network on its grid. */
export function gridSubject(
  network: ChainNetwork,
  space: Space,
  program: GridProgram,
  judge: Judge,
): Subject {
  const { samples, inputs } = program;
  const layers = layerStatesOf(network, program);
  const neuronAt = neuronIndex(network);
  const rows = gridRowsOf(network, space, program, layers);
  const sets = network.parameters.map(({ values }) => values);
  const radices = space.radices.map(Number);
  const ranks = new Int32Array(radices.length);
  const firstLayer = program.digits.map((uses) =>
    uses.reduce((least, { layer }) => Math.min(least, layer), layers.length),
  );
  const point: Rational[] = sets.map((values) => values.at(0n));

  const set = (position: number, rank: number): void => {
    ranks[position] = rank;
    for (const use of program.digits[position]!) {
      const { grid } = layers[use.layer]!;
      (use.isBias ? grid.bias : grid.weight)[use.index] = use.values[rank]!;
    }
  };
  const evaluate = (from: number): void => {
    for (let layer = from; layer < layers.length; layer += 1) {
      const state = layers[layer]!;
      if (!state.grid.tail) forward(state, layer === 0 ? inputs : layers[layer - 1]!.z, samples);
    }
  };
  const inputOf = (layer: number, sample: number, j: number): number => {
    const from = layer === 0 ? inputs : layers[layer - 1]!.z;
    return from[sample * layers[layer]!.grid.fanIn + j]!;
  };

  const decide = (): Decision => {
    if (layers.every(({ ties }) => ties === 0)) return UNTOUCHED;
    const freedom = program.reverseExact ? freedomOfTies(layers, inputs, samples) : null;
    if (freedom === null) {
      space.digits.forEach((parameter, position) => {
        point[parameter] = sets[parameter]!.at(BigInt(ranks[position]!));
      });
      return decisionOf(judge(point), neuronAt);
    }
    const tied: number[] = [];
    for (const { ties, tied: at, grid, firstNeuron } of layers) {
      for (let tie = 0; tie < ties; tie += 1) tied.push(firstNeuron + (at[tie]! % grid.units));
    }
    // Free ties are of distinct units, so none stands twice.
    tied.sort((a, b) => a - b);
    const relevant = tied.map(() => false);
    let smooth = true;
    forEachRelevantTie(layers, samples, (layer, unit, tie) => {
      relevant[tied.indexOf(layers[layer]!.firstNeuron + unit)] = true;
      if (freedom[layer]![tie] === 1) smooth = false;
    });
    return { tied, relevant, differentiable: smooth, incorrect: false };
  };

  const tiesOf = (row: GridRow, neuron: number, found: PossibleTie[]): void => {
    const { layer, unit, pivots, kinks } = row;
    const { y, grid } = layers[layer]!;
    const isKink = (value: number): boolean => kinks.includes(value);
    const asItStands = (moved: (sample: number) => boolean): boolean => {
      for (let sample = 0; sample < samples; sample += 1) {
        if (!moved(sample) && isKink(y[sample * grid.units + unit]!)) {
          found.push({ neuron, pivot: null, present: true });
          return true;
        }
      }
      return false;
    };
    for (const { position, parameter, input, values, rankOf } of pivots) {
      const slope = (sample: number): number =>
        input === null ? 1 : inputOf(layer, sample, input);
      let moves = false;
      for (let sample = 0; sample < samples; sample += 1) if (slope(sample) !== 0) moves = true;
      if (!moves) continue;
      if (asItStands((sample) => slope(sample) !== 0)) return;
      const current = values[ranks[position]!]!;
      const start = found.length;
      for (let sample = 0; sample < samples; sample += 1) {
        const c = slope(sample);
        if (c === 0) continue;
        const rest = y[sample * grid.units + unit]! - c * current;
        for (const kink of kinks) {
          // Both are integers below 2^54, so a quotient that is an integer is exact; one that only
          // rounds to an integer is found out by multiplying back.
          const wanted = (kink - rest) / c;
          const rank = rankOf.get(wanted);
          if (rank === undefined || wanted * c !== kink - rest) continue;
          const known = found.some(({ pivot }, k) => k >= start && pivot?.rank === BigInt(rank));
          if (known) continue;
          const pivot = { parameter, rank: BigInt(rank) };
          found.push({ neuron, pivot, present: ranks[position] === rank });
        }
      }
      return;
    }
    asItStands(() => false);
  };

  const positionOf = new Map(space.digits.map((parameter, position) => [parameter, position]));
  return {
    draw(draws) {
      for (let position = 0; position < radices.length; position += 1) {
        set(position, draws.below(radices[position]!));
      }
      evaluate(0);
    },
    possibleTies() {
      const found: PossibleTie[] = [];
      rows.forEach((row, neuron) => tiesOf(row, neuron, found));
      return found;
    },
    decide,
    decideTied({ pivot, present }) {
      if (pivot === null || present) return decide();
      const position = positionOf.get(pivot.parameter)!;
      const before = ranks[position]!;
      set(position, Number(pivot.rank));
      evaluate(firstLayer[position]!);
      const decision = decide();
      set(position, before);
      evaluate(firstLayer[position]!);
      return decision;
    },
  };
}

function gridRowsOf(
  network: ChainNetwork,
  space: Space,
  program: GridProgram,
  layers: readonly LayerState[],
): GridRow[] {
  const positionOf = new Map(space.digits.map((parameter, position) => [parameter, position]));
  const ranksOf = new Map<Float64Array, ReadonlyMap<number, number>>();
  return rowsOf(network).map(({ neuron, own }) => {
    const layer = layers.findIndex(({ grid }) => grid.equation === neuron.equation);
    const { grid } = layers[layer]!;
    const pivots = own.flatMap(({ parameter, input }): GridPivot[] => {
      const position = positionOf.get(parameter);
      // An inert weight multiplies 0 at every point.
      if (position === undefined) return [];
      const values = program.digits[position]![0]!.values;
      const rankOf =
        ranksOf.get(values) ?? new Map([...values].map((value, rank) => [value + 0, rank]));
      ranksOf.set(values, rankOf);
      return [{ position, parameter, input, values, rankOf }];
    });
    const kinks = [...grid.kinkAt].flatMap((kink, k) => (kink === -1 ? [] : [grid.thresholds[k]!]));
    return { layer, unit: neuron.unit, pivots, kinks };
  });
}
