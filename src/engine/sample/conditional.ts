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
import type { ChainNetwork } from '../net/chain.js';
import { ONE, ZERO, add, lcm, multiply, rational } from '../num/rational.js';
import { addFreePoint, type Estimator } from './estimator.js';
import { lastLayerOf, lastUnitOf, silentTies } from './last-layer.js';
import { lastPartOf, masksOf } from './last-part.js';
import { rowsOf, sizeOf, weightBound } from './pivots.js';
import { orientedLayerOf } from './orientation.js';
import type { Place, RowTies, Subject } from './subject.js';
import { patternSums } from './pattern-sums.js';
import { noObservation, type Observation } from './sums.js';
import { tieWeights } from './union.js';

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
    addFreePoint(touched * times, kink * times, into);
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
    addFreePoint(share, relevant, into);
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
    if (kept !== null && orientations !== null) kept.masks(orientations.masks());
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
      if (byMask === null || orientations === null || isEarlyTied) asDrawn(isEarlyTied, into);
      else byMask.add(orientations.masks(), into);
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
