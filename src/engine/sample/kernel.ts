/**
 * The subject on the integer grid, in doubles that `count/grid.ts` proved exact over all of Ω: for
 * formats that are narrow enough. Decides by L-iff where the criterion of `truth/freedom.ts` holds,
 * as the counting kernel does; all else goes to the judge. Its numbers are ranks below 2^16 and
 * integers below 2^53, so that nothing is rounded. Tests hold it to the subject in rationals.
 */
import type { GridProgram } from '../count/grid.js';
import { forEachRelevantTie, freedomOfTies } from '../count/grid-ties.js';
import { forward, layerStatesOf, type LayerState } from '../count/layer-state.js';
import type { Space } from '../count/space.js';
import type { ChainNetwork } from '../net/chain.js';
import type { Rational } from '../num/rational.js';
import { decisionOf, neuronIndex, type Judge } from './exact-subject.js';
import { firstLayerTies } from './first-layer.js';
import { ranksOf, type RankOfDouble } from './members.js';
import { orientedLayerAt, orientedLayerOf } from './orientation.js';
import { patternsOf } from './patterns.js';
import { rowsOf } from './pivots.js';
import { rowRelevanceOf } from './relevance.js';
import { UNTOUCHED, type Decision, type Place, type PossibleTie, type Subject } from './subject.js';

/** A pivot on the grid: what one rank adds to the pre-activation per unit of its input. */
interface GridPivot {
  readonly position: number;
  readonly parameter: number;
  /** Null for the bias, whose coefficient is 1. */
  readonly input: number | null;
  /** By rank, on the grid. */
  readonly values: Float64Array;
  readonly rankOf: RankOfDouble;
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
    stale = Math.min(stale, firstLayer[position]!);
    for (const use of program.digits[position]!) {
      const { grid } = layers[use.layer]!;
      (use.isBias ? grid.bias : grid.weight)[use.index] = use.values[rank]!;
    }
  };
  // Most parameters are used once: where their value goes to, and the values by rank.
  const once = program.digits.map((uses) => {
    const [use] = uses;
    if (use === undefined || uses.length !== 1) return null;
    const { grid } = layers[use.layer]!;
    return {
      into: use.isBias ? grid.bias : grid.weight,
      index: use.index,
      values: use.values,
    };
  });
  /** The layers from here on do not stand at the current ranks. */
  let stale = 0;
  const evaluate = (): void => {
    for (; stale < layers.length; stale += 1) {
      const state = layers[stale]!;
      if (!state.grid.tail) forward(state, stale === 0 ? inputs : layers[stale - 1]!.z, samples);
    }
  };
  const inputOf = (layer: number, sample: number, j: number): number => {
    const from = layer === 0 ? inputs : layers[layer - 1]!.z;
    return from[sample * layers[layer]!.grid.fanIn + j]!;
  };

  const decide = (): Decision => {
    evaluate();
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
    return { tied, tiesDecided: true, relevant, differentiable: smooth, incorrect: false };
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
          const rank = rankOf(wanted);
          if (rank === -1 || wanted * c !== kink - rest) continue;
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
  const decideAt = (places: readonly Place[]): Decision => {
    const before = places.map(({ parameter, rank }) => {
      const position = positionOf.get(parameter)!;
      const held = ranks[position]!;
      set(position, Number(rank));
      return held;
    });
    const decision = decide();
    places.forEach(({ parameter }, k) => {
      set(positionOf.get(parameter)!, before[k]!);
    });
    return decision;
  };
  const oriented = orientedLayerOf(network);
  const biasRanks = rows.map(({ pivots: [pivot] }) =>
    pivot?.input === null ? pivot.rankOf : null,
  );
  const patterns = oriented === null ? null : patternsOf(oriented, layers, biasRanks);
  const last = orientedLayerAt(network, network.equations.length - 3);
  // Without a bias of its own in every row, ties need not be free.
  const relevance = biasRanks.includes(null)
    ? null
    : rowRelevanceOf(oriented, last, program, layers);
  return {
    rowRelevance:
      relevance === null
        ? null
        : {
            patterns: relevance.patterns,
            of(neuron) {
              evaluate();
              return relevance.of(neuron);
            },
          },
    rowTies: firstLayerTies(network, space, program, layers),
    rowDraws: null,
    orientations:
      patterns === null
        ? null
        : {
            patterns: patterns.patterns,
            masks() {
              evaluate();
              return patterns.masks();
            },
          },
    draw(draws) {
      stale = 0;
      for (let position = 0; position < radices.length; position += 1) {
        const rank = draws.below(radices[position]!);
        const use = once[position];
        if (use === null || use === undefined) {
          set(position, rank);
          continue;
        }
        ranks[position] = rank;
        use.into[use.index] = use.values[rank]!;
      }
    },
    possibleTies(from = 0, to = rows.length) {
      evaluate();
      const found: PossibleTie[] = [];
      for (let neuron = from; neuron < to; neuron += 1) tiesOf(rows[neuron]!, neuron, found);
      return found;
    },
    isTied(neurons) {
      evaluate();
      for (const { firstNeuron, ties, tied, grid } of layers) {
        for (let tie = 0; tie < ties; tie += 1) {
          if (firstNeuron + (tied[tie]! % grid.units) < neurons) return true;
        }
      }
      return false;
    },
    isSilent(equation) {
      evaluate();
      return layers.find(({ grid }) => grid.equation === equation)!.z.every((z) => z === 0);
    },
    decide,
    decideTied({ pivot, present }) {
      return pivot === null || present ? decide() : decideAt([pivot]);
    },
    decideAt,
  };
}

function gridRowsOf(
  network: ChainNetwork,
  space: Space,
  program: GridProgram,
  layers: readonly LayerState[],
): GridRow[] {
  const positionOf = new Map(space.digits.map((parameter, position) => [parameter, position]));
  const known = new Map<Float64Array, RankOfDouble>();
  return rowsOf(network).map(({ neuron, own }) => {
    const layer = layers.findIndex(({ grid }) => grid.equation === neuron.equation);
    const { grid } = layers[layer]!;
    const pivots = own.flatMap(({ parameter, input }): GridPivot[] => {
      const position = positionOf.get(parameter);
      // An inert weight multiplies 0 at every point.
      if (position === undefined) return [];
      const values = program.digits[position]![0]!.values;
      const rankOf = known.get(values) ?? ranksOf(values);
      known.set(values, rankOf);
      return [{ position, parameter, input, values, rankOf }];
    });
    const kinks = [...grid.kinkAt].flatMap((kink, k) => (kink === -1 ? [] : [grid.thresholds[k]!]));
    return { layer, unit: neuron.unit, pivots, kinks };
  });
}
