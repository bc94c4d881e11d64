/**
 * Conditional sampling: the early layers are drawn, the last hidden layer and the output behind it
 * are integrated exactly (theory.md section 6). Given the early layers and the weights of the last
 * hidden layer, its neurons are tied independently, each by its own bias, and neuron i matters
 * exactly if its outgoing column is not 0; its ties are free, so L-iff decides. With c_i of |M_i|
 * biases tying neuron i, and q_i = P(column i ≠ 0), where no earlier neuron is tied
 *
 *   P(touched | drawn) = 1 − Π_i (1 − c_i/|M_i|),   P(ndf | drawn) = 1 − Π_i (1 − q_i c_i/|M_i|).
 *
 * Points with a tie in an earlier layer are apart: they are covered neuron by neuron, each tied by
 * its pivot and the point decided (`union.ts`). Three things more are integrated, each where its
 * hypotheses were checked:
 *
 * - the patterns of alive units in front of the last hidden layer (`orientation.ts`): their mean where
 *   they are few; else the one without alive units, whose share 2^-n is known, and the drawn one only
 *   where it is another. Both hold given that no earlier neuron is tied; other points are as drawn;
 * - the rows of the first layer, drawn from those that tie a neuron, P(A_k) being exact (`first-layer.ts`);
 * - whether such a tie matters, over the patterns of the last hidden layer (`relevance.ts`).
 */
import { isAffine } from '../net/activation.js';
import type { ChainNetwork } from '../net/chain.js';
import type { Entry } from '../net/ir.js';
import { usesOf } from '../net/ir.js';
import { bitLength } from '../num/bits.js';
import {
  ONE,
  ZERO,
  add,
  divide,
  isZero,
  lcm,
  multiply,
  rational,
  subtract,
  type Rational,
} from '../num/rational.js';
import type { Estimator } from './estimator.js';
import { rowsOf, sizeOf, weightBound, type Row } from './pivots.js';
import { orientedLayerOf } from './orientation.js';
import type { Place, RowTies, Subject } from './subject.js';
import { patternSums, type MaskValue } from './pattern-sums.js';
import { KINK_MEASURES, noObservation, type Observation } from './sums.js';
import { tieWeights } from './union.js';

/** Longest denominator of an observation, in bits: sums of its square are what is stored. */
const UNIT_BITS_MAX = 4096;

/** The last hidden layer, ready to be integrated. */
interface LastLayer {
  /** Its first neuron, among `neuronsOf`. */
  readonly first: number;
  readonly rows: readonly Row[];
  /** |M_i| of each bias. */
  readonly sizes: readonly bigint[];
  /** q_i. */
  readonly reaches: readonly Rational[];
}

/** Why conditional sampling does not apply to a network; null where it does. */
export function whyNotConditional(network: ChainNetwork): string | null {
  const found = lastLayerOf(network);
  return typeof found === 'string' ? found : null;
}

/** The estimator. Throws an Error where it does not apply. */
export function conditionalEstimator(network: ChainNetwork, subject: Subject): Estimator {
  const last = lastLayerOf(network);
  if (typeof last === 'string') throw new Error(`conditionalEstimator: ${last}`);
  const rows = rowsOf(network);
  const { first, sizes } = last;
  const { orientations } = subject;
  const isEarly = (neuron: number): boolean => neuron < first;
  // With one hidden layer its ties are the last ones, not early ones.
  const rowTies = subject.rowTies.filter(({ neuron }) => isEarly(neuron));
  const oriented = first === 0 ? null : orientedLayerOf(network);
  const patterns = oriented === null ? 1n : 1n << BigInt(oriented.units);
  const { rowRelevance } = subject;
  const rowPatterns = BigInt(rowRelevance?.patterns ?? 1);
  // Rows of an early first layer; with one hidden layer its ties are the last ones.
  const rowDraws = rowTies.length > 0 || first === 0 ? null : subject.rowDraws;
  const drawnRows = rowDraws === null ? [] : rows.slice(0, rowDraws.units);
  const drawnSizes = drawnRows.map(({ own }) => sizeOf(network, own[0]?.parameter ?? 0));
  const shared = BigInt(rowDraws?.rows ?? 1) * rowPatterns;
  const least =
    drawnSizes.reduce(
      (all, size) => lcm(all, size * shared),
      rowTies.reduce((all, { of }) => lcm(all, of * rowPatterns), lastUnitOf(last)),
    ) * patterns;
  const weights = tieWeights(network, rows, isEarly, least);
  const { unit } = weights;
  const part = lastPartOf(last, unit / patterns);
  const drawnShares = drawnSizes.map((size) => unit / (size * BigInt(rowDraws?.rows ?? 1)));
  const rowShares = rowTies.map(({ count, of }) => (unit / of) * BigInt(count));
  // What is known of the pattern without alive units comes on top of what is drawn, where that is
  // one pattern and not their mean.
  const isOnTop = oriented !== null && orientations === null;
  const most = isOnTop ? add(ONE, rational(1n, patterns)) : ONE;
  const neuronRanges = rows.map(({ weight, always }, neuron) =>
    isEarly(neuron) ? (always ? weight : ONE) : multiply(weight, most),
  );
  const earlyRange = add(
    rowTies.reduce((sum, { count, of }) => add(sum, rational(BigInt(count), of)), ZERO),
    weightBound(rows.slice(rowTies.length, first)),
  );
  const lastRange = rows.slice(first).reduce((sum, { weight }) => add(sum, weight), ZERO);
  const none = sizes.map(() => 0);
  const silent = none.map((_, i) => silentTies(network, last.rows[i]));

  /** Adds the ties of the last hidden layer, `times` of all patterns. */
  const addLast = (counts: readonly number[], times: bigint, into: Observation): void => {
    const { touched, kink } = part.of(counts);
    addToSets(touched * times, kink * times, into);
  };
  const addNeurons = (counts: readonly number[], times: bigint, into: Observation): void => {
    counts.forEach((count, i) => {
      if (count > 0) part.addNeuron(i, BigInt(count) * times, into);
    });
  };
  const byMask = orientations === null ? null : masksOf(part, sizes.length);
  /** What is known of all samples without a tie in front. */
  const usual = noObservation();
  if (oriented !== null) {
    addNeurons(silent, 1n, usual);
    addLast(silent, 1n, usual);
  }
  /** A row that ties a neuron of the first layer, in place of its own. */
  const addRow = (
    neuron: number,
    share: bigint,
    places: () => readonly Place[],
    into: Observation,
  ): void => {
    const often = rowRelevance?.of(neuron) ?? null;
    if (often === null) {
      weights.addDrawn(neuron, share, subject.decideAt(places()), into);
      return;
    }
    const relevant = (share / rowPatterns) * BigInt(often);
    into.neurons.set(neuron, { touched: share, relevant });
    addToSets(share, relevant, into);
  };
  const asDrawn = (isEarlyTied: boolean, into: Observation): void => {
    // Where all units in front are dead is known, so it is left out of what is drawn.
    const isKnown = oriented !== null && !isEarlyTied;
    if (isKnown) {
      addNeurons(silent, 1n, into);
      addLast(silent, 1n, into);
      if (subject.isSilent(oriented.equation)) return;
    }
    const counts = [...none];
    for (const { neuron } of subject.possibleTies(first)) {
      counts[neuron - first] = (counts[neuron - first] ?? 0) + 1;
    }
    if (counts.every((count) => count === 0)) return;
    addNeurons(counts, patterns, into);
    if (!isEarlyTied) addLast(counts, patterns, into);
  };
  // Where nothing of an untied sample is left to be decided point by point, its integers are kept.
  const kept =
    byMask === null || rowRelevance === null || orientations === null || rowTies.length !== first
      ? null
      : patternSums({
          patterns: orientations.patterns,
          masks: byMask.masks,
          units: sizes.length,
          first,
          unitValues: sizes.map((_, i) => part.shareOf(i)),
          shares: rowShares,
          rowPatterns: rowRelevance.patterns,
        });
  const indices = new Float64Array(rowTies.length);
  /** Whether all of a sample without a tie in front is among what is kept. */
  const isKept = (): boolean => {
    kept?.begin();
    for (let k = 0; k < rowTies.length; k += 1) {
      const tie = rowTies[k] as RowTies;
      if (tie.count === 0) continue;
      const often = rowRelevance?.of(tie.neuron) ?? null;
      if (often === null) return false;
      kept?.often(k, often);
    }
    if (kept !== null) orientations?.each(kept.mask);
    return true;
  };
  return {
    method: 'conditional',
    unit,
    range: add(earlyRange, multiply(lastRange, most)),
    neuronRanges,
    usual,
    observe(draws, into) {
      subject.draw(draws);
      const isBare = rowTies.length === 0 && rowDraws === null && byMask === null;
      if (isBare && subject.possibleTies().length === 0) return 'usual';
      for (let k = 0; k < rowTies.length; k += 1) {
        const { count } = rowTies[k] as RowTies;
        if (count > 0) indices[k] = draws.below(count);
      }
      const isEarlyTied = first > 0 && subject.isTied(first);
      if (kept !== null && !isEarlyTied && isKept()) {
        kept.take();
        return 'kept';
      }
      if (byMask === null || isEarlyTied) asDrawn(isEarlyTied, into);
      else {
        subject.orientations?.each(byMask.count);
        byMask.flush(into);
      }
      for (let neuron = 0; neuron < drawnShares.length; neuron += 1) {
        const hits = rowDraws?.draw(neuron, draws) ?? 0;
        if (rowDraws === null || hits === 0) continue;
        const hit = draws.below(hits);
        const share = (drawnShares[neuron] as bigint) * BigInt(hits);
        addRow(neuron, share, () => rowDraws.at(neuron, hit), into);
      }
      for (const tie of subject.possibleTies(rowTies.length + drawnShares.length, first)) {
        weights.add(subject, tie, into);
      }
      for (let k = 0; k < rowTies.length; k += 1) {
        const tie = rowTies[k] as RowTies;
        if (tie.count === 0) continue;
        addRow(tie.neuron, rowShares[k] as bigint, () => tie.at(indices[k] as number), into);
      }
      return 'written';
    },
    flush: kept === null ? null : kept.flush,
  };
}

/** Ties that are free: never undecided, and AD is right where f is smooth. */
function addToSets(touched: bigint, kink: bigint, { values }: Observation): void {
  values[0] = (values[0] ?? 0n) + touched;
  if (kink === 0n) return;
  for (const measure of KINK_MEASURES) values[measure] = (values[measure] ?? 0n) + kink;
}

/** What so many solutions per unit of the last hidden layer weigh. */
interface LastPart {
  /** In units: 1 − Π (1 − c_i/|M_i|), and the same with q_i. */
  readonly of: (counts: readonly number[]) => MaskValue;
  /** Adds so many solutions of unit i to its neuron. */
  readonly addNeuron: (i: number, count: bigint, into: Observation) => void;
  /** What one solution of unit i gives its neuron. */
  readonly shareOf: (i: number) => { readonly touched: bigint; readonly relevant: bigint };
}

function lastPartOf({ first, sizes, reaches }: LastLayer, unit: bigint): LastPart {
  /** 1 − Π (1 − n_i/d_i), in units; the product of all d_i divides the unit. */
  const someOf = (shares: readonly (readonly [n: bigint, d: bigint])[]): bigint => {
    let [none, whole] = [1n, 1n];
    for (const [n, d] of shares) {
      none *= d - n;
      whole *= d;
    }
    return unit - (unit / whole) * none;
  };
  const shares = sizes.map((size, i) => {
    const touched = unit / size;
    const reach = reaches[i] ?? ZERO;
    return { touched, relevant: (touched * reach.n) / reach.d };
  });
  const known = new Map<string, MaskValue>();
  const shareOf: LastPart['shareOf'] = (i) => shares[i] ?? { touched: 0n, relevant: 0n };
  return {
    shareOf,
    of(counts) {
      const key = counts.join();
      const found = known.get(key);
      if (found !== undefined) return found;
      const ties = counts.map((count, i) => [BigInt(count), sizes[i] ?? 1n] as const);
      const made = {
        touched: someOf(ties),
        kink: someOf(
          ties.map(([n, d], i) => {
            const reach = reaches[i] ?? ZERO;
            return [n * reach.n, d * reach.d] as const;
          }),
        ),
      };
      if (known.size < REMEMBERED) known.set(key, made);
      return made;
    },
    addNeuron(i, count, { neurons }) {
      const { touched, relevant } = shareOf(i);
      const [moreTouched, moreRelevant] = [touched * count, relevant * count];
      const sums = neurons.get(first + i);
      if (sums === undefined) {
        neurons.set(first + i, { touched: moreTouched, relevant: moreRelevant });
      } else {
        sums.touched += moreTouched;
        sums.relevant += moreRelevant;
      }
    },
  };
}

/** Counts patterns by which units of the last hidden layer have a possible tie, and adds them up. */
function masksOf(
  part: LastPart,
  units: number,
): {
  readonly masks: readonly MaskValue[];
  readonly count: (mask: number) => void;
  readonly flush: (into: Observation) => void;
} {
  const masks = Array.from({ length: 2 ** units }, (_, mask) =>
    part.of(Array.from({ length: units }, (_unit, i) => (mask >> i) & 1)),
  );
  const times = new Int32Array(masks.length);
  const seen: number[] = [];
  const byUnit = new Int32Array(units);
  return {
    masks,
    count(mask) {
      if (times[mask] === 0) seen.push(mask);
      times[mask] = (times[mask] as number) + 1;
    },
    flush(into) {
      let [touched, kink] = [0n, 0n];
      byUnit.fill(0);
      for (const mask of seen) {
        const often = times[mask] as number;
        times[mask] = 0;
        if (mask === 0) continue;
        const found = masks[mask] as (typeof masks)[number];
        touched += found.touched * BigInt(often);
        kink += found.kink * BigInt(often);
        for (let i = 0; i < units; i += 1) {
          if ((mask >> i) & 1) byUnit[i] = (byUnit[i] as number) + often;
        }
      }
      seen.length = 0;
      addToSets(touched, kink, into);
      byUnit.forEach((often, i) => {
        if (often > 0) part.addNeuron(i, BigInt(often), into);
      });
    },
  };
}

/** *Exact.* How many values of its bias tie a unit of the last hidden layer that sees zeros. */
function silentTies(network: ChainNetwork, row: Row | undefined): number {
  const activation = network.equations[row?.neuron.equation ?? -1];
  const [bias] = row?.own ?? [];
  const values = network.parameters[bias?.parameter ?? -1]?.values;
  if (activation?.op !== 'activation' || bias === undefined || values === undefined) {
    throw new Error('silentTies: not a row of the last hidden layer');
  }
  const { kinks } = activation.activation;
  return kinks.filter(({ at }) => values.rankOf(divide(at, bias.scale)) !== null).length;
}

/** Patterns of the last layer whose values are kept. */
const REMEMBERED = 100_000;

/** A common denominator of everything that the last layer can give. */
function lastUnitOf({ sizes, reaches }: LastLayer): bigint {
  return sizes.reduce((all, size, i) => all * size * (reaches[i]?.d ?? 1n), 1n);
}

function lastLayerOf(network: ChainNetwork): LastLayer | string {
  if (network.inputs.length !== 1) return 'it needs one input';
  const output = network.equations[network.equations.length - 1];
  const dense = network.equations[network.equations.length - 2];
  const hidden = network.equations[network.equations.length - 3];
  if (output?.op !== 'activation' || dense?.op !== 'dense' || !isAffine(output.activation)) {
    return 'it needs an output layer without kinks';
  }
  if (hidden?.op !== 'activation' || hidden.activation.kinks.length === 0) {
    return 'it needs kinks in the last hidden layer';
  }
  const rows = rowsOf(network);
  const first = rows.findIndex(({ neuron }) => neuron.equation === network.equations.length - 3);
  const lastRows = rows.slice(first);
  if (!lastRows.every(({ always }) => always)) {
    return 'it needs a bias of its own for every unit of the last hidden layer';
  }
  const uses = usesOf(network);
  const entries = dense.weight.flat();
  if (entries.some((entry) => 'parameter' in entry && uses[entry.parameter]?.length !== 1)) {
    return 'it needs output weights that are used once';
  }
  const slope = output.activation.slopes[0]?.[0] ?? ZERO;
  const reaches = lastRows.map(({ neuron }) =>
    isZero(slope)
      ? ZERO
      : reachOf(
          network,
          dense.weight.map((row) => row[neuron.unit]),
        ),
  );
  const sizes = lastRows.map(({ own }) => sizeOf(network, own[0]?.parameter ?? 0));
  const last: LastLayer = { first, rows: lastRows, sizes, reaches };
  const bits = bitLength(lastUnitOf(last));
  return bits > UNIT_BITS_MAX
    ? `its exact numbers would have ${String(bits)} bits; at most ${String(UNIT_BITS_MAX)} are kept`
    : last;
}

/** *Exact.* P(some entry of an outgoing column is not 0). */
function reachOf(network: ChainNetwork, column: readonly (Entry | undefined)[]): Rational {
  const silent = column.reduce((product, entry) => {
    if (entry === undefined) return product;
    if (!('parameter' in entry)) return isZero(entry.constant) ? product : ZERO;
    const values = network.parameters[entry.parameter]?.values;
    if (isZero(entry.scale) || values === undefined) return product;
    return values.rankOf(ZERO) === null ? ZERO : multiply(product, rational(1n, values.size));
  }, ONE);
  return subtract(ONE, silent);
}
