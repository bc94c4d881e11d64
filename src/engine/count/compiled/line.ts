/**
 * One digit alone: a network of one varying parameter, first layer, constants behind it (the seed's P).
 *
 * Every pre-activation is a·w + c, so each kink is met at one value at most: (t − c)/a, in rationals, is
 * looked up in the set. No grid is needed and no value is tried. At a value with ties, f has two
 * one-sided slopes: with ρ the constant cotangent of a tied unit, their difference is
 * Σ ρ·(right − left)·|a|, and where that is 0, AD is off by Σ ρ·(proxy − (left + right)/2)·a. Declined
 * (null) is every other shape, and a unit that no value moves.
 */
import { isAffine, type Kink } from '../../net/activation.js';
import type { DenseEquation, Network } from '../../net/ir.js';
import { doubleOf } from '../../num/exact-double.js';
import {
  ZERO,
  absolute,
  add,
  divide,
  isZero,
  multiply,
  rational,
  subtract,
  type Rational,
} from '../../num/rational.js';
import { emptyTally, type Tally, type Witness } from '../../tally.js';
import { neuronsOf, type Space } from '../space.js';

/** Longest set: its hits are kept by rank. */
const MAX_VALUES = 1n << 24n;

/** One unit on one kink, at one value of the digit. */
interface Hit {
  readonly sample: number;
  readonly unit: number;
  readonly kink: Kink;
  readonly proxy: Rational;
  /** The slope of the pre-activation in the parameter. */
  readonly slope: Rational;
}

/** a·w + c. */
interface Line {
  readonly a: Rational;
  readonly c: Rational;
}

export interface LineKernel {
  /** *Exact.* The tally of the ranks [from, to). */
  readonly tallyOf: (from: bigint, to: bigint) => Tally;
}

/** *Exact.* The kernel of a network of one digit; null where it is declined. */
export function lineOf(
  network: Network,
  proxies: readonly (readonly Rational[])[],
  space: Space,
): LineKernel | null {
  const [dense, activation, behind, last, ...more] = network.equations;
  const [parameter, ...others] = space.digits;
  const set = parameter === undefined ? undefined : network.parameters[parameter]?.values;
  if (set === undefined || set.size > MAX_VALUES || others.length > 0 || more.length > 0)
    return null;
  if (dense?.op !== 'dense' || activation?.op !== 'activation') return null;
  if (network.loss !== undefined || activation.activation.slopes.some(({ length }) => length > 1)) {
    return null;
  }
  const cotangents = cotangentsOf(behind, last);
  if (cotangents === null) return null;
  const hits = new Map<number, Hit[]>();
  for (const [sample, input] of network.inputs.entries()) {
    for (let unit = 0; unit < dense.weight.length; unit += 1) {
      const { a, c } = lineAt(network, dense, unit, input, parameter as number);
      if (isZero(a)) return null;
      for (const [k, kink] of activation.activation.kinks.entries()) {
        const rank = set.rankOf(divide(subtract(kink.at, c), a));
        if (rank === null) continue;
        const at = doubleOf(rank);
        const proxy = proxies[1]?.[k] ?? ZERO;
        const own = hits.get(at) ?? [];
        own.push({ sample, unit, kink, proxy, slope: a });
        hits.set(at, own);
      }
    }
  }
  const ranks = [...hits.keys()].sort((a, b) => a - b);
  // What lies behind is affine, so neurons are of the first layer; without kinks there are none.
  const neurons = neuronsOf(network).length;
  return {
    tallyOf: (from, to) => tallyOf({ hits, ranks, neurons, cotangents }, space, from, to),
  };
}

/** ∂f/∂ each unit of the first layer, `[output][unit]`; null where parameters or kinks lie behind it. */
function cotangentsOf(
  behind: Network['equations'][number] | undefined,
  last: Network['equations'][number] | undefined,
): readonly (readonly Rational[])[] | null {
  if (behind?.op !== 'dense' || behind.in !== 2) return null;
  if (last?.op !== 'activation' || !isAffine(last.activation)) return null;
  const slope = last.activation.slopes[0]?.[0] ?? ZERO;
  const rows: Rational[][] = [];
  for (const row of behind.weight) {
    const constants: Rational[] = [];
    for (const entry of row) {
      if ('parameter' in entry) return null;
      constants.push(multiply(slope, entry.constant));
    }
    rows.push(constants);
  }
  return rows;
}

/** A pre-activation as a function of the one digit; inert parameters stand at their lowest value. */
function lineAt(
  network: Network,
  dense: DenseEquation,
  unit: number,
  input: readonly Rational[],
  parameter: number,
): Line {
  let a = ZERO;
  let c = ZERO;
  const gather = (entry: DenseEquation['bias'][number] | undefined, by: Rational): void => {
    if (entry === undefined || isZero(by)) return;
    if (!('parameter' in entry)) c = add(c, multiply(entry.constant, by));
    else if (entry.parameter === parameter) a = add(a, multiply(entry.scale, by));
    else {
      const lowest = network.parameters[entry.parameter]?.values.at(0n) ?? ZERO;
      c = add(c, multiply(multiply(entry.scale, lowest), by));
    }
  };
  dense.weight[unit]?.forEach((entry, j) => {
    gather(entry, input[j] ?? ZERO);
  });
  gather(dense.bias[unit], rational(1n));
  return { a, c };
}

interface Known {
  readonly hits: ReadonlyMap<number, readonly Hit[]>;
  /** Of all hits, increasing. */
  readonly ranks: readonly number[];
  readonly neurons: number;
  readonly cotangents: readonly (readonly Rational[])[];
}

function tallyOf(known: Known, space: Space, from: bigint, to: bigint): Tally {
  const neurons = Array.from({ length: known.neurons }, () => ({ touched: 0n, relevant: 0n }));
  const counts = { touched: 0n, nonDifferentiable: 0n, incorrect: 0n, pairs: 0n };
  let nonDifferentiable: Witness | null = null;
  let incorrect: Witness | null = null;
  for (const at of known.ranks) {
    const order = BigInt(at);
    if (order < from) continue;
    if (order >= to) break;
    const hits = known.hits.get(at) ?? [];
    counts.touched += 1n;
    const tied = new Set(hits.map(({ unit }) => unit));
    let relevant = 0n;
    for (const unit of tied) {
      const neuron = neurons[unit];
      if (neuron === undefined) continue;
      neuron.touched += 1n;
      if (known.cotangents.every((row) => isZero(row[unit] ?? ZERO))) continue;
      neuron.relevant += 1n;
      counts.pairs += relevant;
      relevant += 1n;
    }
    const smooth = smoothness(known.cotangents, hits);
    if (smooth === 'kink') {
      counts.nonDifferentiable += 1n;
      nonDifferentiable ??= { order, point: space.pointAt(order) };
    } else if (smooth === 'incorrect') {
      counts.incorrect += 1n;
      incorrect ??= { order, point: space.pointAt(order) };
    }
  }
  return {
    ...emptyTally(0),
    ...counts,
    done: to > from ? to - from : 0n,
    neurons,
    witnesses: { nonDifferentiable, incorrect, undecided: null },
  };
}

function smoothness(
  cotangents: Known['cotangents'],
  hits: readonly Hit[],
): 'kink' | 'correct' | 'incorrect' {
  let correct = true;
  for (const sample of new Set(hits.map((hit) => hit.sample))) {
    for (const row of cotangents) {
      let bend = ZERO;
      let error = ZERO;
      for (const { sample: own, unit, kink, proxy, slope } of hits) {
        if (own !== sample) continue;
        const through = multiply(row[unit] ?? ZERO, slope);
        const jump = subtract(kink.right, kink.left);
        bend = add(bend, multiply(multiply(row[unit] ?? ZERO, absolute(slope)), jump));
        const mean = multiply(HALF, add(kink.left, kink.right));
        error = add(error, multiply(through, subtract(proxy, mean)));
      }
      if (!isZero(bend)) return 'kink';
      if (!isZero(error)) correct = false;
    }
  }
  return correct ? 'correct' : 'incorrect';
}

const HALF = rational(1n, 2n);
