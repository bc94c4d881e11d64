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
import { denominatorOf } from '../on-grid.js';
import type { Activation } from '../../net/activation.js';
import type { Network } from '../../net/ir.js';
import { ZERO, add, divide, integer, lcm, multiply, type Rational } from '../../num/rational.js';
import { cotangentOf, type CotangentPlan } from './cotangents.js';
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
  const raw: { step: number; forms: readonly (readonly Rational[])[]; slopes: Slopes }[] = [];
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
      forms: formsOf(network, dense.equation, digits),
      slopes: slopesOf(equation.activation, proxies[step.equation] ?? []),
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
  // Forms and slopes each on a common scale: what a unit follows is their product.
  const formScale = denominatorOf(raw.flatMap(({ forms }) => forms.flat()));
  const slopeScale = denominatorOf(raw.flatMap(({ slopes }) => piecesOf(slopes).flat()));
  let largest = 0;
  for (const { step, forms, slopes } of raw) {
    const [ofForms, ofSlopes] = [onScale(forms, formScale), onScale(piecesOf(slopes), slopeScale)];
    if (ofForms === null || ofSlopes === null) return null;
    const rows = ofForms.map((form) => followedBy(form, ofSlopes));
    for (const { forms: own, ad } of rows.flat()) {
      for (const form of own) for (const x of form) largest = Math.max(largest, Math.abs(x));
      for (const x of ad) largest = Math.max(largest, Math.abs(x));
    }
    followed.set(step, rows);
  }
  // A product that a double does not hold is not below 2^53 when it is rounded either.
  if (largest >= 2 ** 53) return null;
  const most = BigInt(largest);
  // True cotangents are what stands here over the variable's scale; the common scale takes all.
  const common = plan.scales.reduce((all, { n }) => lcm(all, n), 1n);
  const weights = plan.scales.map((own) => divide(integer(common), own));
  if (weights.some(({ d }) => d !== 1n)) return null;
  const total = plan.bounds.reduce(
    (sum, row, variable) =>
      sum +
      row.reduce((all, bound) => (bound === 0n ? all : all + bound), 0n) *
        (weights[variable]?.n ?? 1n),
    0n,
  );
  // Sums of the signed differences and of what `isRight` adds up; products that tell parallels.
  if (total * most * 2n * (shareBound + shareScale) >= EXACT) return null;
  if (4n * most * most >= EXACT) return null;
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

/** Per piece of σ its slope; per breakpoint the slopes beside it and what AD takes, 0 where it is no kink. */
interface Slopes {
  readonly pieces: readonly Rational[];
  readonly left: readonly Rational[];
  readonly right: readonly Rational[];
  readonly proxies: readonly Rational[];
}

function slopesOf(
  { breakpoints, slopes, kinks }: Activation,
  proxies: readonly Rational[],
): Slopes {
  const places = breakpoints.map((_, k) => kinks.findIndex(({ breakpoint }) => breakpoint === k));
  return {
    pieces: slopes.map((slope) => slope[0] ?? ZERO),
    left: places.map((kink) => kinks[kink]?.left ?? ZERO),
    right: places.map((kink) => kinks[kink]?.right ?? ZERO),
    proxies: places.map((kink) => proxies[kink] ?? ZERO),
  };
}

function piecesOf({ pieces, left, right, proxies }: Slopes): readonly (readonly Rational[])[] {
  return [pieces, left, right, proxies];
}

/** Rows times a scale that makes integers of them; null where one is not below 2^53. */
function onScale(rows: readonly (readonly Rational[])[], scale: bigint): number[][] | null {
  let exact = true;
  const scaled = rows.map((row) =>
    row.map(({ n, d }) => {
      const x = n * (scale / d);
      if (x < EXACT && x > -EXACT) return doubleOf(x);
      exact = false;
      return 0;
    }),
  );
  return exact ? scaled : null;
}

/** What a unit of this form follows, by code. */
function followedBy(
  form: readonly number[],
  [pieces = [], left = [], right = [], proxies = []]: readonly (readonly number[])[],
): Followed[] {
  // No −0: a list of small integers is what they stay.
  const times = (slope: number): number[] => form.map((x) => slope * x + 0);
  const byCode: Followed[] = [];
  pieces.forEach((slope, piece) => {
    const own = times(slope);
    byCode.push({ forms: [own], ad: own, convex: true });
    if (piece === left.length) return;
    const [before, behind] = [left[piece] as number, right[piece] as number];
    byCode.push({
      forms: [times(before), times(behind)],
      ad: times(proxies[piece] as number),
      convex: behind > before,
    });
  });
  return byCode;
}

/**
 * *Exact.* The terms at a point whose forward pass is done, for `smoothness`; null where this criterion
 * does not apply. Where there are none every tie lies under maxima that its unit does not attain: AD
 * gives it no share.
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
 * this criterion cannot tell. `columns` of the placed units (`columnOf`).
 */
export function smoothness(
  first: FirstOrder,
  plan: CotangentPlan,
  samples: number,
  placed: readonly Placed[],
  columns: readonly (readonly number[])[],
  map: Float64Array,
): Smoothness | null {
  let unknown = false;
  let correct = true;
  for (let sample = 0; sample < samples; sample += 1) {
    for (let output = 0; output < plan.outputs; output += 1) {
      const terms: Term[] = [];
      const weights: number[] = [];
      for (let k = 0; k < placed.length; k += 1) {
        const { term, scale, sample: own } = placed[k] as Placed;
        if (own !== sample) continue;
        const bar = cotangentOf(map, output, columns[k] ?? []);
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

/** A term and the unit that bends; its weight is `scale` times that unit's cotangent. */
export interface Placed {
  readonly term: Term;
  readonly variable: number;
  readonly sample: number;
  readonly unit: number;
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
    placed.push({ term, variable, sample, unit, scale: first.weights[variable] as number });
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
        const followed: Followed[] = [];
        for (const member of members) {
          const each = byMember[member]?.[codes[member] as number];
          if (each === undefined) return null;
          followed.push(each);
        }
        const tied = followed.length > 1 || (followed[0]?.forms.length ?? 0) > 1;
        if (!tied) continue;
        for (const { convex } of followed) if (!convex) return null;
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
function shared(shares: Float64Array, factor: number, followed: readonly Followed[]): number[] {
  const sum = (followed[0] as Followed).ad.map(() => 0);
  for (let place = 0; place < followed.length; place += 1) {
    const share = (shares[place] as number) * factor;
    const { ad } = followed[place] as Followed;
    if (share === 0) continue;
    for (let j = 0; j < sum.length; j += 1) {
      sum[j] = (sum[j] as number) + share * (ad[j] as number);
    }
  }
  return sum;
}

/** The forms that units follow, each once. */
function distinct(followed: readonly Followed[]): (readonly number[])[] {
  const kept: (readonly number[])[] = [];
  for (const { forms } of followed) {
    for (const form of forms) if (!includes(kept, form)) kept.push(form);
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
