/**
 * The subject in rationals: any network, any set of values. Slow and plain; the subject on the grid
 * is held to it. Where a filter (`no-tie.ts`) shows that no neuron can be tied, nothing more is done.
 */
import { neuronsOf } from '../count/space.js';
import type { TieFinder } from '../filter/finder.js';
import { isChain } from '../net/chain.js';
import type { AnalyticNetwork, Network } from '../net/ir.js';
import { kinkIndexAt } from '../net/activation.js';
import { doubleOf } from '../num/exact-double.js';
import { ZERO, divide, isZero, multiply, subtract, type Rational } from '../num/rational.js';
import { valuesAt } from '../truth/evaluate.js';
import type { Decision as Decided } from '../verdict.js';
import type { Space } from '../count/space.js';
import type { FrontFilter, NoTieFilter } from './no-tie.js';
import { rowsOf, type OwnEntry, type Row } from './pivots.js';
import type { LateFilter } from './no-tie-doubles.js';
import type { RelevanceInDoubles } from './relevance-doubles.js';
import {
  UNTOUCHED,
  type RowDraws,
  type Decision,
  type PossibleTie,
  type Subject,
} from './subject.js';

/** Decides one point of Ω: the judge, or anything that is held to it. */
export type Judge = (
  point: readonly Rational[],
) => Pick<Decided, 'ties' | 'tiesDecided' | 'differentiable' | 'adCorrect'>;

/** *Exact.* A judge's verdict, neuron by neuron; `neuronAt` gives the index of an equation's unit. */
export function decisionOf(
  verdict: ReturnType<Judge>,
  neuronAt: (equation: number, unit: number) => number,
): Decision {
  const { ties, tiesDecided } = verdict;
  if (ties.length === 0 && tiesDecided) return UNTOUCHED;
  if (ties.length > 0 && !tiesDecided) throw new Error('decisionOf: ties are half decided');
  const seen = new Map<number, boolean>();
  for (const { equation, unit, relevant } of ties) {
    const neuron = neuronAt(equation, unit);
    seen.set(neuron, (seen.get(neuron) ?? false) || relevant);
  }
  const tied = [...seen.keys()].sort((a, b) => a - b);
  return {
    tied,
    tiesDecided,
    relevant: tied.map((neuron) => seen.get(neuron) === true),
    differentiable: verdict.differentiable,
    incorrect: verdict.differentiable === null ? null : verdict.adCorrect === false,
  };
}

/** *Exact.* Finds a unit's index among the neurons of a network. */
export function neuronIndex(network: AnalyticNetwork): (equation: number, unit: number) => number {
  const indices = new Map<string, number>();
  neuronsOf(network).forEach(({ equation, unit }, index) => {
    indices.set(`${String(equation)} ${String(unit)}`, index);
  });
  return (equation, unit) => {
    const index = indices.get(`${String(equation)} ${String(unit)}`);
    if (index === undefined) throw new Error('neuronIndex: this unit cannot be touched');
    return index;
  };
}

/** What is asked before exact arithmetic is: each answers exactly, or not at all. */
export interface Shortcuts {
  /** Proves that no value of any pivot ties a neuron. */
  readonly filter: NoTieFilter | null;
  /** What is in front of the last hidden layer, which is the third equation from behind. */
  readonly front: FrontFilter | null;
  /** Finds the ties of a point. */
  readonly finder: TieFinder | null;
  /** Rows of the first layer drawn apart, and what then is asked of a point. */
  readonly rows: {
    readonly draws: RowDraws;
    readonly late: LateFilter;
    readonly relevance: RelevanceInDoubles | null;
  } | null;
}

/** Exact arithmetic for everything. */
export const NO_SHORTCUTS: Shortcuts = Object.freeze({
  filter: null,
  front: null,
  finder: null,
  rows: null,
});

/** The subject of any network. */
export function exactSubject(
  network: Network,
  space: Space,
  judge: Judge,
  { filter, front, finder, rows: rowsApart }: Shortcuts = NO_SHORTCUTS,
): Subject {
  // Only methods that need a chain ask for possible ties.
  const rows = isChain(network) ? rowsOf(network) : [];
  const neuronAt = neuronIndex(network);
  const sets = network.parameters.map(({ values }) => values);
  const ranks = sets.map(() => 0n);
  const point = sets.map((values) => values.at(0n));
  const set = (parameter: number, rank: bigint): void => {
    ranks[parameter] = rank;
    point[parameter] = sets[parameter]?.at(rank) ?? ZERO;
  };
  // For the filter ranks are drawn as numbers; what it passes never becomes a BigInt.
  const drawn = new Float64Array(sets.length);
  const sizes = space.digits.map((parameter) => sets[parameter]?.size ?? 1n);
  const small = filter === null ? null : Float64Array.from(sizes, doubleOf);
  const digits = Int32Array.from(space.digits);
  let isReal = true;
  const realise = (): void => {
    if (isReal) return;
    for (const parameter of space.digits) {
      set(parameter, small === null ? (ranks[parameter] ?? 0n) : BigInt(drawn[parameter] ?? 0));
    }
    isReal = true;
  };
  let isClear: boolean | null = null;
  let late: ReturnType<LateFilter> | undefined;
  let before: ReturnType<FrontFilter> | undefined;
  let evaluated: ReturnType<typeof valuesAt> | null = null;
  const values = (): ReturnType<typeof valuesAt> => {
    realise();
    evaluated ??= valuesAt(network, point);
    return evaluated;
  };
  /** What is proved of all behind the first layer, its own neurons being untied as drawn. */
  const foundLate = (): ReturnType<LateFilter> => {
    if (late === undefined) late = rowsApart?.late(drawn) ?? null;
    return late;
  };
  /** The layer whose zeros are what is called silence. */
  const silenced = network.equations.length - 5;
  const foundFront = (): ReturnType<FrontFilter> => {
    if (before === undefined) before = front?.(drawn) ?? null;
    return before;
  };
  const silenceAt = (): 'free' | 'silent' | null => foundLate() ?? foundFront();
  /** Neurons in front of the last hidden layer. */
  const inFront = rows.filter(({ neuron }) => neuron.equation <= silenced).length;
  const relevance = rowsApart?.relevance ?? null;
  const behindRows = rowsApart?.draws.units ?? Infinity;
  const provesNoTie = (): boolean => {
    isClear ??= filter?.(drawn) ?? false;
    return isClear;
  };
  const decide = (): Decision => {
    realise();
    return decisionOf(judge(point), neuronAt);
  };
  const decideAt: Subject['decideAt'] = (places) => {
    realise();
    const before = places.map(({ parameter }) => ranks[parameter] ?? 0n);
    for (const { parameter, rank } of places) set(parameter, rank);
    const decision = decide();
    places.forEach(({ parameter }, k) => {
      set(parameter, before[k] ?? 0n);
    });
    return decision;
  };
  return {
    rowTies: [],
    orientations: null,
    rowDraws: rowsApart?.draws ?? null,
    rowRelevance:
      relevance === null
        ? null
        : {
            patterns: relevance.patterns,
            // At a point that has other ties it is the judge who says.
            of: (neuron) => (foundLate() === null ? null : relevance.of(neuron, drawn)),
          },
    draw(draws) {
      if (small === null) {
        space.digits.forEach((parameter, position) => {
          ranks[parameter] = draws.belowBig(sizes[position] ?? 1n);
        });
      } else {
        for (let position = 0; position < small.length; position += 1) {
          drawn[digits[position] as number] = draws.below(small[position] as number);
        }
      }
      isReal = false;
      isClear = null;
      late = undefined;
      before = undefined;
      evaluated = null;
    },
    possibleTies(from = 0, to = rows.length) {
      if (from >= behindRows ? foundLate() === 'free' : provesNoTie()) return [];
      if (to <= inFront && foundFront() !== null) return [];
      return rows
        .slice(from, to)
        .flatMap((row, k) => tiesOfRow(network, row, from + k, values(), point, ranks));
    },
    isTied(neurons) {
      if (rowsApart === null ? provesNoTie() : foundLate() !== null) return false;
      if (neurons <= inFront && foundFront() !== null) return false;
      return rows.slice(0, neurons).some(({ neuron: { equation, unit }, dense }) => {
        const source = network.equations[equation];
        if (source?.op !== 'activation') throw new Error('isTied: not a neuron');
        const y = (values()[dense.out] ?? []).map((vector) => vector[unit] ?? ZERO);
        return y.some((value) => kinkIndexAt(source.activation, value) !== -1);
      });
    },
    isSilent(equation) {
      if (equation === silenced && silenceAt() !== null) return silenceAt() === 'silent';
      const { out } = network.equations[equation] ?? { out: 0 };
      return (values()[out] ?? []).every((vector) => vector.every(isZero));
    },
    decide() {
      if (provesNoTie()) return UNTOUCHED;
      realise();
      if (finder?.at(point).length === 0) return UNTOUCHED;
      return decide();
    },
    decideTied({ pivot }) {
      return pivot === null ? decide() : decideAt([pivot]);
    },
    decideAt,
  };
}

function tiesOfRow(
  network: Network,
  { neuron: { equation, unit }, dense, own }: Row,
  neuron: number,
  values: ReturnType<typeof valuesAt>,
  point: readonly Rational[],
  ranks: readonly bigint[],
): PossibleTie[] {
  const activation = network.equations[equation];
  if (activation?.op !== 'activation') throw new Error('tiesOfRow: not a neuron');
  const { kinks } = activation.activation;
  const inputs = values[dense.in] ?? [];
  const y = (values[dense.out] ?? []).map((vector) => vector[unit] ?? ZERO);
  const coefficients = ({ input, scale }: OwnEntry): Rational[] =>
    inputs.map((vector) => (input === null ? scale : multiply(scale, vector[input] ?? ZERO)));
  const isTied = (sample: number): boolean =>
    kinkIndexAt(activation.activation, y[sample] ?? ZERO) !== -1;
  const asItStands = (samples: readonly number[]): PossibleTie[] =>
    samples.some(isTied) ? [{ neuron, pivot: null, present: true }] : [];
  const samples = [...y.keys()];
  for (const entry of own) {
    const c = coefficients(entry);
    if (c.every(isZero)) continue;
    // A sample that the pivot does not move is tied for every value of it, or for none.
    const fixed = asItStands(samples.filter((sample) => isZero(c[sample] ?? ZERO)));
    if (fixed.length > 0) return fixed;
    const set = network.parameters[entry.parameter]?.values;
    const current = point[entry.parameter] ?? ZERO;
    const solutions = new Set<bigint>();
    for (const sample of samples) {
      const slope = c[sample] ?? ZERO;
      if (isZero(slope)) continue;
      const rest = subtract(y[sample] ?? ZERO, multiply(slope, current));
      for (const { at } of kinks) {
        const rank = set?.rankOf(divide(subtract(at, rest), slope)) ?? null;
        if (rank !== null) solutions.add(rank);
      }
    }
    return [...solutions]
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      .map((rank) => ({
        neuron,
        pivot: { parameter: entry.parameter, rank },
        present: ranks[entry.parameter] === rank,
      }));
  }
  return asItStands(samples);
}
