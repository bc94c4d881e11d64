/**
 * Enumeration of a network of independent parts (`partition.ts`): each part is enumerated alone, and the
 * counts of all combinations follow.
 *
 * A stretch of ranks is a few boxes, and of a box each part has a stretch of its own ranks, since the order
 * of the digits is kept. With t points of a part, of which k are non-differentiable, i incorrect and u
 * untouched, a box has Π t points, Π u untouched ones, Π t − Π (t − k) at which f is not
 * differentiable, and Π (t − k) − Π (t − k − i) at which AD is wrong. The first point of a kind
 * takes the lowest point of every other part, or its lowest differentiable one. Declined (null): where the
 * walk on the whole might meet its bound, so that what is undecided does not depend on who counts.
 */
import type { Network } from '../../net/ir.js';
import { doubleOf } from '../../num/exact-double.js';
import { emptyTally, type Tally, type Witness } from '../../tally.js';
import { boxesOf, digitsOf, rankOf, volumeOf, type Box } from '../boxes.js';
import { neuronsOf, type Space } from '../space.js';
import { alikeOf } from './alike.js';
import { partsOf, type Part } from './partition.js';

/** Enumerates a part. */
export interface PartEnumeration {
  readonly space: Space;
  /** Whether a kernel or generated code visits it. */
  readonly compiled: boolean;
  /** The text of its generated code; null where there is none. */
  readonly source: string | null;
  readonly tallyOf: (from: bigint, to: bigint, onProgress: (visited: bigint) => void) => Tally;
}

export interface ByParts {
  /** *Exact.* The tally of the ranks [from, to). */
  readonly tallyOf: PartEnumeration['tallyOf'];
  /** Those that are not alike. */
  readonly parts: readonly PartEnumeration[];
}

/** Well inside the bound of the walk on how many constraints meet. */
const MAX_CONSTRAINTS = 32;

interface Enumerated {
  readonly part: Part;
  readonly radices: readonly number[];
  /** Index of the first part that is alike; its own where none before is. */
  readonly alike: number;
  readonly enumeration: PartEnumeration;
  /** Per neuron of the part, its index in the whole. */
  readonly neurons: readonly number[];
}

/** *Exact.* The enumeration by parts; null where there are none, or it is declined. */
export function byPartsOf(
  network: Network,
  space: Space,
  maxLeaves: number,
  enumerate: (part: Network) => PartEnumeration,
): ByParts | null {
  if (!isSurelyDecided(network, maxLeaves)) return null;
  const parts = partsOf(network, space);
  if (parts === null) return null;
  const neurons = neuronsOf(network);
  const indexOf = new Map(
    neurons.map(({ equation, unit }, k) => [`${String(equation)} ${String(unit)}`, k]),
  );
  const alike = alikeOf(parts.map((part) => part.network));
  const made: Enumerated[] = [];
  for (const [k, part] of parts.entries()) {
    const first = made[alike[k] as number];
    const enumeration = first?.enumeration ?? enumerate(part.network);
    if (enumeration.space.digits.length !== part.positions.length) return null;
    made.push({
      part,
      enumeration,
      alike: alike[k] as number,
      radices: part.positions.map((position) => doubleOf(space.radices[position] ?? 1n)),
      neurons: neuronsOf(part.network).map(({ equation, unit }) => {
        const out = part.network.equations[equation]?.out ?? 0;
        const whole = part.kept[out]?.[unit] ?? -1;
        return indexOf.get(`${String(equation)} ${String(whole)}`) as number;
      }),
    });
  }
  const radices = space.radices.map(doubleOf);
  return {
    parts: made.filter((each, k) => each.alike === k).map(({ enumeration }) => enumeration),
    tallyOf: (from, to, onProgress) =>
      tallyOf(made, { space, radices, neurons: neurons.length }, from, to, onProgress),
  };
}

/** Whether no point of the whole can lead the walk beyond its bounds. */
function isSurelyDecided(network: Network, maxLeaves: number): boolean {
  const samples = network.inputs.length;
  let leaves = 1;
  let constraints = 0;
  for (const { equation, unit } of neuronsOf(network)) {
    const { op, ...rest } = network.equations[equation] ?? { op: 'activation' };
    const choices = op === 'max' && 'windows' in rest ? (rest.windows[unit]?.length ?? 2) : 2;
    leaves *= choices ** samples;
    constraints += (choices - 1) * samples;
  }
  return leaves <= maxLeaves && constraints <= MAX_CONSTRAINTS;
}

interface Whole {
  readonly space: Space;
  readonly radices: readonly number[];
  readonly neurons: number;
}

/** A part's stretch of a box. */
interface Stretch {
  readonly each: Enumerated;
  readonly from: bigint;
  readonly to: bigint;
  readonly tally: Tally;
}

const silent = (): void => undefined;

function tallyOf(
  parts: readonly Enumerated[],
  whole: Whole,
  from: bigint,
  to: bigint,
  onProgress: (visited: bigint) => void,
): Tally {
  const counts = { touched: 0n, nonDifferentiable: 0n, incorrect: 0n, pairs: 0n };
  const neurons = Array.from({ length: whole.neurons }, () => ({ touched: 0n, relevant: 0n }));
  let nonDifferentiable: Witness | null = null;
  let incorrect: Witness | null = null;
  let visited = 0n;
  for (const box of boxesOf(whole.radices, from, to)) {
    const stretches = stretchesOf(parts, box);
    const times = (of: (tally: Tally) => bigint): bigint =>
      stretches.reduce((size, { tally }) => size * of(tally), 1n);
    const points = times(({ done }) => done);
    const smooth = times((tally) => tally.done - tally.nonDifferentiable);
    const right = times((tally) => tally.done - tally.nonDifferentiable - tally.incorrect);
    counts.touched += points - times(({ done, touched }) => done - touched);
    counts.nonDifferentiable += points - smooth;
    counts.incorrect += smooth - right;
    const relevant = stretches.map(({ tally }) =>
      tally.neurons.reduce((sum, neuron) => sum + neuron.relevant, 0n),
    );
    stretches.forEach(({ each, tally }, k) => {
      const others = points / tally.done;
      counts.pairs += tally.pairs * others;
      // Pairs across two parts: at every point of both, as often as the others have points.
      stretches.slice(0, k).forEach((before, j) => {
        const both = (relevant[j] ?? 0n) * (relevant[k] ?? 0n);
        counts.pairs += (both * others) / before.tally.done;
      });
      tally.neurons.forEach((neuron, k) => {
        const own = neurons[each.neurons[k] as number];
        if (own === undefined) throw new Error('by parts: a neuron of no part');
        own.touched += neuron.touched * others;
        own.relevant += neuron.relevant * others;
      });
    });
    if (points > smooth) nonDifferentiable ??= witnessOf(stretches, whole, 'nonDifferentiable');
    if (smooth > right) incorrect ??= witnessOf(stretches, whole, 'incorrect');
    visited += volumeOf(box);
    onProgress(visited);
  }
  return {
    ...emptyTally(0),
    ...counts,
    done: to > from ? to - from : 0n,
    neurons,
    witnesses: { nonDifferentiable, incorrect, undecided: null },
  };
}

function stretchesOf(parts: readonly Enumerated[], box: Box): Stretch[] {
  const stretches: Stretch[] = [];
  for (const each of parts) {
    const digits = (ends: Int32Array, by: number): Int32Array =>
      Int32Array.from(each.part.positions, (position) => (ends[position] as number) - by);
    const from = rankOf(each.radices, digits(box.lo, 0));
    const to = rankOf(each.radices, digits(box.hi, 1)) + 1n;
    const same = stretches.find(
      (other) => other.each.alike === each.alike && other.from === from && other.to === to,
    );
    const tally = same?.tally ?? each.enumeration.tallyOf(from, to, silent);
    if (tally.undecided > 0n) throw new Error('by parts: the walk left a point undecided');
    stretches.push({ each, from, to, tally });
  }
  return stretches;
}

/** The first point of a kind, which some part has: that part at its first one, the others at their lowest. */
function witnessOf(
  stretches: readonly Stretch[],
  { space, radices }: Whole,
  kind: 'nonDifferentiable' | 'incorrect',
): Witness {
  let best: bigint | null = null;
  for (const [k, { tally }] of stretches.entries()) {
    const own = tally.witnesses[kind];
    if (own === null) continue;
    const digits = new Int32Array(radices.length);
    let exists = true;
    for (const [other, stretch] of stretches.entries()) {
      const { each, from } = stretch;
      const rank = other === k ? own.order : kind === 'incorrect' ? firstSmooth(stretch) : from;
      if (rank === null) exists = false;
      else {
        digitsOf(each.radices, rank).forEach((digit, place) => {
          digits[each.part.positions[place] as number] = digit;
        });
      }
    }
    const order = rankOf(radices, digits);
    if (exists && (best === null || order < best)) best = order;
  }
  if (best === null) throw new Error('by parts: what was counted is not found');
  return { order: best, point: space.pointAt(best) };
}

/** The lowest rank of a stretch at which the part is differentiable; null where it nowhere is. */
function firstSmooth({ each, from, to, tally }: Stretch): bigint | null {
  if (tally.nonDifferentiable === tally.done) return null;
  const hasSmooth = (end: bigint): boolean =>
    each.enumeration.tallyOf(from, end, silent).nonDifferentiable < end - from;
  let size = 1n;
  while (from + size < to && !hasSmooth(from + size)) size *= 2n;
  let [lo, hi] = [size / 2n, from + size < to ? size : to - from];
  // None among the first `lo`, one among the first `hi`.
  while (hi - lo > 1n) {
    const middle = (lo + hi) / 2n;
    if (hasSmooth(from + middle)) hi = middle;
    else lo = middle;
  }
  return from + hi - 1n;
}
