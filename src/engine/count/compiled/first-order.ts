/**
 * Deciding a point without branching where all of its ties lie in the first layer.
 *
 * If every tied unit reads the input through one dense layer, perhaps under one maximum, and nothing
 * behind it ties, then f'(w; d) is a linear form plus Σ_e ρ_e·h_e(d): h_e is the largest of the linear
 * forms that tied unit or window e can follow (the smallest, where the right slope of its kink is the
 * smaller one), ρ_e its cotangent. Per output and sample:
 *
 *   - Terms whose parameters are disjoint are linear only if each is: take components one by one.
 *   - If all terms of a component bend the same way, their sum is convex (or concave), and linear only
 *     if each term is.
 *   - If each term has two forms, h = mean ± |difference|/2, and |L| of pairwise non-parallel L are
 *     linearly independent modulo linear forms: linear exactly if, line by line, the ρ_e·|difference| cancel.
 *   - What is left goes to the walk (null).
 *
 * Where all is linear, Df(w) takes the mean of the two forms, and AD is right exactly if the sum of
 * ρ_e·(what AD takes − that mean) is 0. Integers in doubles, behind a bound on the largest sum.
 */
import { doubleOf } from '../../num/exact-double.js';
import type { Activation } from '../../net/activation.js';
import type { Network } from '../../net/ir.js';
import {
  ZERO,
  add,
  compare,
  divide,
  integer,
  lcm,
  multiply,
  type Rational,
} from '../../num/rational.js';
import { columnOf, cotangentOf, type CotangentPlan } from './cotangents.js';
import type { Lattice, MaxStep, Step } from './lattice.js';
import { isLinear, isRight, type Term } from './linearity.js';
import type { LatticePoint } from './point.js';
import { attaining, denseBefore, type LatticeTie } from './ties.js';

const EXACT = 2n ** 53n;

/** What a unit of the first layer may follow at a code: one form, or two at a kink. */
interface Followed {
  readonly forms: readonly (readonly number[])[];
  /** What AD takes. */
  readonly ad: readonly number[];
  /** Whether the right slope is the larger one; true where there is one form. */
  readonly convex: boolean;
}

export interface FirstOrder {
  /** Per step that is an activation of the first layer: `[sample, unit]`, then by code. */
  readonly followed: ReadonlyMap<number, readonly (readonly Followed[])[]>;
  /** Steps that read an activation of the first layer: nothing but maxima, or no maximum. */
  readonly underMaximum: ReadonlySet<number>;
  /** Maxima of the first layer's activations. */
  readonly maxima: ReadonlySet<number>;
  /** Per variable: brings a cotangent to the common scale. */
  readonly weights: readonly number[];
  /** The least common scale of all shares; per maximum, what brings its own to it. */
  readonly shareScale: number;
  readonly shareFactors: ReadonlyMap<number, number>;
  /** The most pieces that the walk may try; beyond, it must be asked. */
  readonly maxLeaves: number;
}

export type Smoothness = 'kink' | 'correct' | 'incorrect';

/** Most constraints that the walk takes on; kept well inside its own bound. */
const MAX_CONSTRAINTS = 32;

/** *Exact.* The forms of the first layer; null where there are none, or doubles might not hold them. */
export function firstOrderOf(
  network: Network,
  lattice: Lattice,
  plan: CotangentPlan,
  proxies: readonly (readonly Rational[])[],
  digits: readonly number[],
  maxLeaves: number,
): FirstOrder | null {
  const { steps, tail } = lattice;
  const readers = steps.map((): Step[] => []);
  readers.push([]);
  steps.forEach((step) => {
    const read =
      step.op === 'affine' ? step.terms.flat().map(({ variable }) => variable) : [step.in];
    for (const variable of new Set(read)) readers[variable]?.push(step);
  });
  const followed = new Map<number, readonly (readonly Followed[])[]>();
  const underMaximum = new Set<number>();
  const raw: { step: number; rows: readonly (readonly RawFollowed[])[] }[] = [];
  for (let k = 0; k < tail; k += 1) {
    const step = steps[k] as Step;
    if (step.op !== 'activation' || !step.straight) continue;
    const dense = denseBefore(lattice, step);
    if (dense?.in !== 0) continue;
    const reading = readers[step.out] ?? [];
    // A maximum of the tail has one unit per window: it only passes on.
    const maxima = reading.filter(({ op, out }) => op === 'max' && out <= tail);
    if (maxima.length > 0 && maxima.length < reading.length) continue;
    if (maxima.length > 0) underMaximum.add(k);
    const equation = network.equations[step.equation];
    if (equation?.op !== 'activation') continue;
    raw.push({
      step: k,
      rows: formsOf(network, dense.equation, digits).map((form) =>
        followedBy(form, equation.activation, proxies[step.equation] ?? []),
      ),
    });
  }
  if (raw.length === 0) return null;
  const maxima = new Set<number>();
  const shareScale = [...plan.shares.values()].reduce((all, own) => lcm(all, own.scale), 1n);
  const shareFactors = new Map<number, number>();
  let shareBound = shareScale;
  steps.forEach((step, k) => {
    if (step.op !== 'max' || k >= tail || !underMaximum.has(step.in - 1)) return;
    maxima.add(k);
    const { scale: own, bound } = plan.shares.get(k) ?? { scale: 1n, bound: 1n };
    const factor = shareScale / own;
    shareFactors.set(k, doubleOf(factor));
    for (const window of step.windows) {
      const all = bound * factor * BigInt(window.length);
      if (all > shareBound) shareBound = all;
    }
  });
  const numbers = raw.flatMap(({ rows }) =>
    rows.flatMap((row) => row.flatMap(({ forms, ad }) => [...forms, ad].flat())),
  );
  const scale = numbers.reduce((common, { d }) => lcm(common, d), 1n);
  const most = numbers.reduce((best, { n, d }) => {
    const size = ((n < 0n ? -n : n) * scale) / d;
    return size > best ? size : best;
  }, 0n);
  // True cotangents are what stands here over the variable's scale; the common scale takes all.
  const common = plan.scales.reduce((all, { n }) => lcm(all, n), 1n);
  const weights = plan.scales.map((own) => divide(integer(common), own));
  if (weights.some(({ d }) => d !== 1n)) return null;
  const total = plan.bounds.reduce(
    (sum, row, variable) =>
      sum + row.reduce((all, bound) => all + bound, 0n) * (weights[variable]?.n ?? 1n),
    0n,
  );
  // Sums of the signed differences and of what `isRight` adds up; products that tell parallels.
  if (total * most * 2n * (shareBound + shareScale) >= EXACT) return null;
  if (4n * most * most >= EXACT) return null;
  const toDoubles = (row: readonly Rational[]): number[] =>
    row.map((x) => doubleOf(multiply(x, integer(scale)).n));
  for (const { step, rows } of raw) {
    followed.set(
      step,
      rows.map((row) =>
        row.map(({ forms, ad, convex }) => ({
          forms: forms.map(toDoubles),
          ad: toDoubles(ad),
          convex,
        })),
      ),
    );
  }
  return {
    followed,
    underMaximum,
    maxima,
    weights: weights.map(({ n }) => doubleOf(n)),
    shareScale: doubleOf(shareScale),
    shareFactors,
    maxLeaves,
  };
}

interface RawFollowed {
  readonly forms: readonly (readonly Rational[])[];
  readonly ad: readonly Rational[];
  readonly convex: boolean;
}

/** The forms of a dense equation that reads the input, `[sample, unit]`, over the digits. */
function formsOf(network: Network, equation: number, digits: readonly number[]): Rational[][] {
  const dense = network.equations[equation];
  if (dense?.op !== 'dense') return [];
  const positionOf = new Map(digits.map((parameter, position) => [parameter, position]));
  return network.inputs.flatMap((input) =>
    dense.weight.map((row, unit) => {
      const form = digits.map(() => ZERO);
      [...row, dense.bias[unit]].forEach((entry, j) => {
        if (entry === undefined || !('parameter' in entry)) return;
        const position = positionOf.get(entry.parameter);
        if (position === undefined) return;
        const by = j < row.length ? multiply(entry.scale, input[j] ?? ZERO) : entry.scale;
        form[position] = add(form[position] ?? ZERO, by);
      });
      return form;
    }),
  );
}

function followedBy(
  form: readonly Rational[],
  { breakpoints, slopes, kinks }: Activation,
  proxies: readonly Rational[],
): RawFollowed[] {
  const times = (slope: Rational): Rational[] => form.map((x) => multiply(slope, x));
  const byCode: RawFollowed[] = [];
  slopes.forEach((slope, piece) => {
    const own = times(slope[0] ?? ZERO);
    byCode.push({ forms: [own], ad: own, convex: true });
    if (piece === breakpoints.length) return;
    const kink = kinks.findIndex(({ breakpoint }) => breakpoint === piece);
    const { left, right } = kinks[kink] ?? { left: ZERO, right: ZERO };
    byCode.push({
      forms: [times(left), times(right)],
      ad: times(proxies[kink] ?? ZERO),
      convex: compare(right, left) > 0,
    });
  });
  return byCode;
}

/**
 * *Exact.* The terms at a point whose head pass is done, for `smoothness`; null where this criterion
 * does not apply.
 */
export function placedTerms(
  first: FirstOrder,
  plan: CotangentPlan,
  point: LatticePoint,
  ties: readonly LatticeTie[],
): readonly Placed[] | null {
  let leaves = 1;
  let constraints = 0;
  for (const { step, choices } of ties) {
    if (!first.followed.has(step) && !first.maxima.has(step)) return null;
    leaves *= choices;
    constraints += choices - 1;
  }
  if (leaves > first.maxLeaves || constraints > MAX_CONSTRAINTS) return null;
  return termsAt(first, plan, point, ties);
}

/**
 * *Exact.* Whether f is differentiable, and AD right, under the tail whose map is given; null where
 * this criterion cannot tell.
 */
export function smoothness(
  first: FirstOrder,
  plan: CotangentPlan,
  samples: number,
  placed: readonly Placed[],
  map: Float64Array,
): Smoothness | null {
  let unknown = false;
  let correct = true;
  for (let sample = 0; sample < samples; sample += 1) {
    for (let output = 0; output < plan.outputs; output += 1) {
      const terms: Term[] = [];
      const weights: number[] = [];
      for (const { term, scale, column, sample: own } of placed) {
        if (own !== sample) continue;
        const bar = cotangentOf(map, output, column);
        if (bar === 0) continue;
        terms.push(term);
        weights.push(bar * scale);
      }
      const linear = isLinear(terms, weights);
      if (linear === false) return 'kink';
      if (linear === null) unknown = true;
      else if (!isRight(terms, weights, first.shareScale)) correct = false;
    }
  }
  if (unknown) return null;
  return correct ? 'correct' : 'incorrect';
}

/** A term, whose weight is its cotangent: `scale` times the tail's map times the column. */
export interface Placed {
  readonly term: Term;
  readonly sample: number;
  readonly column: readonly number[];
  readonly scale: number;
}

/** The terms at a point; null where a concave kink lies under a maximum. */
function termsAt(
  first: FirstOrder,
  plan: CotangentPlan,
  point: LatticePoint,
  ties: readonly LatticeTie[],
): Placed[] | null {
  const { steps } = point.lattice;
  const placed: Placed[] = [];
  const place = (term: Term, variable: number, sample: number, unit: number): void => {
    const column = columnOf(plan, point, variable, sample, unit);
    placed.push({ term, sample, column, scale: first.weights[variable] as number });
  };
  for (const { step: k, sample, unit } of ties) {
    const step = steps[k] as Step;
    if (step.op !== 'activation' || first.underMaximum.has(k)) continue;
    const at = sample * step.units + unit;
    const own = first.followed.get(k)?.[at]?.[point.codes[k]?.[at] as number];
    if (own === undefined) return null;
    const ad = own.ad.map((x) => x * first.shareScale);
    const term = { convex: own.convex, forms: distinct([own]), ad };
    place(term, step.out, sample, unit);
  }
  for (const k of first.maxima) {
    const step = steps[k] as MaxStep;
    const read = step.in - 1;
    const byMember = first.followed.get(read) ?? [];
    const codes = point.codes[read] as Int32Array;
    for (let sample = 0; sample < point.lattice.samples; sample += 1) {
      for (let unit = 0; unit < step.units; unit += 1) {
        const members = attaining(point, { step: k, sample, unit });
        const followed = members.map((member) => byMember[member]?.[codes[member] as number]);
        const tied = members.length > 1 || (followed[0]?.forms.length ?? 0) > 1;
        if (!tied) continue;
        if (followed.some((each) => each === undefined || !each.convex)) return null;
        const shares = plan.shares.get(k)?.rows[members.length];
        if (shares === undefined) return null;
        const ad = shared(shares, first.shareFactors.get(k) ?? 1, followed);
        place({ convex: true, forms: distinct(followed), ad }, step.out, sample, unit);
      }
    }
  }
  return placed;
}

/** Σ share·(what AD takes below), on the common scale of the shares. */
function shared(
  shares: Float64Array,
  factor: number,
  followed: readonly (Followed | undefined)[],
): number[] {
  const sum: number[] = [];
  const width = followed[0]?.ad.length ?? 0;
  for (let j = 0; j < width; j += 1) {
    let entry = 0;
    for (let place = 0; place < followed.length; place += 1) {
      entry += (shares[place] as number) * factor * (followed[place]?.ad[j] ?? 0);
    }
    sum.push(entry);
  }
  return sum;
}

/** The forms that units follow, each once. */
function distinct(followed: readonly (Followed | undefined)[]): (readonly number[])[] {
  const kept: (readonly number[])[] = [];
  for (let k = 0; k < followed.length; k += 1) {
    for (const form of followed[k]?.forms ?? []) if (!includes(kept, form)) kept.push(form);
  }
  return kept;
}

function includes(forms: readonly (readonly number[])[], form: readonly number[]): boolean {
  for (const other of forms) {
    let j = 0;
    while (j < form.length && other[j] === form[j]) j += 1;
    if (j === form.length) return true;
  }
  return false;
}
